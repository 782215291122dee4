//! What the look-ups of legs and dossiers share: the caller's eyes, as of when, by what, and what to say when nothing is
//! seen.

use super::{Call, Gateway};
use crate::access::Role;
use crate::doors::wire::{into, lookup, time, v1};
use crate::dossier::directory::Day;
use crate::dossier::names::{Micros, PartyName};
use crate::dossier::refusal::{Reason, Refusal};
use crate::limits;
use crate::view::{self, Eyes, Found, Group, Key, Moment, When};

impl Eyes for Call {
    fn sees(&self, parties: &[PartyName]) -> bool {
        self.caller.sees(&self.directory, parties.iter())
    }
}

/// The caller's eyes, for what concerns one party that it may read; for a supervisor that party and all below it.
pub(super) struct Among<'a> {
    pub call: &'a Call,
    pub party: &'a PartyName,
}

impl Eyes for Among<'_> {
    fn sees(&self, parties: &[PartyName]) -> bool {
        let supervises = self.call.caller.role == Role::Supervisor;
        let directory = &self.call.directory;
        let concerned =
            |party: &PartyName| party == self.party || (supervises && directory.is_within(party, self.party));
        self.call.sees(parties) && parties.iter().any(concerned)
    }
}

/// What something is looked for by, and what to say when nothing is seen.
pub(super) struct Sought {
    pub key: Key,
    pub otherwise: Refusal,
}

impl Sought {
    /// By a name.
    pub fn named(name: &str) -> Result<Sought, Refusal> {
        Ok(Sought { key: lookup::named(name)?, otherwise: Refusal::field(Reason::NotFound, "name", "") })
    }

    /// By a code.
    pub fn coded(code: &v1::Code, call: &Call, now: Micros) -> Result<Sought, Refusal> {
        let own = call.caller.party.as_ref().filter(|party| party.is_agency());
        let meant = lookup::meanings(code, own, &call.directory, Day::at(now))?;
        Ok(Sought { key: Key::Codes(meant.codes), otherwise: meant.otherwise })
    }

    /// The one that was found, or why there is none.
    pub fn only<T>(self, found: Found<T>) -> Result<T, Refusal> {
        match found {
            Found::One(one) => Ok(one),
            Found::Nothing => Err(self.otherwise),
            Found::Several(groups) => {
                // Enough to choose from; the sentence is for a person.
                let names: Vec<String> = groups.iter().take(10).map(Group::to_string).collect();
                Err(Refusal::field(Reason::CodeAmbiguous, "code", names.join(", ")))
            }
        }
    }
}

/// As of when, and the field that says so.
pub(super) struct AsOf {
    pub when: When,
    pub field: &'static str,
}

impl AsOf {
    /// Now.
    pub const NOW: AsOf = AsOf { when: When::Now, field: "" };

    /// A time asked for.
    pub fn time(asked: &prost_types::Timestamp) -> Result<AsOf, Refusal> {
        Ok(AsOf { when: When::Time(time::within(asked, "read_time")?), field: "read_time" })
    }

    /// A position asked for.
    pub fn position(asked: &v1::Position) -> Result<AsOf, Refusal> {
        let field = "read_position";
        Ok(AsOf { when: When::Position(into::position_message(asked, field)?), field })
    }
}

impl Gateway {
    /// The moment meant; `None` before the first event.
    pub(super) async fn moment(&self, as_of: &AsOf) -> Result<Option<Moment>, Refusal> {
        let moment = self.view.moment(as_of.when, self.clock.now()).await;
        moment.map_err(|error| unread(&error, as_of.field))
    }

    /// The moment of now; `None` before the first event.
    pub(super) async fn now(&self) -> Result<Option<Moment>, Refusal> {
        self.moment(&AsOf::NOW).await
    }
}

/// The party whose lists are read, and the short number the store knows it by.
pub(super) fn parent(call: &Call, parent: &str, now: Micros) -> Result<(PartyName, i64), Refusal> {
    let named = into::party(parent, "parent")?;
    let known = named.map(|name| call.directory.entered(&name, Day::at(now)).cloned().unwrap_or(name));
    let party = call.caller.reads(&call.directory, known.as_ref().map_or("", PartyName::as_str))?;
    let number = number_of(call, &party);
    Ok((party, number.ok_or_else(|| Refusal::field(Reason::NotFound, "parent", ""))?))
}

/// The short number of a party.
pub(super) fn number_of(call: &Call, party: &PartyName) -> Option<i64> {
    call.directory.parties.get(party).map(|(enrolment, _)| enrolment.id)
}

/// Refuses who has no part in custody: an administrator sees no dossier.
pub(super) fn must_read(call: &Call) -> Result<(), Refusal> {
    call.caller.reads(&call.directory, "").map(|_| ())
}

/// The refusal of a look-up that has no answer.
pub(super) fn unread(error: &view::Error, field: &str) -> Refusal {
    match error {
        view::Error::Ahead => Refusal::field(Reason::TimeOutOfRange, field, "later than what is known"),
        view::Error::TooLong => {
            let why = "a leg has gone on by too many events since then: ask for now";
            Refusal::field(Reason::TimeOutOfRange, field, why)
        }
        view::Error::TooMany => {
            let why = format!("more than {} dossiers: ask for fewer days", limits::REPORT_DOSSIERS);
            Refusal::field(Reason::TimeOutOfRange, "to_date", why)
        }
        view::Error::Read { source, .. } => {
            tracing::error!(error = %crate::telemetry::chain(error), "a look-up failed");
            source.refusal()
        }
    }
}
