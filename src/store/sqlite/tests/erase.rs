//! What was erased is in no file any more.

use std::fs;

use crate::dossier::names::{Lane, Position};
use crate::store::PersonalRow;
use crate::store::conformance::Kept;

const LINES: u64 = 400;

/// A name that stands nowhere else; some are longer than a page.
fn canary(pos: u64) -> String {
    let filler = if pos.is_multiple_of(37) { 6_000 } else { 90 };
    format!("canary-{pos:05}-{}-yranac", "x".repeat(filler))
}

fn found_in(folder: &std::path::Path, canary: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let file = file.unwrap();
        if fs::read(file.path()).unwrap().windows(canary.len()).any(|window| window == canary) {
            found.push(file.file_name().into_string().unwrap());
        }
    }
    found
}

#[tokio::test]
async fn an_erased_personal_part_is_in_no_file_however_many_stood_beside_it() {
    let mut kept = Kept::sqlite();
    for batch in 0..LINES / 20 {
        kept.keep(|filled| {
            for line in 0..20 {
                let pos = batch * 20 + line + 1;
                let row = PersonalRow { salt: [0x5a; 16], key_id: 0, body: canary(pos).into() };
                filled.line(&format!("{pos}")).personal = Some(row);
            }
        })
        .await;
    }
    assert!(!found_in(kept.folder(), b"canary-00037-").is_empty(), "it was there");
    // Not in order: the last stays to show that others do.
    for pos in (1..LINES).rev().filter(|pos| pos % 3 == 0).chain((1..LINES).filter(|pos| pos % 3 != 0)) {
        let position = Position { lane: Lane(0), pos };
        assert!(kept.admin.erase_personal(position).await.unwrap());
        if pos.is_multiple_of(37) || pos.is_multiple_of(50) {
            let prefix = format!("canary-{pos:05}-");
            assert_eq!(found_in(kept.folder(), prefix.as_bytes()), Vec::<String>::new(), "{pos}");
        }
    }
    assert_eq!(found_in(kept.folder(), canary(LINES).as_bytes()), ["trao.db"]);
    let (_lock, folder) = kept.closed();
    for pos in 1..LINES {
        let prefix = format!("canary-{pos:05}-");
        assert_eq!(found_in(folder.path(), prefix.as_bytes()), Vec::<String>::new(), "{pos}");
    }
    assert_eq!(found_in(folder.path(), b"yranac"), ["trao.db"], "the last one's end, and no other");
}
