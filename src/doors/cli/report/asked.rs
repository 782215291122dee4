//! What each report is asked by.

use super::{Known, Printed, counting, last};
use crate::doors::cli::Failure;
use crate::doors::cli::gateway::Gateway;
use crate::doors::cli::names::whole;
use crate::doors::refusal::Language;
use crate::doors::wire::v1;

/// What the counts are divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum By {
    /// The month in which it happened
    Month,
    /// The level of the leg's procedure
    Level,
    /// The agency that decides
    Agency,
    /// The post office
    Office,
}

impl By {
    fn wire(self) -> v1::ReportBy {
        match self {
            By::Month => v1::ReportBy::Month,
            By::Level => v1::ReportBy::Level,
            By::Agency => v1::ReportBy::Agency,
            By::Office => v1::ReportBy::Office,
        }
    }
}

/// `trao report procedures`.
#[derive(Clone, Debug, clap::Args)]
pub struct ProceduresArgs {
    /// The day, YYYY-MM-DD; today where not given
    #[arg(long, default_value = "", value_name = "DAY", hide_default_value = true)]
    pub as_of: String,
    /// How it is printed
    #[command(flatten)]
    pub printed: Printed,
}

impl ProceduresArgs {
    pub async fn ask(&self, gateway: &Gateway) -> Result<v1::CountProceduresResponse, Failure> {
        let (request, id) = gateway.request(v1::CountProceduresRequest { as_of_date: self.as_of.clone() });
        let answer = gateway.reports().count_procedures(request).await;
        answer.map(tonic::Response::into_inner).map_err(|status| gateway.failure(&status, &id))
    }
}

/// The days of a report.
#[derive(Clone, Debug, clap::Args)]
pub struct Days {
    /// The first day, YYYY-MM-DD
    #[arg(long, value_name = "DAY")]
    pub from: String,
    /// The last day, YYYY-MM-DD
    #[arg(long, value_name = "DAY")]
    pub to: String,
}

/// `trao report postal`.
#[derive(Clone, Debug, clap::Args)]
pub struct PostalArgs {
    /// Which days
    #[command(flatten)]
    pub days: Days,
    /// What the counts are divided by
    #[arg(long, value_enum, default_value = "month")]
    pub by: By,
    /// The party that is counted, with all below it for a supervisor; your own where not given
    #[arg(long, default_value = "", value_name = "PARTY", hide_default_value = true)]
    pub parent: String,
    /// As known when
    #[command(flatten)]
    pub known: Known,
    /// How it is printed
    #[command(flatten)]
    pub printed: Printed,
}

impl PostalArgs {
    pub async fn ask(&self, gateway: &Gateway, language: Language) -> Result<v1::PostalReport, Failure> {
        let (request, id) = gateway.request(v1::CountPostalRequest {
            parent: self.parent.clone(),
            from_date: self.days.from.clone(),
            to_date: self.days.to.clone(),
            by: self.by.wire().into(),
            as_of: self.known.wire(),
        });
        let answer = gateway.reports().count_postal(request).await;
        let answer = answer.map_err(|status| gateway.failure(&status, &id))?;
        last(gateway, &id, counting(language), answer.into_inner()).await
    }
}

/// `trao report holdings`.
#[derive(Clone, Debug, clap::Args)]
pub struct HoldingsArgs {
    /// The party that is counted, with all below it for a supervisor; your own where not given
    #[arg(long, default_value = "", value_name = "PARTY", hide_default_value = true)]
    pub parent: String,
    /// As known when
    #[command(flatten)]
    pub known: Known,
    /// How it is printed
    #[command(flatten)]
    pub printed: Printed,
}

impl HoldingsArgs {
    pub async fn ask(&self, gateway: &Gateway, language: Language) -> Result<v1::HoldingsReport, Failure> {
        let (request, id) = gateway
            .request(v1::CountHoldingsRequest { parent: self.parent.clone(), as_of: self.known.wire() });
        let answer = gateway.reports().count_holdings(request).await;
        let answer = answer.map_err(|status| gateway.failure(&status, &id))?;
        last(gateway, &id, counting(language), answer.into_inner()).await
    }
}

/// `trao report on-time`.
#[derive(Clone, Debug, clap::Args)]
pub struct OnTimeArgs {
    /// Which days
    #[command(flatten)]
    pub days: Days,
    /// The party that is counted, with all below it for a supervisor; your own where not given
    #[arg(long, default_value = "", value_name = "PARTY", hide_default_value = true)]
    pub parent: String,
    /// As known when
    #[command(flatten)]
    pub known: Known,
    /// How it is printed
    #[command(flatten)]
    pub printed: Printed,
}

impl OnTimeArgs {
    pub async fn ask(&self, gateway: &Gateway, language: Language) -> Result<v1::OnTimeReport, Failure> {
        let (request, id) = gateway.request(v1::MeasureOnTimeRequest {
            parent: self.parent.clone(),
            from_date: self.days.from.clone(),
            to_date: self.days.to.clone(),
            as_of: self.known.wire(),
        });
        let answer = gateway.reports().measure_on_time(request).await;
        let answer = answer.map_err(|status| gateway.failure(&status, &id))?;
        last(gateway, &id, counting(language), answer.into_inner()).await
    }
}

/// `trao report reconciliation`.
#[derive(Clone, Debug, clap::Args)]
pub struct ReconciliationArgs {
    /// The day, YYYY-MM-DD
    #[arg(long, value_name = "DAY")]
    pub day: String,
    /// The agency or the counter
    #[arg(long, value_name = "AGENCY")]
    pub agency: String,
    /// The carrier
    #[arg(long, value_name = "CARRIER")]
    pub carrier: String,
    /// As known when
    #[command(flatten)]
    pub known: Known,
    /// How it is printed
    #[command(flatten)]
    pub printed: Printed,
}

impl ReconciliationArgs {
    pub async fn ask(
        &self,
        gateway: &Gateway,
        language: Language,
    ) -> Result<v1::ReconciliationReport, Failure> {
        let (request, id) = gateway.request(v1::ReconcileDayRequest {
            agency: whole("agencies/", &self.agency),
            carrier: whole("carriers/", &self.carrier),
            date: self.day.clone(),
            as_of: self.known.wire(),
        });
        let answer = gateway.reports().reconcile_day(request).await;
        let answer = answer.map_err(|status| gateway.failure(&status, &id))?;
        last(gateway, &id, counting(language), answer.into_inner()).await
    }
}
