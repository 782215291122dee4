//! What a database must be like, and what is said where it is not.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::Cluster;
use crate::dossier::names::Micros;
use crate::store::postgres::{Database, Founding, check, migrate};

const FOUNDING: Founding = Founding { database: [1; 16], epoch: [2; 16] };

fn of(url: &str) -> Database {
    Database::of_url(url).unwrap()
}

async fn refusal(database: &Database) -> String {
    check(database).await.unwrap_err().to_string()
}

#[tokio::test]
async fn a_database_that_may_lose_what_it_acknowledged_is_refused() {
    for setting in ["fsync", "full_page_writes"] {
        let cluster = Cluster::start_with(&[(setting, "off")]);
        let wanted =
            format!("the database has {setting} = off: it may lose what it acknowledged; set it to on");
        assert_eq!(migrate(&of(&cluster.url()), FOUNDING, Micros(0)).await.unwrap_err().to_string(), wanted);
        assert_eq!(refusal(&of(&cluster.url())).await, wanted);
        assert_eq!(cluster.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "0");
    }
}

#[tokio::test]
async fn a_session_waits_for_the_disk_whatever_the_role_or_database_says() {
    let cluster = Cluster::start();
    cluster.sql("ALTER ROLE trao SET synchronous_commit = off");
    let mut connection = of(&cluster.url()).writing().await.unwrap();
    let row = sqlx::query("SHOW synchronous_commit").fetch_one(&mut connection).await.unwrap();
    assert_eq!(sqlx::Row::get::<String, _>(&row, 0), "on");
}

#[tokio::test]
async fn a_database_of_others_an_empty_one_a_newer_and_an_edited_one_are_refused_by_name() {
    let cluster = Cluster::shared();
    let url = cluster.empty_schema();
    let schema = url.rsplit('=').next().unwrap();
    assert_eq!(refusal(&of(&url)).await, "the database holds no store of Trao");
    cluster.sql(&format!("CREATE TABLE {schema}.theirs ()"));
    let theirs = "the database has tables that are not Trao's: give it a database of its own";
    assert_eq!(migrate(&of(&url), FOUNDING, Micros(0)).await.unwrap_err().to_string(), theirs);
    cluster.sql(&format!("DROP TABLE {schema}.theirs"));

    let (steps, made) = migrate(&of(&url), FOUNDING, Micros(0)).await.unwrap();
    assert!(steps > 2 && made, "{steps}");
    assert_eq!(migrate(&of(&url), FOUNDING, Micros(0)).await.unwrap(), (0, false));
    check(&of(&url)).await.unwrap();
    cluster.sql(&format!("INSERT INTO {schema}.migration VALUES (99, '', 0)"));
    let newer = refusal(&of(&url)).await;
    assert!(
        newer.starts_with("the database has schema 99, made by a newer release; this one knows "),
        "{newer}"
    );
    cluster.sql(&format!("DELETE FROM {schema}.migration WHERE number = 99"));
    cluster.sql(&format!("UPDATE {schema}.migration SET sha256 = ''"));
    assert!(refusal(&of(&url)).await.ends_with(" is not the one the database was made with"));
}

#[test]
fn a_procedure_of_an_older_database_is_its_own_first_version() {
    let cluster = Cluster::shared();
    let url = cluster.empty_schema();
    let schema = url.rsplit('=').next().unwrap();
    let run = |sql: &str| cluster.sql(&format!("SET search_path = {schema}; {sql}"));
    run(include_str!("../../../../migrations/postgres/0005_ground.sql"));
    run(include_str!("../../../../migrations/postgres/0006_copies.sql"));
    run(
        "INSERT INTO procedure VALUES ('\\x01', '\\x02', '\\x03', 1, 0, 20000), ('\\x02', '', '', 1, 0, NULL)",
    );
    run(include_str!("../../../../migrations/postgres/0007_directory_in_time.sql"));
    let found = run(
        "SELECT valid_from, action, pickup, returned, length(decision) FROM procedure_version ORDER BY name",
    );
    let versions: Vec<&str> = found.lines().filter(|line| line.contains('|')).collect();
    assert_eq!(versions, ["20000|1|1|0|0", "-9223372036854775808|1|1|0|0"]);
}

#[tokio::test]
async fn of_gateways_that_start_at_once_one_makes_the_store() {
    let url = Cluster::shared().empty_schema();
    let founding = |number: u8| Founding { database: [number; 16], epoch: [number; 16] };
    let (one, other) = (of(&url), of(&url));
    let (one, other) =
        tokio::join!(migrate(&one, founding(1), Micros(0)), migrate(&other, founding(2), Micros(0)));
    let made: Vec<bool> = [one, other].into_iter().map(|done| done.unwrap().1).collect();
    assert_eq!(made.iter().filter(|made| **made).count(), 1);
}

#[test]
fn a_file_that_others_may_read_or_that_holds_no_url_is_refused_without_showing_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("database");
    let said = |text: &str, mode: u32| {
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        Database::of_file(&file).map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(said("postgres://trao:secret@db.example:5432/trao\n", 0o600), Ok(()));
    let open = said("postgres://trao:secret@db.example/trao", 0o640).unwrap_err();
    assert!(open.contains("chmod 600") && !open.contains("secret"), "{open}");
    for text in ["", "secret", "mysql://trao:secret@db.example/trao", "postgres://trao:secret@[/"] {
        let refused = said(text, 0o600).unwrap_err();
        assert!(refused.contains("holds no database URL") && !refused.contains("secret"), "{refused}");
    }
    let missing = Database::of_file(&folder.path().join("none")).unwrap_err().to_string();
    assert!(missing.contains("cannot be read"), "{missing}");
}
