//! An agency's system: registers dossiers, orders and cancels legs, accepts what came. A command is said again until it
//! is carried out or refused for what it is.

use std::rc::Rc;

use trao::dossier::apply::AcceptTarget;
use trao::dossier::event::EventType;
use trao::dossier::leg::LegKind;
use trao::dossier::names::{PartyName, Position};
use trao::dossier::refusal::Reason;
use trao::journal::CommandAct;

use super::{Calls, Shore};
use crate::clock::BEGINNING;
use crate::message::{Ask, Reply};
use crate::random::Random;
use crate::town::{self, Order};

/// An agency's system.
pub struct Office {
    party: PartyName,
    random: Random,
    items: u64,
    left: u64,
    numbered: u64,
    /// The command under way, its call, and until when it is waited for.
    doing: Option<(Rc<Order>, u64, u64)>,
    done: Vec<Rc<Order>>,
    /// Legs and dossiers it has heard of.
    legs: Vec<Position>,
    dossiers: Vec<Position>,
}

impl Office {
    pub fn new(party: &str, commands: u64, items: u64, random: Random) -> Office {
        Office {
            party: town::party(party),
            random,
            items,
            left: commands,
            numbered: 0,
            doing: None,
            done: Vec::new(),
            legs: Vec::new(),
            dossiers: Vec::new(),
        }
    }

    fn order(&mut self, shore: &Shore<'_>) -> Order {
        let random = &mut self.random;
        let number = random.below(4);
        let code = town::dossier_code(number);
        let (agency, counter) = (town::party(town::OWNER), town::party(town::COUNTER));
        let (kind, method, resource, act) = match random.below(5) {
            0 | 1 => {
                let slip = random.chance(5_000).then(|| town::slip(random.below(self.items)));
                let counter = random.chance(5_000).then_some(counter);
                let resource = code.text().to_owned();
                let act = CommandAct::Register { agency, counter, code, procedure: None, slip };
                (EventType::Registered, "RegisterDossier", resource, act)
            }
            2 => {
                let kinds = [LegKind::Inbound, LegKind::Outbound, LegKind::Supplement, LegKind::Transfer];
                let kind = random.pick(&kinds).copied().unwrap_or(LegKind::Outbound);
                let dossier = random.pick(&self.dossiers).copied().filter(|_| random.chance(6_000));
                let resource = agency.to_string();
                let carrier = Some(town::party(town::POST));
                let act = CommandAct::Order { agency, counter, carrier, kind, procedure: None, dossier };
                (EventType::Ordered, "OrderLeg", resource, act)
            }
            3 => {
                let legs = if self.legs.is_empty() { &*shore.legs } else { &self.legs };
                let leg =
                    random.pick(legs).copied().unwrap_or(Position { lane: crate::gateway::LANE, pos: 1 });
                (EventType::Cancelled, "CancelLeg", leg.to_string(), CommandAct::Cancel { leg })
            }
            _ => {
                let target = match random.pick(shore.legs) {
                    Some(leg) if random.chance(5_000) => AcceptTarget::Leg(*leg),
                    _ => AcceptTarget::Code(town::item(random.below(self.items))),
                };
                let act = CommandAct::Accept { target, code, procedure: None };
                (EventType::DossierAccepted, "AcceptDossier", self.party.to_string(), act)
            }
        };
        self.numbered += 1;
        let request_id = format!("{}-{}", shore.me, self.numbered);
        let mut event = town::event(kind, BEGINNING);
        if let (CommandAct::Order { dossier: None, .. }, true) = (&act, random.chance(5_000)) {
            event.code = Some(town::item(random.below(self.items)));
        }
        Order { party: self.party.clone(), method, resource, request_id, act, event }
    }

    fn say(&mut self, shore: &mut Shore<'_>, order: Rc<Order>) {
        let what = format!("{} {} as {}", order.method, order.resource, order.request_id);
        let call = shore.call(&mut self.random, &what, Ask::Command(Rc::clone(&order)));
        let until = shore.now + self.random.between(500, 5_000);
        self.doing = Some((order, call, until));
    }

    /// Says again what was carried out, under its id or, where it is one by its content, under another.
    fn probe(&mut self, shore: &mut Shore<'_>) {
        let Some(order) = self.random.pick(&self.done).cloned() else { return };
        let mut again = Order::clone(&order);
        if order.method == "RegisterDossier" && self.random.chance(5_000) {
            self.numbered += 1;
            again.request_id = format!("{}-{}", shore.me, self.numbered);
        }
        let what = format!("again {} as {}", again.method, again.request_id);
        shore.call(&mut self.random, &what, Ask::Command(Rc::new(again)));
    }
}

impl Calls for Office {
    fn wake(&mut self, shore: &mut Shore<'_>) {
        match self.doing.take() {
            Some((order, _, until)) if until <= shore.now => self.say(shore, order),
            Some(doing) => self.doing = Some(doing),
            None if shore.calm => self.left = 0,
            None if self.random.chance(1_500) => self.probe(shore),
            None => {
                if let Some(left) = self.left.checked_sub(1) {
                    self.left = left;
                    let order = Rc::new(self.order(shore));
                    self.say(shore, order);
                }
            }
        }
        let pause = self.random.between(200, 2_000);
        shore.wake_in(pause);
    }

    fn hear(&mut self, call: u64, reply: Reply, shore: &mut Shore<'_>) -> Result<(), String> {
        let Some((order, ..)) = self.doing.take_if(|(_, of, _)| *of == call) else { return Ok(()) };
        let Reply::Command(answer) = reply else { return Err("another answer than was asked for".into()) };
        match answer {
            Ok(answer) => {
                let content = answer.content.ok_or("a command was answered without its record")?;
                self.legs.extend(content.leg);
                shore.legs.extend(content.leg);
                self.dossiers.extend(content.dossier);
                self.done.push(order);
            }
            Err(refusal) => match refusal.reason {
                // Said again when it wakes.
                Reason::StoreUnavailable | Reason::Overloaded | Reason::ClockSuspect => {
                    self.doing = Some((order, 0, shore.now));
                }
                Reason::NotFound | Reason::LegState | Reason::DossierExists | Reason::CodeAmbiguous => {}
                _ => return Err(format!("a command was refused: {refusal}")),
            },
        }
        Ok(())
    }

    fn rests(&self) -> bool {
        self.left == 0 && self.doing.is_none()
    }
}
