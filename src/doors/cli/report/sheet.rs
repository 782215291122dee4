//! A report as rows of cells: printed as a table, or as CSV.

use super::number;
use crate::doors::cli::human::say;
use crate::doors::refusal::Language;

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Words.
    Text(String),
    /// A whole number.
    Count(i64),
    /// A part of a whole, in hundredths.
    Share(i64, i64),
    /// How many of the one to one of the other.
    Ratio(i64, i64),
    /// Whole hours; none where there is nothing to tell.
    Hours(Option<i64>),
}

impl Cell {
    fn shown(&self, language: Language) -> String {
        match self {
            Cell::Text(text) => text.clone(),
            Cell::Count(number) => number::count(*number, language),
            Cell::Share(part, whole) => number::share(*part, *whole, language),
            Cell::Ratio(part, whole) => match number::ratio(*part, *whole, language) {
                Some(ratio) => format!("{ratio} : 1"),
                None => "–".to_owned(),
            },
            Cell::Hours(Some(hours)) => number::count(*hours, language),
            Cell::Hours(None) => "–".to_owned(),
        }
    }

    /// As a spreadsheet reads it: numbers bare, so that they can be added up.
    fn plain(&self, language: Language) -> String {
        match self {
            Cell::Text(text) => quoted(text),
            Cell::Count(number) | Cell::Hours(Some(number)) => number.to_string(),
            Cell::Share(part, whole) => {
                quoted(&number::plain_share(*part, *whole, language).unwrap_or_default())
            }
            Cell::Ratio(part, whole) => quoted(&number::ratio(*part, *whole, language).unwrap_or_default()),
            Cell::Hours(None) => String::new(),
        }
    }

    fn is_number(&self) -> bool {
        !matches!(self, Cell::Text(_))
    }
}

/// A text as a cell of CSV. What a spreadsheet would take for a formula is made a text: codes come from scanners.
fn quoted(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    let special = |c: char| matches!(c, '"' | ',' | ';' | '\n' | '\r' | '\t') || c.is_whitespace();
    if guard.is_empty() && !text.contains(special) {
        return text.to_owned();
    }
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

/// A report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// What it is, above the table.
    pub title: String,
    /// The columns' names.
    pub head: Vec<String>,
    /// The rows, the sum last where there is one.
    pub rows: Vec<Vec<Cell>>,
    /// Whether the last row is the sum.
    pub summed: bool,
    /// What was counted and how, below the table.
    pub notes: Vec<String>,
}

/// The mark by which a spreadsheet knows that the bytes are UTF-8.
const BYTE_ORDER_MARK: char = '\u{feff}';

impl Sheet {
    /// As lines for a person: words left, numbers right.
    pub fn table(&self, language: Language) -> Vec<String> {
        let shown: Vec<Vec<String>> =
            self.rows.iter().map(|row| row.iter().map(|cell| cell.shown(language)).collect()).collect();
        let wide = |text: &str| text.chars().count();
        let widths: Vec<usize> = self
            .head
            .iter()
            .enumerate()
            .map(|(at, head)| {
                let cells = shown.iter().filter_map(|row| row.get(at)).map(|text| wide(text));
                cells.chain([wide(head)]).max().unwrap_or(0)
            })
            .collect();
        let right = |at: usize| self.rows.iter().any(|row| row.get(at).is_some_and(Cell::is_number));
        let line = |cells: &[String]| {
            let cells = cells.iter().zip(&widths).enumerate().map(|(at, (text, width))| {
                let space = " ".repeat(width.saturating_sub(wide(text)));
                if right(at) { format!("{space}{text}") } else { format!("{text}{space}") }
            });
            cells.collect::<Vec<String>>().join("  ").trim_end().to_owned()
        };
        let rule = "─".repeat(widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1));
        let mut lines = vec![self.title.clone(), line(&self.head), rule.clone()];
        for (at, row) in shown.iter().enumerate() {
            if self.summed && at + 1 == shown.len() && at > 0 {
                lines.push(rule.clone());
            }
            lines.push(line(row));
        }
        if shown.is_empty() {
            lines.push(say(language, "(không có)", "(none)").to_owned());
        }
        lines.extend(self.notes.iter().cloned());
        lines
    }

    /// As lines of CSV, the first with the mark of UTF-8. Where the comma divides whole from parts, cells are divided by
    /// semicolons, as spreadsheets there expect.
    pub fn csv(&self, language: Language) -> Vec<String> {
        let between = match language {
            Language::Vietnamese => ";",
            Language::English => ",",
        };
        let head: Vec<String> = self.head.iter().map(|name| quoted(name)).collect();
        let mut lines = vec![format!("{BYTE_ORDER_MARK}{}", head.join(between))];
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(|cell| cell.plain(language)).collect();
            lines.push(cells.join(between));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet {
        Sheet {
            title: "Title".into(),
            head: ["Cấp", "Nhận", "Tỷ lệ"].map(str::to_owned).to_vec(),
            rows: vec![
                vec![Cell::Text("tỉnh".into()), Cell::Count(70_566), Cell::Share(21_502, 78_025)],
                vec![Cell::Text("=1+1; \"x\"".into()), Cell::Count(7), Cell::Share(0, 0)],
            ],
            summed: true,
            notes: vec!["Note".into()],
        }
    }

    #[test]
    fn a_table_keeps_words_left_and_numbers_right_and_the_sum_apart() {
        let expected = [
            "Title",
            "Cấp          Nhận   Tỷ lệ",
            "─────────────────────────",
            "tỉnh       70.566  27,6 %",
            "─────────────────────────",
            "=1+1; \"x\"       7       –",
            "Note",
        ];
        assert_eq!(sheet().table(Language::Vietnamese), expected);
        let empty = Sheet { head: vec!["Level".into()], ..Sheet::default() };
        assert_eq!(empty.table(Language::English), ["", "Level", "─────", "(none)"]);
    }

    #[test]
    fn a_spreadsheet_reads_marks_numbers_and_no_formula() {
        let vietnamese = sheet().csv(Language::Vietnamese);
        assert_eq!(vietnamese[0], "\u{feff}Cấp;Nhận;\"Tỷ lệ\"");
        assert_eq!(vietnamese[1..], ["tỉnh;70566;\"27,6\"", "\"'=1+1; \"\"x\"\"\";7;"]);
        assert_eq!(sheet().csv(Language::English)[1], "tỉnh,70566,27.6");
    }
}
