//! Asks for the reports as people do, prints them, and compares each figure with what it must be.

use std::path::Path;

use anyhow::{Context, ensure};
use serde_json::Value;

use super::figures::Plan;
use super::history::Expected;
use super::support::gateway::{Gateway, trao};
use super::support::partner::Partner;

/// The last evening, and long after.
struct Known {
    evening: String,
    days: [String; 4],
}

/// Everything that is asked of one gateway.
pub struct Judge<'a> {
    plan: &'a Plan,
    expected: &'a Expected,
    known: Known,
    key: tempfile::TempDir,
    url: String,
    /// What does not come to what it must.
    pub wrong: Vec<String>,
}

impl<'a> Judge<'a> {
    pub fn of(
        plan: &'a Plan,
        expected: &'a Expected,
        gateway: &Gateway,
        who: &Partner,
    ) -> anyhow::Result<Judge<'a>> {
        let key = tempfile::tempdir()?;
        std::fs::write(key.path().join("key"), &who.key)?;
        let days = ["--from", &plan.from.to_string(), "--to", &plan.to.to_string()].map(str::to_owned);
        let known = Known { evening: format!("{}T23:59:59+07:00", plan.to), days };
        Ok(Judge { plan, expected, known, key, url: gateway.url(), wrong: Vec::new() })
    }

    /// Asks for everything; `shown` prints the tables.
    pub fn judge(&mut self, shown: bool) -> anyhow::Result<()> {
        self.procedures(shown)?;
        for by in ["level", "month", "agency", "office"] {
            self.postal(by, shown && by == "level")?;
        }
        self.known_later()?;
        self.holdings(shown)?;
        if shown {
            let days = self.known.days.clone();
            let mut arguments = vec!["on-time", "--lang", "vi"];
            arguments.extend(days.iter().map(String::as_str));
            println!("{}", self.printed(&arguments)?);
        }
        Ok(())
    }

    fn procedures(&mut self, shown: bool) -> anyhow::Result<()> {
        let day = self.plan.to.to_string();
        let report = self.report(&["procedures", "--as-of", &day])?;
        let told = |level: &str, name: &str| {
            let counts = report["counts"].as_array();
            let counts = counts.and_then(|counts| counts.iter().find(|count| count["level"] == level));
            counts.and_then(|count| count[name].as_u64()).unwrap_or_default()
        };
        for level in self.plan.levels {
            self.is(&format!("procedures, {}", level.name), told(level.name, "procedures"), level.procedures);
            self.is(
                &format!("procedures by post, {}", level.name),
                told(level.name, "by_post"),
                level.by_post,
            );
        }
        self.is("procedures", number(&report["total"]["procedures"]), self.plan.procedures());
        self.is("procedures by post", number(&report["total"]["by_post"]), self.plan.by_post());
        if shown {
            println!("{}", self.printed(&["procedures", "--as-of", &day, "--lang", "vi"])?);
        }
        Ok(())
    }

    /// Received and returned as known on the last evening, in total and row by row.
    fn postal(&mut self, by: &str, shown: bool) -> anyhow::Result<()> {
        let (days, evening) = (self.known.days.clone(), self.known.evening.clone());
        let mut arguments = vec!["postal", "--by", by, "--at", &evening];
        arguments.extend(days.iter().map(String::as_str));
        let report = self.report(&arguments)?;
        self.is(&format!("received, by {by}"), number(&report["total"]["received"]), self.plan.received);
        self.is(&format!("returned, by {by}"), number(&report["total"]["returned"]), self.plan.returned);
        let at =
            ["month", "level", "agency", "office"].iter().position(|known| *known == by).context("by")?;
        let rows = self.expected.rows[at].clone();
        let counts = report["counts"].as_array().cloned().unwrap_or_default();
        self.is(&format!("rows, by {by}"), counts.len() as u64, rows.len() as u64);
        for count in &counts {
            let name = count["name"].as_str().unwrap_or_default().to_owned();
            let (received, returned) = rows.get(&name).copied().unwrap_or_default();
            self.is(&format!("received, {name}"), number(&count["received"]), received);
            self.is(&format!("returned, {name}"), number(&count["returned"]), returned);
        }
        if shown {
            arguments.extend(["--lang", "vi"]);
            println!("{}", self.printed(&arguments)?);
        }
        Ok(())
    }

    /// What became known after the last evening is in a report as known now, and in no earlier one.
    fn known_later(&mut self) -> anyhow::Result<()> {
        let days = self.known.days.clone();
        let mut arguments = vec!["postal", "--by", "level"];
        arguments.extend(days.iter().map(String::as_str));
        let report = self.report(&arguments)?;
        let received = self.plan.received + self.expected.keyed_later;
        let returned = self.plan.returned - self.expected.revoked_later;
        self.is("received, as known a month later", number(&report["total"]["received"]), received);
        self.is("returned, as known a month later", number(&report["total"]["returned"]), returned);
        Ok(())
    }

    fn holdings(&mut self, shown: bool) -> anyhow::Result<()> {
        let evening = self.known.evening.clone();
        let report = self.report(&["holdings", "--at", &evening])?;
        let sum = |rows: &str| {
            let rows = report[rows].as_array().map(Vec::as_slice).unwrap_or_default();
            rows.iter().map(|row| number(&row["legs"])).sum::<u64>()
        };
        self.is("open legs", number(&report["open_legs"]), self.expected.open);
        self.is("open legs by holder", sum("holders"), self.expected.open);
        self.is("open legs by kind", sum("kinds"), self.expected.open);
        if shown {
            println!("{}", self.printed(&["holdings", "--at", &evening, "--lang", "vi"])?);
        }
        Ok(())
    }

    fn is(&mut self, what: &str, told: u64, must: u64) {
        if told != must {
            self.wrong.push(format!("{what}: {told}, and it must be {must}"));
        }
    }

    fn report(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        Ok(serde_json::from_str(&self.printed(&[arguments, &["--json"]].concat())?)?)
    }

    fn printed(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let key: &Path = &self.key.path().join("key");
        let mut command = trao();
        command.arg("report").args(arguments).args(["--server", &self.url, "--token-file"]).arg(key);
        let output = command.output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "trao report {}: {said}", arguments.join(" "));
        Ok(String::from_utf8(output.stdout)?)
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}
