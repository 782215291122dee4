//! Rows of dossiers: each is registered, its leg ordered, or both, under request ids that follow from the row.

use std::sync::Arc;

use prost::Message;

use super::call::{Call, retried};
use super::cell::Day;
use super::ids;
use super::row::Row;
use super::send::Filed;
use crate::doors::cli::gateway::Gateway;
use crate::doors::cli::{Failure, names, words};
use crate::doors::wire::command::{self, Ground};
use crate::doors::wire::{time, v1};
use crate::dossier::directory::{self, Directory};
use crate::dossier::leg::LegKind;
use crate::dossier::names::Micros;
use crate::dossier::refusal::{Reason, Refusal};

/// What a row asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Filing {
    register: Option<v1::RegisterDossierRequest>,
    order: Option<v1::OrderLegRequest>,
}

impl Filed for Filing {
    /// Reads a row. A dossier's code is registered, a kind of leg ordered.
    fn of(row: &Row) -> Result<Filing, Refusal> {
        let agency = names::whole("agencies/", &row.code("agency"));
        let (dossier, slip) = (row.code("dossier"), bare_slip(&row.code("slip")));
        let kind = leg_kind(row)?;
        if dossier.is_empty() && slip.is_empty() {
            // Names and addresses would do, but nothing that follows from them may stand in the journal.
            return Err(row.refused(
                Reason::FieldRequired,
                "dossier",
                "cần mã hồ sơ hoặc số phiếu: dòng không có cả hai không phân biệt được với dòng khác",
                "a dossier code or a slip number: without both, a row cannot be told from others",
            ));
        }
        let is_name = dossier.starts_with("dossiers/");
        let register = (!dossier.is_empty() && !is_name).then(|| names::dossier_code(&dossier, &agency));
        if register.is_none() && kind.is_none() {
            let (vi, en) = ("loại lượt chuyển cần đặt", "the kind of leg to order");
            return Err(row.refused(Reason::FieldRequired, "kind", vi, en));
        }
        let due_at = row.moment("due", Day::Ends)?.map(|due| time::timestamp(due.time));
        let personal = v1::Personal {
            name: row.text("name"),
            phone: row.text("phone"),
            address: row.text("address"),
            ..v1::Personal::default()
        };
        let personal: bytes::Bytes = personal.encode_to_vec().into();
        let procedure = names::whole("procedures/", &row.code("procedure"));
        let counter = names::whole("agencies/", &row.code("counter"));
        let register = register.map(|code| v1::RegisterDossierRequest {
            request_id: ids::of(&["register", &agency, &code.value]).to_string(),
            agency: agency.clone(),
            code: Some(code),
            procedure: procedure.clone(),
            counter: counter.clone(),
            due_at,
            slip: slip.clone(),
            personal: personal.clone(),
        });
        let order = kind.map(|kind| v1::OrderLegRequest {
            request_id: ids::of(&["order", &agency, &dossier, &slip, kind.text()]).to_string(),
            agency,
            counter,
            carrier: names::whole("carriers/", &row.code("carrier")),
            kind: kind.number().into(),
            procedure,
            dossier: if is_name { dossier } else { String::new() },
            slip,
            due_at,
            personal,
            ..v1::OrderLegRequest::default()
        });
        Ok(Filing { register, order })
    }

    fn check(&self, directory: &Directory) -> Result<(), Refusal> {
        let ground = Ground { directory, now: Micros(jiff::Timestamp::now().as_microsecond()) };
        if let Some(register) = &self.register {
            command::register_dossier(register, ground)?;
        }
        let Some(order) = &self.order else { return Ok(()) };
        command::order_leg(order, ground)?;
        let Some(kind) = LegKind::from_number(order.kind).filter(|_| !order.procedure.is_empty()) else {
            return Ok(());
        };
        if !directory.procedures.contains_key(&order.procedure) {
            return Err(Refusal::field(Reason::NotFound, "procedure", "not in the directory"));
        }
        match directory.procedure_on(&order.procedure, directory::Day::at(ground.now)) {
            Some(version) if version.may_go(kind) => Ok(()),
            _ => Err(Refusal::field(Reason::ProcedureNotEligible, "procedure", "")),
        }
    }

