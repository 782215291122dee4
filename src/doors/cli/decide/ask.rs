//! From what was typed to the request that says it.

use super::args::{Accept, Announce, Command, GiveBack, Way};
use super::meant::{self, Meant};
use crate::doors::cli::gateway::Gateway;
use crate::doors::cli::{Failure, names, query};
use crate::doors::wire::v1;
use crate::doors::wire::v1::accept_dossier_request::Target;
use crate::dossier::code::CodeKind;
use crate::dossier::event::{EventType, Reason};

/// A decision as it is sent: the same under the same id.
#[derive(Clone, Debug, PartialEq)]
pub enum Made {
    Accept(v1::AcceptDossierRequest),
    Supplement(v1::RequestSupplementRequest),
    Refuse(v1::RefuseDossierRequest),
    Withdraw(v1::WithdrawDossierRequest),
    Stop(v1::StopDossierRequest),
    Due(v1::SetDueDateRequest),
    Announce(v1::AnnounceResultRequest),
    Close(v1::CloseDossierRequest),
    Link(v1::LinkDossiersRequest),
}

impl Made {
    /// The event that says it.
    pub fn kind(&self) -> EventType {
        match self {
            Made::Accept(_) => EventType::DossierAccepted,
            Made::Supplement(_) => EventType::SupplementRequested,
            Made::Refuse(_) => EventType::DossierRefused,
            Made::Withdraw(_) => EventType::DossierWithdrawn,
            Made::Stop(_) => EventType::DossierStopped,
            Made::Due(_) => EventType::DueDateSet,
            Made::Announce(_) => EventType::ResultAnnounced,
            Made::Close(_) => EventType::DossierClosed,
            Made::Link(_) => EventType::DossierLinked,
        }
    }
}

/// Makes the request of a command; asks the gateway which dossier is meant.
pub async fn decision(command: &Command, request_id: &str, gateway: &Gateway) -> Result<Made, Failure> {
    let request_id = request_id.to_owned();
    let agency = &command.ours().agency;
    let known = async |text: &str| meant::dossier(gateway, text, agency).await;
    Ok(match command {
        Command::Accept(args) => Made::Accept(accept(args, request_id)),
        Command::Supplement(args) => Made::Supplement(v1::RequestSupplementRequest {
            request_id,
            dossier: known(&args.which.dossier).await?,
            carrier: carrier(&args.way),
            office: office(&args.way)?,
            due_at: args.due,
            reason: number(args.reason),
            ..v1::RequestSupplementRequest::default()
        }),
        Command::Refuse(args) => {
            refuse(args, request_id, meant::find(gateway, &args.which.dossier, agency).await?)?
        }
        Command::Withdraw(args) => Made::Withdraw(v1::WithdrawDossierRequest {
            request_id,
            dossier: known(&args.which.dossier).await?,
            carrier: carrier(&args.way),
            office: office(&args.way)?,
            reason: number(args.reason),
            ..v1::WithdrawDossierRequest::default()
        }),
        Command::Stop(args) => Made::Stop(v1::StopDossierRequest {
            request_id,
            dossier: known(&args.which.dossier).await?,
            carrier: carrier(&args.way),
            office: office(&args.way)?,
            reason: number(args.reason),
            ..v1::StopDossierRequest::default()
        }),
        Command::Due(args) => Made::Due(v1::SetDueDateRequest {
            request_id,
            dossier: known(&args.which.dossier).await?,
            due_at: Some(args.due),
            reason: number(args.reason),
        }),
        // With its agency it is named by its code whether it is known or not: the same words every time they are sent.
        Command::Announce(args) => Made::Announce(match agency.is_empty() {
            true => v1::AnnounceResultRequest {
                dossier: known(&args.which.dossier).await?,
                ..announce(args, request_id)?
            },
            false => v1::AnnounceResultRequest {
                agency: names::whole("agencies/", agency),
                code: Some(names::dossier_code(&args.which.dossier, agency)),
                ..announce(args, request_id)?
            },
        }),
        Command::Close(args) => Made::Close(v1::CloseDossierRequest {
            request_id,
            dossier: known(&args.which.dossier).await?,
            closing: if args.by_post { v1::Closing::ByPost } else { v1::Closing::Collected }.into(),
        }),
        Command::Link(args) => Made::Link(v1::LinkDossiersRequest {
            request_id,
            dossier: known(&args.which.dossier).await?,
            parent: known(&args.parent).await?,
        }),
    })
}

fn accept(args: &Accept, request_id: String) -> v1::AcceptDossierRequest {
    let agency = &args.ours.agency;
    let name = |name: &query::Key| match name {
        query::Key::Name(name) if name.starts_with("legs/") => Some(Target::Leg(name.clone())),
        _ => None,
    };
    let code = names::code(&args.envelope, agency);
    let target = match query::keys(&args.envelope, agency).iter().find_map(name) {
        Some(leg) => leg,
        // A number that reads as no code may still be a slip's.
        None if code.kind == i32::from(CodeKind::Slip.number()) || names::is_no_code(&code, false) => {
            Target::Slip(code)
        }
        None => Target::Item(code),
    };
    v1::AcceptDossierRequest {
        request_id,
        code: Some(names::dossier_code(&args.code, agency)),
        due_at: args.due,
        procedure: names::whole("procedures/", &args.procedure),
        target: Some(target),
        ..v1::AcceptDossierRequest::default()
    }
}

