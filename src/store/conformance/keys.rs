//! What an administrator changes.

use super::*;
use crate::dossier::directory::Source;
use crate::dossier::names::SourceName;
use crate::store::{ClockMode, KeyRow};

on_every_store! {
    keys_are_created_listed_and_revoked,
    a_key_enrols_its_new_sources_and_no_foreign_ones,
    the_clock_is_fixed_once,
    a_signing_key_stays_what_it_is,
    a_new_epoch_begins_in_every_lane_and_how_far_each_went_is_kept,
}

fn row(id: &str, created_at: i64) -> KeyRow {
    KeyRow {
        id: id.into(),
        secret_sha256: [5; 32],
        party: Some(party("carriers/vnpost")),
        role: "post-operator".into(),
        name: "quầy 1".into(),
        person: Some("NV17".into()),
        sources: vec![SourceName::new("carriers/vnpost/devices/p1")],
        created_at: Micros(created_at),
        revoked_at: None,
    }
}

fn device(party_name: &str) -> Source {
    let name = SourceName::new("carriers/vnpost/devices/p1");
    Source { name, party: party(party_name), agency: None, office: None, holder: None, retired: None }
}

async fn keys_are_created_listed_and_revoked(mut kept: Kept) {
    let admin = KeyRow { party: None, person: None, sources: Vec::new(), ..row("b", 1) };
    kept.admin.create_key(&row("a", 2), &[]).await.unwrap();
    kept.admin.create_key(&admin, &[]).await.unwrap();
    assert!(kept.admin.create_key(&row("a", 3), &[]).await.is_err());
    assert_eq!(kept.reader.keys().await.unwrap(), [admin.clone(), row("a", 2)]);
    assert_eq!(kept.reader.key("b").await.unwrap(), Some(admin));
    assert_eq!(kept.reader.key("c").await.unwrap(), None);
    assert!(kept.admin.revoke_key("a", Micros(9)).await.unwrap());
    assert!(kept.admin.revoke_key("a", Micros(10)).await.unwrap());
    assert!(!kept.admin.revoke_key("c", Micros(9)).await.unwrap());
    assert_eq!(
        kept.reader.key("a").await.unwrap().unwrap().revoked_at,
        Some(Micros(9)),
        "since the first time"
    );
}

async fn a_key_enrols_its_new_sources_and_no_foreign_ones(mut kept: Kept) {
    kept.admin.create_key(&row("a", 1), &[device("carriers/vnpost")]).await.unwrap();
    assert_eq!(kept.reader.directory_version().await.unwrap(), 1);
    kept.admin.create_key(&row("b", 1), &[device("carriers/vnpost")]).await.unwrap();
    assert_eq!(kept.reader.directory_version().await.unwrap(), 1, "nothing new");
    let refused = kept.admin.create_key(&row("c", 1), &[device("carriers/other")]).await.unwrap_err();
    assert_eq!(refused.to_string(), "carriers/vnpost/devices/p1 is enrolled under another party");
    assert_eq!(kept.reader.key("c").await.unwrap(), None);
    assert_eq!(kept.writer.begin(LANE).await.unwrap().directory, 1);
}

async fn the_clock_is_fixed_once(mut kept: Kept) {
    kept.admin.set_clock(ClockMode::Replay).await.unwrap();
    kept.admin.set_clock(ClockMode::Replay).await.unwrap();
    assert!(kept.admin.set_clock(ClockMode::System).await.is_err());
    assert_eq!(kept.reader.identity().await.unwrap().clock, Some(ClockMode::Replay));
}

async fn a_signing_key_stays_what_it_is(mut kept: Kept) {
    kept.admin.add_signing_key(u32::MAX, &[6; 32]).await.unwrap();
    kept.admin.add_signing_key(u32::MAX, &[6; 32]).await.unwrap();
    assert!(kept.admin.add_signing_key(u32::MAX, &[7; 32]).await.is_err());
    assert_eq!(kept.reader.signing_key(u32::MAX).await.unwrap(), Some([6; 32]));
    assert_eq!(kept.reader.signing_key(1).await.unwrap(), None);
}

async fn a_new_epoch_begins_in_every_lane_and_how_far_each_went_is_kept(mut kept: Kept) {
    assert_eq!(kept.reader.ended_epoch(LANE, EPOCH).await.unwrap(), None);
    kept.keep(|batch| _ = batch.line("a")).await;
    kept.admin.begin_epoch(&[0xe1; 16]).await.unwrap();
    let head = kept.writer.begin(LANE).await.unwrap();
    assert_eq!((head.epoch, head.pos, head.version), ([0xe1; 16], 1, 2));
    assert!(!kept.reader.identity().await.unwrap().copied);
    kept.writer.rollback().await.unwrap();

    kept.keep(|batch| {
        batch.line("b");
        batch.line("c");
    })
    .await;
    kept.admin.begin_epoch(&[0xe2; 16]).await.unwrap();
    for (epoch, upto) in [(EPOCH, Some(1)), ([0xe1; 16], Some(3)), ([0xe2; 16], None), ([0xe3; 16], None)] {
        assert_eq!(kept.reader.ended_epoch(LANE, epoch).await.unwrap(), upto);
    }
    assert_eq!(kept.reader.ended_epoch(Lane(1), EPOCH).await.unwrap(), None);
}
