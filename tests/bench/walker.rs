//! A device and the envelopes it scans on their ways.

use prost::Message;
use trao::doors::wire::v1;

use super::town::{self, Town};

/// The way of an envelope: picked up at the door, carried, offered at the counter.
const WAY: [v1::EventType; 6] = [
    v1::EventType::PickedUp,
    v1::EventType::OfficeIn,
    v1::EventType::Dispatched,
    v1::EventType::Arrived,
    v1::EventType::OutForDelivery,
    v1::EventType::Offered,
];

/// In which order a device scans its envelopes.
#[derive(Clone, Copy, Debug)]
pub enum Order {
    /// As a post works: a tray of so many is picked up, one after the other, and scanned whole, in order, at each step of
    /// the way; then comes the next tray.
    Trays(usize),
    /// At random among so many that are on their way: neighbours in time are strangers in the store, the worst case for
    /// its pages.
    Scattered(usize),
}

/// A device and what it scans. One of six scans is of a new envelope.
pub struct Walker {
    device: String,
    /// Which of all walkers: no two scan the same envelope.
    number: u64,
    of: u64,
    random: u64,
    picked_up: u64,
    scans: u64,
    order: Order,
    /// Scans that come before all measuring.
    ahead: u64,
    /// Envelopes on their way, and how far each has come.
    open: Vec<(String, usize)>,
    /// Of the tray, the envelope that comes next.
    place: usize,
}

/// Devices from a number on, each somewhere else on its way, so that the mix of events is the same from the first second.
pub fn crew(town: &Town, first: usize, count: usize, order: Order) -> Vec<Walker> {
    let walker = |index: usize| {
        let number = first + index;
        let ahead = match order {
            Order::Trays(size) => index * size * WAY.len() / count,
            Order::Scattered(size) => size * WAY.len() / 2,
        };
        Walker {
            device: town::device(number),
            number: number as u64,
            of: town.devices as u64,
            // Any odd constant spreads the numbers; the run is the same each time.
            random: (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15),
            picked_up: 0,
            scans: 0,
            order,
            ahead: ahead as u64,
            open: Vec::new(),
            place: 0,
        }
    };
    (0..count).map(walker).collect()
}

impl Walker {
    /// Its device.
    pub fn device(&self) -> &str {
        &self.device
    }

    /// A scan that comes before all measuring, until there is none.
    pub fn opening(&mut self) -> Option<v1::Capture> {
        if self.scans >= self.ahead {
            return None;
        }
        Some(match self.order {
            Order::Scattered(size) if self.open.len() < size => self.pick_up(),
            _ => self.next_scan(),
        })
    }

    /// As if what comes before all measuring had been scanned somewhere: for a server that keeps nothing.
    pub fn skip_opening(&mut self) {
        while self.opening().is_some() {}
    }

    /// The next scan.
    pub fn next_scan(&mut self) -> v1::Capture {
        match self.order {
            Order::Trays(size) => self.of_tray(size),
            Order::Scattered(size) => self.scattered(size),
        }
    }

    /// The envelopes it has on their way.
    pub fn items(&self) -> impl Iterator<Item = String> {
        self.open.iter().map(|(item, _)| item.clone())
    }

    fn of_tray(&mut self, size: usize) -> v1::Capture {
        if self.place == 0 && self.open.first().is_some_and(|(_, steps)| *steps == WAY.len()) {
            self.open.clear();
        }
        let place = self.place;
        self.place = (place + 1) % size;
        let Some((item, steps)) = self.open.get_mut(place) else { return self.pick_up() };
        let (item, kind) = (item.clone(), WAY[*steps]);
        *steps += 1;
        self.scan(kind, item)
    }

    fn scattered(&mut self, size: usize) -> v1::Capture {
        let room = self.open.len() < size;
        if self.open.is_empty() || (room && self.draw(WAY.len()) == 0) {
            return self.pick_up();
        }
        let index = self.draw(self.open.len());
        let (item, steps) = &mut self.open[index];
        let (item, kind) = (item.clone(), WAY[*steps]);
        *steps += 1;
        if *steps == WAY.len() {
            self.open.swap_remove(index);
        }
        self.scan(kind, item)
    }

    fn pick_up(&mut self) -> v1::Capture {
        let item = town::item(self.number + self.picked_up * self.of);
        self.picked_up += 1;
        self.open.push((item.clone(), 1));
        self.scan(v1::EventType::PickedUp, item)
    }

    fn scan(&mut self, kind: v1::EventType, item: String) -> v1::Capture {
        self.scans += 1;
        let agency = match kind {
            v1::EventType::PickedUp => town::agency(self.draw(town::AGENCIES)),
            _ => String::new(),
        };
        let event = v1::Event {
            r#type: kind.into(),
            code: Some(v1::Code { kind: v1::CodeKind::Item.into(), value: item, agency: String::new() }),
            occurred_at: Some(town::now()),
            zone_offset_s: 25_200,
            device_seq: self.scans,
            agency,
            office: town::OFFICE.to_owned(),
            actor: "118".to_owned(),
            procedure: if kind == v1::EventType::PickedUp {
                town::PROCEDURE.to_owned()
            } else {
                String::new()
            },
            ..v1::Event::default()
        };
        v1::Capture {
            source: self.device.clone(),
            client_event_id: uuid::Uuid::now_v7().to_string(),
            event: event.encode_to_vec().into(),
            send_time: Some(town::now()),
            ..v1::Capture::default()
        }
    }

    fn draw(&mut self, below: usize) -> usize {
        // xorshift64: cheap, and good enough to scatter.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random % below as u64) as usize
    }
}
