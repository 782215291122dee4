//! What people of the demonstration ask of the gateway besides scanning: orders, registrations, acceptances, look-ups.

use anyhow::Context;
use futures_util::future::try_join_all;
use prost::Message;
use tonic::Status;

use super::cast::POST;
use super::hands::Hand;
use super::words::code;
use crate::doors::wire::{time, v1};
use crate::dossier::names::Micros;
use v1::dossier_service_client::DossierServiceClient;
use v1::get_dossier_request as get;
use v1::leg_service_client::LegServiceClient;

/// Dossiers in one registration call.
const REGISTER_AT_ONCE: usize = 500;

impl Hand {
    /// Orders a leg; a refusal is an answer too.
    pub async fn try_order(
        &self,
        order: v1::OrderLegRequest,
        now: Micros,
    ) -> anyhow::Result<Result<v1::Leg, Status>> {
        let order = v1::OrderLegRequest { carrier: POST.to_owned(), ..order };
        match LegServiceClient::new(self.channel()).order_leg(self.ask(order, now)?).await {
            Ok(answer) => {
                let answer = answer.into_inner();
                self.acknowledged.note(answer.recorded.as_ref());
                Ok(Ok(answer.leg.context("an order without a leg")?))
            }
            Err(status) => Ok(Err(status)),
        }
    }

    /// Orders a leg.
    pub async fn order(&self, order: v1::OrderLegRequest, now: Micros) -> anyhow::Result<v1::Leg> {
        let answer = self.try_order(order, now).await?;
        answer.map_err(|status| anyhow::anyhow!("an order was refused: {}", status.message()))
    }

    /// Orders many, all at once.
    pub async fn order_all(
        &self,
        orders: Vec<v1::OrderLegRequest>,
        now: Micros,
    ) -> anyhow::Result<Vec<v1::Leg>> {
        try_join_all(orders.into_iter().map(|order| self.order(order, now))).await
    }

    /// Registers dossiers; their names, in the order of the requests.
    pub async fn register_all(
        &self,
        requests: Vec<v1::RegisterDossierRequest>,
        now: Micros,
    ) -> anyhow::Result<Vec<String>> {
        let mut names = Vec::with_capacity(requests.len());
        for requests in requests.chunks(REGISTER_AT_ONCE) {
            let requests = requests.iter().map(|request| request.encode_to_vec().into()).collect();
            let request = self.ask(v1::BatchRegisterDossiersRequest { requests }, now)?;
            let answer = DossierServiceClient::new(self.channel()).batch_register_dossiers(request).await?;
            for result in answer.into_inner().results {
                let Some(v1::register_dossier_result::Result::Registered(registered)) = result.result else {
                    anyhow::bail!("a registration was refused: {result:?}");
                };
                self.acknowledged.note(registered.recorded.as_ref());
                names.push(registered.dossier.context("a registration without a dossier")?.name);
            }
        }
        Ok(names)
    }

    /// Accepts what an envelope brought, under a dossier's code that may be born by it.
    pub async fn accept(
        &self,
        envelope: &str,
        dossier: &str,
        due: Micros,
        now: Micros,
    ) -> anyhow::Result<v1::Dossier> {
        let request = v1::AcceptDossierRequest {
            request_id: format!("accept-{envelope}"),
            target: Some(v1::accept_dossier_request::Target::Item(code(envelope))),
            code: Some(code(dossier)),
            due_at: Some(time::timestamp(due)),
            ..v1::AcceptDossierRequest::default()
        };
        let mut dossiers = DossierServiceClient::new(self.channel());
        let answer = dossiers.accept_dossier(self.ask(request, now)?).await?.into_inner();
        self.acknowledged.note(answer.recorded.as_ref());
        answer.dossier.context("an acceptance without a dossier")
    }

    /// What a code stands for, now or as it was known then; a refusal is an answer too.
    pub async fn look_up(
        &self,
        text: &str,
        then: Option<Micros>,
        now: Micros,
    ) -> anyhow::Result<Result<v1::Dossier, Status>> {
        let at = then.map(|then| get::At::ReadTime(time::timestamp(then)));
        let request = v1::GetDossierRequest { key: Some(get::Key::Code(code(text))), at };
        match DossierServiceClient::new(self.channel()).get_dossier(self.ask(request, now)?).await {
            Ok(answer) => Ok(Ok(answer.into_inner().dossier.context("an answer without a dossier")?)),
            Err(status) => Ok(Err(status)),
        }
    }

    /// What a code stands for, which this person must see.
    pub async fn sees(&self, text: &str, then: Option<Micros>, now: Micros) -> anyhow::Result<v1::Dossier> {
        let answer = self.look_up(text, then, now).await?;
        answer.map_err(|status| anyhow::anyhow!("{text} is not seen: {}", status.message()))
    }

    /// Everything this person sees under a code: dossiers, and legs that have none yet.
    pub async fn search(&self, what: v1::Code, now: Micros) -> anyhow::Result<Vec<v1::Dossier>> {
        let request = v1::SearchDossiersRequest { code: Some(what), ..v1::SearchDossiersRequest::default() };
        let mut client = DossierServiceClient::new(self.channel());
        Ok(client.search_dossiers(self.ask(request, now)?).await?.into_inner().dossiers)
    }

    /// The legs this person's party may read.
    pub async fn legs(&self, open_only: bool, now: Micros) -> anyhow::Result<Vec<v1::Leg>> {
        let mut client = LegServiceClient::new(self.channel());
        let mut legs = Vec::new();
        let mut page_token = String::new();
        loop {
            let page = v1::ListLegsRequest {
                page_size: 1_000,
                page_token,
                open_only,
                ..v1::ListLegsRequest::default()
            };
            let page = client.list_legs(self.ask(page, now)?).await?.into_inner();
            legs.extend(page.legs);
            if page.next_page_token.is_empty() {
                return Ok(legs);
            }
            page_token = page.next_page_token;
        }
    }

    /// The dossiers of this person's party.
    pub async fn dossiers(&self, now: Micros) -> anyhow::Result<Vec<v1::Dossier>> {
        let mut client = DossierServiceClient::new(self.channel());
        let mut dossiers = Vec::new();
        let mut page_token = String::new();
        loop {
            let page = v1::ListDossiersRequest {
                page_size: 1_000,
                page_token,
                ..v1::ListDossiersRequest::default()
            };
            let page = client.list_dossiers(self.ask(page, now)?).await?.into_inner();
            dossiers.extend(page.dossiers);
            if page.next_page_token.is_empty() {
                return Ok(dossiers);
            }
            page_token = page.next_page_token;
        }
    }
}
