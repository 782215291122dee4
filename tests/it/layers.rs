//! Who may import whom. Reads every `crate::` path in `src/` and compares it with the table in README.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Plumbing that is open to every station but the domain.
const PLUMBING: &[&str] = &["clock", "limits", "metrics", "random", "telemetry"];

/// What each station may import besides itself and the plumbing.
fn allowed() -> BTreeMap<&'static str, &'static [&'static str]> {
    BTreeMap::from([
        ("dossier", &[][..]),
        ("seal", &["dossier"][..]),
        ("store", &["dossier", "seal"]),
        ("journal", &["dossier", "seal", "store"]),
        ("stream", &["dossier", "journal", "store", "seal"]),
        ("view", &["dossier", "store"]),
        ("access", &["dossier", "journal", "store"]),
        ("doors", &["access", "dossier", "journal", "seal", "stream", "view"]),
    ])
}

#[test]
fn no_station_imports_what_it_must_not_know() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    let mut read = 0;
    for (station, may) in allowed() {
        for file in rust_files(&root.join(station)) {
            read += 1;
            let text = fs::read_to_string(&file).unwrap();
            for (number, line) in text.lines().enumerate() {
                if line.trim_start().starts_with("//") {
                    continue;
                }
                for used in crates_in(line) {
                    let plumbing =
                        PLUMBING.contains(&used.as_str()) && (station != "dossier" || used == "limits");
                    if used != station && !plumbing && !may.contains(&used.as_str()) {
                        wrong.push(format!(
                            "{}:{}: {station} may not use {used}",
                            file.display(),
                            number + 1
                        ));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "see README, Who may import whom:\n{}", wrong.join("\n"));
    assert!(read > 50, "only {read} files were read");
}

#[test]
fn sql_stands_in_the_store_alone_and_protobuf_in_the_doors() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for file in rust_files(&root) {
        let path = file.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&file).unwrap();
        let in_store = path.starts_with("store/");
        let in_doors = path.starts_with("doors/") || path.starts_with("serve/") || path.starts_with("demo");
        if !in_store && (text.contains("rusqlite::") || text.contains("sqlx::")) {
            wrong.push(format!("{path} knows SQL"));
        }
        if !in_doors && (text.contains("prost::") || text.contains("tonic::")) {
            wrong.push(format!("{path} knows the wire"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_folder_says_what_it_owns_and_what_it_never_does() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for station in allowed().keys() {
        let text = fs::read_to_string(root.join(station).join("mod.rs")).unwrap();
        assert!(text.starts_with("//! Owns:"), "{station}");
        assert!(text.contains("//! Never:"), "{station}");
    }
}

#[test]
fn no_promise_is_left_in_the_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in rust_files(&root.join("src")) {
        let text = fs::read_to_string(&file).unwrap();
        for word in ["TODO", "FIXME", "unimplemented!", "todo!"] {
            assert!(!text.contains(word), "{} holds {word}", file.display());
        }
    }
}

/// The first segment of every `crate::…` path of a line, and of its braces where it opens some.
fn crates_in(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    for rest in line.split("crate::").skip(1) {
        let names: Vec<&str> = match rest.strip_prefix('{') {
            Some(list) => list.split([',', '}']).collect(),
            None => vec![rest],
        };
        for name in names {
            let name: String = name.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if !name.is_empty() {
                found.push(name);
            }
        }
    }
    found
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // Code that only tests see may stand on anything.
        if ["testing", "tests", "conformance", "tests.rs", "try_tests.rs"].contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
