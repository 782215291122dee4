//! The department's office system: it orders legs and registers dossiers, and repeats each request until it is answered.

use std::sync::Arc;
use std::time::Duration;

use tonic::Status;
use trao::doors::wire::v1;
use v1::dossier_service_client::DossierServiceClient;
use v1::leg_service_client::LegServiceClient;

use crate::fleet::{Lines, Trouble};
use crate::outside::{Outside, Phase};
use crate::support::partner::Partner;
use crate::support::seed::Seed;
use crate::town::{DEPARTMENT, Hand, Task};
use crate::weather::Way;

/// Longest pause between two commands: shorter, and scans would not often come before them.
const PAUSE_MS: u64 = 300;

/// Does the office's work through the storm and until nothing is left to do.
pub async fn run(outside: Arc<Outside>, partner: Partner, mut seed: Seed, until: tokio::time::Instant) {
    let mut lines = Lines::new(&outside);
    loop {
        if outside.phase() == Phase::Storm {
            tokio::time::sleep(Duration::from_millis(seed.below(PAUSE_MS))).await;
        }
        let Some(task) = outside.town.take(Hand::Office) else {
            if outside.phase() >= Phase::Finish || tokio::time::Instant::now() > until {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let id = match &task {
            Task::Order(order) => &order.request_id,
            Task::Register(registration) => &registration.request_id,
            Task::Scan(_) => continue,
        };
        let sent = outside.sends(DEPARTMENT, id, None);
        while tokio::time::Instant::now() < until {
            let gateway = seed.below(outside.fleet.places.len() as u64) as usize;
            match command(&mut lines, gateway, &partner, &task).await {
                Ok(recorded) => {
                    outside.acknowledged(sent, gateway, &recorded);
                    outside.town.finished();
                    break;
                }
                Err((Trouble::Storm, _)) => tokio::time::sleep(Duration::from_millis(50)).await,
                Err((Trouble::Refused, status)) => {
                    outside.is_surprised(format!("{id} was told {status:?}"));
                    break;
                }
            }
        }
    }
}

async fn command(
    lines: &mut Lines,
    gateway: usize,
    partner: &Partner,
    task: &Task,
) -> Result<v1::Recorded, (Trouble, Status)> {
    let channel = lines.to(gateway);
    let recorded = match task {
        Task::Order(order) => {
            let mut client = LegServiceClient::new(channel);
            let call = client.order_leg(partner.ask((**order).clone()));
            lines.ask(gateway, Way::Write, call).await?.into_inner().recorded
        }
        Task::Register(registration) => {
            let mut client = DossierServiceClient::new(channel);
            let call = client.register_dossier(partner.ask((**registration).clone()));
            lines.ask(gateway, Way::Write, call).await?.into_inner().recorded
        }
        Task::Scan(_) => None,
    };
    recorded.ok_or_else(|| (Trouble::Refused, Status::data_loss("an answer without a record")))
}
