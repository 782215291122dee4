//! What was journaled can be proved from the store's file alone: every seal's root is that of the records before it and
//! its signature verifies; and any change of a byte shows.

use std::collections::BTreeSet;

use prost::Message;
use trao::doors::wire::v1;
use v1::EventType as Type;

use crate::support::codes;
use crate::support::ledger::{check, seals};
use crate::support::partner::{PC, PDA, READER, attested, capture, code, event};
use crate::support::seed::Seed;
use crate::support::world::{CENTRE, DEPARTMENT, World};

/// Scans alone and in batches, unknown and known, refused and replayed, orders, registrations, acceptances.
async fn a_mixed_day(world: &World, seed: &mut Seed, day: u64) {
    let p = &world.province;
    for n in 0..12 {
        let number = day * 1_000 + n;
        let item = codes::item(number);
        let personal = v1::Personal { name: format!("Người {number}"), ..Default::default() };
        match seed.below(4) {
            0 => {
                world.scan(PC, Type::OfficeIn, &item).await;
                let order = v1::OrderLegRequest {
                    item: code(&item),
                    personal: personal.encode_to_vec().into(),
                    ..world.order(v1::LegKind::Inbound)
                };
                world.ordered(&p.department, order).await;
            }
            1 => {
                let request = v1::RegisterDossierRequest {
                    personal: personal.encode_to_vec().into(),
                    ..world.registration(&codes::dossier(number))
                };
                world.registered(&p.department, request).await;
            }
            2 => {
                let picked = v1::Event {
                    agency: DEPARTMENT.to_owned(),
                    counter: CENTRE.to_owned(),
                    ..event(Type::PickedUp, &item)
                };
                let mut lines = vec![
                    v1::Capture { personal: attested(), ..capture(PDA, &world.fresh("a"), &picked) },
                    capture(PC, &world.fresh("b"), &event(Type::Offered, &item)),
                    capture(PC, &world.fresh("c"), &event(Type::Offered, "nonsense")),
                ];
                lines.push(lines[0].clone());
                let lines = lines.iter().map(|line| line.encode_to_vec().into()).collect();
                world.batch(&p.post, lines).await.unwrap();
                world.say(&p.centre, READER, &event(Type::Accepted, &item)).await;
            }
            _ => {
                let raw = v1::Personal { raw_scan: "0010|Ai đó|1990".to_owned(), ..Default::default() };
                let line = v1::Capture {
                    personal: raw.encode_to_vec().into(),
                    ..capture(PDA, &world.fresh("qr"), &event(Type::OfficeIn, ""))
                };
                world.capture(&p.post, line).await.unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_seal_is_of_the_records_before_it_over_kills_and_restarts() {
    let mut seed = Seed::take();
    let mut world = World::start().await;
    let mut before = Default::default();
    for day in 1..=4 {
        a_mixed_day(&world, &mut seed, day).await;
        if day % 2 == 0 {
            world.gateway.stop();
            world.gateway.restart();
            world.connect().await;
        } else {
            world.kill_and_restart().await;
        }
        let checked = check(&world.gateway.database());
        assert_ne!(checked, before);
        assert!(checked.seals > 4 && checked.personal > 0, "{checked:?}");
        before = checked;
    }
    // One key signed all of it.
    let keys: BTreeSet<u32> = seals(&world.gateway.database()).iter().map(|seal| seal.key_id).collect();
    assert_eq!(keys.len(), 1);
    eprintln!("{before:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_byte_shows() {
    let mut seed = Seed::take();
    let mut world = World::start().await;
    a_mixed_day(&world, &mut seed, 1).await;
    world.gateway.stop();
    let path = world.gateway.folder().join("trao.db");
    check(&world.gateway.database());
    let tampering = [
        ("an event", "UPDATE entry SET event = zeroblob(length(event)) WHERE pos = 2"),
        ("a record", "UPDATE entry SET record = (SELECT record FROM entry WHERE pos = 1) WHERE pos = 2"),
        ("a root", "UPDATE seal SET root = zeroblob(32) WHERE size = (SELECT min(size) FROM seal)"),
        (
            "a time",
            "UPDATE seal SET committed_at = committed_at - 1 WHERE size = (SELECT max(size) FROM seal)",
        ),
        ("a log", "DELETE FROM log_run WHERE party = (SELECT max(party) FROM log_run) AND seq = 1"),
        ("a personal part", "UPDATE personal SET body = CAST('x' AS BLOB)"),
        ("the frontier", "UPDATE lane SET frontier = zeroblob(length(frontier))"),
    ];
    for (what, sql) in tampering {
        let mut database = rusqlite::Connection::open(&path).unwrap();
        let whole = database.transaction().unwrap();
        assert!(whole.execute(sql, []).unwrap() > 0, "{what}");
        let shown = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(&whole)));
        assert!(shown.is_err(), "{what} was changed and nothing shows it");
        whole.rollback().unwrap();
    }
    check(&world.gateway.database());
}
