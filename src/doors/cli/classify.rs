//! `trao classify`: what texts are, told without asking anybody.

use std::ffi::OsString;
use std::io::{BufReader, Read};

use serde::Serialize;

use super::{Exit, Failure, Output, lines};
use crate::dossier::code;

/// A QR code holds 4,296 characters at most; whatever is longer is no scan.
const INPUT_BYTES: usize = 64 << 10;

/// What to classify.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "\
Prints one JSON object per input, in order:
  {\"input\":\"Ê990002055VN\",\"kind\":\"item\",\"code\":\"EE990002055VN\",\"repaired\":true,\"reason\":null}
kind is item, receptacle, dossier, procedure or unknown. reason says why nothing may be recorded
under the text: CHECK_DIGIT, LENGTH, DATE_IMPOSSIBLE, AMBIGUOUS_REPAIR, NO_FORMAT,
PROCEDURE_NOT_DOSSIER.

Examples:
  trao classify EE990002055VN H99.14-261120-0001
  cut -d, -f4 labels.csv | trao classify

It needs no gateway. Exit code 0, also for unknown texts; 2 for a wrong command line.")]
pub struct Args {
    /// Texts as a scanner gives them; without any, stdin is read, one input a line
    #[arg(value_name = "TEXT")]
    pub texts: Vec<OsString>,
    /// Taken as everywhere; the answer is always JSON
    #[arg(long, hide = true)]
    pub json: bool,
}

/// The answer for one input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Answer<'a> {
    input: &'a str,
    kind: &'static str,
    code: Option<String>,
    repaired: bool,
    reason: Option<&'static str>,
}

/// Classifies the texts, or the lines of `input`.
pub fn run(args: &Args, input: impl Read, output: &mut Output) -> Result<Exit, Failure> {
    for text in &args.texts {
        output.json(&answer(&text.to_string_lossy(), text.to_str().is_some()))?;
    }
    if args.texts.is_empty() {
        let mut input = BufReader::new(input);
        let mut number = 0;
        loop {
            // Whoever types, or pipes one line at a time, gets the answer before the next line is waited for.
            if input.buffer().is_empty() {
                output.flush()?;
            }
            let Some(line) = lines::next(&mut input, number, INPUT_BYTES).map_err(Failure::Input)? else {
                break;
            };
            number = line.number;
            let readable = !line.cut && std::str::from_utf8(&line.bytes).is_ok();
            output.json(&answer(&String::from_utf8_lossy(&line.bytes), readable))?;
        }
    }
    output.flush()?;
    Ok(Exit::Done)
}

/// A text that is no UTF-8, or was cut, is nothing that can be recorded.
fn answer(text: &str, readable: bool) -> Answer<'_> {
    if !readable {
        return Answer {
            input: text,
            kind: "unknown",
            code: None,
            repaired: false,
            reason: Some("NO_FORMAT"),
        };
    }
    let read = code::classify(text);
    Answer {
        input: text,
        kind: read.kind_text(),
        code: read.code,
        repaired: read.repaired,
        reason: read.reason,
    }
}

#[cfg(test)]
mod tests {
    use super::super::output::tests::Kept;
    use super::*;

    fn printed(texts: &[&str], input: &[u8]) -> String {
        let kept = Kept::default();
        let args = Args { texts: texts.iter().map(OsString::from).collect(), json: false };
        let exit = run(&args, input, &mut Output::to(kept.clone())).unwrap();
        assert_eq!(exit, Exit::Done);
        kept.text()
    }

    #[test]
    fn each_input_is_answered_by_one_object_in_order() {
        let expected = r#"{"input":"Ê990002055VN","kind":"item","code":"EE990002055VN","repaired":true,"reason":null}
{"input":"EB123456789VN","kind":"unknown","code":null,"repaired":false,"reason":"CHECK_DIGIT"}
"#;
        assert_eq!(printed(&["Ê990002055VN", "EB123456789VN"], b"not read"), expected);
        assert_eq!(printed(&[], "Ê990002055VN\r\nEB123456789VN".as_bytes()), expected);
    }

    #[test]
    fn what_cannot_be_read_is_answered_too_and_ends_nothing() {
        let long = "A".repeat(INPUT_BYTES + 1);
        let mut input = b"\xff\xfe\n\n".to_vec();
        input.extend(format!("{long}\nEE990002055VN\n").bytes());
        let printed = printed(&[], &input);
        let lines: Vec<&str> = printed.lines().collect();
        assert_eq!(lines.len(), 4);
        assert_eq!(
            lines[0],
            "{\"input\":\"\u{fffd}\u{fffd}\",\"kind\":\"unknown\",\"code\":null,\"repaired\":false,\"reason\":\"NO_FORMAT\"}"
        );
        assert!(lines[1].starts_with(r#"{"input":"","kind":"unknown""#));
        assert!(lines[2].ends_with(r#""kind":"unknown","code":null,"repaired":false,"reason":"NO_FORMAT"}"#));
        assert!(lines[3].contains(r#""kind":"item""#));
    }
}
