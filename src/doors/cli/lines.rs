//! Lines of any bytes, none of which takes more than a bounded room.

use std::io::{self, BufRead};

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1.
    pub number: u64,
    /// What it says, without its end; at most as many bytes as asked for.
    pub bytes: Vec<u8>,
    /// How many bytes of the input it took, its end among them.
    pub length: u64,
    /// It was longer, and the rest was passed over.
    pub cut: bool,
    /// It ends in a line end; the last one of a file that was cut off does not.
    pub ended: bool,
}

/// Reads the line after `number`, keeping at most `bytes_max` of it; `None` at the end.
pub fn next(input: &mut impl BufRead, number: u64, bytes_max: usize) -> io::Result<Option<Line>> {
    let mut line = Line { number: number + 1, bytes: Vec::new(), length: 0, cut: false, ended: false };
    let mut anything = false;
    loop {
        let buffered = match input.fill_buf() {
            Ok(buffered) => buffered,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if buffered.is_empty() {
            break;
        }
        anything = true;
        let end = buffered.iter().position(|byte| *byte == b'\n');
        let part = buffered.get(..end.unwrap_or(buffered.len())).unwrap_or_default();
        let room = bytes_max.saturating_sub(line.bytes.len());
        line.cut |= part.len() > room;
        line.bytes.extend(part.iter().take(room));
        let used = part.len() + usize::from(end.is_some());
        line.length += used as u64;
        input.consume(used);
        if end.is_some() {
            line.ended = true;
            break;
        }
    }
    if line.ended && !line.cut && line.bytes.last() == Some(&b'\r') {
        line.bytes.pop();
    }
    Ok(anything.then_some(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(input: &[u8], bytes_max: usize) -> Vec<(String, bool, bool)> {
        let mut input = io::BufReader::with_capacity(3, input);
        let mut lines = Vec::new();
        while let Some(line) = next(&mut input, lines.len() as u64, bytes_max).unwrap() {
            assert_eq!(line.number, lines.len() as u64 + 1);
            lines.push((String::from_utf8_lossy(&line.bytes).into_owned(), line.cut, line.ended));
        }
        lines
    }

    #[test]
    fn lines_end_in_either_way_and_the_last_may_not_end() {
        let of = |text: &str, ended| (text.to_owned(), false, ended);
        assert_eq!(
            all(b"one\r\ntwo\n\nfour", 100),
            [of("one", true), of("two", true), of("", true), of("four", false)]
        );
        assert_eq!(all(b"", 100), []);
        assert_eq!(all(b"\n", 100), [of("", true)]);
    }

    #[test]
    fn a_long_line_is_cut_and_the_next_one_is_whole() {
        assert_eq!(all(b"123456789\nab\n", 4), [("1234".into(), true, true), ("ab".into(), false, true)]);
    }
}
