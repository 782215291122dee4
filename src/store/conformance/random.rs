//! Any sequence of commits reads the same from every kind of store, also after it was opened again.

use proptest::prelude::*;
use std::fmt::{Debug, Write};

use super::*;
use crate::dossier::calendar::CalendarDay;
use crate::dossier::consumer::Consumer;
use crate::dossier::device::Heard;
use crate::dossier::directory::{
    Agency, AgencyKind, Alias, Carrier, Day, Ended, Level, Office, Procedure, ProcedureAction, Retired,
    Source,
};
use crate::dossier::names::SourceName;
use crate::dossier::person::{Appointment, Place, StaffRole};
use crate::store::{Note, PersonalRow};

/// Parties, codes, sources and ids are few, so that things meet.
const FEW: u8 = 4;

/// What a batch holds: a kind of thing and two choices.
pub(in crate::store) type Op = (u8, u8, u8);

/// Fills a batch; `seqs` are the last numbers of its logs.
pub(in crate::store) fn fill(batch: &mut Batch, ops: &[Op], seqs: &mut std::collections::BTreeMap<i64, u64>) {
    for (kind, a, b) in ops.iter().copied() {
        let (few, pos) = (i64::from(b % FEW), u64::from(a % 32) + 1);
        match kind {
            0..10 => add_line(batch, a, b, seqs),
            10 => batch.0.changes.legs.push(Leg { due_at: Some(Micros(b.into())), ..leg(pos) }.into()),
            11 => batch.0.changes.dossiers.push(Dossier { registered_at: Micros(b.into()), ..dossier(pos) }),
            12 => batch.0.changes.tags.push(tag(b % FEW, TagTarget::Leg(at(pos)), u64::from(b) + 1)),
            13 => batch.0.changes.tags.push(tag(b % FEW, TagTarget::Dossier(at(pos)), u64::from(b) + 1)),
            14 => batch.0.concerns.push((few, Concern::Leg(at(pos)))),
            15 => batch.0.concerns.push((few, Concern::Dossier(at(pos)))),
            16 => batch.0.devices.push((few, Heard { contiguous: pos, ..Heard::default() })),
            17 => batch.0.notes.push(Note::Pin { pos, target: at(u64::from(b) + 1) }),
            18 => batch.0.notes.push(Note::Follower { name: ["tie", "webhook"][usize::from(b % 2)], pos }),
            19 => batch.0.notes.push(Note::Consumer { party: few, consumer: consumer(a, b) }),
            20 => batch.0.notes.push(Note::NoConsumer { party: few, id: consumer(a, b).id }),
            _ => batch.0.notes.push(entered(a, b)),
        }
    }
}

fn add_line(batch: &mut Batch, a: u8, b: u8, seqs: &mut std::collections::BTreeMap<i64, u64>) {
    let line = batch.line(&format!("{a}"));
    line.key.source = i64::from(b % FEW);
    line.prev = (line.pos - 1).min((a % 7).into());
    for party in (0..FEW).filter(|party| b >> party & 1 == 1) {
        let seq = seqs.entry(party.into()).or_default();
        *seq += 1;
        line.logs.push((party.into(), *seq));
    }
    if b & 16 != 0 {
        line.personal = Some(PersonalRow { salt: [a; 16], key_id: 0, body: vec![b; usize::from(a)].into() });
    }
    if b & 32 != 0 {
        line.waits_for = vec![key(a % FEW), key(b % FEW)];
    }
    if b & 64 != 0 {
        line.placed = Some(u64::from(a % 16));
    }
}

fn consumer(a: u8, b: u8) -> Consumer {
    Consumer {
        id: format!("{}", a % FEW).into(),
        cursor: vec![b; usize::from(a)],
        etag: format!("{a}-{b}").into(),
        created_at: Micros(a.into()),
        updated_at: Micros(b.into()),
        request_id: "r".into(),
        request_digest: [b; 32],
    }
}

fn entered(a: u8, b: u8) -> Note {
    let (name, title) = (format!("agencies/{}", a % FEW), format!("title {b}"));
    let day = (!b.is_multiple_of(3)).then_some(Day(i32::from(b % 3)));
    match a % 10 {
        0 => Note::Agency(Agency {
            name: party(&name),
            title,
            parent: None,
            kind: AgencyKind::Both,
            valid_from: day,
            valid_to: day,
            level: day.map(|_| Level::ALL[usize::from(b % 4)]),
            ended: day.map(|_| Ended { decision: "1".into(), successor: Some(party("agencies/2")) }),
        }),
        1 => Note::Alias(Alias {
            code: format!("{}", b % 2),
            agency: party(&name),
            valid_from: day,
            valid_to: None,
        }),
        2 => Note::Carrier(Carrier { name: party(&format!("carriers/{}", b % FEW)), title }),
        3 => Note::Office(Office {
            carrier: party("carriers/1"),
            code: title,
            title: name,
            province: "01".into(),
        }),
        4 => Note::Procedure(Procedure {
            name,
            title,
            level: "commune".into(),
            pickup: b & 1 == 1,
            returned: b & 2 == 2,
            valid_from: day,
            valid_to: day,
            action: ProcedureAction::ALL[usize::from(b % 3)],
            decision: String::new(),
            working_days: day.map(|_| u16::from(b)),
        }),
        6 => Note::Person { party: party("carriers/1"), number: format!("{}", b % FEW) },
        7 => Note::Appointment(Appointment {
            party: party("carriers/1"),
            person: format!("{}", a % FEW),
            role: StaffRole::ALL[usize::from(b % 5)],
            place: (b & 1 == 1).then(|| Place::of(if b & 2 == 2 { "100000" } else { "agencies/1" })),
            valid_from: day,
            valid_to: day,
            acts_for: day.map(|_| party("agencies/1")),
            decision: title,
            substitute: day.map(|_| "9".to_owned()),
        }),
        8 => Note::CalendarDay(CalendarDay { day: Day(i32::from(a)), works: b & 1 == 1, title }),
        _ => Note::Source(Source {
            name: SourceName::new(&format!("carriers/1/devices/{}", b % FEW)),
            party: party("carriers/1"),
            agency: None,
            office: Some(title),
            holder: None,
            retired: day.map(|day| Retired { at: day.begin(), successor: None }),
        }),
    }
}

