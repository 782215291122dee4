//! The history: what happens in each month, and what it must come to. Pure: the same plan gives the same lines, in whatever
//! order months are asked for.
//!
//! The published sums are split over months, agencies and offices by chance; that split is invented. Around every journey
//! that counts there is noise that must not change a digit.

use std::collections::BTreeMap;

use trao::doors::wire::v1;
use v1::EventType as Type;

use super::chance::Chance;
use super::figures::Plan;
use super::journey::{DAY, HOUR, Journey, Line, MINUTE, Numbered, Way, begin, said};
use super::support::codes;
use super::town::{self, Town};

/// An order of a leg for a dossier of an earlier month.
#[derive(Clone, Debug)]
pub struct Order {
    /// The dossier's number.
    pub dossier: u64,
    /// What is ordered; the dossier's name is not known yet.
    pub request: v1::OrderLegRequest,
}

/// What happens in a month, in the order in which it is sent.
#[derive(Debug, Default)]
pub struct Month {
    /// Its first second.
    pub begins: i64,
    /// The first second after it.
    pub ends: i64,
    /// What agencies order first.
    pub orders: Vec<Order>,
    /// What the carrier's systems say.
    pub carrier: Vec<Line>,
    /// What the carrier's supervisors take back: they have seen it delivered.
    pub supervisors: Vec<Line>,
    /// What agencies say.
    pub agencies: Vec<Line>,
    /// What phones say at the end of the month, after days without a network.
    pub phones: Vec<Line>,
    /// What agencies register at the end of the month, by the dossiers' numbers.
    pub registrations: Vec<(u64, v1::RegisterDossierRequest)>,
}

/// What reports must come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// Received and returned by month, level, agency and office, as known on the last evening.
    pub rows: [BTreeMap<String, (u64, u64)>; 4],
    /// Legs that are still open.
    pub open: u64,
    /// Deliveries of the last days that are revoked afterwards.
    pub revoked_later: u64,
    /// Papers signed before the last evening and keyed afterwards.
    pub keyed_later: u64,
}

/// The history of a plan.
pub struct History<'a> {
    plan: &'a Plan,
    town: Town<'a>,
    chance: Chance,
    /// First seconds of the months, and the end of the last.
    bounds: Vec<i64>,
    /// The numbers of the first dossier received in each month, and of the first result.
    received: Vec<u64>,
    returned: Vec<u64>,
}

