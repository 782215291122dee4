//! The end of the day: every log is read, the books are added up and told, and the ledger is asserted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context;
use bytes::Bytes;

use super::books::Books;
use super::child::Child;
use super::hands::{Acknowledged, Hand};
use super::ledger::{self, Counted};
use super::logs::{self, Line};
use super::telling::Telling;
use super::words::at;
use super::{sights, tables};

/// Whose logs are read, one reader for each party: a party's log must be dense from its first number to its bookmark.
const READERS: &[&str] = &[
    CARRIER,
    "department",
    "commune",
    "commune-12",
    UNCONCERNED,
    "centre",
    "neighbour",
    "ministry",
    "province",
];
/// Who reads the carrier's log.
const CARRIER: &str = "clerk";
/// Whom nothing of the days concerns.
const UNCONCERNED: &str = "commune-31";
/// Who lists dossiers as their own.
const OWNERS: &[&str] = &["department", "neighbour", "commune", "commune-12"];

/// What was counted and acknowledged while the days were lived; nothing when only their books are read again.
pub(super) type Lived = Option<(Counted, Acknowledged)>;

/// Reads everything back and asserts it. After the days every reader's bookmark is kept; later each goes on from there,
/// as a partner's software would: a log that lost its end is found out.
pub(super) async fn check(
    gateway: &Child,
    data: &Path,
    telling: &Telling,
    lived: Lived,
) -> anyhow::Result<()> {
    let journal = read_logs(gateway, data, lived.is_none()).await?;
    sights::tell(gateway, data, telling).await?;
    let (positions, twice) = (journal.lines.len(), journal.twice());
    let apart = journal.positions_in_no_log();
    let unconcerned = journal.unconcerned;
    let mut held = 0;
    let mut kept = None;
    if let Some((mut days, acknowledged)) = lived {
        let answers = acknowledged.records();
        let lost = journal.lost(&answers);
        days.add("acknowledged records lost", lost);
        held += ledger::assert_days(&days)?;
        kept = Some((answers.len(), lost));
    }

    let now = at("Fri 18:00");
    let clerk = Hand::of(gateway, data, CARRIER, "").await?;
    let mut coded = 0;
    for name in OWNERS {
        coded += Hand::of(gateway, data, name, "").await?.dossiers(now).await?.len();
    }
    let (legs, open) = (clerk.legs(false, now).await?, clerk.legs(true, now).await?);
    let books = Books { log: journal.carriers_log(), legs, open, coded };
    let mut figures = books.figures()?;
    tables::tell(&figures, telling);
    figures.add("records twice", twice);
    figures.add("positions in nobody's log", apart);
    figures.add("events of commune H99.60.31", unconcerned);
    held += ledger::assert_books(&figures)?;
    let conserved = books.conserved()?;
    telling.plain([
        &format!("one pair of hands for every envelope at each of the carrier's {conserved} log positions"),
        &format!("mỗi bưu gửi luôn ở đúng một nơi giữ qua {conserved} vị trí nhật ký của bưu chính"),
    ]);
    if let Some((answers, lost)) = kept {
        telling.plain([
            &format!("{answers} acknowledged, {positions} in the journal · {lost} lost · {twice} twice"),
            &format!("{answers} đã xác nhận, nhật ký có {positions} · mất {lost} · trùng {twice}"),
        ]);
    }
    telling
        .plain([&format!("ledger: all {held} figures as due"), &format!("đối chiếu: cả {held} số đều khớp")]);
    Ok(())
}

/// Everything that stands in anybody's log, by position.
#[derive(Default)]
struct Journal {
    lines: BTreeMap<u64, Line>,
    /// Positions in the carrier's log.
    carriers: Vec<u64>,
    /// Events in the log of whom nothing concerns.
    unconcerned: usize,
}

async fn read_logs(gateway: &Child, data: &Path, again: bool) -> anyhow::Result<Journal> {
    let now = at("Fri 18:00");
    let mut journal = Journal::default();
    for name in READERS {
        let hand = Hand::of(gateway, data, name, "").await?;
        let kept = data.join("bookmarks").join(name);
        let whose = || format!("the log of {name}");
        let (lines, bookmark) = logs::read(&hand, now).await.with_context(whose)?;
        if again {
            logs::go_on(&hand, &kept, now).await.with_context(whose)?;
        } else {
            logs::keep(&kept, &bookmark)?;
        }
        match *name {
            CARRIER => journal.carriers = lines.iter().map(|line| line.record.pos).collect(),
            UNCONCERNED => journal.unconcerned = lines.len(),
            _ => {}
        }
        journal.lines.extend(lines.into_iter().map(|line| (line.record.pos, line)));
    }
    Ok(journal)
}

impl Journal {
    /// Positions up to the last that are in no log.
    fn positions_in_no_log(&self) -> usize {
        let last = self.lines.keys().next_back().copied().unwrap_or_default();
        (1..=last).filter(|pos| !self.lines.contains_key(pos)).count()
    }

    /// Facts that stand in it more than once.
    fn twice(&self) -> usize {
        let mut keys = BTreeSet::new();
        let records = self.lines.values().map(|line| &line.record);
        let facts = records.filter(|record| record.placed_from.is_none());
        facts.filter(|fact| !keys.insert((fact.source.as_str(), fact.client_event_id.as_str()))).count()
    }

    /// Answers that are not in it as they were given.
    fn lost(&self, answers: &BTreeMap<u64, Bytes>) -> usize {
        let kept =
            |(pos, record): &(&u64, &Bytes)| self.lines.get(pos).is_some_and(|line| line.bytes == **record);
        answers.len() - answers.iter().filter(kept).count()
    }

    fn carriers_log(mut self) -> Vec<Line> {
        self.carriers.iter().filter_map(|pos| self.lines.remove(pos)).collect()
    }
}
