//! One envelope's journey: how it goes, and the lines in which it is told. Pure.

use jiff::civil::Date;
use trao::doors::wire::v1;
use v1::EventType as Type;

use super::town::{self, Desk, OLD_CODE};

pub const MINUTE: i64 = 60;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// Seconds since 1970 at which a day begins in Vietnam.
pub fn begin(day: Date) -> i64 {
    let since = day.since((jiff::Unit::Day, Date::constant(1970, 1, 1))).unwrap();
    i64::from(since.get_days()) * DAY - 7 * HOUR
}

/// A line of a source.
#[derive(Clone, Debug)]
pub struct Line {
    /// Who says it.
    pub source: String,
    /// Its id: the same whenever it is sent.
    pub id: String,
    /// When it is sent.
    pub sent: i64,
    /// Its running number on its device; 0 of a system.
    pub device_seq: u64,
    /// What is said.
    pub event: v1::Event,
}

impl Line {
    /// When it happened, in seconds since 1970.
    pub fn occurred(&self) -> i64 {
        self.event.occurred_at.map_or(0, |at| at.seconds)
    }
}

/// How a journey that counts goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Plain,
    /// Not taken at the counter first, and a day later taken.
    RefusedFirst,
    /// Keyed from paper a month later.
    OnPaper,
    /// Delivered, taken back, delivered again.
    Revoked,
    /// An attempt fails first.
    SecondTry,
    /// Kept at the office and fetched there.
    Collected,
    /// Said by a phone that has no network for days.
    Offline,
    /// Ordered by the agency for a dossier that it has.
    Ordered,
}

/// What a journey is called, how it goes, and the number on its envelope.
#[derive(Clone, Copy)]
pub struct Numbered {
    pub what: &'static str,
    pub number: u64,
    pub item: u64,
    pub way: Way,
}

/// One envelope's journey.
#[derive(Clone, Debug)]
pub struct Journey {
    pub number: u64,
    pub kind: v1::LegKind,
    pub way: Way,
    pub level: usize,
    pub desk: Desk,
    pub procedure: String,
    pub office: String,
    pub region: usize,
    pub item: String,
    pub slip: String,
    /// The dossier it is ordered for.
    pub of: Option<u64>,
    /// The envelope bears the code from before the renaming, as long as that holds.
    pub old_code: bool,
    pub begins: i64,
}

impl Journey {
    pub fn region(&self) -> String {
        town::region(self.region)
    }

