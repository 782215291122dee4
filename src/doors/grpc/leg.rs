//! `LegService`: order, cancel, look up.

use bytes::Bytes;
use tonic::{Request, Response, Status};

use super::lookup::{must_read, parent, unread};
use super::{Call, Gateway, rights};
use crate::doors::wire::command::{self, Command, Ground};
use crate::doors::wire::page::Binding;
use crate::doors::wire::v1::leg_service_server::LegService;
use crate::doors::wire::{dossier, from, into, v1};
use crate::dossier::desk::Leg;
use crate::dossier::leg::LegState;
use crate::dossier::names::Position;
use crate::dossier::refusal::{Reason, Refusal};
use crate::journal::{Answer, CommandAct, Line};
use crate::view::{Group, Key, LegFilter};

#[tonic::async_trait]
impl LegService for Gateway {
    async fn order_leg(
        &self,
        request: Request<v1::OrderLegRequest>,
    ) -> Result<Response<v1::OrderLegResponse>, Status> {
        let call = self.enter(&request).await?;
        let answer = self.order(&call, &request.into_inner()).await;
        answer.map(Response::new).map_err(|refusal| call.refused(&refusal))
    }

    async fn cancel_leg(
        &self,
        request: Request<v1::CancelLegRequest>,
    ) -> Result<Response<v1::CancelLegResponse>, Status> {
        let call = self.enter(&request).await?;
        let answer = self.cancel(&call, &request.into_inner()).await;
        answer.map(Response::new).map_err(|refusal| call.refused(&refusal))
    }

    async fn get_leg(
        &self,
        request: Request<v1::GetLegRequest>,
    ) -> Result<Response<v1::GetLegResponse>, Status> {
        let call = self.enter(&request).await?;
        let answer = self.one_leg(&call, &request.into_inner()).await;
        answer.map(Response::new).map_err(|refusal| call.refused(&refusal))
    }

    async fn list_legs(
        &self,
        request: Request<v1::ListLegsRequest>,
    ) -> Result<Response<v1::ListLegsResponse>, Status> {
        let call = self.enter(&request).await?;
        let answer = self.page_of_legs(&call, &request.into_inner()).await;
        answer.map(Response::new).map_err(|refusal| call.refused(&refusal))
    }
}

impl Gateway {
    async fn order(
        &self,
        call: &Call,
        request: &v1::OrderLegRequest,
    ) -> Result<v1::OrderLegResponse, Refusal> {
        call.caller.speaker()?;
        let ground = Ground { directory: &call.directory, now: self.clock.now() };
        let mut command = command::order_leg(request, ground)?;
        if let CommandAct::Order { agency, carrier, dossier, .. } = &command.act {
            rights::may_order(&call.caller, &call.directory, agency, carrier.as_ref())?;
            if let Some(id) = *dossier {
                // An order makes its leg's dossier seen: nobody orders for one that they do not see already.
                let seen = self.dossier_code(call, id).await?;
                let unseen = || Refusal::field(Reason::NotFound, "dossier", "no such dossier of the agency");
                command.event.code = Some(seen.ok_or_else(unseen)?);
            }
        }
        let answer = self.submit(call, command).await?;
        let leg = self.leg_of(call, &answer).await?;
        Ok(v1::OrderLegResponse {
            leg: leg.as_ref().map(dossier::leg),
            recorded: Some(from::recorded(&answer, Vec::new())?),
        })
    }

    async fn cancel(
        &self,
        call: &Call,
        request: &v1::CancelLegRequest,
    ) -> Result<v1::CancelLegResponse, Refusal> {
        call.caller.speaker()?;
        let ground = Ground { directory: &call.directory, now: self.clock.now() };
        let command = command::cancel_leg(request, ground)?;
        if let CommandAct::Cancel { leg } = command.act {
            let leg = self.leg_now(call, leg).await?;
            let leg = leg.ok_or_else(|| Refusal::field(Reason::NotFound, "name", ""))?;
            rights::may_cancel(&call.caller, &leg.birth)?;
        }
        let answer = self.submit(call, command).await?;
        let leg = self.leg_of(call, &answer).await?;
        Ok(v1::CancelLegResponse {
            leg: leg.as_ref().map(dossier::leg),
            recorded: Some(from::recorded(&answer, Vec::new())?),
        })
    }

