//! One call per decision. Making it again is harmless: its id makes it the same decision.

use super::ask::Made;
use crate::doors::cli::Failure;
use crate::doors::cli::gateway::{Gateway, patiently};
use crate::doors::wire::v1;

/// Sends a decision; every kind is answered with the dossier and the record.
pub async fn send(gateway: &Gateway, made: &Made) -> Result<v1::DecidedDossier, Failure> {
    macro_rules! sent {
        ($method:ident, $message:expr) => {
            patiently(async || {
                let (request, id) = gateway.request($message.clone());
                let answer = gateway.dossiers().$method(request).await;
                let answer = answer.map_err(|status| gateway.failure(&status, &id))?.into_inner();
                Ok(v1::DecidedDossier { dossier: answer.dossier, recorded: answer.recorded })
            })
            .await
        };
    }
    match made {
        Made::Accept(message) => sent!(accept_dossier, message),
        Made::Supplement(message) => sent!(request_supplement, message),
        Made::Refuse(message) => sent!(refuse_dossier, message),
        Made::Withdraw(message) => sent!(withdraw_dossier, message),
        Made::Stop(message) => sent!(stop_dossier, message),
        Made::Due(message) => sent!(set_due_date, message),
        Made::Announce(message) => sent!(announce_result, message),
        Made::Close(message) => sent!(close_dossier, message),
        Made::Link(message) => sent!(link_dossiers, message),
    }
}
