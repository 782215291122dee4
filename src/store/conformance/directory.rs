//! The directory, entered by notes.

use super::*;
use crate::dossier::directory::{Agency, AgencyKind, Alias, Carrier, Day, Office, Party, Procedure, Source};
use crate::dossier::names::SourceName;
use crate::store::Note;

on_every_store! {
    a_new_store_knows_only_the_tie,
    the_directory_is_entered_by_notes,
    what_is_entered_again_keeps_its_number,
    a_note_enters_in_memory_what_is_read_back,
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
    assert!(directory.procedures["procedures/1.004199"].pickup);
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
