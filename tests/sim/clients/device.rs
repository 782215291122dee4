//! A device with an outbox: it captures at its own pace and sends until everything was acknowledged, one by one, in
//! batches, or with a window of lines in flight. What it does not hear of in time it sends again, to any gateway.

use std::collections::BTreeMap;
use std::rc::Rc;

use trao::clock::Clock;
use trao::dossier::event::{Event, EventType};
use trao::dossier::names::{Micros, Position, SourceName};
use trao::dossier::refusal::Reason;

use super::{Calls, Shore};
use crate::clock::{SetClock, Time};
use crate::message::{Ask, Reply};
use crate::random::Random;
use crate::town::{self, Fact, Sending};

/// How many lines a device sends how.
#[derive(Clone, Copy, Debug)]
enum Manner {
    /// So many calls of a line each at once.
    Window(usize),
    /// One call of so many lines.
    Batch(usize),
}

/// A line in the outbox, or out of it.
struct Kept {
    fact: Rc<Fact>,
    acked: Option<Position>,
}

/// A call under way.
struct Flight {
    lines: Vec<usize>,
    until: u64,
}

/// A device.
pub struct Device {
    source: SourceName,
    clock: SetClock,
    random: Random,
    manner: Manner,
    items: u64,
    left: u64,
    kept: Vec<Kept>,
    flights: BTreeMap<u64, Flight>,
}

impl Device {
    pub fn new(number: usize, lines: u64, items: u64, time: &Time, mut random: Random) -> Device {
        let manner = match random.below(3) {
            0 => Manner::Window(1),
            1 => Manner::Window(random.between(2, 6) as usize),
            _ => Manner::Batch(random.between(2, 8) as usize),
        };
        let clock = super::clock(time, &mut random);
        let source = town::source(number);
        let (kept, flights) = (Vec::new(), BTreeMap::new());
        Device { source, clock, random, manner, items, left: lines, kept, flights }
    }

    /// Who it is.
    pub fn source(&self) -> &SourceName {
        &self.source
    }

