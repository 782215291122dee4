//! Owns: following what was committed: a party's log as pages and streams, the places kept in it for named consumers, and
//! the tie, which places what had to wait.
//! Never: numbers, judges or writes; what is to be written goes through the journal's handle. A wake-up is a hint,
//! reading the store is the truth.

mod consumers;
pub mod cursor;
mod desk_reader;
mod digest;
mod echo;
mod epochs;
mod feed;
mod follow;
mod places;
mod readers;
#[cfg(test)]
mod tests;
mod tie;

pub use crate::store::{Listed, Stored};
pub use consumers::{Consumers, Creation, Standing, Start, named};
pub use digest::{Digested, Stretch};
pub use echo::echo;
pub use feed::{Feeds, Log, Options, Page};
pub use follow::{Follower, Following, Sent};
pub use places::{Place, Places};
pub use tie::{Error, Meaning, Seen, Tie};
