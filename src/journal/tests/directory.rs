//! Changes of the directory: many in one commit, published as they are read back.

use super::*;
use crate::dossier::directory::{Day, Directory, Office};
use crate::dossier::person::{Appointment, StaffRole};
use crate::store::KeyRow;

on_every_store! {
    many_changes_share_a_commit_and_are_published_as_they_are_read_back,
    a_change_by_another_process_is_seen_between_commits,
    what_follows_a_change_is_in_a_later_batch_and_finds_it,
    a_command_that_was_carried_out_is_answered_as_then_also_to_somebody_off_duty,
}

fn office(number: u32) -> Line {
    let office = Office {
        carrier: PartyName::new(POST),
        code: format!("{number:06}"),
        title: format!("Bưu cục {number}"),
        province: String::new(),
    };
    Line::Note(LANE, Box::new(Note::Office(office)))
}

fn source(name: &str) -> Source {
    Source {
        name: SourceName::new(name),
        party: PartyName::new(POST),
        agency: None,
        office: None,
        holder: None,
        retired: None,
    }
}

fn note(source: Source) -> Line {
    Line::Note(LANE, Box::new(Note::Source(source)))
}

async fn version(house: &House) -> u64 {
    house.reader.head(LANE).await.unwrap().version
}

async fn read_back(house: &House) -> Directory {
    house.reader.directory().await.unwrap()
}

async fn many_changes_share_a_commit_and_are_published_as_they_are_read_back(house: House) {
    let before = version(&house).await;
    let (service, handle) = house.service().await;
    let mut lines: Vec<Line> = (0..700).map(office).collect();
    // The same again, one with other content, one under a carrier that is not there, and sources among them.
    lines.insert(3, office(2));
    lines.insert(5, note(source("carriers/vnpost/devices/new-1")));
    lines.insert(9, note(source("carriers/vnpost/devices/new-1")));
    lines.insert(9, note(Source { holder: Some("7".into()), ..source("carriers/vnpost/devices/new-1") }));
    lines.insert(
        9,
        note(Source { party: PartyName::new("carriers/none"), ..source("carriers/none/devices/d") }),
    );
    lines.push(note(source("carriers/vnpost/devices/new-2")));
    let pending: Vec<Pending> = lines.into_iter().map(|line| handle.queue(line).unwrap()).collect();
    handle.close();
    service.run().await;
    let mut refused = Vec::new();
    for pending in pending {
        refused.extend(pending.await.err().map(|refusal| refusal.reason));
    }
    assert_eq!(refused, [Reason::NotFound, Reason::ResourceExists]);
    assert_eq!(version(&house).await, before + 2, "705 changes, 500 to a commit");
    let read = read_back(&house).await;
    assert_eq!(*handle.directory(), read, "what is published is what a new start reads");
    assert_eq!(read.offices.len(), 700);
    let id = |name: &str| read.sources[&SourceName::new(name)].0.id;
    assert_eq!(id("carriers/vnpost/devices/new-2"), id("carriers/vnpost/devices/new-1") + 1);
}

async fn a_change_by_another_process_is_seen_between_commits(house: House) {
    let (service, handle) = house.service().await;
    let running = tokio::spawn(service.run());
    handle.submit(office(1)).await.unwrap();
    let key = KeyRow {
        id: "k".into(),
        secret_sha256: [0; 32],
        party: Some(PartyName::new(POST)),
        role: "post-system".into(),
        name: "k".into(),
        person: None,
        sources: vec![SourceName::new("carriers/vnpost/devices/theirs")],
        created_at: NOW,
        revoked_at: None,
    };
    let mut admin = house.admin();
    admin.create_key(&key, &[source("carriers/vnpost/devices/theirs")]).await.unwrap();
    handle.submit(note(source("carriers/vnpost/devices/ours"))).await.unwrap();
    let read = read_back(&house).await;
    assert_eq!(*handle.directory(), read);
    let id = |name: &str| read.sources[&SourceName::new(name)].0.id;
    assert_eq!(id("carriers/vnpost/devices/ours"), id("carriers/vnpost/devices/theirs") + 1);
    handle.close();
    running.await.unwrap();
}

async fn what_follows_a_change_is_in_a_later_batch_and_finds_it(house: House) {
    let new = "carriers/vnpost/devices/new";
    let scanned = |id: &str| line(scan(new, id, event(EventType::PickedUp, A, 0)));
    // Queued before the change in a batch of its own source, and after it: sources take turns.
    let answers =
        house.batch(vec![scanned("too-early"), note(source(new)), office(7), scanned("then")]).await;
    assert_eq!(answers[0].as_ref().unwrap_err().reason, Reason::UnknownSource);
    assert!(answers[1].is_ok() && answers[2].is_ok());
    assert_eq!(answers[3].as_ref().unwrap().position, at(1));
    assert_eq!(house.records().await.len(), 1);
}

async fn a_command_that_was_carried_out_is_answered_as_then_also_to_somebody_off_duty(house: House) {
    let yesterday = Day(Day::at(NOW).0 - 1);
    let until = |valid_to| Appointment {
        party: PartyName::new(AGENCY),
        person: "officer".into(),
        role: StaffRole::Officer,
        place: None,
        valid_from: None,
        valid_to,
        acts_for: None,
        decision: String::new(),
        substitute: None,
    };
    let noted = |note| Line::Note(LANE, Box::new(note));
    let ordered = |id| does(order(id, LegKind::Inbound, None));
    house.one(noted(Note::Appointment(until(None)))).await.unwrap();
    let first = house.one(ordered("first")).await.unwrap();
    let scanned = scan(PDA, "a", Event { leg: Some(at(1)), ..event(EventType::PickedUp, "", 999) });
    house.one(line(scanned.clone())).await.unwrap();

    house.one(noted(Note::AppointmentEnded(until(Some(yesterday))))).await.unwrap();
    assert_eq!(house.one(ordered("second")).await.unwrap_err().reason, Reason::OffDuty);
    let again = house.one(ordered("first")).await.unwrap();
    assert!(again.replayed && again.record == first.record);
    assert!(house.one(line(scanned)).await.unwrap().replayed, "what was scanned before has no new flag");
    assert_eq!(house.records().await.len(), 2);
    // A refusal is evaluated anew.
    house.one(noted(Note::AppointmentEnded(until(None)))).await.unwrap();
    assert!(!house.one(ordered("second")).await.unwrap().replayed);
}

#[tokio::test]
async fn a_change_that_is_not_committed_is_not_published_and_one_of_which_nobody_knows_is_read() {
    let house = House::in_memory().await;
    let (service, handle) = house.service().await;
    let running = tokio::spawn(service.run());
    house.memory().fail(&[Fault::Failed]);
    handle.submit(office(1)).await.unwrap_err();
    assert_eq!(*handle.directory(), read_back(&house).await);
    assert!(handle.directory().offices.is_empty());
    house.memory().fail(&[Fault::Kept]);
    handle.submit(office(1)).await.unwrap();
    house.memory().fail(&[Fault::Lost]);
    handle.submit(office(2)).await.unwrap();
    assert_eq!(*handle.directory(), read_back(&house).await);
    assert_eq!(handle.directory().offices.len(), 2);
    handle.close();
    running.await.unwrap();
}
