//! The figures: medians of rounds with their spread, printed and written.

use std::path::Path;

use anyhow::Context;
use serde_json::{Map, Value, json};

/// Figures by name, each with its value of every round.
#[derive(Default)]
pub struct Figures(Vec<(&'static str, Vec<f64>)>);

impl Figures {
    /// Adds a round's value.
    pub fn add(&mut self, name: &'static str, value: f64) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => self.0.push((name, vec![value])),
        }
    }

    /// Writes the summary: medians flat, the spread beside.
    pub fn write(&self, file: &Path, rounds: usize) -> anyhow::Result<()> {
        let mut summary = Map::new();
        let mut spread = Map::new();
        for (name, values) in &self.0 {
            let [least, median, most] = of(values).map(rounded);
            summary.insert((*name).to_owned(), json!(median));
            spread.insert((*name).to_owned(), json!({"min": least, "median": median, "max": most}));
        }
        summary.insert("spread".to_owned(), Value::Object(spread));
        summary.insert("rounds".to_owned(), json!(rounds));
        summary.insert("cores".to_owned(), json!(std::thread::available_parallelism()?.get()));
        summary.insert("commit".to_owned(), json!(commit()));
        let text = serde_json::to_string_pretty(&Value::Object(summary))?;
        std::fs::write(file, text + "\n").with_context(|| format!("write {}", file.display()))
    }

    /// The figures as a table.
    pub fn print(&self) {
        println!("\n{:<40} {:>12} {:>12} {:>12}", "", "min", "median", "max");
        for (name, values) in &self.0 {
            let [least, median, most] = of(values).map(rounded);
            println!("{name:<40} {least:>12} {median:>12} {most:>12}");
        }
    }
}

fn of(values: &[f64]) -> [f64; 3] {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
    let middle = sorted.len() / 2;
    let median =
        if sorted.len() % 2 == 1 { at(middle) } else { (at(middle.saturating_sub(1)) + at(middle)) / 2.0 };
    [at(0), median, at(sorted.len().saturating_sub(1))]
}

/// Three digits that mean something; a rate needs no more.
fn rounded(value: f64) -> f64 {
    let scale = if value.abs() >= 100.0 { 1.0 } else { 1_000.0 };
    (value * scale).round() / scale
}

/// The commit that was measured, with a mark when the tree differs from it.
fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = std::process::Command::new("git").args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    git(&["describe", "--always", "--dirty", "--abbrev=12"]).unwrap_or_else(|| "unknown".to_owned())
}
