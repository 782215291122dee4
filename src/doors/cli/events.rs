//! The events of one dossier or leg, page by page.

use super::Failure;
use super::gateway::Gateway;
use super::query::Key;
use crate::doors::wire::v1;
use crate::doors::wire::v1::list_dossier_events_request as wire;

/// Events a page.
const PAGE: i32 = 500;

/// One page, and the token of the next.
pub async fn page(
    gateway: &Gateway,
    key: &Key,
    token: String,
) -> Result<v1::ListDossierEventsResponse, Failure> {
    let key = match key {
        Key::Name(name) => wire::Key::Name(name.clone()),
        Key::Code(code) => wire::Key::Code(code.clone()),
    };
    let message = v1::ListDossierEventsRequest { key: Some(key), page_size: PAGE, page_token: token };
    let (request, id) = gateway.request(message);
    let answer = gateway.dossiers().list_dossier_events(request).await;
    answer.map(tonic::Response::into_inner).map_err(|status| gateway.failure(&status, &id))
}
