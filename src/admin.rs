//! Commands that act on a store's folder on this machine: keys, migrations, copies. They work beside a running gateway.

mod bar;
mod copy;
mod restore;

pub use copy::copy;
pub use restore::restore;

use std::path::Path;

use serde_json::json;

use crate::access::{KeyText, Role};
use crate::clock::{Clock, SystemClock};
use crate::config::{BackupOptions, CreateKeyOptions, KeysCommand, KeysOptions, ListKeysOptions};
use crate::config::{MigrateOptions, RevokeKeyOptions, StoreOptions};
use crate::doors::cli::{Exit, Failure, Output, note};
use crate::doors::wire::directory::is_source_id;
use crate::doors::wire::into::staff_number;
use crate::doors::wire::time;
use crate::dossier::directory::{Day, Directory, Source};
use crate::dossier::names::{Micros, PartyName, SourceName};
use crate::limits;
use crate::random::{Random, SystemRandom};
use crate::store::{self, KeyRow, Place, postgres, sqlite};
use crate::telemetry;

/// Why a command could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line contradicts itself.
    #[error("{0}")]
    Usage(String),
    /// The store does not allow it.
    #[error("{0}")]
    Refused(String),
    /// The store could not be reached, read or written.
    #[error("could not {step}: {}", telemetry::chain(.source))]
    Store {
        /// What was being done.
        step: &'static str,
        /// Why.
        source: store::Error,
    },
    /// The answer could not be printed.
    #[error("{0}")]
    Output(#[from] Failure),
}

impl Error {
    fn store(step: &'static str) -> impl FnOnce(store::Error) -> Error {
        move |source| Error::Store { step, source }
    }
}

/// How a command ends; what went wrong is told on stderr.
pub fn end(ended: Result<(), Error>) -> Exit {
    let Err(error) = ended else { return Exit::Done };
    match &error {
        Error::Output(failure) => failure.exit(),
        Error::Usage(_) => {
            note(&format!("trao: {error}"));
            Exit::Usage
        }
        Error::Refused(_) | Error::Store { .. } => {
            note(&format!("trao: {error}"));
            match &error {
                Error::Store { source, .. } if source.is_away() => Exit::Unreachable,
                _ => Exit::Refused,
            }
        }
    }
}

/// Brings the store of a folder to this release's tables.
pub fn migrate(options: &MigrateOptions) -> Result<(), Error> {
    let place = must_exist(&options.store)?;
    let steps = match &place {
        Place::Folder(folder) => {
            let lock = sqlite::lock(folder).map_err(Error::store("take the folder"))?;
            sqlite::migrate(&lock, now()).map_err(Error::store("migrate"))?
        }
        Place::Database(database) => {
            let (database_id, epoch) = random_ids();
            let founding = postgres::Founding { database: database_id, epoch };
            let migrated = wait(postgres::migrate(database, founding, now()))?;
            migrated.map_err(Error::store("migrate"))?.0
        }
    };
    note(&format!("{steps} migrations applied"));
    Ok(())
}

/// Copies a store while it is served.
pub fn backup(options: &BackupOptions) -> Result<(), Error> {
    must_hold_a_store(&options.data)?;
    let mut bar = bar::Bar::new();
    let copied =
        sqlite::backup(&options.data, &options.target, &mut |done, all| bar.show("copying", done, all));
    drop(bar);
    copied.map_err(Error::store("make the copy"))?;
    note(&format!("copied to {}; `trao restore` makes a store of it", options.target.display()));
    Ok(())
}

/// Makes, lists and revokes keys.
pub fn keys(options: &KeysOptions, output: &mut Output) -> Result<(), Error> {
    match &options.command {
        KeysCommand::Create(options) => create(options, output),
        KeysCommand::List(options) => list(options, output),
        KeysCommand::Revoke(options) => revoke(options, output),
    }
}