    /// Everything it captured.
    pub fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.kept.iter().map(|kept| &*kept.fact)
    }

    fn capture(&mut self, shore: &mut Shore<'_>) {
        let Some(number) = self.left.checked_sub(1) else { return };
        self.left = number;
        let seq = self.kept.len() as u64 + 1;
        let ago = if self.random.chance(3_000) { self.random.below(7_200) } else { 0 };
        let occurred_at = self.clock.now().plus(-(ago.cast_signed()) * Micros::SECOND);
        let mut event = self.event(shore, occurred_at);
        event.device_seq = Some(seq);
        let id = if self.random.chance(5_000) {
            format!("{}-{seq}", shore.me)
        } else {
            // As devices make them: UUIDv7, kept as their bytes.
            let random = (self.random.next() & 0xffff_ffff_ffff) + (seq << 48);
            uuid::Builder::from_unix_timestamp_millis(1_800_000_000_000 + seq, &random_bytes(random))
                .into_uuid()
                .to_string()
        };
        let personal = self.random.chance(2_500).then(|| format!("Nguyễn Văn {seq}"));
        let fact = Fact { source: self.source.clone(), id, event, personal };
        shore.log.say(format_args!("client {} captures {} {}", shore.me, fact.id, fact.event.kind.text()));
        self.kept.push(Kept { fact: Rc::new(fact), acked: None });
    }

    /// Something that may happen to one of a few envelopes, whether or not it fits.
    fn event(&mut self, shore: &Shore<'_>, occurred_at: Micros) -> Event {
        let random = &mut self.random;
        let kinds: &[EventType] = if town::party_of(&self.source).is_agency() {
            &[EventType::Accepted, EventType::Offered, EventType::NotAccepted, EventType::Accepted]
        } else {
            &[
                EventType::PickedUp,
                EventType::PickedUp,
                EventType::OfficeIn,
                EventType::Bagged,
                EventType::Dispatched,
                EventType::Arrived,
                EventType::Offered,
                EventType::Accepted,
                EventType::OutForDelivery,
                EventType::AttemptFailed,
                EventType::Delivered,
                EventType::Collected,
                EventType::ReturnStarted,
                EventType::Lost,
                EventType::Found,
                EventType::Relabelled,
            ]
        };
        let kind = random.pick(kinds).copied().unwrap_or(EventType::OfficeIn);
        let mut event = town::event(kind, occurred_at);
        let number = random.below(self.items);
        event.code = Some(town::item(number));
        match kind {
            EventType::PickedUp => {
                event.agency = random.chance(8_500).then(|| town::party(town::OWNER));
                event.counter = random.chance(5_000).then(|| town::party(town::COUNTER));
                event.also.extend(random.chance(3_000).then(|| town::slip(number)));
                event.leg = random.chance(1_500).then(|| random.pick(shore.legs).copied()).flatten();
            }
            EventType::Bagged => event.receptacle = Some(town::bag(random.below(2))),
            EventType::Dispatched | EventType::Arrived if random.chance(4_000) => {
                event.code = Some(town::bag(random.below(2)));
            }
            EventType::Relabelled => event.also = vec![town::item(self.items + random.below(3))],
            _ if random.chance(800) => event.leg = random.pick(shore.legs).copied(),
            _ if random.chance(700) => event.code = Some(town::dossier_code(random.below(4))),
            // Two slips in one envelope, or a bag that came back.
            _ if random.chance(800) => event.also = vec![town::slip(random.below(self.items))],
            _ if random.chance(200) => event.code = Some(town::bag(random.below(2))),
            _ => {}
        }
        let mine: Vec<Position> = self.kept.iter().filter_map(|kept| kept.acked).collect();
        if random.chance(900)
            && let Some(target) = random.pick(&mine)
        {
            event.corrects = Some(*target);
            if random.chance(6_000) {
                event.kind = EventType::Voided;
                event.code = random.chance(5_000).then(|| town::item(number));
            }
        }
        event
    }

    /// Sends what is neither acknowledged nor under way.
    fn send(&mut self, shore: &mut Shore<'_>) {
        let late: Vec<u64> = self
            .flights
            .iter()
            .filter(|(_, flight)| flight.until <= shore.now)
            .map(|(call, _)| *call)
            .collect();
        for call in late {
            self.flights.remove(&call);
            if self.random.chance(5_000) {
                shore.hang_up(call);
            }
        }
        let under_way = |line: &usize| self.flights.values().any(|flight| flight.lines.contains(line));
        let waits: Vec<usize> = (0..self.kept.len())
            .filter(|line| self.kept[*line].acked.is_none() && !under_way(line))
            .collect();
        match self.manner {
            Manner::Window(size) => {
                let room = size.saturating_sub(self.flights.len());
                for line in waits.into_iter().take(room) {
                    self.launch(shore, vec![line]);
                }
            }
            Manner::Batch(size) => {
                let lines: Vec<usize> = waits.into_iter().take(size).collect();
                if !lines.is_empty() && self.flights.is_empty() {
                    self.launch(shore, lines);
                }
            }
        }
    }

    fn launch(&mut self, shore: &mut Shore<'_>, lines: Vec<usize>) {
        let send_time = self.clock.now();
        let sending = |line: &usize| Sending { fact: Rc::clone(&self.kept[*line].fact), send_time };
        let facts: Vec<Sending> = lines.iter().map(sending).collect();
        let ids: Vec<&str> = facts.iter().map(|sent| sent.fact.id.as_str()).collect();
        let what = format!("facts {ids:?}");
        let call = shore.call(&mut self.random, &what, Ask::Facts(facts));
        let until = shore.now + self.random.between(300, 5_000);
        self.flights.insert(call, Flight { lines, until });
    }

    /// Says again what was acknowledged, as it was or otherwise: the judge knows what must be answered.
    fn probe(&mut self, shore: &mut Shore<'_>) {
        let acked: Vec<usize> =
            (0..self.kept.len()).filter(|line| self.kept[*line].acked.is_some()).collect();
        let Some(line) = self.random.pick(&acked).copied() else { return };
        let mut fact = Fact::clone(&self.kept[line].fact);
        let what = match self.random.below(3) {
            0 => {
                fact.event.zone();
                "other content"
            }
            1 if fact.personal.is_some() => {
                fact.personal = Some("Trần Thị B".to_owned());
                "other personal part"
            }
            _ => "the same",
        };
        let what = format!("again {}, {what}", fact.id);
        let sending = Sending { fact: Rc::new(fact), send_time: self.clock.now() };
        shore.call(&mut self.random, &what, Ask::Facts(vec![sending]));
    }
}

/// Makes an event another one.
trait Zone {
    fn zone(&mut self);
}

impl Zone for Event {
    fn zone(&mut self) {
        self.occurred_at = self.occurred_at.plus(Micros::SECOND);
    }
}

fn random_bytes(number: u64) -> [u8; 10] {
    let mut bytes = [0; 10];
    bytes[2..].copy_from_slice(&number.to_be_bytes());
    bytes
}

impl Calls for Device {
    fn wake(&mut self, shore: &mut Shore<'_>) {
        if shore.calm {
            self.left = 0;
        } else {
            for _ in 0..self.random.below(4) {
                self.capture(shore);
            }
            if self.random.chance(1_500) {
                self.probe(shore);
            }
        }
        self.send(shore);
        let pause = self.random.between(50, 800);
        shore.wake_in(pause);
    }

    fn hear(&mut self, call: u64, reply: Reply, shore: &mut Shore<'_>) -> Result<(), String> {
        let Some(flight) = self.flights.remove(&call) else { return Ok(()) };
        let Reply::Facts(answers) = reply else { return Err("another answer than was asked for".into()) };
        for (line, answer) in flight.lines.iter().zip(answers) {
            match answer {
                Ok(answer) => {
                    self.kept[*line].acked = Some(answer.position);
                    if let Some(leg) = answer.content.as_ref().and_then(|record| record.leg) {
                        shore.legs.push(leg);
                    }
                }
                Err(refusal) => match refusal.reason {
                    Reason::StoreUnavailable | Reason::Overloaded | Reason::ClockSuspect => {}
                    _ => return Err(format!("a fact was refused: {refusal}")),
                },
            }
        }
        self.send(shore);
        Ok(())
    }

    fn rests(&self) -> bool {
        self.left == 0 && self.kept.iter().all(|kept| kept.acked.is_some())
    }

    fn clock(&self) -> Option<&SetClock> {
        Some(&self.clock)
    }

    fn as_device(&self) -> Option<&Device> {
        Some(self)
    }
}
