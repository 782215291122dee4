//! The ledger: what the days must come to. These are the only figures written down; all that is told is counted from what
//! the gateway answered, and compared with these in the end.

use anyhow::bail;

use crate::doors::wire::v1::{HolderKind, LegKind};

/// What is counted while the days are lived.
const DAYS: &[(&str, usize)] = &[
    ("results offered by H99.14", 300),
    ("results taken by the post, both sides", 300),
    ("results taken out on Thursday", 80),
    ("results taken out on Friday", 220),
    ("pick-ups ordered by telephone", 125),
    ("pick-ups", 124),
    ("pick-ups that failed", 1),
    ("scans refused", 1),
    ("orders refused", 1),
    ("items in the bag", 61),
    ("items one scan of the bag counted for", 61),
    ("envelopes signed for by H99.60.05", 3),
    ("deliveries without proof", 2),
    ("deliveries revoked", 2),
    ("deliveries keyed from paper", 31),
    ("scans on the old phone", 80),
    ("lines sent from its outbox", 92),
    ("of them kept", 80),
    ("of them replayed", 12),
    ("of them kept twice", 0),
    ("of them corroborated", 31),
    ("results delivered by postman 1", 100),
    ("answered scans lost with the gateway", 0),
    ("results delivered by postman 2", 98),
    ("deliveries that failed", 20),
    ("results sent back", 5),
    ("envelopes offered to the centre", 120),
    ("envelopes taken as listed", 116),
    ("envelopes taken with a reservation", 1),
    ("envelopes missing at the counter", 3),
    ("envelopes taken that were not listed", 1),
    ("dossiers accepted by the centre", 118),
    ("hops of the interlinked file", 4),
    ("hops that the sending commune sees", 2),
    ("hops that were late", 1),
    ("acknowledged records lost", 0),
];

/// What is read back from the gateway afterwards.
const BOOKS: &[(&str, usize)] = &[
    ("dossiers", 426),
    ("dossiers with a code", 422),
    ("dossiers with agencies", 121),
    ("dossiers with citizens", 279),
    ("dossiers with the post", 26),
    ("dossiers with the post, missing", 3),
    ("dossiers with the post, to recover", 2),
    ("open legs", 28),
    ("open legs with the post", 26),
    ("open legs with citizens", 2),
    ("results to try again", 9),
    ("results held", 6),
    ("results undelivered", 5),
    ("envelopes with a reservation", 1),
    ("scans that waited and were placed by the bag", 122),
    ("scans of the old phone", 160),
    ("scans corroborated", 31),
    ("records twice", 0),
    ("positions in nobody's log", 0),
    ("events of commune H99.60.31", 0),
];

/// The columns of the table of legs.
pub(super) const COLUMNS: [&str; 5] = ["ordered", "picked up", "handed over or delivered", "failed", "open"];

/// The table of legs, by kind.
pub(super) const LEGS: &[(LegKind, [usize; 5])] = &[
    (LegKind::Inbound, [125, 124, 121, 1, 4]),
    (LegKind::Outbound, [300, 300, 278, 20, 17]),
    (LegKind::ReturnToAgency, [0, 0, 0, 0, 5]),
    (LegKind::Supplement, [1, 0, 0, 0, 1]),
    (LegKind::Transfer, [4, 4, 3, 0, 1]),
];

/// The name of a cell of the table.
pub(super) fn cell(kind: LegKind, column: usize) -> String {
    format!("{} {}", kind.as_str_name().trim_start_matches("LEG_KIND_"), COLUMNS[column])
}

/// The figure of dossiers that are with somebody.
pub(super) fn with(holder: HolderKind) -> &'static str {
    match holder {
        HolderKind::Agency => "dossiers with agencies",
        HolderKind::Citizen => "dossiers with citizens",
        HolderKind::Post => "dossiers with the post",
        HolderKind::None | HolderKind::Unspecified => "dossiers with nobody",
    }
}

/// Figures by name, added up.
#[derive(Clone, Debug, Default)]
pub(super) struct Counted(std::collections::BTreeMap<String, usize>);

impl Counted {
    /// Adds to a figure.
    pub fn add(&mut self, name: impl Into<String>, count: usize) {
        *self.0.entry(name.into()).or_default() += count;
    }

    /// A figure; nothing where it was not counted.
    pub fn of(&self, name: &str) -> usize {
        self.0.get(name).copied().unwrap_or_default()
    }
}

/// Asserts the days.
pub(super) fn assert_days(counted: &Counted) -> anyhow::Result<usize> {
    let due = DAYS.iter().map(|(name, due)| ((*name).to_owned(), *due));
    compare(counted, due.collect())
}

/// Asserts the books.
pub(super) fn assert_books(read: &Counted) -> anyhow::Result<usize> {
    let cells =
        LEGS.iter().flat_map(|(kind, row)| (0..row.len()).map(|column| (cell(*kind, column), row[column])));
    let due = BOOKS.iter().map(|(name, due)| ((*name).to_owned(), *due));
    compare(read, due.chain(cells).collect())
}

/// Compares every figure that is due, and every one that was counted; how many there are.
fn compare(counted: &Counted, due: Vec<(String, usize)>) -> anyhow::Result<usize> {
    let mut wrong = Vec::new();
    for (name, due) in &due {
        match counted.0.get(name) {
            Some(read) if read == due => {}
            Some(read) => wrong.push(format!("{name}: {read}, due {due}")),
            None => wrong.push(format!("{name}: not counted, due {due}")),
        }
    }
    for (name, read) in &counted.0 {
        if !due.iter().any(|(known, _)| known == name) {
            wrong.push(format!("{name}: {read}, and nothing is due"));
        }
    }
    if !wrong.is_empty() {
        bail!("the ledger does not hold: {}", wrong.join("; "));
    }
    Ok(due.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn as_due() -> Counted {
        let mut counted = Counted::default();
        for (name, due) in DAYS {
            counted.add(*name, *due);
        }
        counted
    }

    #[test]
    fn a_figure_that_is_off_by_one_is_named() {
        assert_eq!(assert_days(&as_due()).unwrap(), DAYS.len());
        for (name, due) in DAYS {
            let mut counted = as_due();
            counted.add(*name, 1);
            let why = assert_days(&counted).unwrap_err().to_string();
            assert_eq!(why, format!("the ledger does not hold: {name}: {}, due {due}", due + 1));
        }
    }

    #[test]
    fn a_figure_that_nobody_counted_or_nobody_knows_is_named() {
        let mut counted = as_due();
        counted.0.remove("of them replayed");
        counted.add("envelopes found behind the stove", 7);
        let why = assert_days(&counted).unwrap_err().to_string();
        assert!(why.contains("of them replayed: not counted, due 12"), "{why}");
        assert!(why.contains("envelopes found behind the stove: 7, and nothing is due"), "{why}");
    }

    #[test]
    fn the_due_figures_agree_with_each_other() {
        let due = |name: &str| BOOKS.iter().find(|(known, _)| *known == name).unwrap().1;
        let holders = [HolderKind::Agency, HolderKind::Citizen, HolderKind::Post];
        assert_eq!(holders.map(|holder| due(with(holder))).iter().sum::<usize>(), due("dossiers"));
        assert_eq!(due("open legs"), due("open legs with the post") + due("open legs with citizens"));
        assert_eq!(due("open legs"), LEGS.iter().map(|(_, row)| row[4]).sum::<usize>());
    }
}
