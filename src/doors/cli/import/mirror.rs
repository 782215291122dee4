//! What the gateway's directory says, read once: what is in it already is told without asking again, and a dry run judges
//! rows by the gateway's own rules.

use std::collections::BTreeSet;

use super::call::{Call, retried};
use super::entries::Entry;
use crate::doors::cli::Failure;
use crate::doors::cli::gateway::Gateway;
use crate::doors::wire::{calendar, directory as wire, person, time, v1};
use crate::dossier::directory::{Day, Directory, Ended};
use crate::dossier::names::{Micros, PartyName};
use crate::dossier::refusal::{Reason, Refusal};
use crate::journal::Note;
use crate::limits;

/// The gateway's directory, as far as the caller may read it.
#[derive(Debug)]
pub struct Mirror {
    /// What it says.
    pub directory: Directory,
    /// The gateway's clock is told: lines of systems carry the times at which they happened.
    pub is_replay: bool,
    /// Parties whose sources or people were read.
    read_of: BTreeSet<String>,
}

/// Reads all pages of a list and enters them.
macro_rules! all_pages {
    ($gateway:ident, $request:ident { $($field:ident: $value:expr),* }, $method:ident, $items:ident, $enter:expr) => {{
        let page_size = limits::PAGE_SIZE_MAX as i32;
        let mut page_token = String::new();
        let mut is_replay;
        loop {
            let request = v1::$request { page_size, page_token, $($field: $value),* };
            let answer = retried(async || {
                let call = Call::new($gateway, request.clone());
                let answer = $gateway.directory().$method(call.request).await;
                answer.map_err(|status| $gateway.failure(&status, &call.id))
            })
            .await?;
            is_replay = answer.metadata().get(time::CLOCK).is_some_and(|clock| clock == "replay");
            let answer = answer.into_inner();
            answer.$items.iter().try_for_each($enter).map_err(|_| Failure::Incomplete("entry that can be read"))?;
            page_token = answer.next_page_token;
            if page_token.is_empty() {
                break is_replay;
            }
        }
    }};
}

impl Mirror {
    /// Reads carriers, agencies and procedures. That also tells whether the key is good.
    pub async fn read(gateway: &Gateway) -> Result<Mirror, Failure> {
        let mut directory = Directory::default();
        let is_replay = all_pages!(gateway, ListCarriersRequest {}, list_carriers, carriers, |sent| {
            enter(&mut directory, Note::Carrier(wire::carrier(sent)?))
        });
        all_pages!(
            gateway,
            ListAgenciesRequest { parent: String::new(), as_of: String::new(), level: 0 },
            list_agencies,
            agencies,
            |sent: &v1::Agency| { agency(&mut directory, sent) }
        );
        all_pages!(
            gateway,
            ListProceduresRequest { as_of: String::new(), level: String::new(), versions: true },
            list_procedures,
            procedures,
            |sent| enter(&mut directory, Note::ProcedureVersion(wire::procedure(sent)?))
        );
        Ok(Mirror { directory, is_replay, read_of: BTreeSet::new() })
    }

    /// Reads the offices too.
    pub async fn read_offices(&mut self, gateway: &Gateway) -> Result<(), Failure> {
        let directory = &mut self.directory;
        all_pages!(gateway, ListOfficesRequest { parent: String::new() }, list_offices, offices, |sent| {
            let office = wire::office(sent, directory)?;
            enter(directory, Note::Office(office))
        });
        Ok(())
    }

    /// Reads the working calendar too.
    pub async fn read_calendar(&mut self, gateway: &Gateway) -> Result<(), Failure> {
        let directory = &mut self.directory;
        all_pages!(gateway, ListCalendarDaysRequest { year: 0 }, list_calendar_days, calendar_days, |sent| {
            enter(directory, Note::CalendarDay(calendar::calendar_day(sent)?))
        });
        Ok(())
    }

    /// Reads what there is beside an entry of a party, once: its sources or its people. Of a party that the key may not see
    /// there are none.
    pub async fn read_beside(&mut self, gateway: &Gateway, entry: &Entry) -> Result<(), Failure> {
        let Some(party) = entry.party() else { return Ok(()) };
        if !self.read_of.insert(party.to_string()) {
            return Ok(());
        }
        let read = match entry {
            Entry::Appointment(..) => self.read_persons(gateway, &party).await,
            _ => self.read_sources(gateway, &party).await,
        };
        match read {
            Err(Failure::Refused(refused)) if refused.reason == Reason::NotFound.text() => Ok(()),
            read => read,
        }
    }

    async fn read_persons(&mut self, gateway: &Gateway, party: &PartyName) -> Result<(), Failure> {
        let directory = &mut self.directory;
        let today = today();
        all_pages!(
            gateway,
            ListPersonsRequest { parent: party.to_string(), on: String::new(), role: 0 },
            list_persons,
            persons,
            |sent: &v1::Person| {
                let party = PartyName::new(&sent.party);
                let number = sent.id.clone();
                enter(directory, Note::Person { party: party.clone(), number })?;
                sent.appointments.iter().try_for_each(|shown| {
                    let bare = v1::Appointment { name: String::new(), ..shown.clone() };
                    let known = person::appointment(&bare, party.clone(), &sent.id, directory, today)?;
                    enter(directory, Note::Appointment(known))
                })
            }
        );
        Ok(())
    }

    async fn read_sources(&mut self, gateway: &Gateway, party: &PartyName) -> Result<(), Failure> {
        let directory = &mut self.directory;
        let today = today();
        all_pages!(
            gateway,
            ListSourcesRequest { parent: party.to_string() },
            list_sources,
            sources,
            |sent: &v1::Source| {
                // That it is out of use is no part of what a list of devices says.
                let bare = v1::Source { retired_at: None, successor: String::new(), ..sent.clone() };
                let source = wire::source(&bare, PartyName::new(&sent.party), directory, today)?;
                enter(directory, Note::Source(source))
            }
        );
        Ok(())
    }
}

/// Today in Vietnam.
pub fn today() -> Day {
    Day::at(Micros(jiff::Timestamp::now().as_microsecond()))
}

fn enter(directory: &mut Directory, note: Note) -> Result<(), Refusal> {
    note.enter(directory);
    Ok(())
}

/// An agency with its aliases. Its parent may come on a later page: the gateway has it.
fn agency(directory: &mut Directory, sent: &v1::Agency) -> Result<(), Refusal> {
    let bare = v1::Agency {
        parent: String::new(),
        aliases: Vec::new(),
        successor: String::new(),
        decision: String::new(),
        ..sent.clone()
    };
    let mut agency = wire::agency(&bare, directory, today())?;
    agency.parent = (!sent.parent.is_empty()).then(|| PartyName::new(&sent.parent));
    let successor = (!sent.successor.is_empty()).then(|| PartyName::new(&sent.successor));
    let decision = sent.decision.clone();
    agency.ended = (!decision.is_empty()).then_some(Ended { decision, successor });
    let name = agency.name.clone();
    enter(directory, Note::Agency(agency))?;
    for alias in &sent.aliases {
        enter(directory, Note::Alias(wire::alias(alias, name.clone())?))?;
    }
    Ok(())
}
