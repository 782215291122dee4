//! README against the code: its tables of reasons, metrics and limits are the code's, and its commands work. `UPDATE_README=1` writes
//! the tables anew.

use std::fs;
use std::path::{Path, PathBuf};

use trao::doors::reasons;

use super::support::gateway::trao;
use super::support::shell::Shell;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// What stands between two marks, with a line break at both ends.
fn between<'a>(text: &'a str, mark: &str) -> &'a str {
    let from = format!("<!-- {mark} -->");
    let to = format!("<!-- /{mark} -->");
    text.split_once(from.as_str()).and_then(|(_, rest)| rest.split_once(to.as_str())).unwrap().0
}

fn is_told(mark: &str, due: &str) {
    let readme = fs::read_to_string(path("README.md")).unwrap();
    let read = between(&readme, mark);
    if read == due {
        return;
    }
    if std::env::var_os("UPDATE_README").is_some() {
        let whole = |table: &str| format!("<!-- {mark} -->{table}<!-- /{mark} -->");
        fs::write(path("README.md"), readme.replace(&whole(read), &whole(due))).unwrap();
        return;
    }
    panic!("README's {mark} are not the code's; UPDATE_README=1 cargo test --test it readme writes:\n{due}");
}

/// `InvalidArgument` as gRPC writes it.
fn code_text(code: tonic::Code) -> String {
    let mut text = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(letter.to_ascii_uppercase());
    }
    text
}

/// `4 << 10` as `4 KiB`, `1_000` as `1,000`.
fn value_text(value: &str) -> String {
    if let Some((number, shift)) = value.split_once(" << ") {
        let unit = match shift {
            "10" => "KiB",
            "20" => "MiB",
            other => panic!("a shift by {other} has no unit"),
        };
        return format!("{number} {unit}");
    }
    value.replace('_', ",")
}

#[test]
fn the_table_of_reasons_is_the_codes() {
    let mut table = String::from(
        "\n| Reason | gRPC code | Again? | What it means, and what to do |\n|---|---|---|---|\n",
    );
    for row in reasons::table() {
        let again = if row.retry { "yes" } else { "no" };
        let (reason, code) = (row.reason.text(), code_text(row.code));
        table.push_str(&format!("| `{reason}` | {code} | {again} | {} |\n", row.english.replace('|', "\\|")));
    }
    is_told("reasons", &table);
}

#[test]
fn the_table_of_limits_is_the_codes() {
    let source = fs::read_to_string(path("src/limits.rs")).unwrap();
    let mut table = String::from("\n| Limit | Value | What it bounds, and why so |\n|---|---|---|\n");
    let mut why: Vec<&str> = Vec::new();
    let mut count = 0;
    for line in source.lines() {
        if let Some(comment) = line.strip_prefix("/// ") {
            why.push(comment);
        } else if let Some(declared) = line.strip_prefix("pub const ") {
            let (name, rest) = declared.split_once(": ").unwrap();
            let value = rest.split_once(" = ").unwrap().1.trim_end_matches(';');
            assert!(!why.is_empty(), "{name} has no reason beside it");
            table.push_str(&format!("| `{name}` | {} | {} |\n", value_text(value), why.join(" ")));
            why.clear();
            count += 1;
        }
    }
    assert_eq!(count, source.matches("pub const ").count());
    is_told("limits", &table);
}

#[test]
fn the_table_of_metrics_is_the_codes() {
    let mut table = String::from("\n| Metric | Kind | Labels | What it tells |\n|---|---|---|---|\n");
    for of in trao::metrics::ALL {
        let kind = format!("{:?}", of.kind).to_ascii_lowercase();
        let labels = of.labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ");
        table.push_str(&format!("| `{}` | {kind} | {labels} | {} |\n", of.name, of.help));
    }
    is_told("metrics", &table);
}

#[test]
fn the_commands_work_as_they_stand() {
    let readme = fs::read_to_string(path("README.md")).unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let demo = trao().arg("demo").current_dir(temporary.path()).output().unwrap();
    assert!(demo.status.success(), "{}", String::from_utf8_lossy(&demo.stderr));
    let mut shell = Shell::in_folder(temporary.path());
    let mut typed = 0;
    for block in readme.split("\n```\n").skip(1).step_by(2) {
        for line in block.lines().filter(|line| line.contains("trao ") && !line.starts_with("make ")) {
            shell.types(line);
            typed += 1;
        }
    }
    assert!(typed >= 7, "{typed}");
    // The administrator's key is good, and nobody else reads it.
    let key = temporary.path().join("admin.key");
    assert!(fs::read_to_string(&key).unwrap().starts_with("trao_"));
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn the_places_it_names_are_there() {
    let readme = fs::read_to_string(path("README.md")).unwrap();
    let places: Vec<&str> = readme
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|named| {
            let roots = ["src/", "tests/", "docs/", "proto/", "migrations/", "examples/"];
            roots.iter().any(|root| named.starts_with(root))
        })
        .collect();
    assert!(places.len() >= 12, "{places:?}");
    for place in places {
        assert!(path(place).exists(), "{place}");
    }
}
