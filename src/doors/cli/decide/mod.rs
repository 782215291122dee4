//! Owns: `trao decide`, by which an agency or its counter says what becomes of a dossier.
//! Never: decides twice what is sent twice: a decision has an id, made before its first attempt.
//!
//! What is meant (`meant`) is looked up first, then the decision is put into words for the gateway (`ask`), sent (`send`) and
//! told (`told`).

mod args;
mod ask;
mod help;
mod meant;
mod send;
mod told;

use super::gateway::Gateway;
use super::output::note;
use super::{Exit, Failure, Output, shapes};
pub use args::{Args, Command};

/// Decides, and prints where the dossier stands then.
pub async fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let ours = args.command.ours();
    let language = ours.client.language();
    let gateway = Gateway::connect(&ours.client).await?;
    let request_id = ours.id.clone().unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
    let made = ask::decision(&args.command, &request_id, &gateway).await?;
    let sent = send::send(&gateway, &made).await;
    if let Err(Failure::Unreachable { .. }) = sent {
        note(&format!("trao: whether it was decided is not known; repeat the same with --id {request_id}"));
    }
    let answer = sent?;
    let recorded = answer.recorded.ok_or(Failure::Incomplete("record"))?;
    let after = match answer.dossier {
        Some(dossier) => dossier,
        None => meant::after(&gateway, &recorded).await,
    };
    if ours.client.json {
        output.json(&shapes::Decided::of(made.kind(), &request_id, &recorded, &after))?;
    } else {
        for line in told::block(made.kind(), &recorded, &after, language) {
            output.line(&line)?;
        }
    }
    output.flush()?;
    Ok(Exit::Done)
}
