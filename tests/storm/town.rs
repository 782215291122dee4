//! What there is to do: envelopes whose scans come from several hands in no good order, codes that are scanned before
//! anybody orders or registers them, bags.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use bytes::Bytes;
use trao::doors::wire::v1;
use v1::EventType as Type;

use crate::support::codes;
use crate::support::partner::{attested, code, event, slip};
use crate::support::seed::Seed;

/// The agency that decides, its counter, its sibling.
pub const DEPARTMENT: &str = "agencies/H99.14";
pub const CENTRE: &str = "agencies/H99.01";
pub const SIBLING: &str = "agencies/H99.17";
/// The carriers.
pub const POST: &str = "carriers/p";
pub const OTHER_POST: &str = "carriers/q";
const PROCEDURE: &str = "procedures/1.004194";
/// Labels have four digits for it.
const BAGS: u64 = 10_000;
/// Of what waits, how far from the front somebody takes: nobody works in the order in which it was thought of.
const DISORDER: u64 = 24;

/// Whose work it is: the devices of a party, or the department's office system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hand {
    Post,
    OtherPost,
    Centre,
    Office,
}

/// One thing to say.
#[derive(Clone, Debug)]
pub enum Task {
    /// A scan.
    Scan(Box<Scan>),
    /// An order.
    Order(Box<v1::OrderLegRequest>),
    /// A registration.
    Register(Box<v1::RegisterDossierRequest>),
}

/// A scan, and its part in a bag.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    /// What it says.
    pub event: v1::Event,
    /// What concerns persons.
    pub personal: Bytes,
    /// The bag that it closes or fills.
    pub bag: Option<u64>,
    /// What is to be done once it is acknowledged.
    pub then: Option<(Hand, Box<Task>)>,
}

#[derive(Debug)]
struct Inside {
    seed: Seed,
    queues: BTreeMap<Hand, VecDeque<Task>>,
    /// What was begun and is not acknowledged: more may follow from it.
    begun: u64,
    envelopes: u64,
    bags: u64,
}

/// All of it.
#[derive(Debug)]
pub struct Town(Mutex<Inside>);

impl Town {
    /// A town in which nothing has happened yet.
    pub fn new(seed: Seed) -> Town {
        Town(Mutex::new(Inside { seed, queues: BTreeMap::new(), begun: 0, envelopes: 0, bags: 0 }))
    }

    /// Something for these hands; nothing when there is none.
    pub fn take(&self, hand: Hand) -> Option<Task> {
        let mut inside = self.0.lock().expect("the town");
        let length = inside.queues.get(&hand).map_or(0, VecDeque::len) as u64;
        let at = inside.seed.below(length.clamp(1, DISORDER)) as usize;
        inside.queues.get_mut(&hand)?.remove(at)
    }

    /// Something for these hands; where there is none, of a new envelope.
    pub fn take_or_make(&self, hand: Hand) -> Option<Task> {
        if matches!(hand, Hand::Post | Hand::OtherPost) {
            let mut inside = self.0.lock().expect("the town");
            if inside.queues.get(&hand).is_none_or(|queue| queue.len() < DISORDER as usize / 2) {
                inside.envelope(hand);
            }
        }
        self.take(hand)
    }

    /// Something more to do.
    pub fn put(&self, hand: Hand, task: Task) {
        self.0.lock().expect("the town").queue(hand, task);
    }

    /// Something was acknowledged, and what follows from it is put.
    pub fn finished(&self) {
        self.0.lock().expect("the town").begun -= 1;
    }

    /// Whether nothing is left to do for anybody.
    pub fn is_done(&self) -> bool {
        self.0.lock().expect("the town").begun == 0
    }
}

impl Inside {
    fn envelope(&mut self, hand: Hand) {
        self.envelopes += 1;
        let (number, item) = (self.envelopes, codes::item(self.envelopes));
        if hand == Hand::OtherPost {
            let picked = v1::Event { agency: SIBLING.to_owned(), ..event(Type::PickedUp, &item) };
            self.scans(hand, vec![(picked, true), (event(Type::OfficeIn, &item), false)]);
            return;
        }
        // The tie writes two commits for each placing: more of it would wait longer than the storm lasts.
        match self.seed.below(40) {
            0 => self.picked_up(&item),
            1 => self.ordered_late(number, &item),
            2 => self.registered_late(number, &item),
            3 => self.sent_out(number, &item),
            4 if self.bags + 1 < BAGS => self.bagged(),
            _ => self.in_order(&item),
        }
    }