    async fn one_leg(&self, call: &Call, request: &v1::GetLegRequest) -> Result<v1::GetLegResponse, Refusal> {
        must_read(call)?;
        let id = into::position(&request.name, "legs/", "name")?;
        let id = id.ok_or_else(|| Refusal::field(Reason::FieldRequired, "name", ""))?;
        let leg = self.leg_now(call, id).await?;
        let leg = leg.ok_or_else(|| Refusal::field(Reason::NotFound, "name", ""))?;
        let personal = match reads_personal(call, &leg) {
            true => self.view.order_personal(&leg).await.map_err(|error| unread(&error, ""))?,
            false => None,
        };
        Ok(v1::GetLegResponse {
            leg: Some(dossier::leg(&leg)),
            personal: personal.unwrap_or_else(Bytes::new),
        })
    }

    async fn page_of_legs(
        &self,
        call: &Call,
        request: &v1::ListLegsRequest,
    ) -> Result<v1::ListLegsResponse, Refusal> {
        let (party, number) = parent(call, &request.parent, self.clock.now())?;
        let size = into::page_size(request.page_size)?;
        let state = match request.state {
            0 => None,
            number => {
                let state = LegState::from_number(number);
                Some(state.ok_or_else(|| Refusal::field(Reason::EnumUnknown, "state", "no such state"))?)
            }
        };
        let filter = LegFilter { open_only: request.open_only, state };
        let own = call.caller.party.as_ref().map_or("", |party| party.as_str());
        let binding = Binding::of(&["ListLegs", own, party.as_str(), &format!("{filter:?}")]);
        let below = binding.read(&request.page_token)?.unwrap_or(i64::MAX.unsigned_abs());
        let Some(moment) = self.now().await? else { return Ok(v1::ListLegsResponse::default()) };
        let page = self.view.legs(call, number, filter, below, size, &moment).await;
        let page = page.map_err(|error| unread(&error, ""))?;
        Ok(v1::ListLegsResponse {
            legs: page.items.iter().map(dossier::leg).collect(),
            next_page_token: binding.token(page.next),
        })
    }

    /// Hands a command to the journal in the caller's name.
    pub(super) async fn submit(&self, call: &Call, command: Command) -> Result<Answer, Refusal> {
        let line = command.line(call.caller.speaker()?);
        self.journal.submit(Line::Command(Box::new(line))).await
    }

    /// A leg as it is now, if it is seen.
    pub(super) async fn leg_now(&self, call: &Call, id: Position) -> Result<Option<Leg>, Refusal> {
        let Some(moment) = self.now().await? else { return Ok(None) };
        self.view.leg(call, id, &moment).await.map_err(|error| unread(&error, ""))
    }

    /// The leg of a command's record as it is now, after the commit or long after it.
    async fn leg_of(&self, call: &Call, answer: &Answer) -> Result<Option<Leg>, Refusal> {
        match answer.content()?.leg {
            Some(id) => self.leg_now(call, id).await,
            None => Ok(None),
        }
    }

    /// The code of a dossier, if it is seen.
    async fn dossier_code(
        &self,
        call: &Call,
        id: Position,
    ) -> Result<Option<crate::dossier::code::Code>, Refusal> {
        let Some(moment) = self.now().await? else { return Ok(None) };
        let found = self.view.find(call, &Key::Dossier(id), &moment).await;
        let crate::view::Found::One(group @ Group::Dossier(_)) = found.map_err(|error| unread(&error, ""))?
        else {
            return Ok(None);
        };
        let opened = self.view.open(call, group, &moment).await.map_err(|error| unread(&error, ""))?;
        Ok(opened.and_then(|dossier| dossier.code))
    }
}

/// An order's personal part is for the agency that ordered and, while the leg is open, for its carrier: the party itself,
/// not who supervises it.
fn reads_personal(call: &Call, leg: &Leg) -> bool {
    let Some((own, ordered_by)) = call.caller.party.as_ref().zip(leg.ordered_by.as_ref()) else {
        return false;
    };
    let by_agency = own.is_agency() && own == ordered_by;
    let by_carrier = leg.birth.carrier.as_ref() == Some(own) && !leg.fold.state.is_end();
    by_agency || by_carrier
}
