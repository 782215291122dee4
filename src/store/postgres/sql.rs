//! Every statement, by name. Their texts stand in `sql/`, one to a file.

macro_rules! statements {
    ($($list:ident { $($name:ident = $file:literal,)* })*) => {
        $($(pub(super) const $name: &str = bare(include_str!(concat!("sql/", $file, ".sql")));)*)*
        $(
            #[cfg(test)]
            pub(super) const $list: &[(&str, &str)] = &[$(($file, include_str!(concat!("sql/", $file, ".sql"))),)*];
        )*
    };
}

/// A statement without the lines above it that say who calls it: it is looked up by its text, letter by letter, each time.
const fn bare(text: &str) -> &str {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at + 1 < bytes.len() && bytes[at] == b'-' && bytes[at + 1] == b'-' {
        while at < bytes.len() && bytes[at] != b'\n' {
            at += 1;
        }
        at += 1;
    }
    text.split_at(at).1
}

statements! {
    // Of every commit.
    COMMITTING {
    BEGIN = "begin",
    COMMIT = "commit",
    ROLLBACK = "rollback",
    HEAD_LANE = "head_lane",
    TAKE_LANE = "take_lane",
    FIRSTS_OF_KEYS = "firsts_of_keys",
    FIRST_AT = "first_at",
    TAGS_OF_CODES = "tags_of_codes",
    LEGS = "legs",
    DOSSIER = "dossier",
    DOCUMENT = "document",
    ENTRIES = "entries",
    CHAIN = "chain",
    LOG_HEADS = "log_heads",
    DEVICES = "devices",
    PIN = "pin",
    CONSUMER = "consumer",
    CONSUMERS_AFTER = "consumers_after",
    KEEP_BATCH = "keep_batch",
    KEEP_LINES = "keep_lines",
    }
    // Of every reader.
    READING {
    LOG_RUNS_FROM = "log_runs_from",
    LOGS_OF_ENTRY = "logs_of_entry",
    CONCERNS_BELOW = "concerns_below",
    PERSONAL = "personal",
    ENDED_EPOCH = "ended_epoch",
    SEAL_COVERING = "seal_covering",
    SEAL_AT = "seal_at",
    LAST_SEAL = "last_seal",
    FOLLOWER = "follower",
    TIE_WORK = "tie_work",
    DOSSIERS = "dossiers",
    WAITS_FOR = "waits_for",
    UNPLACED = "unplaced",
    WAITING_ON = "waiting_on",
    TAGS_MADE_AT = "tags_made_at",
    }
    // Of the directory, of keys and of a store's making.
    REFERENCE {
    ALL_ALIASES = "all_aliases",
    ALL_APPOINTMENTS = "all_appointments",
    ALL_CALENDAR_DAYS = "all_calendar_days",
    ALL_PERSONS = "all_persons",
    ALL_API_KEYS = "all_api_keys",
    ALL_LANES = "all_lanes",
    ALL_MIGRATIONS = "all_migrations",
    ALL_OFFICES = "all_offices",
    ALL_PARTIES = "all_parties",
    ALL_PROCEDURES = "all_procedures",
    ADD_LANE = "add_lane",
    LANE_FOR = "lane_for",
    ALL_SOURCES = "all_sources",
    API_KEY = "api_key",
    BUMP_DIRECTORY = "bump_directory",
    BEGIN_COPY = "begin_copy",
    COPIED_META = "copied_meta",
    COPY_LANE = "copy_lane",
    COPY_META = "copy_meta",
    COPY_PLANS = "copy_plans",
    COPY_PROGRESS = "copy_progress",
    COPY_SESSION = "copy_session",
    END_COPY = "end_copy",
    PHASE = "phase",
    CREATE_MIGRATIONS = "create_migrations",
    DATABASE_TIME = "database_time",
    DIRECTORY_VERSION = "directory_version",
    ERASE_PERSONAL = "erase_personal",
    IDENTITY = "identity",
    INSERT_API_KEY = "insert_api_key",
    INSERT_LANE = "insert_lane",
    INSERT_META = "insert_meta",
    INSERT_MIGRATION = "insert_migration",
    INSERT_SIGNING_KEY = "insert_signing_key",
    LOCK_SCHEMA = "lock_schema",
    OTHER_SESSIONS = "other_sessions",
    REVOKE_API_KEY = "revoke_api_key",
    SET_CLOCK = "set_clock",
    SET_COPIED = "set_copied",
    END_EPOCH = "end_epoch",
    SET_EPOCH = "set_epoch",
    RING = "ring",
    SETTINGS = "settings",
    SIGNING_KEY = "signing_key",
    SOURCE_NAMED = "source_named",
    TABLES = "tables",
    TAKE_LEASE = "take_lease",
    TAKE_SOURCE_NUMBER = "take_source_number",
    INSERT_PERSON = "insert_person",
    UPSERT_ALIAS = "upsert_alias",
    UPSERT_APPOINTMENT = "upsert_appointment",
    UPSERT_CALENDAR_DAY = "upsert_calendar_day",
    UPSERT_OFFICE = "upsert_office",
    UPSERT_PARTY = "upsert_party",
    UPSERT_PROCEDURE = "upsert_procedure",
    UPSERT_SOURCE = "upsert_source",
    }
}