    /// An event on the envelope.
    pub fn event(&self, kind: Type) -> v1::Event {
        let code =
            v1::Code { kind: v1::CodeKind::Item.into(), value: self.item.clone(), agency: String::new() };
        v1::Event { r#type: kind.into(), code: Some(code), zone_offset_s: 25_200, ..v1::Event::default() }
    }

    pub fn at_office(&self, kind: Type) -> v1::Event {
        v1::Event { office: self.office.clone(), ..self.event(kind) }
    }

    pub fn picked_up(&self) -> v1::Event {
        let old = self.old_code && self.begins < begin("2020-08-01".parse().unwrap());
        let slip =
            v1::Code { kind: v1::CodeKind::Slip.into(), value: self.slip.clone(), agency: String::new() };
        v1::Event {
            agency: if old { format!("agencies/{OLD_CODE}") } else { self.desk.agency.clone() },
            counter: self.desk.counter.clone(),
            procedure: self.procedure.clone(),
            leg_kind: self.kind.into(),
            also: if self.kind == v1::LegKind::Inbound { vec![slip] } else { Vec::new() },
            ..self.at_office(Type::PickedUp)
        }
    }

    /// From the citizen to the counter.
    pub fn handed_over(&self, what: &str, begins: i64) -> Vec<Line> {
        let (region, counter) = (self.region(), town::system_of(&self.desk.counter));
        let line = |step: &str, source: &String, after: i64, event: v1::Event| {
            let at = begins + after;
            said(source.clone(), &format!("{what}-{step}"), self.number, at, at, event)
        };
        let mut lines = vec![
            line("picked-up", &region, 0, self.picked_up()),
            line("offered", &region, 25 * HOUR, self.at_office(Type::Offered)),
            line("accepted", &counter, 26 * HOUR, self.event(Type::Accepted)),
        ];
        if self.number.is_multiple_of(3) {
            lines.push(line("office-in", &region, 3 * HOUR, self.at_office(Type::OfficeIn)));
        }
        if self.way == Way::RefusedFirst {
            let refused =
                v1::Event { reason: v1::Reason::CountDiffers.into(), ..self.event(Type::NotAccepted) };
            lines.push(line("refused", &counter, 25 * HOUR + MINUTE, refused));
            lines.push(line("offered-again", &region, 25 * HOUR + 30 * MINUTE, self.event(Type::Offered)));
        }
        lines
    }

    /// From the agency to the citizen.
    pub fn delivered(&self, what: &str, begins: i64) -> Vec<Line> {
        let region = self.region();
        let line = |step: &str, source: &String, after: i64, event: v1::Event| {
            let at = begins + after;
            said(source.clone(), &format!("{what}-{step}"), self.number, at, at, event)
        };
        let mut lines = vec![line("picked-up", &region, 0, self.picked_up())];
        if self.number.is_multiple_of(3) {
            lines.push(line("on-the-run", &region, 10 * HOUR, self.at_office(Type::OutForDelivery)));
        }
        let absent = v1::Event { reason: v1::Reason::Absent.into(), ..self.at_office(Type::AttemptFailed) };
        match self.way {
            Way::SecondTry => lines.push(line("failed", &region, 15 * HOUR, absent)),
            Way::Collected => {
                lines.push(line("held", &region, 15 * HOUR, self.at_office(Type::Held)));
                lines.push(line("collected", &region, 20 * HOUR, self.at_office(Type::Collected)));
                return lines;
            }
            Way::Offline => {
                let phone = town::phone(self.number as usize % town::PHONES);
                lines.push(line("delivered", &phone, 20 * HOUR, self.at_office(Type::Delivered)));
                return lines;
            }
            Way::Revoked => {
                let wrong = self.number.is_multiple_of(2);
                let why = if wrong { v1::Reason::WrongReceiver } else { v1::Reason::NeverLeftHand };
                let back = v1::Event { reason: why.into(), ..self.event(Type::DeliveryRevoked) };
                lines.push(line("first", &region, 20 * HOUR, self.at_office(Type::Delivered)));
                lines.push(line("back", &town::supervisors(), 30 * HOUR, back));
                if wrong {
                    lines.push(line("found", &region, 40 * HOUR, self.at_office(Type::Found)));
                }
                lines.push(line("again", &region, 50 * HOUR, self.at_office(Type::Delivered)));
                return lines;
            }
            Way::Plain | Way::OnPaper | Way::Ordered | Way::RefusedFirst => {}
        }
        lines.push(line("delivered", &region, 20 * HOUR, self.at_office(Type::Delivered)));
        lines
    }

    /// From the agency towards the citizen, and back.
    pub fn sent_back(&self, what: &str) -> Vec<Line> {
        let (region, counter) = (self.region(), town::system_of(&self.desk.counter));
        let line = |step: &str, source: &String, after: i64, event: v1::Event| {
            let at = self.begins + after;
            said(source.clone(), &format!("{what}-{step}"), self.number, at, at, event)
        };
        let unknown =
            v1::Event { reason: v1::Reason::UnknownAddressee.into(), ..self.at_office(Type::AttemptFailed) };
        vec![
            line("picked-up", &region, 0, self.picked_up()),
            line("failed", &region, 20 * HOUR, unknown),
            line("turned", &region, 40 * HOUR, self.at_office(Type::ReturnStarted)),
            line("offered", &region, 60 * HOUR, self.at_office(Type::Offered)),
            line("accepted", &counter, 61 * HOUR, self.event(Type::Accepted)),
        ]
    }

    pub fn registration(&self) -> v1::RegisterDossierRequest {
        let day =
            jiff::Timestamp::from_second(self.begins + 7 * HOUR).unwrap().strftime("%y%m%d").to_string();
        let agency = self.desk.agency.trim_start_matches("agencies/");
        let value = format!("{agency}-{day}-{:06}", self.number);
        v1::RegisterDossierRequest {
            request_id: format!("register-{}", self.number),
            agency: self.desk.agency.clone(),
            counter: if self.desk.counter == self.desk.agency {
                String::new()
            } else {
                self.desk.counter.clone()
            },
            code: Some(v1::Code { kind: v1::CodeKind::Dossier.into(), value, agency: String::new() }),
            procedure: self.procedure.clone(),
            slip: self.slip.clone(),
            ..v1::RegisterDossierRequest::default()
        }
    }

    /// An order for a dossier whose name is not known yet.
    pub fn order(&self, what: &str) -> v1::OrderLegRequest {
        v1::OrderLegRequest {
            request_id: format!("order-{what}-{}", self.number),
            agency: self.desk.agency.clone(),
            counter: self.desk.counter.clone(),
            carrier: town::CARRIER.to_owned(),
            kind: self.kind.into(),
            procedure: self.procedure.clone(),
            item: Some(v1::Code {
                kind: v1::CodeKind::Item.into(),
                value: self.item.clone(),
                agency: String::new(),
            }),
            office: self.office.clone(),
            due_at: Some(prost_types::Timestamp { seconds: self.begins + 2 * DAY, nanos: 0 }),
            ..v1::OrderLegRequest::default()
        }
    }
}

/// Something said at a time, and sent a few minutes later.
pub fn said(source: String, what: &str, number: u64, sent: i64, occurred: i64, event: v1::Event) -> Line {
    let at = if occurred == 0 { sent } else { occurred };
    let occurred_at = Some(prost_types::Timestamp { seconds: at, nanos: 0 });
    let event = v1::Event { occurred_at, ..event };
    Line { source, id: format!("{what}-{number}"), sent: sent + 5 * MINUTE, device_seq: 0, event }
}
