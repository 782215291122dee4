//! `DossierService`: register, accept, look up.

use futures_util::future::join_all;
use tonic::{Request, Response, Status};

use super::lookup::{Among, AsOf, Sought, must_read, number_of, parent, unread};
use super::{Call, Gateway, rights};
use crate::access::Role;
use crate::doors::refusal::to_line;
use crate::doors::wire::command::{self, Ground};
use crate::doors::wire::page::Binding;
use crate::doors::wire::v1::dossier_service_server::DossierService;
use crate::doors::wire::{decision, dossier, from, into, time, v1};
use crate::dossier::apply::AcceptTarget;
use crate::dossier::names::{PartyName, Position};
use crate::dossier::refusal::{Reason, Refusal};
use crate::journal::{Answer, CommandAct};
use crate::limits;
use crate::view::{Group, Key};

#[tonic::async_trait]
impl DossierService for Gateway {
    async fn register_dossier(
        &self,
        request: Request<v1::RegisterDossierRequest>,
    ) -> Result<Response<v1::RegisterDossierResponse>, Status> {
        let call = self.enter(&request).await?;
        let answer = self.register(&call, &request.into_inner()).await;
        answer.map(Response::new).map_err(|refusal| call.refused(&refusal))
    }

    async fn batch_register_dossiers(
        &self,
        request: Request<v1::BatchRegisterDossiersRequest>,
    ) -> Result<Response<v1::BatchRegisterDossiersResponse>, Status> {
        let call = self.enter(&request).await?;
        let answer = self.register_all(&call, &request.into_inner()).await;
        answer.map(Response::new).map_err(|refusal| call.refused(&refusal))
    }

    async fn accept_dossier(
        &self,
        request: Request<v1::AcceptDossierRequest>,
    ) -> Result<Response<v1::AcceptDossierResponse>, Status> {
        let call = self.enter(&request).await?;
        let answer = self.accept(&call, &request.into_inner()).await;
        answer.map(Response::new).map_err(|refusal| call.refused(&refusal))
    }

    async fn request_supplement(
        &self,
        request: Request<v1::RequestSupplementRequest>,
    ) -> Result<Response<v1::RequestSupplementResponse>, Status> {
        let call = self.enter(&request).await?;
        let answer =
            self.decide(&call, decision::request_supplement(request.get_ref(), self.ground(&call))).await;
        let answer = answer.map_err(|refusal| call.refused(&refusal))?;
        Ok(Response::new(v1::RequestSupplementResponse {
            dossier: answer.dossier,
            recorded: answer.recorded,
        }))
    }

    async fn refuse_dossier(
        &self,
        request: Request<v1::RefuseDossierRequest>,
    ) -> Result<Response<v1::RefuseDossierResponse>, Status> {
        let call = self.enter(&request).await?;
        let answer =
            self.decide(&call, decision::refuse_dossier(request.get_ref(), self.ground(&call))).await;
        let answer = answer.map_err(|refusal| call.refused(&refusal))?;
        Ok(Response::new(v1::RefuseDossierResponse { dossier: answer.dossier, recorded: answer.recorded }))
    }

    async fn withdraw_dossier(
        &self,
        request: Request<v1::WithdrawDossierRequest>,
    ) -> Result<Response<v1::WithdrawDossierResponse>, Status> {
        let call = self.enter(&request).await?;
        let answer =
            self.decide(&call, decision::withdraw_dossier(request.get_ref(), self.ground(&call))).await;
        let answer = answer.map_err(|refusal| call.refused(&refusal))?;
        Ok(Response::new(v1::WithdrawDossierResponse { dossier: answer.dossier, recorded: answer.recorded }))
    }

    async fn stop_dossier(
        &self,
        request: Request<v1::StopDossierRequest>,
    ) -> Result<Response<v1::StopDossierResponse>, Status> {
        let call = self.enter(&request).await?;
        let answer = self.decide(&call, decision::stop_dossier(request.get_ref(), self.ground(&call))).await;
        let answer = answer.map_err(|refusal| call.refused(&refusal))?;
        Ok(Response::new(v1::StopDossierResponse { dossier: answer.dossier, recorded: answer.recorded }))
    }

