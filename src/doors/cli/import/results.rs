//! Rows of results: each dossier is registered where it is not known, its result announced and its way ordered, in one event
//! under a request id that follows from the row.

use std::sync::Arc;

use prost::Message;

use super::call::{Call, retried};
use super::cell::Day;
use super::ids;
use super::row::Row;
use super::send::Filed;
use crate::doors::cli::gateway::Gateway;
use crate::doors::cli::{Failure, names};
use crate::doors::wire::command::Ground;
use crate::doors::wire::{decision, time, v1};
use crate::dossier::directory::Directory;
use crate::dossier::leg::LegKind;
use crate::dossier::names::Micros;
use crate::dossier::refusal::{Reason, Refusal};

/// One result.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome(v1::AnnounceResultRequest);

impl Filed for Outcome {
    /// Reads a row. Without a carrier the citizen fetches it at the counter.
    fn of(row: &Row) -> Result<Outcome, Refusal> {
        let agency = names::whole("agencies/", &row.code("agency"));
        let dossier = row.code("dossier");
        if dossier.is_empty() {
            return Err(row.refused(Reason::FieldRequired, "dossier", "mã hồ sơ", "the dossier's code"));
        }
        let is_name = dossier.starts_with("dossiers/");
        let carrier = names::whole("carriers/", &row.code("carrier"));
        let office = names::office(&row.code("office"), &carrier).map_err(|_| {
            let vi = "ghi cả bưu chính của bưu cục này ở cột carrier";
            row.refused(Reason::FieldRequired, "carrier", vi, "name the carrier whose office it is")
        })?;
        let item = row.code("item");
        let due = |kind: v1::FeeKind, vnd: Option<i64>| vnd.map(|vnd| v1::Money { kind: kind.into(), vnd });
        let dues =
            [due(v1::FeeKind::AgencyFee, row.dong("fee")?), due(v1::FeeKind::Postage, row.dong("postage")?)];
        let personal = v1::Personal {
            name: row.text("name"),
            phone: row.text("phone"),
            address: row.text("address"),
            ..v1::Personal::default()
        };
        Ok(Outcome(v1::AnnounceResultRequest {
            request_id: ids::of(&["announce", &agency, &dossier]).to_string(),
            code: (!is_name).then(|| names::dossier_code(&dossier, &agency)),
            dossier: if is_name { dossier } else { String::new() },
            agency,
            procedure: names::whole("procedures/", &row.code("procedure")),
            counter: names::whole("agencies/", &row.code("counter")),
            carrier,
            office,
            item: (!item.is_empty()).then(|| names::code(&item, "")),
            due_at: row.moment("due", Day::Ends)?.map(|due| time::timestamp(due.time)),
            must_be_owner: row.flag("must_be_owner")?,
            dues: dues.into_iter().flatten().collect(),
            take_back: row.count("take_back")?,
            tally: Vec::new(),
            personal: personal.encode_to_vec().into(),
        }))
    }

    fn check(&self, directory: &Directory) -> Result<(), Refusal> {
        let request = &self.0;
        let ground = Ground { directory, now: Micros(jiff::Timestamp::now().as_microsecond()) };
        decision::announce_result(request, ground)?;
        if request.procedure.is_empty() || !request.dossier.is_empty() {
            return Ok(());
        }
        if !directory.procedures.contains_key(&request.procedure) {
            return Err(Refusal::field(Reason::NotFound, "procedure", "not in the directory"));
        }
        match directory.procedure_on(&request.procedure, crate::dossier::directory::Day::at(ground.now)) {
            Some(version) if !request.carrier.is_empty() && !version.may_go(LegKind::Outbound) => {
                Err(Refusal::field(Reason::ProcedureNotEligible, "procedure", ""))
            }
            _ => Ok(()),
        }
    }

    async fn send(self: Arc<Self>, gateway: Gateway) -> Result<bool, Failure> {
        let answer = retried(async || {
            let call = Call::new(&gateway, self.0.clone());
            let answer = gateway.dossiers().announce_result(call.request).await;
            answer.map_err(|status| gateway.failure(&status, &call.id))
        })
        .await?;
        let recorded = answer.into_inner().recorded.ok_or(Failure::Incomplete("record"))?;
        Ok(!recorded.replayed)
    }
}

#[cfg(test)]
mod tests {
    use super::super::kind::Kind;
    use super::super::row::tests::row;
    use super::*;

    const HEADER: &str = "agency,procedure,dossier,counter,carrier,office,item,due,fee,postage,must_be_owner,take_back,name,phone,address\n";

    fn result(text: &str) -> Result<v1::AnnounceResultRequest, Refusal> {
        Outcome::of(&row(Kind::Results, &format!("{HEADER}{text}\n"))).map(|outcome| outcome.0)
    }

    #[test]
    fn a_row_is_an_announcement_under_an_id_that_follows_from_its_dossier() {
        let line = "H99.14,1.004194,H99.14-261120-0001,H99.01,p,991230,RA990000010VN,27/11/2026,60.000,26000,có,1,Trần B,'0912345678,\"1, Lê Lợi\"";
        let read = result(line).unwrap();
        assert_eq!((read.agency.as_str(), read.counter.as_str()), ("agencies/H99.14", "agencies/H99.01"));
        assert_eq!(
            (read.carrier.as_str(), read.office.as_str()),
            ("carriers/p", "carriers/p/offices/991230")
        );
        assert_eq!(read.item.as_ref().unwrap().value, "RA990000010VN");
        assert_eq!(read.due_at.unwrap().seconds, 1_795_798_799);
        let dues: Vec<(i32, i64)> = read.dues.iter().map(|due| (due.kind, due.vnd)).collect();
        assert_eq!(dues, [(1, 60_000), (2, 26_000)], "each for itself");
        assert!(read.must_be_owner && read.take_back == 1);
        assert_eq!(result(line).unwrap(), read, "the same row, the same id");
        // What is kept for ever says nothing of the citizen.
        assert_eq!(result(&line.replace("Trần B", "Lê C")).unwrap().request_id, read.request_id);
        assert_ne!(result(&line.replace("-0001", "-0002")).unwrap().request_id, read.request_id);
    }

    #[test]
    fn a_result_that_is_fetched_needs_no_more_than_its_agency_and_code() {
        let read = result("H99.14,,0001/2026,,,,,,,,,,,,").unwrap();
        let code = read.code.unwrap();
        assert_eq!((code.agency.as_str(), code.value.as_str()), ("agencies/H99.14", "0001/2026"));
        assert!(read.carrier.is_empty() && read.dues.is_empty() && read.item.is_none());
        let named = result("H99.14,,dossiers/0-12,,,,,,0,,,,,,").unwrap();
        assert_eq!((named.dossier.as_str(), named.code, named.dues), ("dossiers/0-12", None, vec![]));
        for (wrong, column) in [
            ("H99.14,,,,p,,,,,,,,,,", "dossier"),
            ("H99.14,,X,,,991230,,,,,,,,,", "carrier"),
            ("H99.14,,X,,p,,,31/02/2026,,,,,,,", "due"),
            ("H99.14,,X,,p,,,,60.5,,,,,,", "fee"),
            ("H99.14,,X,,p,,,,,-1,,,,,", "postage"),
            ("H99.14,,X,,p,,,,,,maybe,,,,", "must_be_owner"),
            ("H99.14,,X,,p,,,,,,,two,,,", "take_back"),
        ] {
            assert_eq!(result(wrong).unwrap_err().field, column, "{wrong}");
        }
    }
}
