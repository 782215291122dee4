//! A reader of a party's log: pulls pages or opens streams from a cursor it keeps, loses some of what it read now and
//! then, and keeps every cursor it was ever given, to look back from.

use bytes::Bytes;
use sha2::{Digest, Sha256};
use trao::dossier::names::PartyName;
use trao::dossier::refusal::{Reason, Refusal};

use super::{Calls, Shore};
use crate::message::{Ask, Read, Reply};
use crate::random::Random;
use crate::town;

/// The call under way.
enum Reading {
    Nothing,
    /// A page, until a time.
    Page(u64, u64),
    /// A stream: its call, the next part, and until when one is waited for.
    Stream(u64, u64, u64),
}

/// A reader.
pub struct Reader {
    party: PartyName,
    random: Random,
    streams: bool,
    /// The records it holds, the first number first.
    held: Vec<Bytes>,
    /// Where it goes on: a cursor and the number behind which it stands.
    here: (Option<Vec<u8>>, usize),
    /// Every cursor it was given.
    cursors: Vec<(Vec<u8>, usize)>,
    reading: Reading,
}

impl Reader {
    pub fn new(party: &str, mut random: Random) -> Reader {
        let streams = random.chance(4_000);
        let party = town::party(party);
        let (held, cursors) = (Vec::new(), Vec::new());
        Reader { party, random, streams, held, here: (None, 0), cursors, reading: Reading::Nothing }
    }

    /// Whose log it reads.
    pub fn party(&self) -> &PartyName {
        &self.party
    }

    /// The records it holds.
    pub fn held(&self) -> &[Bytes] {
        &self.held
    }

    /// Every cursor it was given, with the number behind which it stands.
    pub fn cursors(&self) -> &[(Vec<u8>, usize)] {
        &self.cursors
    }

    /// SHA-256 over the SHA-256 of each record it holds.
    pub fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        for record in &self.held {
            digest.update(Sha256::digest(record));
        }
        digest.finalize().into()
    }

    /// Takes what was read behind where it stands.
    fn take(&mut self, read: Read) -> Result<(), String> {
        for (seq, record) in read.events {
            let next = self.held.len() as u64 + 1;
            if seq != next {
                return Err(format!("a reader of {} was given {seq} after {}", self.party, next - 1));
            }
            self.held.push(record);
        }
        if let Some(cursor) = read.cursor {
            self.cursors.push((cursor.clone(), self.held.len()));
            self.here = (Some(cursor), self.held.len());
        }
        Ok(())
    }

    /// Goes back to where its cursor is: what was read beyond is not kept, and what is under way not waited for.
    fn go_back(&mut self, shore: &mut Shore<'_>) {
        self.held.truncate(self.here.1);
        match std::mem::replace(&mut self.reading, Reading::Nothing) {
            Reading::Nothing => {}
            Reading::Page(call, _) | Reading::Stream(call, ..) => shore.hang_up(call),
        }
    }

    fn begin(&mut self, shore: &mut Shore<'_>) {
        let (party, cursor) = (self.party.clone(), self.here.0.clone());
        let what = format!("{} behind {}", self.party, self.here.1);
        if self.streams {
            let call =
                shore.call(&mut self.random, &format!("a stream of {what}"), Ask::Follow { party, cursor });
            self.reading = Reading::Stream(call, 0, shore.now + 15_000);
        } else {
            let size = self.random.between(1, 20) as usize;
            let wait_ms = if self.random.chance(5_000) { 0 } else { self.random.below(4_000) };
            let ask = Ask::Pull { party, cursor, size, wait_ms };
            let call = shore.call(&mut self.random, &format!("a page of {what}"), ask);
            self.reading = Reading::Page(call, shore.now + wait_ms + self.random.between(500, 4_000));
        }
    }

    /// Asks from a cursor of long ago; the judge looks at the answer.
    fn look_back(&mut self, shore: &mut Shore<'_>) {
        let Some((cursor, behind)) = self.random.pick(&self.cursors).cloned() else { return };
        let (party, size) = (self.party.clone(), self.random.between(1, 20) as usize);
        let ask = Ask::Pull { party, cursor: Some(cursor), size, wait_ms: 0 };
        shore.call(&mut self.random, &format!("a page of {} behind {behind} again", self.party), ask);
    }
}

impl Calls for Reader {
    fn wake(&mut self, shore: &mut Shore<'_>) {
        if !shore.calm && self.random.chance(300) {
            // It forgets: it goes on from a cursor of before.
            let held = self.held.len();
            let known: Vec<_> = self.cursors.iter().filter(|(_, behind)| *behind <= held).collect();
            if let Some((cursor, behind)) = self.random.pick(&known).copied().cloned() {
                shore.log.say(format_args!("client {} goes back to {behind}", shore.me));
                self.here = (Some(cursor), behind);
                self.go_back(shore);
            }
        }
        match self.reading {
            Reading::Nothing => self.begin(shore),
            Reading::Page(_, until) | Reading::Stream(.., until) if until <= shore.now => {
                self.go_back(shore);
                self.begin(shore);
            }
            _ => {}
        }
        if self.random.chance(1_000) {
            self.look_back(shore);
        }
        let pause = self.random.between(100, 1_500);
        shore.wake_in(pause);
    }

    fn hear(&mut self, call: u64, reply: Reply, shore: &mut Shore<'_>) -> Result<(), String> {
        match (&self.reading, reply) {
            (Reading::Page(of, _), Reply::Page(page)) if *of == call => {
                self.reading = Reading::Nothing;
                match page {
                    Ok(page) => self.take(page),
                    Err(refusal) => passing(&refusal),
                }
            }
            (Reading::Stream(of, next, _), Reply::Part(number, part)) if *of == call => {
                if *next != number {
                    // A part was lost: the connection is.
                    self.go_back(shore);
                    return Ok(());
                }
                self.reading = Reading::Stream(call, number + 1, shore.now + 15_000);
                match part {
                    Some(Ok(read)) => self.take(read),
                    Some(Err(refusal)) => {
                        self.go_back(shore);
                        passing(&refusal)
                    }
                    None => {
                        self.go_back(shore);
                        Ok(())
                    }
                }
            }
            _ => Ok(()),
        }
    }

    fn rests(&self) -> bool {
        true
    }

    fn as_reader(&self) -> Option<&Reader> {
        Some(self)
    }
}

/// Only what passes may be answered to a reader.
fn passing(refusal: &Refusal) -> Result<(), String> {
    match refusal.reason {
        Reason::StoreUnavailable | Reason::Overloaded => Ok(()),
        _ => Err(format!("a reader was refused: {refusal}")),
    }
}