    async fn set_due_date(
        &self,
        request: Request<v1::SetDueDateRequest>,
    ) -> Result<Response<v1::SetDueDateResponse>, Status> {
        let call = self.enter(&request).await?;
        let answer = self.decide(&call, decision::set_due_date(request.get_ref(), self.ground(&call))).await;
        let answer = answer.map_err(|refusal| call.refused(&refusal))?;
        Ok(Response::new(v1::SetDueDateResponse { dossier: answer.dossier, recorded: answer.recorded }))
    }

    async fn close_dossier(
        &self,
        request: Request<v1::CloseDossierRequest>,
    ) -> Result<Response<v1::CloseDossierResponse>, Status> {
        let call = self.enter(&request).await?;
        let answer = self.decide(&call, decision::close_dossier(request.get_ref(), self.ground(&call))).await;
        let answer = answer.map_err(|refusal| call.refused(&refusal))?;
        Ok(Response::new(v1::CloseDossierResponse { dossier: answer.dossier, recorded: answer.recorded }))
    }

    async fn announce_result(
        &self,
        request: Request<v1::AnnounceResultRequest>,
    ) -> Result<Response<v1::AnnounceResultResponse>, Status> {
        let call = self.enter(&request).await?;
        let answer = self.announce(&call, &request.into_inner()).await;
        let answer = answer.map_err(|refusal| call.refused(&refusal))?;
        Ok(Response::new(v1::AnnounceResultResponse { dossier: answer.dossier, recorded: answer.recorded }))
    }

    async fn link_dossiers(
        &self,
        request: Request<v1::LinkDossiersRequest>,
    ) -> Result<Response<v1::LinkDossiersResponse>, Status> {
        let call = self.enter(&request).await?;
        let answer = self.link(&call, &request.into_inner()).await;
        let answer = answer.map_err(|refusal| call.refused(&refusal))?;
        Ok(Response::new(v1::LinkDossiersResponse { dossier: answer.dossier, recorded: answer.recorded }))
    }

    async fn batch_announce_results(
        &self,
        request: Request<v1::BatchAnnounceResultsRequest>,
    ) -> Result<Response<v1::BatchAnnounceResultsResponse>, Status> {
        let call = self.enter(&request).await?;
        let results = self.announce_all(&call, &request.into_inner().requests).await;
        let results = results.map_err(|refusal| call.refused(&refusal))?;
        Ok(Response::new(v1::BatchAnnounceResultsResponse { results }))
    }

    async fn batch_decide_dossiers(
        &self,
        request: Request<v1::BatchDecideDossiersRequest>,
    ) -> Result<Response<v1::BatchDecideDossiersResponse>, Status> {
        let call = self.enter(&request).await?;
        let results = self.decide_all(&call, &request.into_inner().decisions).await;
        let results = results.map_err(|refusal| call.refused(&refusal))?;
        Ok(Response::new(v1::BatchDecideDossiersResponse { results }))
    }

    async fn get_dossier(
        &self,
        request: Request<v1::GetDossierRequest>,
    ) -> Result<Response<v1::GetDossierResponse>, Status> {
        let call = self.enter(&request).await?;
        let answer = self.one_dossier(&call, &request.into_inner()).await;
        answer.map(Response::new).map_err(|refusal| call.refused(&refusal))
    }

    async fn list_dossiers(
        &self,
        request: Request<v1::ListDossiersRequest>,
    ) -> Result<Response<v1::ListDossiersResponse>, Status> {
        let call = self.enter(&request).await?;
        let answer = self.page_of_dossiers(&call, &request.into_inner()).await;
        answer.map(Response::new).map_err(|refusal| call.refused(&refusal))
    }

