//! `HandoverService`: lists that two sides hand over together.

use tonic::{Request, Response, Status};

use super::lookup::{Among, must_read, parent, unread};
use super::{Call, Gateway};
use crate::doors::refusal::to_line;
use crate::doors::wire::command::{Command, Ground};
use crate::doors::wire::page::Binding;
use crate::doors::wire::v1::handover_service_server::HandoverService;
use crate::doors::wire::{from, handover, into, v1};
use crate::dossier::names::{PartyName, Position};
use crate::dossier::refusal::{Reason, Refusal};
use crate::journal::{Answer, CommandAct, LineAnswer};
use crate::view::ManifestFilter;

/// What a command on a list is answered with.
struct Told {
    manifest: Option<v1::Manifest>,
    recorded: Option<v1::Recorded>,
    outcomes: Vec<v1::LineOutcome>,
}

/// A call that commands: parsed in the name of the caller's party, carried out, answered with the list as it is then.
macro_rules! commands {
    ($gateway:ident, $request:ident, $parse:path) => {{
        let call = $gateway.enter(&$request).await?;
        let told = $gateway.command(&call, |party, ground| $parse($request.get_ref(), party, ground)).await;
        told.map_err(|refusal| call.refused(&refusal))?
    }};
}

#[tonic::async_trait]
impl HandoverService for Gateway {
    async fn create_manifest(
        &self,
        request: Request<v1::CreateManifestRequest>,
    ) -> Result<Response<v1::CreateManifestResponse>, Status> {
        let Told { manifest, recorded, outcomes } = commands!(self, request, handover::create_manifest);
        Ok(Response::new(v1::CreateManifestResponse { manifest, recorded, outcomes }))
    }

    async fn add_manifest_lines(
        &self,
        request: Request<v1::AddManifestLinesRequest>,
    ) -> Result<Response<v1::AddManifestLinesResponse>, Status> {
        let Told { manifest, recorded, outcomes } = commands!(self, request, handover::add_manifest_lines);
        Ok(Response::new(v1::AddManifestLinesResponse { manifest, recorded, outcomes }))
    }

    async fn offer_manifest(
        &self,
        request: Request<v1::OfferManifestRequest>,
    ) -> Result<Response<v1::OfferManifestResponse>, Status> {
        let Told { manifest, recorded, outcomes } = commands!(self, request, handover::offer_manifest);
        Ok(Response::new(v1::OfferManifestResponse { manifest, recorded, outcomes }))
    }

    async fn withdraw_manifest(
        &self,
        request: Request<v1::WithdrawManifestRequest>,
    ) -> Result<Response<v1::WithdrawManifestResponse>, Status> {
        let Told { manifest, recorded, outcomes } = commands!(self, request, handover::withdraw_manifest);
        Ok(Response::new(v1::WithdrawManifestResponse { manifest, recorded, outcomes }))
    }

    async fn accept_lines(
        &self,
        request: Request<v1::AcceptLinesRequest>,
    ) -> Result<Response<v1::AcceptLinesResponse>, Status> {
        let Told { manifest, outcomes, .. } = commands!(self, request, handover::accept_lines);
        Ok(Response::new(v1::AcceptLinesResponse { manifest, outcomes }))
    }

    async fn reject_lines(
        &self,
        request: Request<v1::RejectLinesRequest>,
    ) -> Result<Response<v1::RejectLinesResponse>, Status> {
        let Told { manifest, outcomes, .. } = commands!(self, request, handover::reject_lines);
        Ok(Response::new(v1::RejectLinesResponse { manifest, outcomes }))
    }

    async fn add_unlisted_lines(
        &self,
        request: Request<v1::AddUnlistedLinesRequest>,
    ) -> Result<Response<v1::AddUnlistedLinesResponse>, Status> {
        let Told { manifest, outcomes, .. } = commands!(self, request, handover::add_unlisted_lines);
        Ok(Response::new(v1::AddUnlistedLinesResponse { manifest, outcomes }))
    }

    async fn close_manifest(
        &self,
        request: Request<v1::CloseManifestRequest>,
    ) -> Result<Response<v1::CloseManifestResponse>, Status> {
        let Told { manifest, recorded, outcomes } = commands!(self, request, handover::close_manifest);
        Ok(Response::new(v1::CloseManifestResponse { manifest, recorded, outcomes }))
    }

