//! What became of each row, told in the file's order, and counted.

use std::time::Instant;

use indicatif::ProgressBar;

use super::kind::Kind;
use crate::doors::cli::failure::Refused;
use crate::doors::cli::human::say;
use crate::doors::cli::shapes::Imported;
use crate::doors::cli::{Failure, Output};
use crate::doors::refusal::{Language, sentence};
use crate::doors::wire::v1;
use crate::dossier::refusal::Refusal;

/// How often the bar's rate is written anew.
const RATE_EVERY: u64 = 200;

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Became {
    /// It is new.
    Imported,
    /// It was there, with the same content.
    Again,
    /// It was refused: reason, field, message.
    Refused(String, String, String),
}

/// What became of the rows so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// New.
    pub imported: u64,
    /// There before.
    pub again: u64,
    /// Refused, by the gateway or here.
    pub refused: u64,
}

impl Counts {
    fn all(self) -> u64 {
        self.imported + self.again + self.refused
    }

    /// The last line.
    pub fn line(self, language: Language) -> String {
        let Counts { imported, again, refused } = self;
        match language {
            Language::Vietnamese => format!("đã nhập {imported}  đã có {again}  bị từ chối {refused}"),
            Language::English => format!("imported {imported}  again {again}  refused {refused}"),
        }
    }
}

/// Where answers go. A reader that went away does not stop the import.
pub struct Answers<'a> {
    output: &'a mut Output,
    bar: ProgressBar,
    kind: Kind,
    json: bool,
    language: Language,
    began: Instant,
    closed: bool,
    /// What became of the rows so far.
    pub counts: Counts,
    /// The last line that was answered.
    pub last: u64,
}

impl<'a> Answers<'a> {
    /// Answers about a kind of list.
    pub fn new(
        output: &'a mut Output,
        bar: ProgressBar,
        kind: Kind,
        json: bool,
        language: Language,
    ) -> Answers<'a> {
        let (began, counts) = (Instant::now(), Counts::default());
        Answers { output, bar, kind, json, language, began, closed: false, counts, last: 0 }
    }

    /// A refusal made here.
    pub fn refused_here(&self, refusal: &Refusal) -> Became {
        let message = sentence(refusal, self.language);
        Became::Refused(refusal.reason.text().to_owned(), self.kind.column(&refusal.field), message)
    }

    /// A refusal of a call.
    pub fn refused_call(&self, refused: &Refused) -> Became {
        let reason = if refused.reason.is_empty() { refused.code_text() } else { &refused.reason };
        Became::Refused(reason.to_owned(), self.kind.column(&refused.field), refused.message.clone())
    }

    /// A refusal of a line of a batch.
    pub fn refused_line(&self, refusal: &v1::Refusal) -> Became {
        let column = self.kind.column(&refusal.field);
        Became::Refused(refusal.reason.clone(), column, refusal.message.clone())
    }

    /// Tells what became of the row on a line. People are told of what was refused only.
    pub fn tell(&mut self, line: u64, became: &Became) -> Result<(), Failure> {
        match became {
            Became::Imported => self.counts.imported += 1,
            Became::Again => self.counts.again += 1,
            Became::Refused(..) => self.counts.refused += 1,
        }
        self.last = line;
        let all = self.counts.all();
        if all.is_multiple_of(RATE_EVERY) {
            let rate = all as f64 / self.began.elapsed().as_secs_f64().max(0.001);
            let unit = say(self.language, "dòng", "lines");
            self.bar.set_message(format!("{all} {unit}  {rate:.0}/s"));
        }
        if self.json {
            let imported = Imported::of(line, became);
            return self.print(|output| output.json(&imported));
        }
        let Became::Refused(reason, field, message) = became else { return Ok(()) };
        let word = say(self.language, "dòng", "line");
        let field = if field.is_empty() { String::new() } else { format!(" {field}") };
        let text = format!("{word} {line}: {reason}{field}: {message}");
        self.print(|output| output.line(&text))
    }

    /// Hands over what was told.
    pub fn flush(&mut self) -> Result<(), Failure> {
        self.print(Output::flush)
    }

    /// The last line: among the answers for people, beside them for programs.
    pub fn end(&mut self) -> Result<(), Failure> {
        self.bar.finish_and_clear();
        let text = self.counts.line(self.language);
        if self.json {
            self.flush()?;
            eprintln!("{text}");
            return Ok(());
        }
        self.print(|output| output.line(&text).and_then(|()| output.flush()))
    }

    fn print(&mut self, print: impl FnOnce(&mut Output) -> Result<(), Failure>) -> Result<(), Failure> {
        if self.closed {
            return Ok(());
        }
        let (output, bar) = (&mut *self.output, &self.bar);
        let printed = if bar.is_hidden() { print(output) } else { bar.suspend(|| print(output)) };
        match printed {
            Err(Failure::Closed) => {
                self.closed = true;
                Ok(())
            }
            printed => printed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::output::tests::Kept;
    use super::*;

    fn told(json: bool) -> String {
        let kept = Kept::default();
        let mut output = Output::to(kept.clone());
        let bar = ProgressBar::hidden();
        let mut answers = Answers::new(&mut output, bar, Kind::Scans, json, Language::English);
        let refused = Became::Refused("CHECK_DIGIT".into(), "code".into(), "wrong".into());
        for (line, became) in [(2, Became::Imported), (3, refused), (4, Became::Again)] {
            answers.tell(line, &became).unwrap();
        }
        answers.end().unwrap();
        kept.text()
    }

    #[test]
    fn people_are_told_what_was_refused_and_programs_everything() {
        assert_eq!(told(false), "line 3: CHECK_DIGIT code: wrong\nimported 1  again 1  refused 1\n");
        assert_eq!(
            told(true),
            r#"{"line":2,"status":"imported","reason":null,"field":null,"message":null}
{"line":3,"status":"refused","reason":"CHECK_DIGIT","field":"code","message":"wrong"}
{"line":4,"status":"again","reason":null,"field":null,"message":null}
"#
        );
    }
}
