//! README's commands for another language, typed as they stand, beside the demo's gateway.

use std::fs;
use std::path::Path;

use crate::support::gateway::trao;
use crate::support::shell::Shell;

#[test]
fn the_commands_for_another_language_work_as_they_stand() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let (_, section) = readme.split_once("## From another language\n").unwrap();
    let commands: Vec<&str> = section.split("```\n").nth(1).unwrap().lines().collect();
    let [environment, scan, feed] = commands[..] else { panic!("{commands:?}") };

    let temporary = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(root.join("examples"), temporary.path().join("examples")).unwrap();
    let demo = trao().arg("demo").current_dir(temporary.path()).output().unwrap();
    assert!(demo.status.success(), "{}", String::from_utf8_lossy(&demo.stderr));
    let mut shell = Shell::in_folder(temporary.path());
    shell.types("trao serve --data trao-demo &");

    assert_eq!(shell.types(environment), "");
    let said = shell.types(scan);
    assert_eq!(
        said.split_whitespace().collect::<Vec<_>>(),
        ["RA990000023VN", "IN_TRANSIT", "carriers/post99"]
    );
    assert_eq!(shell.types(feed), "");
    let log = fs::read_to_string(temporary.path().join("clerk.jsonl")).unwrap();
    let by_us = shell.types("trao feed --token-file trao-demo/keys/clerk --limit 100000 --json");
    let events = by_us.lines().filter(|line| !line.contains("\"bookmark\":true"));
    assert_eq!(log.lines().count(), events.count());
    assert!(log.lines().last().unwrap().contains("EVENT_TYPE_DISPATCHED"), "the scan is its last event");
}
