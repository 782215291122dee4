//! Hints from gateway to gateway that something was committed. A hint may be lost; whoever waits looks by itself as well.

use std::collections::BTreeMap;
use std::fmt::Write;

use sqlx::postgres::{PgListener, PgPool, PgPoolOptions};

use super::database::Database;
use super::link::Link;
use super::rows::{Rows, ask};
use super::sql;
use crate::dossier::names::Lane;
use crate::store::Error;

/// A message is shorter than 8,000 bytes.
const MESSAGE_BYTES: usize = 7_000;
const STEP: &str = "hear of commits";

/// What was committed elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A lane's new head, and the new last number of each log that grew.
    Commit {
        /// The lane.
        lane: Lane,
        /// Its last position.
        head: u64,
        /// Logs by short number.
        logs: BTreeMap<i64, u64>,
    },
    /// Perhaps much: hints were lost, or were too many for a message.
    Perhaps,
}

/// Says what was committed here.
#[derive(Debug)]
pub struct Bell {
    link: Link,
    channel: String,
    /// Which gateway speaks, so that it does not answer to itself.
    gateway: String,
}

/// Hears what was committed elsewhere.
#[derive(Debug)]
pub struct Ear {
    pool: PgPool,
    listener: Option<PgListener>,
    channel: String,
    gateway: String,
}

/// A bell and an ear of one gateway, whose number is random.
pub fn bell(database: &Database, store: &[u8; 16], gateway: u64) -> (Bell, Ear) {
    let channel = format!("trao_{}", hex::encode(store));
    let gateway = format!("{gateway:016x}");
    let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(database.reading());
    let ear = Ear { pool, listener: None, channel: channel.clone(), gateway: gateway.clone() };
    (Bell { link: Link::new(database.clone()), channel, gateway }, ear)
}

impl Bell {
    /// Says it once. What cannot be said is not said again: others look by themselves.
    pub async fn ring(&mut self, lane: Lane, head: u64, logs: &BTreeMap<i64, u64>) -> Result<(), Error> {
        let text = message(&self.gateway, lane, head, logs);
        // CANCEL: a hint is lost.
        self.link.rows("tell of a commit", ask!(sql::RING, &self.channel, text)).await.map(drop)
    }
}

impl Ear {
    /// Waits for the next hint of another gateway.
    pub async fn next(&mut self) -> Result<Told, Error> {
        loop {
            // CANCEL: a hint is lost.
            let Some(listener) = &mut self.listener else {
                let mut listener = PgListener::connect_with(&self.pool).await.map_err(Error::failed(STEP))?;
                listener.listen(&self.channel).await.map_err(Error::failed(STEP))?;
                self.listener = Some(listener);
                return Ok(Told::Perhaps);
            };
            match listener.try_recv().await {
                Ok(Some(heard)) => {
                    if let Some(told) = told(&self.gateway, heard.payload()) {
                        return Ok(told);
                    }
                }
                Ok(None) => return Ok(Told::Perhaps),
                Err(error) => {
                    self.listener = None;
                    return Err(Error::failed(STEP)(error));
                }
            }
        }
    }
}

fn message(gateway: &str, lane: Lane, head: u64, logs: &BTreeMap<i64, u64>) -> String {
    let mut text = format!("{gateway} {} {head}", lane.0);
    for (log, seq) in logs {
        let _never_fails = write!(text, " {log}:{seq}");
        if text.len() > MESSAGE_BYTES {
            return format!("{gateway} *");
        }
    }
    text
}

/// What a message says; `None` for one's own.
fn told(gateway: &str, text: &str) -> Option<Told> {
    let mut words = text.split(' ');
    if words.next() == Some(gateway) {
        return None;
    }
    Some(commit(words).unwrap_or(Told::Perhaps))
}

fn commit<'t>(mut words: impl Iterator<Item = &'t str>) -> Option<Told> {
    let (lane, head) = (Lane(words.next()?.parse().ok()?), words.next()?.parse().ok()?);
    let log = |word: &str| {
        let (log, seq) = word.split_once(':')?;
        Some((log.parse().ok()?, seq.parse().ok()?))
    };
    Some(Told::Commit { lane, head, logs: words.map(log).collect::<Option<_>>()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_are_told_what_was_said_and_nobody_hears_oneself() {
        let logs = BTreeMap::from([(3, 9), (17, 1)]);
        let text = message("me", Lane(2), 40, &logs);
        assert_eq!(told("you", &text), Some(Told::Commit { lane: Lane(2), head: 40, logs }));
        assert_eq!(told("me", &text), None);
    }

    #[test]
    fn more_than_a_message_holds_and_what_nobody_said_means_perhaps_anything() {
        let many: BTreeMap<i64, u64> = (0..5_000).map(|log| (log, u64::MAX)).collect();
        let text = message("me", Lane(0), 1, &many);
        assert!(text.len() < 8_000);
        for text in [text.as_str(), "", "x", "x 1", "x 99999 2", "x 0 1 a:b", "x 0 1 2"] {
            assert_eq!(told("you", text), Some(Told::Perhaps), "{text}");
        }
    }
}