fn refuse(args: &GiveBack, request_id: String, meant: Meant) -> Result<Made, Failure> {
    let (dossier, leg) = match meant {
        Meant::Dossier(name) => (name, String::new()),
        Meant::Leg(name) => (String::new(), name),
    };
    Ok(Made::Refuse(v1::RefuseDossierRequest {
        request_id,
        dossier,
        leg,
        carrier: carrier(&args.way),
        office: office(&args.way)?,
        reason: number(args.reason),
        ..v1::RefuseDossierRequest::default()
    }))
}

fn announce(args: &Announce, request_id: String) -> Result<v1::AnnounceResultRequest, Failure> {
    let due = |kind: v1::FeeKind, vnd: Option<i64>| vnd.map(|vnd| v1::Money { kind: kind.into(), vnd });
    Ok(v1::AnnounceResultRequest {
        request_id,
        procedure: names::whole("procedures/", &args.procedure),
        counter: names::whole("agencies/", &args.counter),
        carrier: carrier(&args.way),
        office: office(&args.way)?,
        item: args.item.as_ref().map(|item| names::code(item, "")),
        due_at: args.due,
        must_be_owner: args.must_be_owner,
        dues: [due(v1::FeeKind::AgencyFee, args.fee), due(v1::FeeKind::Postage, args.postage)]
            .into_iter()
            .flatten()
            .collect(),
        take_back: args.take_back,
        ..v1::AnnounceResultRequest::default()
    })
}

fn carrier(way: &Way) -> String {
    names::whole("carriers/", &way.carrier)
}

fn office(way: &Way) -> Result<String, Failure> {
    names::office(&way.office, &carrier(way))
}

fn number(reason: Option<Reason>) -> i32 {
    reason.unwrap_or_default().0
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::Args;
    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn read(line: &str) -> Result<Command, clap::Error> {
        let line = std::iter::once("decide").chain(line.split(' '));
        Line::try_parse_from(line).map(|line| line.args.command)
    }

    #[test]
    fn an_envelope_is_an_item_a_slip_or_a_leg() {
        for (typed, target) in [
            ("RA990000010VN", Target::Item(names::code("RA990000010VN", ""))),
            ("slip:000123", Target::Slip(names::code("slip:000123", ""))),
            ("000123", Target::Slip(names::code("000123", ""))),
            ("legs/0-12", Target::Leg("legs/0-12".into())),
            ("0-12", Target::Leg("legs/0-12".into())),
        ] {
            let Ok(Command::Accept(args)) =
                read(&format!("accept {typed} 0001/2026 --agency H99.14 --due 27/11/2026"))
            else {
                panic!("{typed}")
            };
            let request = accept(&args, "id-1".into());
            assert_eq!(request.target, Some(target));
            let code = request.code.unwrap();
            assert_eq!((code.agency.as_str(), code.value.as_str()), ("agencies/H99.14", "0001/2026"));
            assert_eq!(request.due_at.unwrap().seconds, 1_795_798_799, "the day's last second in Vietnam");
        }
    }

    #[test]
    fn an_announcement_says_each_due_for_itself_and_names_the_carriers_office() {
        let line = "announce X --carrier p --office 991230 --item RA990000010VN --fee 60000 --postage 26000 \
                    --must-be-owner --take-back 2 --agency H99.14 --counter H99.01 --procedure 1.004194";
        let Ok(Command::Announce(args)) = read(line) else { panic!() };
        let request = announce(&args, "id-1".into()).unwrap();
        assert_eq!(request.office, "carriers/p/offices/991230");
        assert_eq!(
            (request.counter.as_str(), request.procedure.as_str()),
            ("agencies/H99.01", "procedures/1.004194")
        );
        let dues: Vec<(i32, i64)> = request.dues.iter().map(|due| (due.kind, due.vnd)).collect();
        assert_eq!(dues, [(1, 60_000), (2, 26_000)]);
        assert!(request.must_be_owner && request.take_back == 2);
    }

    #[test]
    fn a_wrong_line_is_a_matter_of_usage() {
        for line in [
            "accept RA990000010VN",
            "accept RA990000010VN X --due 31/02/2026",
            "due X",
            "close X",
            "close X --by-post --collected",
            "link X",
            "stop X --office 991230",
            "announce X --item RA990000010VN",
            "announce X --procedure 1.004194",
            "announce X --fee 0",
            "announce X --fee=-1",
            "supplement X --reason nonsense",
        ] {
            assert_eq!(read(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }
}
