//! Owns: the judgement over a history: rules by name, each a pure function that tells what breaks it.
//! Never: asks a gateway or a database, waits, or fixes anything.

mod acks;
mod book;
mod feeds;

use crate::history::History;

/// A rule and its name.
pub type Rule = (&'static str, fn(&History) -> Result<(), String>);

/// Every rule.
pub const RULES: &[Rule] = &[
    ("acknowledged is stored", acks::acknowledged_is_stored),
    ("a retry gets the same bytes", acks::a_retry_gets_the_same_bytes),
    ("one key is one position", acks::one_key_is_one_position),
    ("outboxes are empty", acks::outboxes_are_empty),
    ("nothing is stored that nobody sent", acks::nothing_is_stored_that_nobody_sent),
    ("devices have no gaps", acks::devices_have_no_gaps),
    ("no number before the one below it", feeds::no_number_before_the_one_below_it),
    ("no number twice", feeds::no_number_twice),
    ("no number is missed", feeds::no_number_is_missed),
    ("what is seen again is the same", feeds::what_is_seen_again_is_the_same),
    ("readers go on where they were", feeds::readers_go_on_where_they_were),
    ("readers see the log", feeds::readers_see_the_log),
    ("committed_at never decreases", feeds::committed_at_never_decreases),
    ("digests are of what readers hold", feeds::digests_are_of_what_readers_hold),
    ("positions are dense", |history| history.book.positions_are_dense()),
    ("times never go back", |history| history.book.times_never_go_back()),
    ("seals are of the records before them", |history| history.book.every_seal_is_of_the_records_before_it()),
    ("logs list what concerns their party", |history| history.book.logs_list_what_concerns_their_party()),
    ("digests are of what is kept", |history| history.book.every_digest_is_of_what_is_kept()),
    ("every key stands once", |history| history.book.every_key_stands_once()),
    ("custody is conserved", |history| history.book.custody_is_conserved()),
    ("nothing waits that could be placed", book::nothing_waits_that_could_be_placed),
    ("each waiting event is placed once", book::each_waiting_event_is_placed_once),
    ("a bag's scan is on its contents", book::a_bags_scan_is_on_its_contents),
    ("nobody is surprised", book::nobody_is_surprised),
];

/// The rules that a history breaks, with what breaks each.
pub fn broken(history: &History) -> Vec<(&'static str, String)> {
    RULES.iter().filter_map(|(name, rule)| Some((*name, rule(history).err()?))).collect()
}

/// The rule of a name.
pub fn rule(name: &str) -> fn(&History) -> Result<(), String> {
    RULES.iter().find(|(known, _)| *known == name).expect("a rule").1
}