    /// As it should be: each is scanned when the scan before it is known.
    fn in_order(&mut self, item: &str) {
        let picked = v1::Event {
            agency: DEPARTMENT.to_owned(),
            counter: CENTRE.to_owned(),
            ..event(Type::PickedUp, item)
        };
        let scan = |kind: Type, hand, then: Scan| Scan {
            then: Some((hand, Box::new(Task::Scan(Box::new(then))))),
            ..Scan { event: event(kind, item), ..Scan::default() }
        };
        let accepted = Scan { event: event(Type::Accepted, item), ..Scan::default() };
        let offered = scan(Type::Offered, Hand::Centre, accepted);
        let dispatched = scan(Type::Dispatched, Hand::Post, offered);
        let office = scan(Type::OfficeIn, Hand::Post, dispatched);
        let first = Scan { event: picked, personal: attested(), ..scan(Type::PickedUp, Hand::Post, office) };
        self.queue(Hand::Post, Task::Scan(Box::new(first)));
    }

    /// The pick-up opens the leg; whatever comes before it waits.
    fn picked_up(&mut self, item: &str) {
        let picked = v1::Event {
            agency: DEPARTMENT.to_owned(),
            counter: CENTRE.to_owned(),
            ..event(Type::PickedUp, item)
        };
        let mut scans = vec![(picked, true)];
        scans
            .extend([Type::OfficeIn, Type::Dispatched, Type::Offered].map(|kind| (event(kind, item), false)));
        self.scans(Hand::Post, scans);
        self.scans(Hand::Centre, vec![(event(Type::Accepted, item), false)]);
    }

    /// Scanned by everybody, and only then ordered.
    fn ordered_late(&mut self, number: u64, item: &str) {
        let scans = [Type::OfficeIn, Type::Dispatched, Type::Offered].map(|kind| (event(kind, item), false));
        self.scans(Hand::Post, scans.into());
        self.scans(Hand::Centre, vec![(event(Type::Accepted, item), false)]);
        self.order(number, item, v1::LegKind::Inbound);
    }

    /// Scanned by a dossier's code that nobody knows until the dossier is registered, after its pick-up.
    fn registered_late(&mut self, number: u64, item: &str) {
        let (dossier, slip_number) = (codes::dossier(number), format!("{:06}", number % 1_000_000));
        let picked = v1::Event {
            agency: DEPARTMENT.to_owned(),
            counter: CENTRE.to_owned(),
            also: vec![slip(&slip_number)],
            ..event(Type::PickedUp, item)
        };
        let registration = v1::RegisterDossierRequest {
            request_id: format!("register-{number}"),
            agency: DEPARTMENT.to_owned(),
            code: code(&dossier),
            procedure: PROCEDURE.to_owned(),
            slip: slip_number,
            ..v1::RegisterDossierRequest::default()
        };
        let then = Some((Hand::Office, Box::new(Task::Register(Box::new(registration)))));
        let picked = Scan { event: picked, personal: attested(), bag: None, then };
        self.scans(Hand::Post, vec![(event(Type::OfficeIn, &dossier), false)]);
        self.queue(Hand::Post, Task::Scan(Box::new(picked)));
    }

    /// A result on its way to a citizen.
    fn sent_out(&mut self, number: u64, item: &str) {
        self.order(number, item, v1::LegKind::Outbound);
        let scans = [(Type::PickedUp, false), (Type::OutForDelivery, false), (Type::Delivered, true)];
        self.scans(Hand::Post, scans.iter().map(|(kind, attest)| (event(*kind, item), *attest)).collect());
    }

    /// Three envelopes in a bag, of which only the bag is scanned further on.
    fn bagged(&mut self) {
        self.bags += 1;
        let (bag, label) = (self.bags, codes::bag(self.bags));
        for _ in 0..3 {
            self.envelopes += 1;
            let item = codes::item(self.envelopes);
            let mut put = v1::Event { receptacle: code(&label), ..event(Type::Bagged, &item) };
            put.occurred_at.as_mut().expect("a time").seconds -= 60;
            let put = Scan { event: put, bag: Some(bag), ..Scan::default() };
            self.queue(Hand::Post, Task::Scan(Box::new(put)));
            self.order(self.envelopes, &item, v1::LegKind::Inbound);
        }
        let scan = Scan { event: event(Type::Dispatched, &label), bag: Some(bag), ..Scan::default() };
        self.queue(Hand::Post, Task::Scan(Box::new(scan)));
    }

    fn order(&mut self, number: u64, item: &str, kind: v1::LegKind) {
        let order = v1::OrderLegRequest {
            request_id: format!("order-{number}"),
            agency: DEPARTMENT.to_owned(),
            counter: CENTRE.to_owned(),
            carrier: POST.to_owned(),
            kind: kind.into(),
            procedure: PROCEDURE.to_owned(),
            item: code(item),
            ..v1::OrderLegRequest::default()
        };
        self.queue(Hand::Office, Task::Order(Box::new(order)));
    }

    fn scans(&mut self, hand: Hand, scans: Vec<(v1::Event, bool)>) {
        for (event, attest) in scans {
            let personal = if attest { attested() } else { Bytes::new() };
            self.queue(hand, Task::Scan(Box::new(Scan { event, personal, ..Scan::default() })));
        }
    }

    fn queue(&mut self, hand: Hand, task: Task) {
        self.begun += 1;
        self.queues.entry(hand).or_default().push_back(task);
    }
}
