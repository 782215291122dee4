//! What is counted, for the last line.

use std::collections::BTreeMap;
use std::sync::Mutex;

/// Counters by name.
#[derive(Debug, Default)]
pub struct Tally(Mutex<BTreeMap<&'static str, u64>>);

impl Tally {
    /// Counts some more.
    pub fn add(&self, name: &'static str, more: u64) {
        *self.0.lock().expect("counters").entry(name).or_default() += more;
    }

    /// How many so far.
    pub fn of(&self, name: &str) -> u64 {
        self.0.lock().expect("counters").get(name).copied().unwrap_or_default()
    }
}

/// 12345 as 12,345.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
