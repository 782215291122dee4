//! The environment that the tests make for Python themselves: whole for everybody, or named as missing.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::support::python::interpreter;

#[test]
fn a_half_made_environment_is_made_anew_once_for_all_who_want_it() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("python");
    // As a killed pip leaves it, though it says that it was made.
    fs::create_dir_all(folder.join("bin")).unwrap();
    fs::write(folder.join("bin/python"), "half").unwrap();
    let pins = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/python/requirements.txt");
    fs::copy(pins, folder.join("made-for.txt")).unwrap();
    // It counts what it makes.
    let (counting, count) = (temporary.path().join("python3"), temporary.path().join("count"));
    let counts = format!("[ \"$2\" = venv ] && echo one >> {}", count.display());
    script(&counting, &format!("{counts}\nexec python3 \"$@\""));
    let counting = counting.to_str().unwrap();
    let made = std::thread::scope(|scope| {
        let wanted: Vec<_> = (0..3).map(|_| scope.spawn(|| interpreter(counting, &folder))).collect();
        wanted.into_iter().map(|one| one.join().unwrap().unwrap()).collect::<Vec<_>>()
    });
    assert!(made.iter().all(|python| *python == made[0]));
    let told = Command::new(&made[0]).args(["-m", "pip", "freeze"]).output().unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    assert_eq!(told.trim(), fs::read_to_string(pins).unwrap().trim(), "exactly what is pinned, nothing else");

    // A whole one is left as it is.
    interpreter(counting, &folder).unwrap();
    assert_eq!(fs::read_to_string(&count).unwrap(), "one\n");
}

/// A command of the shell's.
fn script(path: &Path, lines: &str) {
    fs::write(path, format!("#!/bin/sh\n{lines}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn what_is_missing_is_named_with_its_package() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("python");
    let missing = interpreter("no-such-python3", &folder).unwrap_err();
    assert!(missing.contains("(package python3)"), "{missing}");

    // A Debian without python3-venv has an interpreter that says so.
    let bare = temporary.path().join("bare-python3");
    script(&bare, "echo \"No module named 'ensurepip'\" >&2; exit 1");
    let missing = interpreter(bare.to_str().unwrap(), &folder).unwrap_err();
    assert!(missing.contains("(package python3-venv)"), "{missing}");
    assert!(!folder.exists(), "nothing half made is left");
}