    async fn search_dossiers(
        &self,
        request: Request<v1::SearchDossiersRequest>,
    ) -> Result<Response<v1::SearchDossiersResponse>, Status> {
        let call = self.enter(&request).await?;
        let answer = self.found_dossiers(&call, &request.into_inner()).await;
        answer.map(Response::new).map_err(|refusal| call.refused(&refusal))
    }

    async fn list_dossier_events(
        &self,
        request: Request<v1::ListDossierEventsRequest>,
    ) -> Result<Response<v1::ListDossierEventsResponse>, Status> {
        let call = self.enter(&request).await?;
        let answer = self.page_of_events(&call, &request.into_inner()).await;
        answer.map(Response::new).map_err(|refusal| call.refused(&refusal))
    }
}

/// Commands.
impl Gateway {
    async fn register(
        &self,
        call: &Call,
        request: &v1::RegisterDossierRequest,
    ) -> Result<v1::RegisterDossierResponse, Refusal> {
        call.caller.speaker()?;
        let ground = Ground { directory: &call.directory, now: self.clock.now() };
        let command = command::register_dossier(request, ground)?;
        if let CommandAct::Register { agency, .. } = &command.act {
            rights::may_register(&call.caller, &call.directory, agency)?;
        }
        let answer = self.submit(call, command).await?;
        Ok(v1::RegisterDossierResponse {
            dossier: self.dossier_of(call, &answer).await?,
            recorded: Some(from::recorded(&answer, Vec::new())?),
        })
    }

    async fn register_all(
        &self,
        call: &Call,
        request: &v1::BatchRegisterDossiersRequest,
    ) -> Result<v1::BatchRegisterDossiersResponse, Refusal> {
        use v1::register_dossier_result::Result as Line;
        call.caller.speaker()?;
        if request.requests.len() > limits::BATCH_LINES {
            return Err(Refusal::field(Reason::BatchTooLarge, "requests", ""));
        }
        let lines = request.requests.iter().map(|bytes| async move {
            let line = into::message::<v1::RegisterDossierRequest>(bytes, "")?;
            self.register(call, &line).await
        });
        let results = join_all(lines).await.into_iter().map(|answer| {
            let result = match answer {
                Ok(registered) => Line::Registered(registered),
                Err(refusal) => Line::Refusal(to_line(&refusal, &call.context)),
            };
            v1::RegisterDossierResult { result: Some(result) }
        });
        Ok(v1::BatchRegisterDossiersResponse { results: results.collect() })
    }

    pub(super) async fn accept(
        &self,
        call: &Call,
        request: &v1::AcceptDossierRequest,
    ) -> Result<v1::AcceptDossierResponse, Refusal> {
        call.caller.speaker()?;
        let ground = Ground { directory: &call.directory, now: self.clock.now() };
        let (target, field) = command::accept_target(request, ground)?;
        rights::may_accept(&call.caller, None, field)?;
        let agency = match self.agency_of(call, &target, field).await {
            Ok(agency) => Some(agency),
            // It may have been accepted when the leg was still found by that code: the journal knows by its key.
            Err(refusal) if refusal.reason == Reason::NotFound => None,
            Err(refusal) => return Err(refusal),
        };
        // Then whose an opaque code is plays no part any more: any agency makes it readable.
        let reading = agency.as_ref().or(call.caller.party.as_ref());
        let command = command::accept_dossier(request, target, reading, ground);
        let command = match (command, &agency) {
            (Err(_), None) => return Err(Refusal::field(Reason::NotFound, field, "")),
            (command, _) => command?,
        };
        let answer = self.submit(call, command).await.map_err(|refusal| match refusal.field.as_str() {
            // The journal knows a target by code as an item, whatever kind of code it is.
            "item" => Refusal { field: field.to_owned(), ..refusal },
            _ => refusal,
        })?;
        Ok(v1::AcceptDossierResponse {
            dossier: self.dossier_of(call, &answer).await?,
            recorded: Some(from::recorded(&answer, Vec::new())?),
        })
    }

