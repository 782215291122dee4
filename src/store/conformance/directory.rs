//! The directory, entered by notes.

use super::*;
use crate::dossier::calendar::CalendarDay;
use crate::dossier::directory::{
    Agency, AgencyKind, Alias, Carrier, Day, Ended, Level, Office, Party, Procedure, ProcedureAction,
    Retired, Source,
};
use crate::dossier::names::SourceName;
use crate::dossier::person::{Appointment, Place, StaffRole};
use crate::store::Note;

on_every_store! {
    a_new_store_knows_only_the_tie,
    the_directory_is_entered_by_notes,
    what_is_entered_again_keeps_its_number,
    a_note_enters_in_memory_what_is_read_back,
    the_directory_in_time_is_read_back_in_one_order,
}

async fn a_new_store_knows_only_the_tie(kept: Kept) {
    let directory = kept.reader.directory().await.unwrap();
    let sources: Vec<(&str, i64)> =
        directory.sources.iter().map(|(name, (enrolment, _))| (name.as_str(), enrolment.id)).collect();
    assert_eq!(sources, [("trao/tie", 0)]);
    assert_eq!((directory.version, directory.parties.len()), (0, 0));
    let identity = kept.reader.identity().await.unwrap();
    assert_eq!((identity.database, identity.clock, identity.copied), (DATABASE, None, false));
}

fn agency(code: &str) -> Agency {
    Agency {
        name: party(&format!("agencies/{code}")),
        title: "Sở Tư pháp".into(),
        parent: Some(party("agencies/H56")),
        kind: AgencyKind::Both,
        valid_from: Some(Day(-3)),
        valid_to: None,
        level: None,
        ended: None,
    }
}

fn notes() -> Vec<Note> {
    let alias = |valid_from, agency: &str| Alias {
        code: "000.00.06.H56".into(),
        agency: party(agency),
        valid_from,
        valid_to: Some(Day(20_000)),
    };
    let carrier = party("carriers/vnpost");
    vec![
        Note::Agency(agency("H56.14")),
        Note::Carrier(Carrier { name: carrier.clone(), title: "Bưu điện Việt Nam".into() }),
        Note::Source(Source {
            name: SourceName::new("carriers/vnpost/devices/p1"),
            party: carrier.clone(),
            agency: Some(party("agencies/H56.14")),
            office: Some("100000".into()),
            holder: Some("NV\x00017".into()),
            retired: None,
        }),
        Note::Alias(alias(Some(Day(19_000)), "agencies/H56.14")),
        Note::Alias(alias(None, "agencies/H56")),
        Note::Office(Office {
            carrier,
            code: "100000".into(),
            title: "Hà Nội".into(),
            province: "01".into(),
        }),
        Note::Procedure(Procedure {
            name: "procedures/1.004199".into(),
            title: "Cấp thẻ".into(),
            level: "province".into(),
            pickup: true,
            returned: false,
            valid_from: None,
            valid_to: None,
            action: ProcedureAction::New,
            decision: String::new(),
            working_days: None,
        }),
    ]
}

async fn the_directory_is_entered_by_notes(mut kept: Kept) {
    kept.keep(|batch| batch.0.notes = notes()).await;
    assert_eq!(kept.reader.directory_version().await.unwrap(), 1, "one for each commit");
    assert_eq!(kept.reader.head(LANE).await.unwrap().directory, 1);
    assert_eq!(kept.writer.begin(LANE).await.unwrap().directory, 1);
    let directory = kept.reader.directory().await.unwrap();
    assert_eq!(format!("{directory:?}"), format!("{:?}", kept.writer.directory().await.unwrap()));
    let (enrolment, entered) = &directory.parties[&party("agencies/H56.14")];
    assert_eq!((enrolment.id, enrolment.lane), (1, LANE));
    assert_eq!(*entered, Party::Agency(agency("H56.14")));
    let (itself, source) = &directory.sources[&SourceName::new("agencies/H56.14")];
    assert_eq!((itself.id, &source.party), (1, &party("agencies/H56.14")));
    let (device, source) = &directory.sources[&SourceName::new("carriers/vnpost/devices/p1")];
    assert_eq!((device.id, source.holder.as_deref()), (3, Some("NV\x00017")));
    let meant: Vec<Option<Day>> =
        directory.aliases["000.00.06.H56"].iter().map(|alias| alias.valid_from).collect();
    assert_eq!(meant, [None, Some(Day(19_000))]);
    assert_eq!(directory.offices.len() + directory.procedures.len(), 2);
    assert!(directory.procedures["procedures/1.004199"][0].pickup);
}

async fn what_is_entered_again_keeps_its_number(mut kept: Kept) {
    kept.keep(|batch| batch.0.notes = notes()).await;
    let renamed = Agency { title: "Sở Tư pháp và Hộ tịch".into(), ..agency("H56.14") };
    kept.keep(|batch| batch.0.notes = vec![Note::Agency(renamed.clone()), Note::Agency(agency("H57"))]).await;
    let directory = kept.reader.directory().await.unwrap();
    let of = |name| &directory.parties[&party(name)];
    assert_eq!((of("agencies/H56.14").0.id, of("agencies/H57").0.id), (1, 4));
    assert_eq!(of("agencies/H56.14").1, Party::Agency(renamed));
    assert_eq!(directory.version, 2);
}

