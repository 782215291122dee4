//! Every table that is copied row by row, with its columns: the one list to change when a table changes. The compiler makes
//! of it the few statements that are the same for all tables of an engine, whole texts that a test prepares; so that no
//! table can be copied in another way than it is compared.

macro_rules! page {
    () => {
        2000
    };
}

/// Rows read at once.
pub(in crate::store) const PAGE: usize = page!();

/// A column.
#[derive(Debug)]
pub(in crate::store) struct Column {
    pub(in crate::store) name: &'static str,
    pub(in crate::store) kind: Kind,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Kind {
    /// The number of a lane.
    Lane,
    Number,
    Bytes,
}

/// A table.
#[derive(Debug)]
pub(in crate::store) struct Table {
    pub(in crate::store) name: &'static str,
    /// Those of the key first, in its order.
    pub(in crate::store) columns: &'static [Column],
    /// How many of them make the key.
    pub(in crate::store) keys: usize,
    /// A file's rows have lane and position in one, as their own key.
    pub(in crate::store) placed: bool,
    /// Of a file: a page of rows behind one key and up to another.
    pub(in crate::store) file_page: &'static str,
    /// Of a file: the row of a key.
    pub(in crate::store) file_row: &'static str,
    /// Of a database: the rows behind one key and up to another.
    pub(in crate::store) range: &'static str,
    /// Of a database: the rows of keys.
    pub(in crate::store) rows: &'static str,
    /// Of a database: keeps rows, each over the one of its key.
    pub(in crate::store) keep: &'static str,
    /// Of a database: removes the rows of keys.
    pub(in crate::store) remove: &'static str,
}

macro_rules! kind {
    ("integer") => {
        Kind::Lane
    };
    ("bigint") => {
        Kind::Number
    };
    ("bytea") => {
        Kind::Bytes
    };
}

/// `table!("leg", placed, key [1 3 "lane" "integer", 2 4 "leg" "bigint"], rest [3 "body" "bytea"])`: a column's number is
/// that of its parameter; those of the key have a second one, for the end of a range.
macro_rules! table {
    ($name:literal, $how:ident, key [$n0:literal $m0:literal $k0:literal $t0:tt $(, $n:literal $m:literal $k:literal $t:tt)*],
     rest [$($r:literal $c:literal $ct:tt),*]) => {
        Table {
            name: $name,
            columns: &[
                Column { name: $k0, kind: kind!($t0) },
                $(Column { name: $k, kind: kind!($t) },)*
                $(Column { name: $c, kind: kind!($ct) },)*
            ],
            keys: [$k0 $(, $k)*].len(),
            placed: file!(@placed $how),
            file_page: file!(@page $how, $name, columns!($k0 $(, $k)* $(, $c)*), columns!($k0 $(, $k)*),
                concat!("?", $n0 $(, ", ?", $n)*), concat!("?", $m0 $(, ", ?", $m)*)),
            file_row: file!(@row $how, $name, columns!($k0 $(, $k)* $(, $c)*),
                concat!($k0, " = ?", $n0 $(, " AND ", $k, " = ?", $n)*)),
            range: concat!("SELECT ", columns!($k0 $(, $k)* $(, $c)*), " FROM ", $name,
                " WHERE ", range!($n0 $m0 $k0 $(, $n $m $k)*), " ORDER BY ", columns!($k0 $(, $k)*)),
            rows: concat!("SELECT ", columns!($k0 $(, $k)* $(, $c)*), " FROM unnest($", $n0, "::", $t0, "[]"
                $(, ", $", $n, "::", $t, "[]")*, ") AS sought (", columns!($k0 $(, $k)*), ") JOIN ", $name,
                " USING (", columns!($k0 $(, $k)*), ")"),
            keep: concat!("INSERT INTO ", $name, " (", columns!($k0 $(, $k)* $(, $c)*), ") SELECT * FROM unnest($", $n0, "::",
                $t0, "[]" $(, ", $", $n, "::", $t, "[]")* $(, ", $", $r, "::", $ct, "[]")*, ") ON CONFLICT (",
                columns!($k0 $(, $k)*), ") DO ", otherwise!($($c),*)),
            remove: concat!("DELETE FROM ", $name, " USING unnest($", $n0, "::", $t0, "[]" $(, ", $", $n, "::", $t, "[]")*,
                ") AS sought (", columns!($k0 $(, $k)*), ") WHERE ", $name, ".", $k0, " = sought.", $k0
                $(, " AND ", $name, ".", $k, " = sought.", $k)*),
        }
    };
}

macro_rules! columns {
    ($first:literal $(, $other:literal)*) => { concat!($first $(, ", ", $other)*) };
}

macro_rules! range {
    ($n0:literal $m0:literal $k0:literal $(, $n:literal $m:literal $k:literal)*) => {
        concat!("(", columns!($k0 $(, $k)*), ") > ($", $n0 $(, ", $", $n)*, ") AND (", columns!($k0 $(, $k)*),
            ") <= ($", $m0 $(, ", $", $m)*, ")")
    };
}

macro_rules! otherwise {
    () => { "NOTHING" };
    ($first:literal $(, $other:literal)*) => {
        concat!("UPDATE SET ", $first, " = excluded.", $first $(, ", ", $other, " = excluded.", $other)*)
    };
}

macro_rules! file {
    (@placed keyed) => {
        false
    };
    (@placed placed) => {
        true
    };
    (@page keyed, $name:literal, $columns:expr, $keys:expr, $after:expr, $upto:expr) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM ",
            $name,
            " WHERE (",
            $keys,
            ") > (",
            $after,
            ") AND (",
            $keys,
            ") <= (",
            $upto,
            ") ORDER BY ",
            $keys,
            " LIMIT ",
            page!()
        )
    };
    (@page placed, $name:literal, $columns:expr, $keys:expr, $after:expr, $upto:expr) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM ",
            $name,
            " WHERE at > ?1 AND at <= ?2 ORDER BY at LIMIT ",
            page!()
        )
    };
    (@row keyed, $name:literal, $columns:expr, $where:expr) => {
        concat!("SELECT ", $columns, " FROM ", $name, " WHERE ", $where)
    };
    (@row placed, $name:literal, $columns:expr, $where:expr) => {
        concat!("SELECT ", $columns, " FROM ", $name, " WHERE at = ?1")
    };
}