    /// The agency that owns the leg to be accepted: an opaque code is that agency's.
    async fn agency_of(
        &self,
        call: &Call,
        target: &AcceptTarget,
        field: &'static str,
    ) -> Result<PartyName, Refusal> {
        let not_found = || Refusal::field(Reason::NotFound, field, "");
        let moment = self.now().await?.ok_or_else(not_found)?;
        let legs = match target {
            AcceptTarget::Leg(id) => {
                self.view.leg(call, *id, &moment).await.map(|leg| leg.into_iter().collect())
            }
            AcceptTarget::Code(code) => self.view.legs_with(call, code, &moment).await,
        };
        let legs: Vec<_> = legs.map_err(|error| unread(&error, ""))?;
        let may = |leg: &&crate::dossier::desk::Leg| {
            rights::may_accept(&call.caller, Some(&leg.birth), field).is_ok()
        };
        match (legs.iter().find(may), legs.first()) {
            (Some(mine), _) => Ok(mine.birth.agency.clone()),
            (None, Some(other)) => {
                rights::may_accept(&call.caller, Some(&other.birth), field)?;
                Ok(other.birth.agency.clone())
            }
            (None, None) => Err(not_found()),
        }
    }

    /// The dossier of a command's record as it is now, after the commit or long after it.
    pub(super) async fn dossier_of(
        &self,
        call: &Call,
        answer: &Answer,
    ) -> Result<Option<v1::Dossier>, Refusal> {
        let Some(id) = answer.content()?.dossier else { return Ok(None) };
        let Some(moment) = self.now().await? else { return Ok(None) };
        let opened = self.view.open(call, Group::Dossier(id), &moment).await;
        Ok(opened.map_err(|error| unread(&error, ""))?.map(|opened| dossier::dossier(&opened, None)))
    }
}

/// Look-ups.
impl Gateway {
    async fn one_dossier(
        &self,
        call: &Call,
        request: &v1::GetDossierRequest,
    ) -> Result<v1::GetDossierResponse, Refusal> {
        use v1::get_dossier_request::{At, Key as Asked};
        must_read(call)?;
        let sought = match &request.key {
            Some(Asked::Name(name)) => Sought::named(name)?,
            Some(Asked::Code(code)) => Sought::coded(code, call, self.clock.now())?,
            None => return Err(Refusal::field(Reason::FieldRequired, "key", "a name or a code")),
        };
        let as_of = match &request.at {
            Some(At::ReadTime(read_time)) => AsOf::time(read_time)?,
            Some(At::ReadPosition(position)) => AsOf::position(position)?,
            None => AsOf::NOW,
        };
        let view = self.view.at_once().map_err(|error| unread(&error, ""))?;
        let moment = view.moment(as_of.when, self.clock.now()).await;
        let moment = moment.map_err(|error| unread(&error, as_of.field))?;
        let Some(moment) = moment else { return Err(sought.otherwise) };
        let asked = asked_leg(&sought.key);
        let found = view.dossier(call, &sought.key, &moment).await;
        let found = sought.only(found.map_err(|error| unread(&error, as_of.field))?)?;
        // What was found is known by then, and so is the lane in which it stands.
        let stands = found.id.or(found.legs.first().map(|leg| leg.id));
        let known = stands.and_then(|at| moment.of(at.lane)).ok_or(Refusal::new(Reason::Internal))?;
        Ok(v1::GetDossierResponse {
            dossier: Some(dossier::dossier(&found, asked)),
            position: Some(from::position(known.position)),
            known_at: Some(time::timestamp(known.known_at)),
        })
    }

