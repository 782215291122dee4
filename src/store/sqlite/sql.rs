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
    BEGIN_READING = "begin_reading",
    COMMIT = "commit",
    ROLLBACK = "rollback",
    HEAD_LANE = "head_lane",
    FIRST_OF_KEY = "first_of_key",
    FIRST_AT = "first_at",
    TAGS_OF_CODE = "tags_of_code",
    LEG = "leg",
    DOSSIER = "dossier",
    DOCUMENT = "document",
    ENTRY = "entry",
    LOG_HEAD = "log_head",
    DEVICE = "device",
    PIN = "pin",
    INSERT_ENTRY = "insert_entry",
    INSERT_EVENT_KEY = "insert_event_key",
    INSERT_LOG_RUN = "insert_log_run",
    INSERT_PERSONAL = "insert_personal",
    UPSERT_LEG = "upsert_leg",
    UPSERT_DOSSIER = "upsert_dossier",
    UPSERT_DOCUMENT = "upsert_document",
    INSERT_TAG = "insert_tag",
    INSERT_CONCERN = "insert_concern",
    INSERT_WAITING = "insert_waiting",
    DELETE_WAITING = "delete_waiting",
    UPSERT_DEVICE = "upsert_device",
    INSERT_PIN = "insert_pin",
    UPSERT_FOLLOWER = "upsert_follower",
    CONSUMER = "consumer",
    CONSUMERS_AFTER = "consumers_after",
    UPSERT_CONSUMER = "upsert_consumer",
    DELETE_CONSUMER = "delete_consumer",
    INSERT_SEAL = "insert_seal",
    UPDATE_LANE = "update_lane",
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
    WAITS_FOR = "waits_for",
    UNPLACED = "unplaced",
    WAITING_ON = "waiting_on",
    TAGS_MADE_AT = "tags_made_at",
    }
    // Of the directory, of keys and of a store's making.
    REFERENCE {
    IDENTITY = "identity",
    DIRECTORY_VERSION = "directory_version",
    BUMP_DIRECTORY = "bump_directory",
    TAKE_SOURCE_NUMBER = "take_source_number",
    SOURCE_NAMED = "source_named",
    UPSERT_SOURCE = "upsert_source",
    UPSERT_PARTY = "upsert_party",
    INSERT_PERSON = "insert_person",
    UPSERT_ALIAS = "upsert_alias",
    UPSERT_APPOINTMENT = "upsert_appointment",
    UPSERT_CALENDAR_DAY = "upsert_calendar_day",
    UPSERT_OFFICE = "upsert_office",
    UPSERT_PROCEDURE = "upsert_procedure",
    ALL_LANES = "all_lanes",
    ADD_LANE = "add_lane",
    LANE_FOR = "lane_for",
    ALL_SOURCES = "all_sources",
    ALL_PARTIES = "all_parties",
    ALL_ALIASES = "all_aliases",
    ALL_APPOINTMENTS = "all_appointments",
    ALL_CALENDAR_DAYS = "all_calendar_days",
    ALL_PERSONS = "all_persons",
    ALL_OFFICES = "all_offices",
    ALL_PROCEDURES = "all_procedures",
    API_KEY = "api_key",
    ALL_API_KEYS = "all_api_keys",
    ALL_SEALS = "all_seals",
    ALL_SIGNING_KEYS = "all_signing_keys",
    ENTRIES_BETWEEN = "entries_between",
    INSERT_API_KEY = "insert_api_key",
    REVOKE_API_KEY = "revoke_api_key",
    SIGNING_KEY = "signing_key",
    INSERT_SIGNING_KEY = "insert_signing_key",
    SET_CLOCK = "set_clock",
    END_EPOCH = "end_epoch",
    SET_EPOCH = "set_epoch",
    SET_COPIED = "set_copied",
    ERASE_PERSONAL = "erase_personal",
    INSERT_META = "insert_meta",
    INSERT_LANE = "insert_lane",
    CREATE_MIGRATIONS = "create_migrations",
    HAS_MIGRATIONS = "has_migrations",
    ALL_MIGRATIONS = "all_migrations",
    INSERT_MIGRATION = "insert_migration",
    PHASE = "phase",
    SET_PHASE = "set_phase",
    SET_MOVED = "set_moved",
    INSERT_TOUCHED = "insert_touched",
    TOUCHED_AFTER = "touched_after",
    CLEAR_TOUCHED = "clear_touched",
    BUMP_LANE = "bump_lane",
    COPIED_META = "copied_meta",
    SEALS_AFTER = "seals_after",
    }
}