fn appointment(person: &str, role: StaffRole, place: Option<Place>, from: Option<i32>) -> Appointment {
    Appointment {
        party: party("carriers/vnpost"),
        person: person.to_owned(),
        role,
        place,
        valid_from: from.map(Day),
        valid_to: None,
        acts_for: Some(party("agencies/H56.14")),
        decision: "12/QĐ-BĐT".into(),
        substitute: Some("NV-2".into()),
    }
}

/// What changes in a directory as years go by, out of order.
fn later() -> Vec<Note> {
    let version = |from: Option<i32>, action| {
        Note::ProcedureVersion(Procedure {
            name: "procedures/1.004199".into(),
            title: format!("version of {from:?}"),
            level: "commune".into(),
            pickup: false,
            returned: true,
            valid_from: from.map(Day),
            valid_to: Some(Day(30_000)),
            action,
            decision: "99/QĐ-UBND".into(),
            working_days: Some(7),
        })
    };
    let office = |code: &str| Some(Place::of(code));
    let ended = Ended { decision: "1656/NQ-UBTVQH15".into(), successor: Some(party("agencies/H57")) };
    let retired = Retired { at: Micros(7), successor: Some(SourceName::new("carriers/vnpost/devices/p2")) };
    let day = |number, works| CalendarDay { day: Day(number), works, title: "Quốc khánh".into() };
    vec![
        version(Some(20_300), ProcedureAction::Abolished),
        version(Some(20_000), ProcedureAction::Amended),
        Note::AgencyEnded(Agency {
            valid_to: Some(Day(20_269)),
            level: Some(Level::District),
            ended: Some(ended),
            ..agency("H56.14")
        }),
        Note::SourceRetired(Source {
            name: SourceName::new("carriers/vnpost/devices/p1"),
            party: party("carriers/vnpost"),
            agency: None,
            office: None,
            holder: None,
            retired: Some(retired),
        }),
        Note::Person { party: party("carriers/vnpost"), number: "NV-2".into() },
        Note::Appointment(appointment("NV-1", StaffRole::Postman, office("100100"), Some(300))),
        Note::Appointment(appointment("NV-1", StaffRole::Clerk, office("agencies/H56.14"), Some(300))),
        Note::Appointment(appointment("NV-1", StaffRole::Clerk, office("100100"), Some(300))),
        Note::Appointment(appointment("NV-1", StaffRole::Officer, None, None)),
        Note::AppointmentEnded(Appointment {
            valid_to: Some(Day(400)),
            ..appointment("NV-1", StaffRole::Postman, office("100100"), Some(300))
        }),
        Note::CalendarDay(day(20_333, false)),
        Note::CalendarDay(day(20_320, true)),
        Note::Person { party: party("carriers/vnpost"), number: "NV-1".into() },
    ]
}

async fn the_directory_in_time_is_read_back_in_one_order(mut kept: Kept) {
    let mut held = kept.reader.directory().await.unwrap();
    for commit in [notes(), later()] {
        for note in &commit {
            assert!(note.enter(&mut held));
        }
        held.version += 1;
        kept.keep(|batch| batch.0.notes = commit).await;
    }
    let read = kept.reader.directory().await.unwrap();
    assert_eq!(held, read);
    let versions: Vec<Option<Day>> =
        read.procedures["procedures/1.004199"].iter().map(|version| version.valid_from).collect();
    assert_eq!(versions, [None, Some(Day(20_000)), Some(Day(20_300))]);
    let people = &read.persons[&party("carriers/vnpost")];
    assert_eq!(people["NV-2"], [], "entered without an appointment");
    let order: Vec<(StaffRole, Option<&str>)> =
        people["NV-1"].iter().map(|one| (one.role, one.place.as_ref().map(Place::as_str))).collect();
    let expected = [
        (StaffRole::Officer, None),
        (StaffRole::Clerk, Some("100100")),
        (StaffRole::Clerk, Some("agencies/H56.14")),
        (StaffRole::Postman, Some("100100")),
    ];
    assert_eq!(order, expected);
    assert_eq!(people["NV-1"][3].valid_to, Some(Day(400)), "in place of the one without a last day");
    assert_eq!(read.sources[&SourceName::new("carriers/vnpost/devices/p1")].0.id, 3, "it keeps its number");
    assert_eq!(read.calendar.len(), 2);
}

async fn a_note_enters_in_memory_what_is_read_back(mut kept: Kept) {
    let mut held = kept.reader.directory().await.unwrap();
    let renamed = Agency { title: "Sở Tư pháp và Hộ tịch".into(), ..agency("H56.14") };
    for commit in [
        notes(),
        vec![Note::Follower { name: "tie", pos: 3 }],
        vec![Note::Agency(renamed), Note::Agency(agency("H57"))],
    ] {
        let mut changed = false;
        for note in &commit {
            changed |= note.enter(&mut held);
        }
        held.version += i64::from(changed);
        kept.keep(|batch| batch.0.notes = commit).await;
        assert_eq!(held, kept.reader.directory().await.unwrap());
    }
    assert_eq!((held.version, held.next_number), (2, 5));
}
