//! The demonstration, as a stranger runs it: it ends by itself, its books are right, what it prints works, and it finds out
//! when a row of a log is missing.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use super::support::gateway::{Gateway, Start, trao};
use super::support::shell::Shell;

fn demo(folder: &Path, more: &[&str]) -> Output {
    trao().arg("demo").arg("--data").arg(folder).args(more).output().unwrap()
}

fn told(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The longest line that people read on any screen.
const COLUMNS: usize = 100;
/// Where what came of a line of the day begins.
const CAME_AT: usize = 58;

fn is_readable(lines: &str, folder: &Path) {
    let path = folder.display().to_string();
    for line in lines.lines().filter(|line| !line.contains(&path)) {
        let letters: Vec<char> = line.chars().collect();
        assert!(letters.len() <= COLUMNS, "{} columns: {line}", letters.len());
        let of_the_day =
            line.starts_with("  ") && letters.get(7) == Some(&':') || line.starts_with("          ");
        if of_the_day && letters.len() > CAME_AT {
            assert!(letters[CAME_AT - 1] == ' ' && letters[CAME_AT] != ' ', "not in its column: {line}");
        }
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn it_ends_by_itself_and_what_it_prints_works() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("trao-demo");
    let began = Instant::now();
    let lines = told(&demo(&folder, &[]));
    assert!(began.elapsed() < Duration::from_secs(60));
    assert!((40..=65).contains(&lines.lines().count()), "{lines}");
    is_readable(&lines, &folder);
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("seal.key")), 0o600);
    let keys: Vec<_> = fs::read_dir(folder.join("keys")).unwrap().map(|key| key.unwrap().path()).collect();
    assert!(keys.len() >= 15);
    for key in keys {
        assert_eq!(mode(&key), 0o600, "{}", key.display());
    }

    let next: Vec<&str> = lines.lines().filter_map(|line| line.strip_prefix("  trao ")).collect();
    assert!(next.first().is_some_and(|line| line.starts_with("serve --data ") && line.ends_with(" &")));
    assert!(next.len() >= 4, "{lines}");
    let mut shell = Shell::in_folder(temporary.path());
    for line in next {
        let answer = shell.types(&format!("trao {line}"));
        assert!(line.starts_with("serve ") || !answer.is_empty(), "{line}");
    }
    // While it is served nobody takes it away.
    let refused = demo(&folder, &[]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("a gateway serves"));
    drop(shell);

    told(&demo(&folder, &["--check"]));
    let again = told(&demo(&folder, &["--lang", "vi"]));
    assert!(again.contains("mất 0 · trùng 0"), "{again}");
    is_readable(&again, &folder);
}

#[test]
fn what_it_tells_is_the_whole_friday() {
    let temporary = tempfile::tempdir().unwrap();
    let lines = told(&demo(&temporary.path().join("trao-demo"), &[]));
    for due in [
        "4 offices │ 1 centre, 2 departments, 3 communes, 1 ministry │ 12 procedures, 10 by post",
        "300 offered  300 taken",
        "phone's clock +24 h",
        "125 ordered, 0 with a dossier code",
        "RA990000010VN ← slip 000123",
        "slip 000124  INCOMPLETE_PAPERS",
        "read as EE990002055VN",
        "REFUSED CHECK_DIGIT line.event.code.value",
        "bag 991230990100AUM60012001110184 closed",
        "counts for each of its 61 items",
        "code born: H99.60.05-261120-0001",
        "SUPPLEMENT leg ORDERED",
        "kept, flagged NO_PROOF",
        "2 TO_RECOVER, POST liable",
        "92 sent  80 kept  12 replayed  0 twice",
        "31 corroborated",
        "0 of the answered lost",
        "120 wait for a signature",
        "116 taken  1 with reservation",
        "3 missing  1 unlisted = 118 taken",
        "H99.60.12→H99.01→G99.07→H99.01→on the road",
        "4 hops, 1 late 3 h",
        "REFUSED PROCEDURE_NOT_ELIGIBLE",
        "278 delivered  2 revoked",
        "9 again Monday  6 held  5 returning",
        "118 received · 1 reservation · 0 to sign",
        "cursor at head, 0 behind",
        "3 missing (990100) · 2 to recover (992340)",
        "DELIVERED, TO_RECOVER",
        "NOT_FOUND, as for one that never was",
        "Dossiers 426 = 121 with agencies + 279 with citizens + 26 with the post",
        "21 in hand, 3 missing, 2 to recover",
        "Open legs 28 = 26 post + 2 citizens",
        "0 lost · 0 twice",
    ] {
        assert!(lines.contains(due), "{due} is not told:\n{lines}");
    }
    let rows: Vec<Vec<&str>> = lines.lines().map(|line| line.split_whitespace().collect()).collect();
    assert!(rows.contains(&vec!["inbound", "125", "124", "121", "1", "4"]), "{lines}");
    assert!(rows.contains(&vec!["results", "300", "300", "278", "20", "17"]), "{lines}");
}

