//! Opening a spreadsheet's text: what is none is told by what it is, before its first row is looked for.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use indicatif::ProgressBar;

use crate::doors::cli::Failure;
use crate::doors::cli::human::say;
use crate::doors::refusal::Language;

/// Stands for stdin.
const STDIN: &str = "-";
/// How much is looked at before anything is read: the longest mark, and a few letters in UTF-16.
const BEGINNING: u64 = 64;
/// Read from the disk at once.
const BUFFER: usize = 128 << 10;

/// An opened file, its mark at the beginning passed over.
pub struct Opened {
    /// What is left to read.
    pub input: Box<dyn BufRead + Send>,
    /// Shows how far it is read.
    pub bar: ProgressBar,
}

/// Opens a file, or stdin. `bar` makes the bar for so many bytes.
pub fn open(
    file: &Path,
    language: Language,
    bar: impl FnOnce(Option<u64>) -> ProgressBar,
) -> Result<Opened, Failure> {
    let shown = file.display();
    let usage = |why: &str| Failure::Usage(format!("{shown}: {why}"));
    let failed = |error: io::Error| usage(&error.to_string());
    let (mut input, bytes): (Box<dyn Read + Send>, Option<u64>) = if file == Path::new(STDIN) {
        (Box::new(io::stdin()), None)
    } else {
        let opened = File::open(file).map_err(failed)?;
        let metadata = opened.metadata().map_err(failed)?;
        if metadata.is_dir() {
            return Err(usage(say(language, "là thư mục, không phải tệp CSV", "is a folder, no CSV file")));
        }
        (Box::new(opened), Some(metadata.len()).filter(|_| metadata.is_file()))
    };
    let mut beginning = Vec::new();
    input.by_ref().take(BEGINNING).read_to_end(&mut beginning).map_err(failed)?;
    if let Some(why) = no_csv(&beginning, language) {
        return Err(usage(why));
    }
    let mark = if beginning.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let bar = bar(bytes);
    let whole = Cursor::new(beginning.split_off(mark)).chain(input);
    Ok(Opened { input: Box::new(BufReader::with_capacity(BUFFER, bar.wrap_read(whole))), bar })
}

/// What a file is that is no CSV in UTF-8, told by its first bytes.
fn no_csv(beginning: &[u8], language: Language) -> Option<&'static str> {
    let workbook = [&b"PK\x03\x04"[..], b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"];
    let utf16 = beginning.starts_with(b"\xff\xfe") || beginning.starts_with(b"\xfe\xff");
    if beginning.is_empty() {
        Some(say(language, "tệp rỗng", "is empty"))
    } else if workbook.iter().any(|mark| beginning.starts_with(mark)) {
        Some(say(
            language,
            "là sổ tính Excel dù tên là gì: trong Excel hãy chọn Lưu thành, kiểu \"CSV UTF-8\", rồi nhập tệp đó",
            "is an Excel workbook, whatever it is called: in Excel choose Save As, \"CSV UTF-8\", and import that",
        ))
    } else if utf16 || beginning.contains(&0) {
        Some(say(
            language,
            "là văn bản UTF-16 (\"Unicode Text\" của Excel): hãy lưu lại thành \"CSV UTF-8\"",
            "is text in UTF-16 (Excel's \"Unicode Text\"): save it as \"CSV UTF-8\"",
        ))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_csv_is_told_by_what_it_is() {
        let told = |bytes: &[u8]| no_csv(bytes, Language::English).unwrap_or("a CSV file");
        assert!(told(b"PK\x03\x04\x14\0").contains("Excel workbook"));
        assert!(told(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0").contains("Excel workbook"));
        for utf16 in [&b"\xff\xfei\0d\0"[..], b"\xfe\xff\0i\0d", b"i\0d\0,\0"] {
            assert!(told(utf16).contains("UTF-16"), "{utf16:?}");
        }
        assert_eq!(told(b""), "is empty");
        assert_eq!(told(b"\xef\xbb\xbfid,name"), "a CSV file");
        assert_eq!(told("mã,tên".as_bytes()), "a CSV file");
    }

    #[test]
    fn a_mark_at_the_beginning_is_passed_over_and_everything_else_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.csv");
        let hidden = |_| ProgressBar::hidden();
        for (written, read) in [("\u{feff}id\n1\n", "id\n1\n"), ("id\n1\n", "id\n1\n"), ("i", "i")] {
            std::fs::write(&path, written).unwrap();
            let mut text = String::new();
            open(&path, Language::English, hidden).unwrap().input.read_to_string(&mut text).unwrap();
            assert_eq!(text, read);
        }
        for (path, told) in [(folder.path(), "is a folder"), (&folder.path().join("none"), "No such file")] {
            let Err(Failure::Usage(why)) = open(path, Language::English, hidden).map(|_| ()) else {
                panic!("{}", path.display());
            };
            assert!(why.contains(told), "{why}");
        }
    }
}