    async fn page_of_dossiers(
        &self,
        call: &Call,
        request: &v1::ListDossiersRequest,
    ) -> Result<v1::ListDossiersResponse, Refusal> {
        let (party, number) = parent(call, &request.parent, self.clock.now())?;
        let size = into::page_size(request.page_size)?;
        let binding = Binding::of(&["ListDossiers", own(call), party.as_str()]);
        let below = binding.read(&request.page_token)?.unwrap_or(i64::MAX.unsigned_abs());
        let Some(moment) = self.now().await? else { return Ok(v1::ListDossiersResponse::default()) };
        let page = self.view.dossiers(call, number, below, size, &moment).await;
        let page = page.map_err(|error| unread(&error, ""))?;
        Ok(v1::ListDossiersResponse {
            dossiers: page.items.iter().map(|item| dossier::dossier(item, None)).collect(),
            next_page_token: binding.token(page.next),
        })
    }

    async fn found_dossiers(
        &self,
        call: &Call,
        request: &v1::SearchDossiersRequest,
    ) -> Result<v1::SearchDossiersResponse, Refusal> {
        let (party, _) = parent(call, &request.parent, self.clock.now())?;
        let size = into::page_size(request.page_size)?;
        let code = request.code.as_ref();
        let code = code.ok_or_else(|| Refusal::field(Reason::FieldRequired, "code", ""))?;
        let sought = Sought::coded(code, call, self.clock.now())?;
        let Key::Codes(codes) = &sought.key else { return Err(Refusal::new(Reason::Internal)) };
        let binding = Binding::of(&["SearchDossiers", own(call), party.as_str(), &format!("{codes:?}")]);
        let below = binding.read(&request.page_token)?;
        let among = Among { call, party: &party };
        let Some(moment) = self.now().await? else { return Ok(v1::SearchDossiersResponse::default()) };
        let upto = below.unwrap_or(i64::MAX.unsigned_abs());
        let page = self.view.search(call, &among, codes, upto, size, &moment).await;
        let page = page.map_err(|error| unread(&error, ""))?;
        // A typing error is told as one; a good code that nothing seen bears is an empty page.
        let mistyped = sought.otherwise.reason != Reason::NotFound;
        if page.items.is_empty() && below.is_none() && mistyped {
            return Err(sought.otherwise);
        }
        Ok(v1::SearchDossiersResponse {
            dossiers: page.items.iter().map(|item| dossier::dossier(item, None)).collect(),
            next_page_token: binding.token(page.next),
        })
    }

    async fn page_of_events(
        &self,
        call: &Call,
        request: &v1::ListDossierEventsRequest,
    ) -> Result<v1::ListDossierEventsResponse, Refusal> {
        use v1::list_dossier_events_request::Key as Asked;
        must_read(call)?;
        let sought = match &request.key {
            Some(Asked::Name(name)) => Sought::named(name)?,
            Some(Asked::Code(code)) => Sought::coded(code, call, self.clock.now())?,
            None => return Err(Refusal::field(Reason::FieldRequired, "key", "a name or a code")),
        };
        let size = into::page_size(request.page_size)?;
        let binding = Binding::of(&["ListDossierEvents", own(call), &format!("{:?}", sought.key)]);
        let after = binding.read(&request.page_token)?.unwrap_or(0);
        let Some(moment) = self.now().await? else { return Err(sought.otherwise) };
        let found = self.view.find(call, &sought.key, &moment).await;
        let group = sought.only(found.map_err(|error| unread(&error, ""))?)?;
        // A supervisor reads below its party; its own log has other numbers.
        let logged = call.caller.party.as_ref().filter(|_| call.caller.role != Role::Supervisor);
        let number = logged.and_then(|party| number_of(call, party));
        let page = self.view.events(call, group, number, after, size, &moment).await;
        let page = page.map_err(|error| unread(&error, ""))?;
        Ok(v1::ListDossierEventsResponse {
            events: page.items.iter().map(dossier::event).collect::<Result<_, _>>()?,
            next_page_token: binding.token(page.next),
        })
    }
}

fn own(call: &Call) -> &str {
    call.caller.party.as_ref().map_or("", PartyName::as_str)
}

fn asked_leg(key: &Key) -> Option<Position> {
    match key {
        Key::Leg(id) => Some(*id),
        Key::Dossier(_) | Key::Codes(_) => None,
    }
}