#[test]
fn a_figure_that_differs_ends_the_check_and_is_named() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("trao-demo");
    told(&demo(&folder, &[]));
    let mut shell = Shell::in_folder(temporary.path());
    shell.types("trao serve --data trao-demo &");
    // One of the two results that went to the neighbour turns up.
    shell.types(
        "trao scan EA990005096VN --type found --source carriers/post99/devices/pc-991230 \
         --token-file trao-demo/keys/clerk",
    );
    drop(shell);
    let checked = demo(&folder, &["--check"]);
    assert_eq!(checked.status.code(), Some(1));
    let why = String::from_utf8_lossy(&checked.stderr);
    assert!(why.contains("dossiers with the post, to recover: 1, due 2"), "{why}");
    assert!(!why.contains("dossiers with the post: "), "{why}");
}

#[test]
fn a_row_that_is_missing_from_any_log_is_found_out() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("trao-demo");
    told(&demo(&folder, &[]));
    let parts: Vec<(i64, i64)> = {
        let database = rusqlite::Connection::open(folder.join("trao.db")).unwrap();
        // Of each log the first row, one within, and the last, after which nothing shows the gap.
        let select = "SELECT party, seq FROM (SELECT party, seq, \
                      row_number() OVER (PARTITION BY party ORDER BY seq) AS at, \
                      count(*) OVER (PARTITION BY party) AS of FROM log_run) \
                      WHERE at = 1 OR at = (of + 1) / 2 OR at = of";
        let mut select = database.prepare(select).unwrap();
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    assert!(parts.len() >= 21);
    for (party, seq) in parts {
        let database = rusqlite::Connection::open(folder.join("trao.db")).unwrap();
        let of = "party = ?1 AND seq = ?2";
        let set_aside = format!("CREATE TABLE aside AS SELECT * FROM log_run WHERE {of}");
        database.execute(&set_aside, [party, seq]).unwrap();
        assert_eq!(database.execute(&format!("DELETE FROM log_run WHERE {of}"), [party, seq]).unwrap(), 1);
        drop(database);
        let checked = demo(&folder, &["--check"]);
        assert_eq!(checked.status.code(), Some(1), "log {party}, number {seq}");

        let database = rusqlite::Connection::open(folder.join("trao.db")).unwrap();
        assert_eq!(database.execute("INSERT INTO log_run SELECT * FROM aside", []).unwrap(), 1);
        database.execute("DROP TABLE aside", []).unwrap();
    }
    told(&demo(&folder, &["--check"]));
}

#[test]
fn a_folder_that_is_no_demo_is_left_alone() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("data");
    let gateway = Gateway::start_on(&folder, Start::default());
    drop(gateway);
    // A store with keys beside it looks much like a demo's.
    fs::create_dir(folder.join("keys")).unwrap();
    let before = fs::read(folder.join("seal.key")).unwrap();
    let refused = demo(&folder, &[]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("not a folder that a demo left"));
    assert_eq!(fs::read(folder.join("seal.key")).unwrap(), before);
}