impl<'a> History<'a> {
    pub fn of(plan: &'a Plan) -> History<'a> {
        let mut days = vec![plan.from];
        let mut day = plan.from.first_of_month().checked_add(jiff::Span::new().months(1)).unwrap();
        while day <= plan.to {
            days.push(day);
            day = day.checked_add(jiff::Span::new().months(1)).unwrap();
        }
        days.push(plan.to.tomorrow().unwrap());
        let bounds: Vec<i64> = days.into_iter().map(begin).collect();
        // Invented: more every month, by its length.
        let weights: Vec<u64> = bounds
            .windows(2)
            .enumerate()
            .map(|(at, ends)| (ends[1] - ends[0]) as u64 / 3_600 * (10 + 3 * at as u64))
            .collect();
        let split = |total: u64| {
            let all: u64 = weights.iter().sum();
            let upto = weights.iter().scan(0, |sum, weight| {
                *sum += weight;
                Some(*sum)
            });
            std::iter::once(0).chain(upto.map(|sum| total * sum / all)).collect::<Vec<u64>>()
        };
        History {
            plan,
            town: Town::of(plan),
            chance: Chance::of(plan.seed),
            received: split(plan.received),
            returned: split(plan.returned),
            bounds,
        }
    }

    /// How many months there are. One more follows, in which things become known too late for the figures.
    pub fn months(&self) -> usize {
        self.bounds.len() - 1
    }

    /// The month's name.
    pub fn name(&self, month: usize) -> String {
        let date = jiff::Timestamp::from_second(self.bounds[month] + 7 * HOUR).unwrap();
        date.strftime("%Y-%m").to_string()
    }

    /// What happens in a month.
    pub fn month(&self, month: usize) -> Month {
        let mut told = Month { begins: self.bounds[month], ends: self.bounds[month + 1], ..Month::default() };
        for number in self.received[month]..self.received[month + 1] {
            self.receive(month, number, &mut told);
        }
        for number in self.returned[month]..self.returned[month + 1] {
            self.give_back(month, number, &mut told);
        }
        if let Some(before) = month.checked_sub(1) {
            self.papers(before, &mut told);
            self.second_parts(before, &mut told);
        }
        if month + 1 == self.months() {
            self.left_open(&mut told);
        }
        told.sort();
        told
    }

    /// What becomes known after the last evening, in the month after it.
    pub fn afterwards(&self) -> Month {
        let begins = self.bounds[self.months()];
        let mut told = Month { begins, ends: begins + 20 * DAY, ..Month::default() };
        for number in self.revoked_later() {
            let journey = self.result(self.months() - 1, number);
            let back = v1::Event {
                reason: v1::Reason::NeverLeftHand.into(),
                ..journey.event(Type::DeliveryRevoked)
            };
            told.push(said(town::supervisors(), "later-back", number, begins + 2 * DAY + HOUR, 0, back));
            let again = journey.event(Type::Delivered);
            told.push(said(journey.region(), "later-again", number, begins + 4 * DAY, 0, again));
        }
        for number in 0..self.keyed_later() {
            let journey = self.extra("late", number, self.months() - 1, v1::LegKind::Inbound);
            for line in journey.handed_over("late", begins - 5 * DAY) {
                let line = Line { sent: begins + 7 * DAY + number as i64 * MINUTE, ..line };
                told.push(line);
            }
        }
        told.sort();
        told
    }

    /// What the reports must come to.
    pub fn expected(&self) -> Expected {
        let mut expected = Expected {
            open: self.open(),
            revoked_later: self.revoked_later().end - self.revoked_later().start,
            keyed_later: self.keyed_later(),
            ..Expected::default()
        };
        for month in 0..self.months() {
            for number in self.received[month]..self.received[month + 1] {
                let journey = self.dossier(month, number);
                self.expect(&mut expected, month, &journey, |row| row.0 += 1);
            }
            for number in self.returned[month]..self.returned[month + 1] {
                let journey = self.result(month, number);
                self.expect(&mut expected, month, &journey, |row| row.1 += 1);
            }
        }
        expected
    }

    fn expect(
        &self,
        expected: &mut Expected,
        month: usize,
        journey: &Journey,
        add: impl Fn(&mut (u64, u64)),
    ) {
        let level = self.plan.levels[journey.level].name.to_owned();
        let names = [self.name(month), level, journey.desk.agency.clone(), journey.office.clone()];
        for (rows, name) in expected.rows.iter_mut().zip(names) {
            add(rows.entry(name).or_default());
        }
    }

    /// Deliveries of the last two days that are taken back afterwards.
    fn revoked_later(&self) -> std::ops::Range<u64> {
        let first = self.returned[self.months() - 1];
        first..first + (self.plan.returned / 8_000).max(3)
    }

    fn keyed_later(&self) -> u64 {
        (self.plan.received / 6_000).max(2)
    }

    fn open(&self) -> u64 {
        (self.plan.received / 2_000).max(4)
    }

    /// The journey of a dossier that counts.
    fn dossier(&self, month: usize, number: u64) -> Journey {
        let last = month + 1 == self.months();
        let one_in = |many, what| self.chance.one_in(many, what, number);
        let way = if one_in(97, "refused first") {
            Way::RefusedFirst
        } else if one_in(131, "dossier on paper") && !last {
            Way::OnPaper
        } else {
            Way::Plain
        };
        self.journey(Numbered { what: "dossier", number, item: 2 * number, way }, v1::LegKind::Inbound, month)
    }

    /// The journey of a result that counts.
    fn result(&self, month: usize, number: u64) -> Journey {
        let last = month + 1 == self.months();
        let one_in = |many, what| self.chance.one_in(many, what, number);
        let numbered = Numbered { what: "result", number, item: 1_000_000 + 2 * number, way: Way::Plain };
        if last && self.revoked_later().contains(&number) {
            let mut journey = self.journey(numbered, v1::LegKind::Outbound, month);
            journey.begins = self.bounds[month + 1] - 40 * HOUR + number as i64 % 40 * MINUTE;
            return journey;
        }
        if let Some(of) = self.ordered_for(month, number) {
            let mut journey =
                self.journey(Numbered { way: Way::Ordered, ..numbered }, v1::LegKind::Outbound, month);
            let dossier = self.dossier(month - 1, of);
            (journey.desk, journey.level, journey.of) = (dossier.desk, dossier.level, Some(of));
            journey.procedure = self.town.procedure(journey.level, self.chance, number);
            return journey;
        }
        let way = if one_in(149, "revoked") {
            Way::Revoked
        } else if one_in(17, "second try") {
            Way::SecondTry
        } else if one_in(41, "collected") {
            Way::Collected
        } else if one_in(29, "offline") {
            Way::Offline
        } else if one_in(131, "result on paper") && !last {
            Way::OnPaper
        } else {
            Way::Plain
        };
        self.journey(Numbered { way, ..numbered }, v1::LegKind::Outbound, month)
    }

    /// The dossier of the month before for which a result is ordered: every twentieth result, while there are dossiers.
    fn ordered_for(&self, month: usize, number: u64) -> Option<u64> {
        let before = month.checked_sub(1)?;
        let within = number - self.returned[month];
        let dossier = self.received[before] + within / 20;
        let registered = within.is_multiple_of(20) && dossier < self.received[month];
        // Those keyed from paper are registered a month later.
        (registered && self.dossier(before, dossier).way != Way::OnPaper).then_some(dossier)
    }

    fn extra(&self, what: &'static str, number: u64, month: usize, kind: v1::LegKind) -> Journey {
        let base = match what {
            "late" => 10_000_000,
            "open" => 11_000_000,
            "part" => 20_000_000,
            "supplement" => 30_000_000,
            "sent back" => 40_000_000,
            "second copy" => 50_000_000,
            _ => 60_000_000,
        };
        self.journey(Numbered { what, number, item: base + number, way: Way::Plain }, kind, month)
    }

    fn journey(&self, numbered: Numbered, kind: v1::LegKind, month: usize) -> Journey {
        let Numbered { what, number, item, way } = numbered;
        let chance = |of: &str, bound: u64| self.chance.below(&format!("{what} {of}"), number, bound);
        // Invented: how the sums are split over levels, agencies, offices and minutes.
        let level = match chance("level", 100) {
            0..45 => 0,
            45..85 => 1,
            _ => 2,
        };
        let desk = self.town.desk(level, self.chance, item);
        let (begins, ends) = (self.bounds[month], self.bounds[month + 1]);
        let begins = match way {
            // Within the ten days that a phone may be without a network.
            Way::Offline => ends - DAY - chance("minute", 8 * 24 * 60) as i64 * MINUTE,
            _ => {
                begins + HOUR + chance("minute", ((ends - begins - 5 * DAY) / MINUTE) as u64) as i64 * MINUTE
            }
        };
        Journey {
            number,
            kind,
            way,
            level,
            procedure: self.town.procedure(level, self.chance, item),
            office: self.town.office(chance("office", 1_000) as usize),
            region: chance("region", town::REGIONS as u64) as usize,
            item: codes::item(item),
            slip: format!("{:09}", item),
            of: None,
            old_code: desk.agency == self.town.renamed(),
            desk,
            begins,
        }
    }

    /// A dossier that counts, and what happens around it.
    fn receive(&self, month: usize, number: u64, told: &mut Month) {
        let journey = self.dossier(month, number);
        if journey.way != Way::OnPaper {
            for line in journey.handed_over("in", journey.begins) {
                told.push(line);
            }
            told.registrations.push((number, journey.registration()));
        }
        let chance = |many, what| self.chance.one_in(many, what, number);
        if chance(53, "accepted twice") && journey.way == Way::Plain {
            let twice = journey.event(Type::Accepted);
            let at = journey.begins + 26 * HOUR + 2 * MINUTE;
            told.push(said(town::system_of(&journey.desk.counter), "in-twice", number, at, at, twice));
        }
        if chance(173, "supplement") {
            let further = self.extra("supplement", number, month, v1::LegKind::Supplement);
            further.handed_over("supplement", further.begins).into_iter().for_each(|line| told.push(line));
        }
    }

    /// Papers of the month before, keyed now.
    fn papers(&self, before: usize, told: &mut Month) {
        let keyed = told.begins + 3 * DAY;
        for number in self.received[before]..self.received[before + 1] {
            let journey = self.dossier(before, number);
            if journey.way == Way::OnPaper {
                for line in journey.handed_over("in", journey.begins) {
                    told.push(Line { sent: keyed, ..line });
                }
                told.registrations.push((number, journey.registration()));
            }
        }
        for number in self.returned[before]..self.returned[before + 1] {
            let journey = self.result(before, number);
            if journey.way == Way::OnPaper {
                for line in journey.delivered("out", journey.begins) {
                    told.push(Line { sent: keyed, ..line });
                }
            }
        }
    }

    /// Second parts of dossiers of the month before: ordered, fetched, handed over, and not counted again.
    fn second_parts(&self, before: usize, told: &mut Month) {
        let month = before + 1;
        for number in self.received[before]..self.received[before + 1] {
            let first = self.dossier(before, number);
            if !self.chance.one_in(211, "second part", number) || first.way == Way::OnPaper {
                continue;
            }
            let mut part = self.extra("part", number, month, v1::LegKind::Inbound);
            (part.desk, part.level, part.procedure) = (first.desk, first.level, first.procedure);
            part.old_code = false;
            told.orders.push(Order { dossier: number, request: part.order("part") });
            part.handed_over("part", part.begins).into_iter().for_each(|line| told.push(line));
        }
    }

    /// A result that counts, and what happens around it.
    fn give_back(&self, month: usize, number: u64, told: &mut Month) {
        let journey = self.result(month, number);
        if journey.way != Way::OnPaper {
            journey.delivered("out", journey.begins).into_iter().for_each(|line| told.push(line));
        }
        if let Some(dossier) = journey.of {
            told.orders.push(Order { dossier, request: journey.order("out") });
            if self.chance.one_in(5, "second copy", number) {
                let mut copy = self.extra("second copy", number, month, v1::LegKind::Outbound);
                (copy.desk, copy.level) = (journey.desk.clone(), journey.level);
                (copy.procedure, copy.way) = (journey.procedure.clone(), Way::Ordered);
                copy.begins = journey.begins + 2 * HOUR;
                told.orders.push(Order { dossier, request: copy.order("copy") });
                copy.delivered("copy", copy.begins).into_iter().for_each(|line| told.push(line));
            }
        }
        let chance = |many, what| self.chance.one_in(many, what, number);
        if chance(53, "delivered twice") && journey.way == Way::Plain {
            let at = journey.begins + 20 * HOUR + 2 * MINUTE;
            told.push(said(journey.region(), "out-twice", number, at, at, journey.event(Type::Delivered)));
        }
        if chance(3, "offered") && journey.way == Way::Plain {
            let at = journey.begins - 10 * MINUTE;
            let offered = journey.event(Type::Offered);
            told.push(said(town::system_of(&journey.desk.counter), "out-offered", number, at, at, offered));
        }
        if chance(37, "sent back") {
            let back = self.extra("sent back", number, month, v1::LegKind::Outbound);
            back.sent_back("sent-back").into_iter().for_each(|line| told.push(line));
        }
    }

    /// Dossiers that are on their way on the last evening.
    fn left_open(&self, told: &mut Month) {
        for number in 0..self.open() {
            let journey = self.extra("open", number, self.months() - 1, v1::LegKind::Inbound);
            let at = told.ends - 3 * HOUR + number as i64 * MINUTE;
            told.push(said(journey.region(), "open", number, at, at, journey.picked_up()));
        }
    }
}

impl Month {
    fn push(&mut self, line: Line) {
        if line.source.contains("/devices/") {
            self.phones.push(line);
        } else if line.source == town::supervisors() {
            self.supervisors.push(line);
        } else if line.source.starts_with(town::CARRIER) {
            self.carrier.push(line);
        } else {
            self.agencies.push(line);
        }
    }

    /// In the order in which each source says it; a line is sent within the month it is told in.
    fn sort(&mut self) {
        let (first, last) = (self.begins + 1, self.ends - 2);
        for line in self.carrier.iter_mut().chain(&mut self.supervisors).chain(&mut self.agencies) {
            line.sent = line.sent.clamp(first, last);
        }
        for lines in [&mut self.carrier, &mut self.supervisors, &mut self.agencies, &mut self.phones] {
            lines.sort_by(|a, b| (a.sent, a.occurred(), &a.id).cmp(&(b.sent, b.occurred(), &b.id)));
        }
        for line in &mut self.phones {
            line.sent = self.ends - 1;
        }
    }
}
