//! A small sound history, made without a gateway: an envelope in a bag, handed over; a scan that had to wait; another pick-up.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use trao::dossier::event::{EventType, Measure, Reason};
use trao::dossier::leg::{Birth, Holder, LegKind, LegState, Outcome, Placement};
use trao::dossier::names::{Lane, Micros, PartyName, Position, SourceName};
use trao::dossier::particulars::Particulars;
use trao::seal::digest;
use trao::seal::frontier::Frontier;
use trao::seal::head::{Seal, Sealer};
use trao::seal::keyring::Key;
use trao::seal::leaf::leaf_hash;
use trao::seal::record::{CodeText, Record};

use crate::history::{Ack, Bag, DeviceTold, Digested, History, Reader, Seen, Sent, Step, Waits};
use crate::support::book::{Book, LogLine, Row};

const DATABASE: [u8; 16] = [3; 16];
const EPOCH: [u8; 16] = [4; 16];
const POST: &str = "carriers/p";
const AGENCY: &str = "agencies/H99.14";
/// The last position of each batch.
const BATCHES: [u64; 2] = [4, 8];

/// The history.
pub fn small() -> History {
    let rows: Vec<Row> = records().into_iter().map(row).collect();
    let parties = BTreeMap::from([(1, POST.to_owned()), (2, AGENCY.to_owned())]);
    let log = |(id, name): (&i64, &String)| {
        let listed = rows.iter().filter(|row| row.record.parties.iter().any(|party| party.as_str() == name));
        let lines = listed.zip(1..).map(|(row, seq)| LogLine { party: *id, seq, pos: row.pos });
        lines.collect::<Vec<_>>()
    };
    let log_lines: Vec<LogLine> = parties.iter().flat_map(log).collect();
    let facts: Vec<&Row> = rows.iter().filter(|row| row.is_fact()).collect();
    let sent = |row: &&Row| Sent {
        source: row.record.source.to_string(),
        id: row.record.client_event_id.to_string(),
        event: Some(row.record.event_digest),
    };
    let ack = |(sent, row): (usize, &&Row)| Ack {
        sent,
        pos: row.pos,
        record: sha256(&row.bytes),
        gateway: sent % 2,
    };
    let reader = |name: &str, id: i64| Reader {
        name: format!("{name}/consumers/one"),
        party: name.to_owned(),
        steps: std::iter::once(Step::From { behind: 0, kept: vec![0] })
            .chain(log_lines.iter().filter(|line| line.party == id).map(|line| {
                let row = &rows[line.pos as usize - 1];
                let (record, committed_at) = (sha256(&row.bytes), row.record.committed_at.0);
                Step::Saw(Seen { seq: line.seq, pos: line.pos, record, committed_at })
            }))
            .collect(),
    };
    let readers = vec![reader(POST, 1), reader(AGENCY, 2)];
    let digested = |(number, reader): (usize, &Reader)| {
        let records: Vec<[u8; 32]> = reader.seen().map(|seen| seen.record).collect();
        let sha256 = sha256(&records.concat());
        Digested { gateway: 0, reader: number, first: 1, last: records.len() as u64, sha256 }
    };
    let source = facts[0].record.source.to_string();
    History {
        sent: facts.iter().map(sent).collect(),
        acks: facts.iter().enumerate().map(ack).collect(),
        digests: readers.iter().enumerate().map(digested).collect(),
        readers,
        devices: vec![DeviceTold { gateway: 0, source, given: 3, contiguous: 3 }],
        bags: vec![Bag { scan: Some(3), contents: vec![2] }],
        waiting: vec![Waits { code: b"2bag".to_vec(), pos: 4 }],
        surprises: Vec::new(),
        book: book(rows, parties, log_lines),
        gateways: 1,
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn row(record: Record) -> Row {
    let event = format!("event {}", record.pos).into_bytes();
    let record = Record { event_digest: digest::digest(&event), ..record };
    Row::of(record.pos, record.encode().unwrap(), event)
}

fn book(rows: Vec<Row>, parties: BTreeMap<i64, String>, log_lines: Vec<LogLine>) -> Book {
    let folder = tempfile::tempdir().unwrap();
    let sealer = Sealer::new(Key::create(&folder.path().join("key"), &[9; 32]).unwrap(), DATABASE);
    let mut frontier = Frontier::new();
    let mut seals: Vec<Seal> = Vec::new();
    for row in &rows {
        frontier.push(leaf_hash(&row.bytes));
        if BATCHES.contains(&row.pos) {
            seals.push(sealer.seal(Lane(0), &EPOCH, row.pos, frontier.root(), row.record.committed_at));
        }
    }
    Book {
        database: DATABASE,
        keys: rows.len(),
        rows,
        seals,
        signing_keys: BTreeMap::from([(sealer.key_id(), sealer.public_key())]),
        frontier: frontier.encode(),
        parties,
        log_lines,
        personal: BTreeMap::new(),
    }
}

fn records() -> Vec<Record> {
    use EventType::{Accepted, Bagged, Dispatched, OfficeIn, PickedUp};
    let (post, agency) = (PartyName::new(POST), PartyName::new(AGENCY));
    let post = || Holder::post(post.clone(), None);
    let moves = |state, before: Holder, after: Holder| {
        Some(Outcome { state, holder_before: before, holder_after: after })
    };
    let stays = || moves(LegState::PickedUp, post(), post());
    let at = |pos| Some(Position { lane: Lane(0), pos });
    let picked = |pos| Record {
        birth: Some(birth()),
        outcome: moves(LegState::PickedUp, Holder::CITIZEN, post()),
        leg: at(pos),
        ..fact(pos, PickedUp)
    };
    let placing = |pos, from, kind| Record {
        kind: EventType::Placed,
        placed: Some(kind),
        placed_from: at(from),
        outcome: stays(),
        leg: at(1),
        client_event_id: format!("id-{from}").into(),
        ..fact(pos, kind)
    };
    let waits = |pos, kind| Record {
        parties: vec![PartyName::new(POST)],
        placement: Placement::Unplaced,
        ..fact(pos, kind)
    };
    let bag = CodeText { kind: 2, text: "bag".into(), agency: None };
    vec![
        picked(1),
        waits(2, OfficeIn),
        Record { receptacle: Some(bag), outcome: stays(), leg: at(1), ..fact(3, Bagged) },
        waits(4, Dispatched),
        placing(5, 2, OfficeIn),
        placing(6, 4, Dispatched),
        Record {
            outcome: moves(LegState::HandedOver, post(), Holder::agency(agency)),
            leg: at(1),
            ..fact(7, Accepted)
        },
        picked(8),
    ]
}

fn birth() -> Birth {
    Birth {
        kind: LegKind::Inbound,
        agency: PartyName::new(AGENCY),
        counter: PartyName::new(AGENCY),
        carrier: Some(PartyName::new(POST)),
        office: None,
        procedure: None,
    }
}

/// A record without a leg, of the batch it falls into.
fn fact(pos: u64, kind: EventType) -> Record {
    let batch = BATCHES.iter().position(|last| pos <= *last).unwrap() as i64;
    let time = Micros(1_790_000_000_000_000 + batch * Micros::SECOND);
    Record {
        database: DATABASE,
        epoch: EPOCH,
        lane: Lane(0),
        pos,
        committed_at: time,
        received_at: time,
        effective_at: time,
        occurred_at: time,
        kind,
        placed: None,
        source: SourceName::new("carriers/p/devices/one"),
        client_event_id: format!("id-{pos}").into(),
        device_seq: None,
        party: PartyName::new(POST),
        principal: "somebody".into(),
        supervisor: false,
        event_digest: [0; 32],
        personal_digest: digest::NONE,
        request_digest: digest::NONE,
        reason: Reason::NONE,
        measure: Measure(0),
        agency: None,
        office: None,
        code: None,
        also: Vec::new(),
        receptacle: None,
        repaired: false,
        unverified: false,
        attested: false,
        corrects: None,
        placed_from: None,
        parties: vec![PartyName::new(AGENCY), PartyName::new(POST)],
        placement: Placement::Placed,
        leg: None,
        other_leg: None,
        dossier: None,
        birth: None,
        outcome: None,
        anomalies: Vec::new(),
        particulars: Particulars::default(),
    }
}
