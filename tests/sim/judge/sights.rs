//! What was known at a position does not change: whoever asks again, of whatever gateway, is told the same.

use std::collections::BTreeMap;

/// What was told, by question and position.
#[derive(Default)]
pub struct Sights(BTreeMap<(String, u64), String>);

impl Sights {
    /// A look-up was answered.
    pub fn looked(&mut self, question: &str, pos: u64, told: &str) -> Result<(), String> {
        let first = self.0.entry((question.to_owned(), pos)).or_insert_with(|| told.to_owned());
        if first != told {
            return Err(format!("{question} as of {pos} was first told\n  {first}\nand then\n  {told}"));
        }
        Ok(())
    }
}
