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

/// A device. What it scans next is drawn at random, so that neighbours in time are strangers in the store: the worst
/// case for its pages.
pub struct Walker {
    device: String,
    /// Which of all walkers: no two scan the same envelope.
    number: u64,
    of: u64,
    random: u64,
    picked_up: u64,
    scans: u64,
    /// Envelopes on their way, and how far each has come.
    open: Vec<(String, usize)>,
    open_max: usize,
}

impl Walker {
    /// The device of a number, with room for so many open envelopes.
    pub fn new(town: &Town, number: usize, open_max: usize) -> Walker {
        Walker {
            device: town::device(number),
            number: number as u64,
            of: town.devices as u64,
            // Any odd constant spreads the numbers; the run is the same each time.
            random: (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15),
            picked_up: 0,
            scans: 0,
            open: Vec::new(),
            open_max,
        }
    }

    /// Its device.
    pub fn device(&self) -> &str {
        &self.device
    }

    /// The scan of a new envelope while there is room, of one on its way otherwise.
    pub fn opening(&mut self) -> v1::Capture {
        match self.open.len() < self.open_max {
            true => self.pick_up(),
            false => self.next_scan(),
        }
    }

    /// The next scan: one of six is a new envelope, as in a day's work.
    pub fn next_scan(&mut self) -> v1::Capture {
        let room = self.open.len() < self.open_max;
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

    /// The envelopes it has on their way.
    pub fn items(&self) -> impl Iterator<Item = String> {
        self.open.iter().map(|(item, _)| item.clone())
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