fn create(options: &CreateKeyOptions, output: &mut Output) -> Result<(), Error> {
    check_texts(options)?;
    if options.role == Role::Admin && !options.source.is_empty() {
        return Err(Error::Usage("an admin captures nothing: leave --source out".to_owned()));
    }
    if options.role == Role::Admin && options.party.is_some() {
        return Err(Error::Usage("an admin belongs to no party: leave --party out".to_owned()));
    }
    if options.role != Role::Admin && options.party.is_none() {
        return Err(Error::Usage("--party is needed for every role but admin".to_owned()));
    }
    let place = make_if_none(&options.store)?;
    let now = now();
    let party = match (&options.party, options.role) {
        (None, _) => None,
        (Some(party), role) => Some(fitting(&directory(&place)?, party, role, Day::at(now))?),
    };
    let sources = match &party {
        Some(party) => options.source.iter().map(|name| source(name, party)).collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    let key = KeyText::make(&SystemRandom);
    let row = KeyRow {
        id: key.id().to_owned(),
        secret_sha256: key.secret_sha256(),
        party,
        role: options.role.spelling(),
        name: options.name.clone(),
        person: options.person.clone(),
        sources: sources.iter().map(|source: &Source| source.name.clone()).collect(),
        created_at: now,
        revoked_at: None,
    };
    let mut admin = wait(place.admin())?.map_err(Error::store("open the store"))?;
    wait(admin.create_key(&row, &sources))?.map_err(Error::store("keep the key"))?;
    let party = row.party.as_ref().map(PartyName::as_str);
    if options.json {
        output.json(&json!({
            "key": key.reveal(), "id": row.id, "party": party, "role": row.role, "name": row.name,
        }))?;
    } else {
        output.line(&key.reveal())?;
        note(&format!(
            "key {} for {} ({}): shown once; keep it in a file only its holder can read",
            row.id, row.name, row.role
        ));
    }
    output.flush()?;
    Ok(())
}

fn list(options: &ListKeysOptions, output: &mut Output) -> Result<(), Error> {
    let place = must_exist(&options.store)?;
    let rows = wait(async { place.reader().await?.keys().await })?;
    let mut rows = rows.map_err(Error::store("read the keys"))?;
    rows.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    for row in &rows {
        if options.json {
            output.json(&listed(row))?;
        } else {
            output.line(&line(row))?;
        }
    }
    output.flush()?;
    Ok(())
}

/// A key in `keys list --json`; nothing of its secret.
fn listed(row: &KeyRow) -> serde_json::Value {
    json!({
        "id": row.id,
        "party": row.party.as_ref().map(PartyName::as_str),
        "role": row.role,
        "name": row.name,
        "person": row.person,
        "sources": row.sources.iter().map(SourceName::as_str).collect::<Vec<_>>(),
        "created_at": time::to_rfc3339(row.created_at),
        "revoked_at": row.revoked_at.map(time::to_rfc3339),
    })
}

fn line(row: &KeyRow) -> String {
    let party = row.party.as_ref().map_or("-", PartyName::as_str);
    let mut line = format!("{}  {:14}  {party:20}  {}", row.id, row.role, row.name);
    if let Some(at) = row.revoked_at {
        line.push_str(&format!("  revoked {}", time::to_rfc3339(at)));
    }
    line
}

fn revoke(options: &RevokeKeyOptions, output: &mut Output) -> Result<(), Error> {
    let place = must_exist(&options.store)?;
    if options.id.starts_with("trao_") {
        // Not repeated here: it may be the whole key, and whoever typed it has it in their shell's history now.
        return Err(Error::Usage("give the key's id, as `trao keys list` shows it, not the key".to_owned()));
    }
    let now = now();
    let mut admin = wait(place.admin())?.map_err(Error::store("open the store"))?;
    if !wait(admin.revoke_key(&options.id, now))?.map_err(Error::store("revoke the key"))? {
        return Err(Error::Refused(format!("no key has the id {}", options.id)));
    }
    if options.json {
        output.json(&json!({ "id": options.id, "revoked_at": time::to_rfc3339(now) }))?;
        output.flush()?;
    } else {
        note(&format!("key {} is revoked; a running gateway refuses it within two seconds", options.id));
    }
    Ok(())
}

fn now() -> Micros {
    SystemClock::start(true).now()
}

/// Waits for what a store answers: a database's is on its way for a while.
fn wait<T>(answer: impl Future<Output = T>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime {
        Ok(runtime) => Ok(runtime.block_on(answer)),
        Err(error) => Err(Error::Refused(format!("the process could not be set up: {error}"))),
    }
}

fn place(options: &StoreOptions) -> Result<Place, Error> {
    match (&options.data, &options.database_file) {
        (Some(folder), _) => Ok(Place::Folder(folder.clone())),
        (None, Some(file)) => {
            let database = postgres::Database::of_file(file).map_err(Error::store("read --database-file"))?;
            Ok(Place::Database(Box::new(database)))
        }
        (None, None) => Err(Error::Usage("name the store: --data or --database-file".to_owned())),
    }
}

fn must_exist(options: &StoreOptions) -> Result<Place, Error> {
    let place = place(options)?;
    match &place {
        Place::Folder(folder) => must_hold_a_store(folder)?,
        // Whoever opens it looks.
        Place::Database(_) => {}
    }
    Ok(place)
}

fn must_hold_a_store(data: &Path) -> Result<(), Error> {
    if sqlite::exists(data) {
        return Ok(());
    }
    Err(Error::Refused(format!("{} holds no store; `trao serve` makes one", data.display())))
}

/// The first admin key is made before the first serve.
fn make_if_none(options: &StoreOptions) -> Result<Place, Error> {
    let place = place(options)?;
    let (database, epoch) = random_ids();
    let made = wait(place.make_if_none(database, epoch, now()))?;
    if made.map_err(Error::store("make the store"))? {
        match &place {
            Place::Folder(data) => note(&format!("{} held no store; a new one was made", data.display())),
            Place::Database(_) => note("the database held no store; a new one was made"),
        }
    }
    Ok(place)
}

fn random_ids() -> ([u8; 16], [u8; 16]) {
    let (mut database, mut epoch) = ([0; 16], [0; 16]);
    SystemRandom.fill(&mut database);
    SystemRandom.fill(&mut epoch);
    (database, epoch)
}

fn directory(place: &Place) -> Result<Directory, Error> {
    let directory = wait(async { place.reader().await?.directory().await })?;
    directory.map_err(Error::store("read the directory"))
}

fn check_texts(options: &CreateKeyOptions) -> Result<(), Error> {
    let name = options.name.as_str();
    let too_long = name.chars().count() > limits::TEXT_CHARS;
    if name.trim().is_empty() || too_long || name.chars().any(char::is_control) {
        let why = format!("--name: 1 to {} characters, no control characters", limits::TEXT_CHARS);
        return Err(Error::Usage(why));
    }
    // It stands in every record that the key makes, for ever: a staff number, never a name.
    match options.person.as_deref().map(|person| (person.is_empty(), staff_number(person, "--person"))) {
        None | Some((false, Ok(()))) => Ok(()),
        Some(_) => Err(Error::Usage("--person: a staff number, 1 to 64 visible ASCII characters".to_owned())),
    }
}

/// The party as it is entered, named whole or by its bare id or code; its kind must fit the role.
fn fitting(directory: &Directory, text: &str, role: Role, day: Day) -> Result<PartyName, Error> {
    let whole = |collection: &str| PartyName::new(&format!("{collection}/{text}"));
    let candidates = if text.starts_with("agencies/") || text.starts_with("carriers/") {
        vec![PartyName::new(text)]
    } else {
        vec![whole("carriers"), whole("agencies")]
    };
    let mut found = candidates.iter().filter_map(|name| directory.entered(name, day));
    let party = match (found.next(), found.next()) {
        (Some(party), None) => party.clone(),
        (Some(_), Some(_)) => {
            return Err(Error::Refused(format!("{text} is a carrier and an agency: name it whole")));
        }
        (None, _) => {
            let hint = "enter it with an admin's key first";
            return Err(Error::Refused(format!("the directory has no party {text}: {hint}")));
        }
    };
    let fits = match role {
        Role::PostOperator | Role::PostSystem => party.is_carrier(),
        Role::AgencyOfficer | Role::AgencySystem => party.is_agency(),
        Role::Supervisor => true,
        Role::Admin => false,
    };
    if fits {
        Ok(party)
    } else {
        Err(Error::Refused(format!("{party} cannot have a {} key", role.spelling())))
    }
}

/// A source of the party, to be enrolled where it is new.
fn source(name: &str, party: &PartyName) -> Result<Source, Error> {
    let own = name.strip_prefix(party.as_str()).and_then(|rest| rest.strip_prefix('/'));
    let id = own.and_then(|rest| rest.strip_prefix("devices/").or_else(|| rest.strip_prefix("systems/")));
    if !id.is_some_and(is_source_id) {
        return Err(Error::Refused(format!(
            "--source {name}: give {party}/devices/ID or {party}/systems/ID, ID of letters, digits, dots, dashes and underscores"
        )));
    }
    let (name, party) = (SourceName::new(name), party.clone());
    Ok(Source { name, party, agency: None, office: None, holder: None, retired: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dossier::directory::{Agency, AgencyKind, Alias, Carrier, Enrolment, Party};
    use crate::dossier::names::Lane;

    fn directory() -> Directory {
        let enrolled = Enrolment { id: 1, lane: Lane(0) };
        let mut directory = Directory::default();
        for id in ["p", "both"] {
            let name = PartyName::new(&format!("carriers/{id}"));
            let carrier = Carrier { name: name.clone(), title: String::new() };
            directory.parties.insert(name, (enrolled, Party::Carrier(carrier)));
        }
        for code in ["H99.14", "both"] {
            let name = PartyName::new(&format!("agencies/{code}"));
            let agency = Agency {
                name: name.clone(),
                title: String::new(),
                parent: None,
                kind: AgencyKind::Both,
                valid_from: None,
                valid_to: None,
                level: None,
                ended: None,
            };
            directory.parties.insert(name, (enrolled, Party::Agency(agency)));
        }
        let agency = PartyName::new("agencies/H99.14");
        let alias = Alias { code: "000.00.14.H99".into(), agency, valid_from: None, valid_to: None };
        directory.aliases.insert(alias.code.clone(), vec![alias]);
        directory
    }

    #[test]
    fn a_key_is_made_only_for_a_known_party_of_its_kind() {
        let directory = directory();
        let of =
            |party: &str, role| fitting(&directory, party, role, Day(20_000)).map(|party| party.to_string());
        assert_eq!(of("p", Role::PostOperator).unwrap(), "carriers/p");
        assert_eq!(of("carriers/p", Role::Supervisor).unwrap(), "carriers/p");
        assert_eq!(of("H99.14", Role::AgencySystem).unwrap(), "agencies/H99.14");
        assert_eq!(of("000.00.14.H99", Role::AgencyOfficer).unwrap(), "agencies/H99.14");
        assert_eq!(of("agencies/both", Role::Supervisor).unwrap(), "agencies/both");
        for (party, role) in [
            ("p", Role::AgencyOfficer),
            ("H99.14", Role::PostSystem),
            ("H99.15", Role::AgencyOfficer),
            ("carriers/H99.14", Role::PostOperator),
            ("both", Role::Supervisor),
            ("", Role::Supervisor),
        ] {
            assert!(matches!(of(party, role), Err(Error::Refused(_))), "{party} {role:?}");
        }
    }

    #[test]
    fn a_source_stands_under_its_party_or_is_refused() {
        let party = PartyName::new("carriers/p");
        assert_eq!(
            source("carriers/p/devices/pda-1", &party).unwrap().name.as_str(),
            "carriers/p/devices/pda-1"
        );
        for bad in [
            "pda-1",
            "carriers/q/devices/pda-1",
            "carriers/pp/devices/1",
            "carriers/p/devices/",
            "carriers/p/devices/a/b",
            "carriers/p/phones/1",
            "carriers/p/devices/a b",
            "carriers/p/devices/a+b",
        ] {
            assert!(source(bad, &party).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_listed_key_shows_no_secret() {
        let key = KeyText::make(&SystemRandom);
        let row = KeyRow {
            id: "abc".into(),
            secret_sha256: key.secret_sha256(),
            party: Some(PartyName::new("carriers/p")),
            role: "post-operator".into(),
            name: "pda-1".into(),
            person: None,
            sources: vec![SourceName::new("carriers/p/devices/pda-1")],
            created_at: Micros(0),
            revoked_at: Some(Micros(1)),
        };
        let expected = concat!(
            r#"{"id":"abc","party":"carriers/p","role":"post-operator","name":"pda-1","person":null,"#,
            r#""sources":["carriers/p/devices/pda-1"],"created_at":"1970-01-01T00:00:00.000000Z","#,
            r#""revoked_at":"1970-01-01T00:00:00.000001Z"}"#
        );
        assert_eq!(serde_json::to_string(&listed(&row)).unwrap(), expected);
        assert!(!line(&row).contains(&hex::encode(row.secret_sha256)));
    }
}