// Of these rows come and go by the position: what is behind a position never changes.
pub(in crate::store) const ENTRY: &Table = &table!("entry", placed, key [1 3 "lane" "integer", 2 4 "pos" "bigint"],
    rest [3 "source" "bigint", 4 "prev" "bigint", 5 "logs" "bytea", 6 "record" "bytea", 7 "event" "bytea"]);
pub(in crate::store) const LOG_RUN: &Table = &table!("log_run", keyed,
    key [1 4 "lane" "integer", 2 5 "party" "bigint", 3 6 "seq" "bigint"],
    rest [4 "lines" "bigint", 5 "pos" "bigint", 6 "steps" "bytea"]);
pub(in crate::store) const SEAL: &Table = &table!("seal", keyed, key [1 3 "lane" "integer", 2 4 "size" "bigint"],
    rest [3 "committed_at" "bigint", 4 "root" "bytea", 5 "key_id" "bigint", 6 "signature" "bytea"]);

/// The tables of a journal that are copied along their keys; of what changes meanwhile the writer notes the keys.
pub(in crate::store) const NOTED: &[Table] = &[
    table!("event_key", keyed, key [1 4 "lane" "integer", 2 5 "cid" "bytea", 3 6 "source" "bigint"], rest [4 "pos" "bigint"]),
    table!("personal", placed, key [1 3 "lane" "integer", 2 4 "pos" "bigint"],
        rest [3 "erased" "bigint", 4 "key_id" "bigint", 5 "salt" "bytea", 6 "body" "bytea"]),
    table!("leg", placed, key [1 3 "lane" "integer", 2 4 "leg" "bigint"], rest [3 "body" "bytea"]),
    table!("dossier", placed, key [1 3 "lane" "integer", 2 4 "dossier" "bigint"], rest [3 "body" "bytea"]),
    table!("concern", keyed,
        key [1 5 "lane" "integer", 2 6 "party" "bigint", 3 7 "kind" "bigint", 4 8 "ref" "bigint"], rest []),
    table!("tag", keyed,
        key [1 8 "lane" "integer", 2 9 "code" "bytea", 3 10 "at_pos" "bigint", 4 11 "ref_kind" "bigint", 5 12 "ref" "bigint",
            6 13 "by_lane" "integer", 7 14 "by_pos" "bigint"], rest []),
    table!("waiting", keyed, key [1 4 "lane" "integer", 2 5 "code" "bytea", 3 6 "pos" "bigint"], rest []),
    table!("pin", keyed, key [1 3 "lane" "integer", 2 4 "pos" "bigint"],
        rest [3 "target_lane" "integer", 4 "target_pos" "bigint"]),
    table!("device", keyed, key [1 3 "lane" "integer", 2 4 "source" "bigint"], rest [3 "body" "bytea"]),
    table!("follower", keyed, key [1 3 "lane" "integer", 2 4 "name" "bytea"], rest [3 "pos" "bigint"]),
    table!("consumer", keyed, key [1 4 "lane" "integer", 2 5 "party" "bigint", 3 6 "name" "bytea"], rest [4 "body" "bytea"]),
    table!("document", placed, key [1 3 "lane" "integer", 2 4 "document" "bigint"], rest [3 "body" "bytea"]),
];