    async fn get_manifest(
        &self,
        request: Request<v1::GetManifestRequest>,
    ) -> Result<Response<v1::GetManifestResponse>, Status> {
        let call = self.enter(&request).await?;
        let answer = self.one_manifest(&call, request.get_ref()).await;
        answer.map(Response::new).map_err(|refusal| call.refused(&refusal))
    }

    async fn list_manifests(
        &self,
        request: Request<v1::ListManifestsRequest>,
    ) -> Result<Response<v1::ListManifestsResponse>, Status> {
        let call = self.enter(&request).await?;
        let answer = self.page_of_manifests(&call, request.get_ref()).await;
        answer.map(Response::new).map_err(|refusal| call.refused(&refusal))
    }
}

impl Gateway {
    async fn command(
        &self,
        call: &Call,
        parse: impl FnOnce(&PartyName, Ground<'_>) -> Result<Command, Refusal>,
    ) -> Result<Told, Refusal> {
        let party = call.caller.speaker()?.party;
        let ground = Ground { directory: &call.directory, now: self.clock.now() };
        let command = parse(&party, ground)?;
        let CommandAct::Handover { manifest: named, .. } = command.act else {
            return Err(Refusal::new(Reason::Internal));
        };
        let answer = self.submit(call, command).await?;
        let recorded = match &answer.content {
            Some(_) => Some(from::recorded(&answer, Vec::new())?),
            None => None,
        };
        // A list's id is the position of its birth.
        let id = named.unwrap_or(answer.position);
        let seen = self.view.manifest(call, id).await.map_err(|error| unread(&error, ""))?;
        Ok(Told {
            manifest: seen.map(|manifest| handover::manifest(&manifest, true)),
            recorded,
            outcomes: outcomes(call, &answer)?,
        })
    }

    async fn one_manifest(
        &self,
        call: &Call,
        request: &v1::GetManifestRequest,
    ) -> Result<v1::GetManifestResponse, Refusal> {
        must_read(call)?;
        let id: Position = handover::named(&request.name)?;
        let seen = self.view.manifest(call, id).await.map_err(|error| unread(&error, ""))?;
        let manifest = seen.ok_or_else(|| Refusal::field(Reason::NotFound, "name", ""))?;
        Ok(v1::GetManifestResponse { manifest: Some(handover::manifest(&manifest, true)) })
    }

    async fn page_of_manifests(
        &self,
        call: &Call,
        request: &v1::ListManifestsRequest,
    ) -> Result<v1::ListManifestsResponse, Refusal> {
        let (party, number) = parent(call, &request.parent, self.clock.now())?;
        let size = into::page_size(request.page_size)?;
        into::staff_number(&request.number, "number")?;
        let filter = ManifestFilter {
            state: handover::state(request.state)?,
            receiver: request.receives.then(|| party.clone()),
            number: request.number.clone(),
        };
        let binding = Binding::of(&["ListManifests", party.as_str(), &format!("{filter:?}")]);
        let below = binding.read(&request.page_token)?.unwrap_or(i64::MAX.unsigned_abs());
        let Some(moment) = self.now().await? else { return Ok(v1::ListManifestsResponse::default()) };
        let among = Among { call, party: &party };
        let page = self.view.manifests(&among, number, &filter, below, size, &moment).await;
        let page = page.map_err(|error| unread(&error, ""))?;
        Ok(v1::ListManifestsResponse {
            manifests: page.items.iter().map(|item| handover::manifest(item, false)).collect(),
            next_page_token: binding.token(page.next),
        })
    }
}

fn outcomes(call: &Call, answer: &Answer) -> Result<Vec<v1::LineOutcome>, Refusal> {
    let told = |line: &LineAnswer| match &line.result {
        Ok(recorded) => handover::outcome(line.number, recorded),
        Err(refusal) => Ok(v1::LineOutcome {
            number: line.number,
            result: Some(v1::line_outcome::Result::Refusal(to_line(refusal, &call.context))),
        }),
    };
    answer.lines.iter().map(told).collect()
}
