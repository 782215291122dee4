//! DirectoryService: agencies, procedures, carriers, offices and sources. What is created is a note in the journal, and is
//! published before it is answered.

use std::sync::Arc;

use tonic::metadata::MetadataValue;
use tonic::{Request, Response, Status};

use super::{Call, Gateway};
use crate::access::Role;
use crate::doors::wire::by_name::Paging;
use crate::doors::wire::{directory as wire, time, v1};
use crate::dossier::directory::{Agency, Carrier, Day, Directory, Office, Procedure, Source};
use crate::dossier::names::{Lane, PartyName, SourceName};
use crate::dossier::refusal::{Reason, Refusal};
use crate::journal::{Line, Note};
use v1::directory_service_server::DirectoryService;

/// Writes the methods of the service: each lets the call in, asks the method of the same name below, and answers.
macro_rules! methods {
    ($($name:ident($request:ident) -> $response:ident;)*) => {
        #[tonic::async_trait]
        impl DirectoryService for Gateway {
            $(
                async fn $name(
                    &self,
                    request: Request<v1::$request>,
                ) -> Result<Response<v1::$response>, Status> {
                    let call = self.enter(&request).await?;
                    // CANCEL: a note that is queued will be kept; creating the same again is answered alike.
                    let answer = Asked { gateway: self, call: &call }.$name(request.into_inner()).await;
                    answer.map(|answer| self.dated(answer)).map_err(|refusal| call.refused(&refusal))
                }
            )*
        }
    };
}

methods! {
    create_agency(CreateAgencyRequest) -> CreateAgencyResponse;
    get_agency(GetAgencyRequest) -> GetAgencyResponse;
    list_agencies(ListAgenciesRequest) -> ListAgenciesResponse;
    create_agency_alias(CreateAgencyAliasRequest) -> CreateAgencyAliasResponse;
    end_agency(EndAgencyRequest) -> EndAgencyResponse;
    create_procedure(CreateProcedureRequest) -> CreateProcedureResponse;
    create_procedure_version(CreateProcedureVersionRequest) -> CreateProcedureVersionResponse;
    get_procedure(GetProcedureRequest) -> GetProcedureResponse;
    list_procedures(ListProceduresRequest) -> ListProceduresResponse;
    create_carrier(CreateCarrierRequest) -> CreateCarrierResponse;
    get_carrier(GetCarrierRequest) -> GetCarrierResponse;
    list_carriers(ListCarriersRequest) -> ListCarriersResponse;
    create_office(CreateOfficeRequest) -> CreateOfficeResponse;
    get_office(GetOfficeRequest) -> GetOfficeResponse;
    list_offices(ListOfficesRequest) -> ListOfficesResponse;
    create_source(CreateSourceRequest) -> CreateSourceResponse;
    get_source(GetSourceRequest) -> GetSourceResponse;
    list_sources(ListSourcesRequest) -> ListSourcesResponse;
    retire_source(RetireSourceRequest) -> RetireSourceResponse;
    create_person(CreatePersonRequest) -> CreatePersonResponse;
    get_person(GetPersonRequest) -> GetPersonResponse;
    list_persons(ListPersonsRequest) -> ListPersonsResponse;
    create_appointment(CreateAppointmentRequest) -> CreateAppointmentResponse;
    end_appointment(EndAppointmentRequest) -> EndAppointmentResponse;
    create_calendar_day(CreateCalendarDayRequest) -> CreateCalendarDayResponse;
    list_calendar_days(ListCalendarDaysRequest) -> ListCalendarDaysResponse;
    compute_due_time(ComputeDueTimeRequest) -> ComputeDueTimeResponse;
}

impl Gateway {
    /// An answer that says, under replay, that time is told: a client that brings old lines then tells each line's own.
    fn dated<T>(&self, answer: T) -> Response<T> {
        let mut answer = Response::new(answer);
        if self.clock.is_told() {
            answer.metadata_mut().insert(time::CLOCK, MetadataValue::from_static("replay"));
        }
        answer
    }
}

/// One call of the service.
pub(super) struct Asked<'a> {
    pub(super) gateway: &'a Gateway,
    pub(super) call: &'a Call,
}