fn tell<T: Debug>(told: &mut String, what: &str, found: Result<T, crate::store::Error>) {
    writeln!(told, "{what} {:?}", found.map_err(|e| e.to_string())).unwrap();
}

/// Everything a store tells, as text.
async fn everything(kept: &mut Kept) -> String {
    let mut told = String::new();
    let reader = &kept.reader;
    tell(&mut told, "identity", reader.identity().await);
    tell(&mut told, "head", reader.head(LANE).await);
    tell(&mut told, "directory", reader.directory().await);
    tell(&mut told, "last seal", reader.last_seal(LANE).await);
    tell(&mut told, "unplaced", reader.unplaced(LANE, 9).await);
    tell(&mut told, "tie work", reader.tie_work(LANE, 2, 500, 20).await);
    for pos in 0..48 {
        tell(&mut told, "entry", reader.entry(at(pos)).await);
        tell(&mut told, "personal", reader.personal(at(pos)).await);
        tell(&mut told, "leg", reader.leg(at(pos)).await);
        tell(&mut told, "dossier", reader.dossier(at(pos)).await);
        tell(&mut told, "chain", reader.chain(at(pos % 7), pos).await);
        tell(&mut told, "seal covering", reader.seal_covering(LANE, pos).await);
        tell(&mut told, "seal at", reader.seal_at(LANE, Micros(i64::try_from(pos).unwrap() * 5)).await);
        tell(&mut told, "pinned", reader.pin(LANE, pos).await);
        tell(&mut told, "waits for", reader.waits_for(LANE, pos).await);
        tell(&mut told, "tags made", reader.tags_made_at(LANE, pos).await);
    }
    for few in 0..FEW {
        let party = few.into();
        tell(&mut told, "log", reader.log_after(LANE, party, 1, 9).await);
        tell(&mut told, "log head", reader.log_head(LANE, party).await);
        tell(&mut told, "log seq", reader.log_seq(LANE, party, 3).await);
        tell(&mut told, "legs", reader.legs_of(LANE, party, 30, 9).await);
        tell(&mut told, "dossiers", reader.dossiers_of(LANE, party, u64::MAX, 9).await);
        tell(&mut told, "device", reader.device(LANE, party).await);
        tell(&mut told, "consumer", reader.consumer(LANE, party, &few.to_string()).await);
        tell(&mut told, "consumers", reader.consumers(LANE, party, "0", 2).await);
        tell(&mut told, "tags", reader.tags(LANE, &key(few)).await);
        tell(&mut told, "waiting on", reader.waiting_on(LANE, &key(few)).await);
        tell(&mut told, "follower", reader.follower(LANE, ["tie", "webhook"][usize::from(few % 2)]).await);
    }
    let writer = &mut kept.writer;
    tell(&mut told, "begin", writer.begin(LANE).await);
    for pos in 0..48 {
        tell(&mut told, "first at", writer.first_at(LANE, pos).await);
        tell(&mut told, "pin", writer.pin(LANE, pos).await);
    }
    for few in 0..FEW {
        tell(&mut told, "written consumer", writer.consumer(LANE, few.into(), "1").await);
        tell(&mut told, "written consumers", writer.consumers(LANE, few.into(), "", 9).await);
    }
    let of = |id: u8, source| EventKey { id: spelled(&id.to_string()), source };
    let keys: Vec<EventKey> =
        (0..=u8::MAX).flat_map(|id| (0..i64::from(FEW)).map(move |source| of(id, source))).collect();
    tell(&mut told, "firsts", writer.firsts(LANE, &keys).await);
    tell(&mut told, "log heads", writer.log_heads(LANE, &[0, 1, 2, 3, 4]).await);
    tell(&mut told, "rollback", writer.rollback().await);
    told
}

async fn compare(batches: Vec<(Vec<Op>, u8)>) -> Result<(), TestCaseError> {
    let mut stores = [Kept::memory(), Kept::sqlite(), Kept::postgres().await];
    let mut seqs = std::collections::BTreeMap::new();
    for (ops, erased) in batches {
        let mut after = seqs.clone();
        let mut kept = Vec::new();
        for store in &mut stores {
            after = seqs.clone();
            let committed = store.commit(|batch| fill(batch, &ops, &mut after)).await;
            let erased = store.admin.erase_personal(at(erased.into())).await;
            kept.push((committed.map_err(|e| e.to_string()).is_ok(), erased.map_err(|e| e.to_string())));
        }
        prop_assert_eq!(&kept[0], &kept[1], "a file");
        prop_assert_eq!(&kept[0], &kept[2], "a database");
        if kept[0].0 {
            seqs = after;
        }
    }
    let [mut memory, mut sqlite, mut postgres] = stores;
    let expected = everything(&mut memory).await;
    prop_assert_eq!(&everything(&mut postgres).await, &expected);
    prop_assert_eq!(&everything(&mut sqlite).await, &expected);
    prop_assert_eq!(&everything(&mut sqlite.reopened()).await, &expected);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn any_commits_read_the_same_from_every_store(
        batches in proptest::collection::vec(
            (proptest::collection::vec((0_u8..24, any::<u8>(), any::<u8>()), 0..12), 0_u8..48),
            1..8,
        )
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(compare(batches))?;
    }
}
