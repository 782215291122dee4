//! DirectoryService, what changes as time goes by: agencies that end, versions of procedures, sources out of use, people
//! and their appointments, the working calendar.

use super::directory::{Asked, given, not_found, required, under};
use crate::access::Role;
use crate::doors::wire::by_name::Paging;
use crate::doors::wire::{calendar, directory as wire, into, person, time, v1};
use crate::dossier::calendar::Calendar;
use crate::dossier::directory::{Agency, Ended, Retired, Source};
use crate::dossier::names::{PartyName, SourceName};
use crate::dossier::person::Appointment;
use crate::dossier::refusal::{Reason, Refusal};
use crate::journal::Note;

// CANCEL: in all of these a note that is queued will be kept; the same call again is answered alike.
impl Asked<'_> {
    pub(super) async fn end_agency(
        &self,
        request: v1::EndAgencyRequest,
    ) -> Result<v1::EndAgencyResponse, Refusal> {
        self.call.caller.must_be_admin()?;
        let name = wire::known_agency(given(&request.name, "name")?, "name", self.directory(), self.today())?;
        let known = self.directory().agency(&name).ok_or_else(|| not_found("name"))?;
        let last = wire::day(given(&request.valid_to, "valid_to")?, "valid_to")?;
        if known.valid_from.zip(last).is_some_and(|(first, last)| last < first) {
            return Err(Refusal::field(Reason::TextInvalid, "valid_to", "before its first day"));
        }
        let successor = match request.successor.as_str() {
            "" => None,
            other => Some(wire::known_agency(other, "successor", self.directory(), self.today())?),
        };
        let decision = into::required(&request.decision, "decision")?;
        let ended = Agency { valid_to: last, ended: Some(Ended { decision, successor }), ..known.clone() };
        let directory = self.keep(Note::AgencyEnded(ended)).await?;
        let agency = directory.agency(&name).ok_or_else(Refusal::store_unavailable)?;
        Ok(v1::EndAgencyResponse { agency: Some(wire::shown_agency(agency, &directory)) })
    }

    pub(super) async fn create_procedure_version(
        &self,
        request: v1::CreateProcedureVersionRequest,
    ) -> Result<v1::CreateProcedureVersionResponse, Refusal> {
        self.call.caller.must_be_admin()?;
        let sent = request.procedure.ok_or_else(|| required("procedure"))?;
        let version = wire::procedure(&sent).map_err(under("procedure"))?;
        self.keep(Note::ProcedureVersion(version.clone())).await?;
        Ok(v1::CreateProcedureVersionResponse { procedure: Some(wire::shown_procedure(&version)) })
    }

    pub(super) async fn retire_source(
        &self,
        request: v1::RetireSourceRequest,
    ) -> Result<v1::RetireSourceResponse, Refusal> {
        self.must_enter_for_others()?;
        let known = self.source_named(given(&request.name, "name")?, "name")?;
        let successor = match request.successor.as_str() {
            "" => None,
            other => Some(self.source_named(other, "successor")?.name.clone()),
        };
        // Asked again without a time, it means the time that was kept.
        let kept = known.retired.as_ref().map(|retired| retired.at);
        let at = time::within_if_given(request.retired_at.as_ref(), "retired_at")?.or(kept);
        let at = at.unwrap_or_else(|| self.gateway.clock.now());
        let retired = Source { retired: Some(Retired { at, successor }), ..known.clone() };
        let name = known.name.clone();
        let directory = self.keep(Note::SourceRetired(retired)).await?;
        let source = directory.source(&name).and_then(wire::shown_source);
        Ok(v1::RetireSourceResponse { source: Some(source.ok_or_else(Refusal::store_unavailable)?) })
    }

    /// A source that concerns the caller.
    fn source_named(&self, name: &str, field: &str) -> Result<&Source, Refusal> {
        let source = self.directory().source(&SourceName::new(name));
        let source = source.filter(|source| wire::shown_source(source).is_some());
        let source = source.ok_or_else(|| not_found(field))?;
        self.may_see(source.party.as_str(), field)?;
        Ok(source)
    }

    pub(super) async fn create_person(
        &self,
        request: v1::CreatePersonRequest,
    ) -> Result<v1::CreatePersonResponse, Refusal> {
        self.must_enter_for_others()?;
        let sent = request.person.ok_or_else(|| required("person"))?;
        let party = self.may_see(given(&sent.party, "person.party")?, "person.party")?;
        let number = person::person(&sent, &party).map_err(under("person"))?;
        let directory = self.keep(Note::Person { party: party.clone(), number: number.clone() }).await?;
        let appointments = directory.appointments(&party, &number).ok_or_else(Refusal::store_unavailable)?;
        let person = person::shown_person(&party, &number, appointments);
        Ok(v1::CreatePersonResponse { person: Some(person) })
    }

    pub(super) async fn get_person(
        &self,
        request: v1::GetPersonRequest,
    ) -> Result<v1::GetPersonResponse, Refusal> {
        let (party, number) = self.person_named(given(&request.name, "name")?, "name")?;
        let appointments = self.directory().appointments(&party, &number);
        let appointments = appointments.ok_or_else(|| not_found("name"))?;
        let person = person::shown_person(&party, &number, appointments);
        Ok(v1::GetPersonResponse { person: Some(person) })
    }

    /// Party and staff number of a name, if the party's people concern the caller. Whether there is such a person is to be
    /// seen.
    fn person_named(&self, name: &str, field: &str) -> Result<(PartyName, String), Refusal> {
        let (party, number) = person::person_key(name).ok_or_else(|| not_found(field))?;
        Ok((self.may_see(party.as_str(), field)?, number.to_owned()))
    }

    pub(super) async fn list_persons(
        &self,
        request: v1::ListPersonsRequest,
    ) -> Result<v1::ListPersonsResponse, Refusal> {
        let party = self.own_or_seen(&request.parent)?;
        let on = wire::day(&request.on, "on")?;
        let role = person::role(request.role, "role")?;
        let filter = party.as_ref().map_or("", PartyName::as_str);
        let filters = [filter, &request.on, role.map_or("", |role| role.text())];
        let paging = Paging::read("ListPersons", &filters, request.page_size, &request.page_token)?;
        let asked = |one: &&Appointment| {
            on.is_none_or(|day| one.is_on(day)) && role.is_none_or(|role| one.role == role)
        };
        let any = on.is_none() && role.is_none();
        let parties =
            self.directory().persons.iter().filter(|(of, _)| party.as_ref().is_none_or(|p| p == *of));
        let people = parties.flat_map(|(of, people)| people.iter().map(move |person| (of, person)));
        let shown = people.filter_map(|(of, (number, appointments))| {
            let person = person::shown_person(of, number, appointments.iter().filter(asked));
            (any || !person.appointments.is_empty()).then(|| (person.name.clone(), person))
        });
        let (persons, next_page_token) = paging.page(shown);
        Ok(v1::ListPersonsResponse { persons, next_page_token })
    }

    pub(super) async fn create_appointment(
        &self,
        request: v1::CreateAppointmentRequest,
    ) -> Result<v1::CreateAppointmentResponse, Refusal> {
        self.must_enter_for_others()?;
        let (party, number) = self.person_named(given(&request.parent, "parent")?, "parent")?;
        let sent = request.appointment.ok_or_else(|| required("appointment"))?;
        let appointment = person::appointment(&sent, party, &number, self.directory(), self.today())
            .map_err(under("appointment"))?;
        self.keep(Note::Appointment(appointment.clone())).await?;
        Ok(v1::CreateAppointmentResponse { appointment: Some(person::shown_appointment(&appointment)) })
    }

    pub(super) async fn end_appointment(
        &self,
        request: v1::EndAppointmentRequest,
    ) -> Result<v1::EndAppointmentResponse, Refusal> {
        self.must_enter_for_others()?;
        let key = person::appointment_key(given(&request.name, "name")?);
        let (name, id) = key.ok_or_else(|| not_found("name"))?;
        let (party, number) = self.person_named(name, "name")?;
        let appointments = self.directory().appointments(&party, &number).unwrap_or_default();
        let known = appointments.iter().find(|one| person::appointment_id(one) == id);
        let known = known.ok_or_else(|| not_found("name"))?;
        let last = wire::day(given(&request.valid_to, "valid_to")?, "valid_to")?;
        if known.valid_from.zip(last).is_some_and(|(first, last)| last < first) {
            return Err(Refusal::field(Reason::TextInvalid, "valid_to", "before its first day"));
        }
        let ended = Appointment { valid_to: last, ..known.clone() };
        self.keep(Note::AppointmentEnded(ended.clone())).await?;
        Ok(v1::EndAppointmentResponse { appointment: Some(person::shown_appointment(&ended)) })
    }

    pub(super) async fn create_calendar_day(
        &self,
        request: v1::CreateCalendarDayRequest,
    ) -> Result<v1::CreateCalendarDayResponse, Refusal> {
        self.call.caller.must_be_admin()?;
        let sent = request.calendar_day.ok_or_else(|| required("calendar_day"))?;
        let day = calendar::calendar_day(&sent).map_err(under("calendar_day"))?;
        self.keep(Note::CalendarDay(day.clone())).await?;
        Ok(v1::CreateCalendarDayResponse { calendar_day: Some(calendar::shown_calendar_day(&day)) })
    }

    pub(super) async fn list_calendar_days(
        &self,
        request: v1::ListCalendarDaysRequest,
    ) -> Result<v1::ListCalendarDaysResponse, Refusal> {
        let year = match request.year {
            0 => String::new(),
            year @ 1900..=2199 => year.to_string(),
            _ => return Err(Refusal::field(Reason::TimeOutOfRange, "year", "between 1900 and 2199")),
        };
        let paging = Paging::read("ListCalendarDays", &[&year], request.page_size, &request.page_token)?;
        let shown = self.directory().calendar.values().map(calendar::shown_calendar_day);
        let listed = shown.filter(|day| day.day.starts_with(&year));
        let (calendar_days, next_page_token) = paging.page(listed.map(|day| (day.day.clone(), day)));
        Ok(v1::ListCalendarDaysResponse { calendar_days, next_page_token })
    }

    pub(super) async fn compute_due_time(
        &self,
        request: v1::ComputeDueTimeRequest,
    ) -> Result<v1::ComputeDueTimeResponse, Refusal> {
        calendar::due_time(&request, Calendar(&self.directory().calendar))
    }

    /// Refuses whoever enters nobody and nothing for a party.
    pub(super) fn must_enter_for_others(&self) -> Result<(), Refusal> {
        match self.call.caller.role {
            Role::Admin | Role::Supervisor => Ok(()),
            _ => Err(Refusal::new(Reason::RoleNotAllowed)),
        }
    }
}