pub(in crate::store) const EVENT_KEY: u8 = 0;
pub(in crate::store) const PERSONAL: u8 = 1;
pub(in crate::store) const LEG: u8 = 2;
pub(in crate::store) const DOSSIER: u8 = 3;
pub(in crate::store) const CONCERN: u8 = 4;
pub(in crate::store) const TAG: u8 = 5;
pub(in crate::store) const WAITING: u8 = 6;
pub(in crate::store) const PIN: u8 = 7;
pub(in crate::store) const DEVICE: u8 = 8;
pub(in crate::store) const FOLLOWER: u8 = 9;
pub(in crate::store) const CONSUMER: u8 = 10;
pub(in crate::store) const DOCUMENT: u8 = 11;

/// The directory: compared whole whenever its version has grown.
pub(in crate::store) const DIRECTORY: &[Table] = &[
    table!("source", keyed, key [1 2 "id" "bigint"],
        rest [2 "name" "bytea", 3 "lane" "integer", 4 "party" "bytea", 5 "agency" "bytea", 6 "office" "bytea", 7 "holder" "bytea",
            8 "retired_at" "bigint", 9 "successor" "bytea"]),
    table!("party", keyed, key [1 2 "id" "bigint"],
        rest [2 "name" "bytea", 3 "lane" "integer", 4 "kind" "bigint", 5 "title" "bytea", 6 "parent" "bytea",
            7 "valid_from" "bigint", 8 "valid_to" "bigint", 9 "level" "bigint", 10 "successor" "bytea", 11 "decision" "bytea"]),
    table!("alias", keyed, key [1 3 "code" "bytea", 2 4 "valid_from" "bigint"], rest [3 "agency" "bytea", 4 "valid_to" "bigint"]),
    table!("office", keyed, key [1 3 "carrier" "bytea", 2 4 "code" "bytea"], rest [3 "title" "bytea", 4 "province" "bytea"]),
    table!("procedure_version", keyed, key [1 3 "name" "bytea", 2 4 "valid_from" "bigint"],
        rest [3 "valid_to" "bigint", 4 "action" "bigint", 5 "decision" "bytea", 6 "title" "bytea", 7 "level" "bytea",
            8 "pickup" "bigint", 9 "returned" "bigint", 10 "days" "bigint"]),
    table!("person", keyed, key [1 3 "party" "bytea", 2 4 "number" "bytea"], rest []),
    table!("appointment", keyed,
        key [1 6 "party" "bytea", 2 7 "person" "bytea", 3 8 "role" "bigint", 4 9 "place" "bytea", 5 10 "valid_from" "bigint"],
        rest [6 "valid_to" "bigint", 7 "acts_for" "bytea", 8 "decision" "bytea", 9 "substitute" "bytea"]),
    table!("calendar_day", keyed, key [1 2 "day" "bigint"], rest [2 "works" "bigint", 3 "title" "bytea"]),
];

/// Few rows that are changed from other processes: compared whole each time.
pub(in crate::store) const FEW: &[Table] = &[
    table!("api_key", keyed, key [1 2 "id" "bytea"],
        rest [2 "secret_sha256" "bytea", 3 "party" "bytea", 4 "role" "bytea", 5 "name" "bytea", 6 "person" "bytea",
            7 "sources" "bytea", 8 "created_at" "bigint", 9 "revoked_at" "bigint"]),
    table!("signing_key", keyed, key [1 2 "key_id" "bigint"], rest [2 "public_key" "bytea"]),
    table!("epoch", keyed, key [1 3 "lane" "integer", 2 4 "epoch" "bytea"], rest [3 "upto" "bigint"]),
];

/// Written last, as the store then is.
pub(in crate::store) const LANE: &Table = &table!("lane", keyed, key [1 2 "lane" "integer"],
    rest [2 "epoch" "bytea", 3 "pos" "bigint", 4 "version" "bigint", 5 "sealed_at" "bigint", 6 "frontier" "bytea", 7 "told" "bigint"]);

/// Tables whose rows are not the store's own: which schema this is, what it is, and what was noted for the copy.
#[cfg(test)]
pub(in crate::store) const OWN: &[&str] = &["migration", "meta", "touched"];

/// All tables that are copied row by row.
#[cfg(test)]
pub(in crate::store) fn all() -> Vec<&'static Table> {
    [ENTRY, LOG_RUN, SEAL, LANE].into_iter().chain(NOTED).chain(DIRECTORY).chain(FEW).collect()
}