impl Asked<'_> {
    pub(super) fn directory(&self) -> &Directory {
        &self.call.directory
    }

    pub(super) fn today(&self) -> Day {
        Day::at(self.gateway.clock.now())
    }

    /// Keeps a change, and answers the directory that shows it.
    pub(super) async fn keep(&self, note: Note) -> Result<Arc<Directory>, Refusal> {
        // CANCEL: as above.
        self.gateway.journal.submit(Line::Note(Lane::default(), Box::new(note))).await?;
        Ok(self.gateway.journal.directory())
    }

    async fn create_agency(
        &self,
        request: v1::CreateAgencyRequest,
    ) -> Result<v1::CreateAgencyResponse, Refusal> {
        self.call.caller.must_be_admin()?;
        let sent = request.agency.ok_or_else(|| required("agency"))?;
        let agency = wire::agency(&sent, self.directory(), self.today()).map_err(under("agency"))?;
        let name = agency.name.clone();
        let directory = self.keep(Note::Agency(agency)).await?;
        Ok(v1::CreateAgencyResponse { agency: Some(shown_agency(&directory, &name)?) })
    }

    async fn get_agency(&self, request: v1::GetAgencyRequest) -> Result<v1::GetAgencyResponse, Refusal> {
        let name = PartyName::new(given(&request.name, "name")?);
        // An agency that is there under that very code is meant, also when the code is another's by now.
        let name = match self.directory().agency(&name) {
            Some(_) => name,
            None => wire::known_agency(name.as_str(), "name", self.directory(), self.today())?,
        };
        let agency = self.directory().agency(&name).ok_or_else(|| not_found("name"))?;
        Ok(v1::GetAgencyResponse { agency: Some(wire::shown_agency(agency, self.directory())) })
    }

    async fn list_agencies(
        &self,
        request: v1::ListAgenciesRequest,
    ) -> Result<v1::ListAgenciesResponse, Refusal> {
        let directory = self.directory();
        let parent = match request.parent.as_str() {
            "" => None,
            parent => Some(wire::known_agency(parent, "parent", directory, self.today())?),
        };
        let as_of = wire::day(&request.as_of, "as_of")?;
        let level = wire::level(request.level, "level")?;
        let filter = parent.as_ref().map_or("", PartyName::as_str);
        let filters = [filter, &request.as_of, level.map_or("", |level| level.text())];
        let paging = Paging::read("ListAgencies", &filters, request.page_size, &request.page_token)?;
        let agencies = directory.parties.keys().filter_map(|name| directory.agency(name));
        let today = self.today();
        let listed = agencies.filter(|agency| {
            let of_parent = parent.is_none() || agency.parent == parent;
            let is_on = as_of.is_none_or(|day| agency.is_on(day));
            let of_level = level.is_none() || agency.level_on(as_of.unwrap_or(today)) == level;
            of_parent && is_on && of_level
        });
        let (page, next_page_token) = paging.page(listed.map(|a: &Agency| (a.name.as_str().to_owned(), a)));
        let agencies = page.into_iter().map(|agency| wire::shown_agency(agency, directory)).collect();
        Ok(v1::ListAgenciesResponse { agencies, next_page_token })
    }

    async fn create_agency_alias(
        &self,
        request: v1::CreateAgencyAliasRequest,
    ) -> Result<v1::CreateAgencyAliasResponse, Refusal> {
        self.call.caller.must_be_admin()?;
        let agency = given(&request.agency, "agency")?;
        let agency = wire::known_agency(agency, "agency", self.directory(), self.today())?;
        let sent = request.alias.ok_or_else(|| required("alias"))?;
        let alias = wire::alias(&sent, agency.clone()).map_err(under("alias"))?;
        let directory = self.keep(Note::Alias(alias)).await?;
        Ok(v1::CreateAgencyAliasResponse { agency: Some(shown_agency(&directory, &agency)?) })
    }

    async fn create_procedure(
        &self,
        request: v1::CreateProcedureRequest,
    ) -> Result<v1::CreateProcedureResponse, Refusal> {
        self.call.caller.must_be_admin()?;
        let sent = request.procedure.ok_or_else(|| required("procedure"))?;
        let procedure = wire::procedure(&sent).map_err(under("procedure"))?;
        self.keep(Note::Procedure(procedure.clone())).await?;
        Ok(v1::CreateProcedureResponse { procedure: Some(wire::shown_procedure(&procedure)) })
    }

    async fn get_procedure(
        &self,
        request: v1::GetProcedureRequest,
    ) -> Result<v1::GetProcedureResponse, Refusal> {
        let name = given(&request.name, "name")?;
        let procedure = match wire::day(&request.as_of, "as_of")? {
            Some(day) => self.directory().procedure_on(name, day),
            None => self.directory().procedure_by(name, self.today()),
        };
        let procedure = procedure.ok_or_else(|| not_found("name"))?;
        Ok(v1::GetProcedureResponse { procedure: Some(wire::shown_procedure(procedure)) })
    }

    async fn list_procedures(
        &self,
        request: v1::ListProceduresRequest,
    ) -> Result<v1::ListProceduresResponse, Refusal> {
        let (as_of, level) = (wire::day(&request.as_of, "as_of")?, request.level.as_str());
        wire::procedure_level(level)?;
        if as_of.is_some() && request.versions {
            return Err(Refusal::field(Reason::TextInvalid, "as_of", "every version is of any day"));
        }
        let which = if request.versions { "versions" } else { "" };
        let filters = [&request.as_of, level, which];
        let paging = Paging::read("ListProcedures", &filters, request.page_size, &request.page_token)?;
        let (directory, today) = (self.directory(), self.today());
        let versions =
            directory.procedures.iter().flat_map(|(name, versions)| match (request.versions, as_of) {
                (true, _) => versions.iter().collect::<Vec<_>>(),
                (false, Some(day)) => directory.procedure_on(name, day).into_iter().collect(),
                (false, None) => directory.procedure_by(name, today).into_iter().collect(),
            });
        let listed = versions.filter(|version| level.is_empty() || version.level == level);
        let named = |version: &Procedure| match version.valid_from {
            // In order, and behind no other procedure's name.
            Some(day) if request.versions => format!("{} {day}", version.name),
            _ => version.name.clone(),
        };
        let (page, next_page_token) = paging.page(listed.map(|version| (named(version), version)));
        let procedures = page.into_iter().map(wire::shown_procedure).collect();
        Ok(v1::ListProceduresResponse { procedures, next_page_token })
    }

    async fn create_carrier(
        &self,
        request: v1::CreateCarrierRequest,
    ) -> Result<v1::CreateCarrierResponse, Refusal> {
        self.call.caller.must_be_admin()?;
        let sent = request.carrier.ok_or_else(|| required("carrier"))?;
        let carrier = wire::carrier(&sent).map_err(under("carrier"))?;
        let name = carrier.name.clone();
        let directory = self.keep(Note::Carrier(carrier)).await?;
        let carrier = directory.carrier(&name).ok_or_else(Refusal::store_unavailable)?;
        Ok(v1::CreateCarrierResponse { carrier: Some(wire::shown_carrier(carrier)) })
    }

    async fn get_carrier(&self, request: v1::GetCarrierRequest) -> Result<v1::GetCarrierResponse, Refusal> {
        let name = PartyName::new(given(&request.name, "name")?);
        let carrier = self.directory().carrier(&name).ok_or_else(|| not_found("name"))?;
        Ok(v1::GetCarrierResponse { carrier: Some(wire::shown_carrier(carrier)) })
    }

    async fn list_carriers(
        &self,
        request: v1::ListCarriersRequest,
    ) -> Result<v1::ListCarriersResponse, Refusal> {
        let directory = self.directory();
        let paging = Paging::read("ListCarriers", &[], request.page_size, &request.page_token)?;
        let listed = directory.parties.keys().filter_map(|name| directory.carrier(name));
        let (page, next_page_token) = paging.page(listed.map(|c: &Carrier| (c.name.as_str().to_owned(), c)));
        let carriers = page.into_iter().map(wire::shown_carrier).collect();
        Ok(v1::ListCarriersResponse { carriers, next_page_token })
    }

    async fn create_office(
        &self,
        request: v1::CreateOfficeRequest,
    ) -> Result<v1::CreateOfficeResponse, Refusal> {
        self.call.caller.must_be_admin()?;
        let sent = request.office.ok_or_else(|| required("office"))?;
        let office = wire::office(&sent, self.directory()).map_err(under("office"))?;
        let key = (office.carrier.clone(), office.code.clone());
        let directory = self.keep(Note::Office(office)).await?;
        let office = directory.offices.get(&key).ok_or_else(Refusal::store_unavailable)?;
        Ok(v1::CreateOfficeResponse { office: Some(wire::shown_office(office)) })
    }

    async fn get_office(&self, request: v1::GetOfficeRequest) -> Result<v1::GetOfficeResponse, Refusal> {
        let key = wire::office_key(given(&request.name, "name")?);
        let office = key.and_then(|key| self.directory().offices.get(&key));
        let office = office.ok_or_else(|| not_found("name"))?;
        Ok(v1::GetOfficeResponse { office: Some(wire::shown_office(office)) })
    }

    async fn list_offices(
        &self,
        request: v1::ListOfficesRequest,
    ) -> Result<v1::ListOfficesResponse, Refusal> {
        let directory = self.directory();
        let carrier = PartyName::new(&request.parent);
        let all = request.parent.is_empty();
        if !all && directory.carrier(&carrier).is_none() {
            return Err(not_found("parent"));
        }
        let paging = Paging::read("ListOffices", &[&request.parent], request.page_size, &request.page_token)?;
        let listed = directory.offices.values().filter(|office| all || office.carrier == carrier);
        let named = |office: &Office| wire::office_name(&office.carrier, &office.code);
        let (page, next_page_token) = paging.page(listed.map(|office| (named(office), office)));
        let offices = page.into_iter().map(wire::shown_office).collect();
        Ok(v1::ListOfficesResponse { offices, next_page_token })
    }

    async fn create_source(
        &self,
        request: v1::CreateSourceRequest,
    ) -> Result<v1::CreateSourceResponse, Refusal> {
        self.must_enter_for_others()?;
        let sent = request.source.ok_or_else(|| required("source"))?;
        let party = self.may_see(given(&sent.party, "source.party")?, "source.party")?;
        let source = wire::source(&sent, party, self.directory(), self.today()).map_err(under("source"))?;
        let name = source.name.clone();
        let directory = self.keep(Note::Source(source)).await?;
        let source = directory.source(&name).and_then(wire::shown_source);
        Ok(v1::CreateSourceResponse { source: Some(source.ok_or_else(Refusal::store_unavailable)?) })
    }

    async fn get_source(&self, request: v1::GetSourceRequest) -> Result<v1::GetSourceResponse, Refusal> {
        let name = given(&request.name, "name")?;
        let parts = name.rsplitn(3, '/').collect::<Vec<_>>();
        let [id, word, party] = parts.as_slice() else { return Err(not_found("name")) };
        let party = self.may_see(party, "name")?;
        let source = self.directory().source(&SourceName::new(&format!("{party}/{word}/{id}")));
        // What is kept of its party decides, not the name it goes by.
        let source = source.filter(|source| source.party == party).and_then(wire::shown_source);
        Ok(v1::GetSourceResponse { source: Some(source.ok_or_else(|| not_found("name"))?) })
    }

    async fn list_sources(
        &self,
        request: v1::ListSourcesRequest,
    ) -> Result<v1::ListSourcesResponse, Refusal> {
        let party = self.own_or_seen(&request.parent)?;
        let filter = party.as_ref().map_or("", PartyName::as_str);
        let paging = Paging::read("ListSources", &[filter], request.page_size, &request.page_token)?;
        let sources = self.directory().sources.values().map(|(_, source)| source);
        let listed = sources.filter(|source: &&Source| party.as_ref().is_none_or(|p| source.party == *p));
        let shown = listed.filter_map(wire::shown_source);
        let (sources, next_page_token) = paging.page(shown.map(|source| (source.name.clone(), source)));
        Ok(v1::ListSourcesResponse { sources, next_page_token })
    }

    /// The party whose sources or people are listed; for an administrator who names none, every one's.
    pub(super) fn own_or_seen(&self, parent: &str) -> Result<Option<PartyName>, Refusal> {
        match parent {
            "" if self.call.caller.role == Role::Admin => Ok(None),
            "" => self.call.caller.reads(self.directory(), "").map(Some),
            parent => self.may_see(parent, "parent").map(Some),
        }
    }

    /// The party of a name, if its sources and people concern the caller: an administrator's are all, anybody else's what it reads.
    pub(super) fn may_see(&self, name: &str, field: &str) -> Result<PartyName, Refusal> {
        let known = self.directory().entered(&PartyName::new(name), self.today());
        let known = known.ok_or_else(|| not_found(field))?;
        if self.call.caller.role == Role::Admin {
            return Ok(known.clone());
        }
        self.call.caller.reads(self.directory(), known.as_str()).map_err(|_| not_found(field))
    }
}

/// The agency as it now stands in the directory; where it is not shown yet, the same call again finds it.
fn shown_agency(directory: &Directory, name: &PartyName) -> Result<v1::Agency, Refusal> {
    let agency = directory.agency(name).ok_or_else(Refusal::store_unavailable)?;
    Ok(wire::shown_agency(agency, directory))
}

pub(super) fn given<'a>(name: &'a str, field: &str) -> Result<&'a str, Refusal> {
    if name.is_empty() { Err(required(field)) } else { Ok(name) }
}

pub(super) fn required(field: &str) -> Refusal {
    Refusal::field(Reason::FieldRequired, field, "")
}

pub(super) fn not_found(field: &str) -> Refusal {
    Refusal::field(Reason::NotFound, field, "")
}

pub(super) fn under(parent: &'static str) -> impl Fn(Refusal) -> Refusal {
    move |refusal| refusal.under(parent)
}
