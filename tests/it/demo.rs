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
    assert!((30..=50).contains(&lines.lines().count()), "{lines}");
    assert!(!lines.contains('✗'), "{lines}");
    assert!(lines.contains("0 lost"), "{lines}");
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("seal.key")), 0o600);
    let keys: Vec<_> = fs::read_dir(folder.join("keys")).unwrap().map(|key| key.unwrap().path()).collect();
    assert!(keys.len() >= 9);
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
    assert!(again.contains("mất 0"), "{again}");
}

#[test]
fn a_row_that_is_missing_from_any_log_is_found_out() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("trao-demo");
    told(&demo(&folder, &[]));
    let rows: Vec<(i64, i64)> = {
        let database = rusqlite::Connection::open(folder.join("trao.db")).unwrap();
        // Of each log the first row, one within, and the last, after which nothing shows the gap.
        let select = "SELECT party, min(seq) FROM log GROUP BY party UNION SELECT party, (min(seq) + max(seq)) / 2 \
                      FROM log GROUP BY party UNION SELECT party, max(seq) FROM log GROUP BY party";
        let mut select = database.prepare(select).unwrap();
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    assert!(rows.len() >= 12);
    for (party, seq) in rows {
        let database = rusqlite::Connection::open(folder.join("trao.db")).unwrap();
        let row: (i64, i64) = database
            .query_row("SELECT lane, pos FROM log WHERE party = ?1 AND seq = ?2", [party, seq], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .unwrap();
        assert_eq!(
            database.execute("DELETE FROM log WHERE party = ?1 AND seq = ?2", [party, seq]).unwrap(),
            1
        );
        drop(database);
        let checked = demo(&folder, &["--check"]);
        assert_eq!(checked.status.code(), Some(1), "log {party}, number {seq}");

        let database = rusqlite::Connection::open(folder.join("trao.db")).unwrap();
        let put_back = "INSERT INTO log (lane, party, seq, pos) VALUES (?1, ?2, ?3, ?4)";
        assert_eq!(database.execute(put_back, [row.0, party, seq, row.1]).unwrap(), 1);
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