    async fn send(self: Arc<Self>, gateway: Gateway) -> Result<bool, Failure> {
        let mut is_new = false;
        let mut dossier = None;
        if let Some(register) = &self.register {
            let answer = retried(async || {
                let call = Call::new(&gateway, register.clone());
                let answer = gateway.dossiers().register_dossier(call.request).await;
                answer.map_err(|status| gateway.failure(&status, &call.id))
            })
            .await?
            .into_inner();
            is_new |= !answer.recorded.ok_or(Failure::Incomplete("record"))?.replayed;
            dossier = Some(answer.dossier.ok_or(Failure::Incomplete("dossier"))?.name);
        }
        if let Some(order) = &self.order {
            let order = match dossier {
                Some(dossier) => v1::OrderLegRequest { dossier, ..order.clone() },
                None => order.clone(),
            };
            let answer = retried(async || {
                let call = Call::new(&gateway, order.clone());
                let answer = gateway.legs().order_leg(call.request).await;
                answer.map_err(|status| gateway.failure(&status, &call.id))
            })
            .await?
            .into_inner();
            is_new |= !answer.recorded.ok_or(Failure::Incomplete("record"))?.replayed;
        }
        Ok(is_new)
    }
}

fn leg_kind(row: &Row) -> Result<Option<LegKind>, Refusal> {
    let text = row.text("kind");
    let spelt = |kind: &&LegKind| words::leg_kind(**kind).vietnamese.to_lowercase() == text.to_lowercase();
    let known = LegKind::from_text(&text).or_else(|| LegKind::ALL.iter().find(spelt).copied());
    match known {
        None if !text.is_empty() => Err(row.refused(
            Reason::TextInvalid,
            "kind",
            "inbound (nhận gửi), supplement (bổ sung), outbound (trả kết quả) hoặc transfer (liên thông)",
            "inbound, supplement, outbound or transfer",
        )),
        known => Ok(known),
    }
}

fn bare_slip(text: &str) -> String {
    text.strip_prefix("slip:").unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::kind::Kind;
    use super::super::row::tests::row;
    use super::*;

    const HEADER: &str = "agency,procedure,dossier,slip,kind,carrier,counter,due,name,phone,address\n";

    fn filing(text: &str) -> Result<Filing, Refusal> {
        Filing::of(&row(Kind::Dossiers, &format!("{HEADER}{text}\n")))
    }

    #[test]
    fn a_row_is_registered_and_ordered_under_ids_that_follow_from_it() {
        let line = "H99.14,1.004194,H99.14-261120-0001,000123,Chuyển trả kết quả,p,H99.01,20/11/2026,Trần Thị B,'0912345678,\"1, Lê Lợi\"";
        let both = filing(line).unwrap();
        let (register, order) = (both.register.clone().unwrap(), both.order.clone().unwrap());
        assert_eq!((register.agency.as_str(), register.slip.as_str()), ("agencies/H99.14", "000123"));
        assert_eq!((order.carrier.as_str(), order.kind), ("carriers/p", LegKind::Outbound.number().into()));
        assert_eq!(order.due_at.unwrap().seconds, 1_795_193_999);
        let personal = v1::Personal::decode(order.personal).unwrap();
        assert_eq!((personal.phone.as_str(), personal.address.as_str()), ("0912345678", "1, Lê Lợi"));
        assert_eq!(filing(line).unwrap(), both, "the same row, the same ids");
        // What is kept for ever says nothing of the citizen.
        let other = filing(&line.replace("Trần Thị B", "Lê C")).unwrap().order.unwrap();
        assert_eq!(other.request_id, order.request_id);
        let next = filing(&line.replace("-0001", "-0002")).unwrap().order.unwrap();
        assert_ne!(next.request_id, order.request_id);
    }

    #[test]
    fn a_row_may_only_register_or_only_order() {
        let registered = filing("H99.14,,0001/2026,,,,,,,,").unwrap();
        let code = registered.register.unwrap().code.unwrap();
        assert_eq!((code.agency.as_str(), code.value.as_str()), ("agencies/H99.14", "0001/2026"));
        assert!(registered.order.is_none());
        let ordered = filing("H99.14,,,000123,inbound,p,,,,,").unwrap();
        assert!(ordered.register.is_none() && ordered.order.is_some());
        let named = filing("H99.14,,dossiers/0-12,,outbound,p,,,,,").unwrap();
        assert!(named.register.is_none());
        assert_eq!(named.order.unwrap().dossier, "dossiers/0-12");
        for (wrong, column) in [
            ("H99.14,,,,inbound,p,,,Trần Thị B,,", "dossier"),
            ("H99.14,,,000123,,p,,,,,", "kind"),
            ("H99.14,,X,,sideways,p,,,,,", "kind"),
            ("H99.14,,X,,,,,31/02/2026,,,", "due"),
        ] {
            assert_eq!(filing(wrong).unwrap_err().field, column, "{wrong}");
        }
    }
}
