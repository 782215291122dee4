//! What is said to whoever watches, in one language, within a hundred columns.

use std::path::Path;
use std::time::Duration;

use crate::doors::refusal::Language;

/// One sentence in English and in Vietnamese.
pub(super) type Both<'a> = [&'a str; 2];

/// Columns of a line of the day before what came of it.
const WHAT_WIDTH: usize = 45;

/// The teller.
pub(super) struct Telling {
    pub language: Language,
}

#[expect(clippy::print_stdout, reason = "the demonstration speaks on stdout")]
impl Telling {
    /// A line by itself.
    pub fn plain(&self, text: Both<'_>) {
        println!("{}", self.choose(text));
    }

    /// A line of the day: when (`Fri 07:05`), what, and what came of it.
    pub fn at(&self, when: &str, what: Both<'_>, came: Both<'_>) {
        println!("  {}  {}", self.moment(when), columns(self.choose(what), self.choose(came)));
    }

    /// A line without a time of its own.
    pub fn and(&self, what: Both<'_>, came: Both<'_>) {
        println!("             {}", columns(self.choose(what), self.choose(came)));
    }

    /// The end, and what to try next.
    pub fn end(&self, data: &Path, took: Duration) {
        let data = data.display();
        let seconds = took.as_secs_f32();
        self.plain([
            &format!("done in {seconds:.0} s · next:"),
            &format!("xong sau {seconds:.0} giây · tiếp theo:"),
        ]);
        println!("  trao serve --data {data} &");
        println!("  trao status RA990000010VN --token-file {data}/keys/commune");
        println!("  trao history EA990003016VN --token-file {data}/keys/department");
        println!("  trao feed --token-file {data}/keys/clerk --limit 5");
        let (item, noon) = ("EA990005096VN", "2026-11-20T12:00:00+07:00");
        println!("  trao status {item} --at {noon} --token-file {data}/keys/post-supervisor");
    }

    fn choose<'a>(&self, text: Both<'a>) -> &'a str {
        let [english, vietnamese] = text;
        match self.language {
            Language::English => english,
            Language::Vietnamese => vietnamese,
        }
    }

    /// Days are named as each language names them, in three letters.
    fn moment(&self, when: &str) -> String {
        let Language::Vietnamese = self.language else { return when.to_owned() };
        let numbered = [("Mon", "T2 "), ("Tue", "T3 "), ("Wed", "T4 "), ("Thu", "T5 "), ("Fri", "T6 ")];
        numbered.iter().fold(when.to_owned(), |text, (english, vietnamese)| text.replace(english, vietnamese))
    }
}

fn columns(what: &str, came: &str) -> String {
    if came.is_empty() {
        return what.to_owned();
    }
    let gap = WHAT_WIDTH.saturating_sub(what.chars().count()).max(1);
    format!("{what}{}{came}", " ".repeat(gap))
}
