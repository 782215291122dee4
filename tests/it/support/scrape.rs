//! A scraper: asks for the metrics over plain HTTP and reads the text format strictly, as its definition has it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use super::wait::DEADLINE;

/// A series: a name and its labels in order.
pub type Series = (String, BTreeMap<String, String>);

/// What a scrape gave.
#[derive(Debug, Default)]
pub struct Scraped {
    /// Kinds by the name of the family.
    pub kinds: BTreeMap<String, String>,
    /// Values by series.
    pub values: BTreeMap<Series, f64>,
    /// The text as it came.
    pub text: String,
}

/// Where the gateway of a folder says that its metrics are.
pub fn admin_address(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("admin.addr")).unwrap().trim().to_owned()
}

/// Sends a request as it stands and gives the answer's status line, head and body.
pub fn http(address: &str, request: &str) -> (String, String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let (status, head) = head.split_once("\r\n").unwrap_or((head, ""));
    (status.to_owned(), head.to_ascii_lowercase(), body.to_owned())
}

/// Scrapes the gateway of a folder.
pub fn scrape(folder: &Path) -> Scraped {
    let (status, head, body) = http(&admin_address(folder), "GET /metrics HTTP/1.1\r\nhost: gateway\r\n\r\n");
    assert_eq!(status, "HTTP/1.1 200 OK");
    assert!(head.contains("content-type: text/plain; version=0.0.4"), "{head}");
    read(body)
}

impl Scraped {
    /// The value of a series without labels, or with one.
    pub fn value(&self, name: &str, label: &[(&str, &str)]) -> f64 {
        let labels = label.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.values.get(&(name.to_owned(), labels)).copied().unwrap_or_default()
    }

    /// The value of a series without labels.
    pub fn plain(&self, name: &str) -> f64 {
        self.values[&(name.to_owned(), BTreeMap::new())]
    }

    /// The values of a name by one of its labels, summed over the others.
    pub fn by(&self, name: &str, label: &str) -> BTreeMap<String, f64> {
        let mut by = BTreeMap::new();
        for ((of, labels), value) in &self.values {
            if of == name {
                *by.entry(labels[label].clone()).or_default() += value;
            }
        }
        by
    }

    /// Every series that only grows: counters, and the counts and sums of histograms.
    pub fn growing(&self) -> BTreeMap<&Series, f64> {
        let grows =
            |name: &str| self.kinds.get(family_of(name, &self.kinds)).is_some_and(|kind| kind != "gauge");
        self.values
            .iter()
            .filter(|((name, _), _)| grows(name))
            .map(|(series, value)| (series, *value))
            .collect()
    }
}

fn family_of<'a>(name: &'a str, kinds: &BTreeMap<String, String>) -> &'a str {
    let of_histogram = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix));
    of_histogram.filter(|family| kinds.get(*family).is_some_and(|kind| kind == "histogram")).unwrap_or(name)
}

/// Reads the text format and fails on anything that is not of it.
fn read(text: String) -> Scraped {
    assert!(text.ends_with('\n'), "the last line has no end");
    let mut scraped = Scraped::default();
    let (mut helped, mut family) = (BTreeSet::new(), String::new());
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(is_name(name) && !help.is_empty() && helped.insert(name.to_owned()), "{line}");
            name.clone_into(&mut family);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert_eq!(name, family, "{line}");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert_eq!(scraped.kinds.insert(name.to_owned(), kind.to_owned()), None, "{line}");
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = match series.split_once('{') {
                Some((name, labels)) => (name, labels_of(labels.strip_suffix('}').unwrap())),
                None => (series, BTreeMap::new()),
            };
            assert!(is_name(name), "{line}");
            assert_eq!(family_of(name, &scraped.kinds), family, "a sample outside its family: {line}");
            let value: f64 = value.parse().unwrap();
            let kind = scraped.kinds[&family].as_str();
            assert!(kind == "gauge" || value >= 0.0, "{line}");
            assert_eq!(kind == "histogram", name != family, "{line}");
            assert_eq!(scraped.values.insert((name.to_owned(), labels), value), None, "twice: {line}");
        }
    }
    histograms_add_up(&scraped);
    scraped.text = text;
    scraped
}

fn is_name(name: &str) -> bool {
    let first = name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_');
    first && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// `a="x",b="y"`. No value of ours needs an escape, so one that holds any is wrong.
fn labels_of(text: &str) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    for pair in text.split("\",") {
        let (name, value) = pair.split_once("=\"").unwrap();
        let value = value.strip_suffix('"').unwrap_or(value);
        assert!(is_name(name) && !value.contains(['"', '\\', '\n', ',']), "{text}");
        assert_eq!(labels.insert(name.to_owned(), value.to_owned()), None, "{text}");
    }
    labels
}

/// The buckets of a histogram contain each other, and the last holds everything.
fn histograms_add_up(scraped: &Scraped) {
    let mut buckets: BTreeMap<Series, Vec<(f64, f64)>> = BTreeMap::new();
    for ((name, labels), value) in &scraped.values {
        if let Some(family) = name.strip_suffix("_bucket") {
            let mut rest = labels.clone();
            let bound = rest.remove("le").unwrap();
            let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().unwrap() };
            buckets.entry((family.to_owned(), rest)).or_default().push((bound, *value));
        }
    }
    for ((family, labels), mut of) in buckets {
        of.sort_by(|one, other| one.0.total_cmp(&other.0));
        assert!(of.is_sorted_by(|one, other| one.1 <= other.1), "{family} {labels:?}: {of:?}");
        let (last, all) = of.last().unwrap();
        let count = scraped.values[&(format!("{family}_count"), labels.clone())];
        assert!(last.is_infinite() && *all == count, "{family} {labels:?}: {of:?} of {count}");
        assert!(scraped.values.contains_key(&(format!("{family}_sum"), labels)), "{family}");
    }
}
