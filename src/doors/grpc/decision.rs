//! What the calls that decide have in common: parsed, allowed, submitted, and answered with the dossier as it is then.

use bytes::Bytes;
use futures_util::future::join_all;

use super::lookup::unread;
use super::{Call, Gateway, rights};
use crate::doors::refusal::to_line;
use crate::doors::wire::command::{Command, Ground};
use crate::doors::wire::{decision, from, into, v1};
use crate::dossier::apply::Announced;
use crate::dossier::refusal::{Reason, Refusal};
use crate::journal::CommandAct;
use crate::limits;
use crate::view::Group;

impl Gateway {
    pub(super) fn ground<'a>(&self, call: &'a Call) -> Ground<'a> {
        Ground { directory: &call.directory, now: self.clock.now() }
    }

    /// Makes a decision on a dossier that is known.
    pub(super) async fn decide(
        &self,
        call: &Call,
        command: Result<Command, Refusal>,
    ) -> Result<v1::DecidedDossier, Refusal> {
        call.caller.speaker()?;
        rights::may_decide(&call.caller)?;
        self.decided(call, command?).await
    }

    /// Announces a result.
    pub(super) async fn announce(
        &self,
        call: &Call,
        request: &v1::AnnounceResultRequest,
    ) -> Result<v1::DecidedDossier, Refusal> {
        call.caller.speaker()?;
        rights::may_decide(&call.caller)?;
        let command = decision::announce_result(request, self.ground(call))?;
        if let CommandAct::Announce { target: Announced::Code { agency, .. }, .. } = &command.act {
            rights::may_register(&call.caller, &call.directory, agency)?;
        }
        self.decided(call, command).await
    }

    /// Links a dossier to one that the caller sees.
    pub(super) async fn link(
        &self,
        call: &Call,
        request: &v1::LinkDossiersRequest,
    ) -> Result<v1::DecidedDossier, Refusal> {
        call.caller.speaker()?;
        rights::may_decide(&call.caller)?;
        let parent = Group::Dossier(decision::parent(request)?);
        let not_found = || Refusal::field(Reason::NotFound, "parent", "");
        let moment = self.now().await?.ok_or_else(not_found)?;
        let seen = self.view.open(call, parent, &moment).await.map_err(|error| unread(&error, ""))?;
        let agency = seen.ok_or_else(not_found)?.agency;
        self.decided(call, decision::link_dossiers(request, agency, self.ground(call))?).await
    }

    async fn decided(&self, call: &Call, command: Command) -> Result<v1::DecidedDossier, Refusal> {
        let answer = self.submit(call, command).await?;
        Ok(v1::DecidedDossier {
            dossier: self.dossier_of(call, &answer).await?,
            recorded: Some(from::recorded(&answer, Vec::new())?),
        })
    }

    /// Announces results, each by itself.
    pub(super) async fn announce_all(
        &self,
        call: &Call,
        requests: &[Bytes],
    ) -> Result<Vec<v1::DecisionResult>, Refusal> {
        call.caller.speaker()?;
        if requests.len() > limits::BATCH_LINES {
            return Err(Refusal::field(Reason::BatchTooLarge, "requests", ""));
        }
        let lines = requests.iter().map(|bytes| async move {
            self.announce(call, &into::message::<v1::AnnounceResultRequest>(bytes, "")?).await
        });
        Ok(join_all(lines).await.into_iter().map(|line| result(call, line)).collect())
    }

    /// Decides on dossiers, each by itself.
    pub(super) async fn decide_all(
        &self,
        call: &Call,
        decisions: &[Bytes],
    ) -> Result<Vec<v1::DecisionResult>, Refusal> {
        call.caller.speaker()?;
        if decisions.len() > limits::BATCH_LINES {
            return Err(Refusal::field(Reason::BatchTooLarge, "decisions", ""));
        }
        let lines = decisions.iter().map(|bytes| async move {
            self.decide_one(call, into::message::<v1::DossierDecision>(bytes, "")?).await
        });
        Ok(join_all(lines).await.into_iter().map(|line| result(call, line)).collect())
    }

    async fn decide_one(
        &self,
        call: &Call,
        line: v1::DossierDecision,
    ) -> Result<v1::DecidedDossier, Refusal> {
        use v1::dossier_decision::Decision as Made;
        let made = line.decision.ok_or_else(|| Refusal::field(Reason::FieldRequired, "decision", ""))?;
        let ground = self.ground(call);
        match made {
            Made::Accept(request) => {
                let accepted = self.accept(call, &request).await?;
                Ok(v1::DecidedDossier { dossier: accepted.dossier, recorded: accepted.recorded })
            }
            Made::Link(request) => self.link(call, &request).await,
            Made::RequestSupplement(request) => {
                self.decide(call, decision::request_supplement(&request, ground)).await
            }
            Made::Refuse(request) => self.decide(call, decision::refuse_dossier(&request, ground)).await,
            Made::Withdraw(request) => self.decide(call, decision::withdraw_dossier(&request, ground)).await,
            Made::Stop(request) => self.decide(call, decision::stop_dossier(&request, ground)).await,
            Made::SetDueDate(request) => self.decide(call, decision::set_due_date(&request, ground)).await,
            Made::Close(request) => self.decide(call, decision::close_dossier(&request, ground)).await,
        }
    }
}

fn result(call: &Call, line: Result<v1::DecidedDossier, Refusal>) -> v1::DecisionResult {
    use v1::decision_result::Result as Line;
    let result = match line {
        Ok(decided) => Line::Decided(decided),
        Err(refusal) => Line::Refusal(to_line(&refusal, &call.context)),
    };
    v1::DecisionResult { result: Some(result) }
}
