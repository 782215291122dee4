//! A line that makes the gateway's own code fail costs only itself: a fact is journaled as not applied, a command refused.

use bytes::Bytes;
use prost::Message;
use tonic::Code;
use trao::doors::wire::v1;
use trao::dossier::apply::{Act, Applied, Stopped, apply};
use trao::dossier::code::Code as DossierCode;
use trao::dossier::desk::Desk;
use trao::dossier::names::Position;
use v1::EventType as Type;
use v1::capture_service_client::CaptureServiceClient;
use v1::dossier_service_client::DossierServiceClient;
use v1::line_result::Result as Line;

use crate::support::codes;
use crate::support::inside::{Inside, On, Options};
use crate::support::partner::{PDA, capture, code, event, reason};
use crate::support::wait::within;
use crate::support::world::DEPARTMENT;

/// The code that makes the planted fault show.
fn is_poison(code: Option<&DossierCode>) -> bool {
    code.is_some_and(|code| code.text() == codes::item(666) || code.text() == codes::dossier(666))
}

fn apply_with_a_fault(desk: &mut Desk, act: &Act, position: Position) -> Result<Applied, Stopped> {
    let poisoned = match act {
        Act::Capture(fact) => is_poison(fact.said.event.code.as_ref()),
        Act::Register(register) => is_poison(Some(&register.code)),
        _ => false,
    };
    assert!(!poisoned, "planted fault");
    apply(desk, act, position)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_breaks_the_gateways_own_code_costs_only_itself_on_both_stores() {
    for on in [On::Memory, On::Sqlite] {
        let inside = Inside::start(Options { on, apply: apply_with_a_fault, ..Options::default() }).await;
        let lines: Vec<Bytes> = (0..500)
            .map(|n| {
                let item = codes::item(if n == 250 { 666 } else { 1_000 + n });
                let event = v1::Event { agency: DEPARTMENT.to_owned(), ..event(Type::PickedUp, &item) };
                capture(PDA, &format!("planted-{n}"), &event).encode_to_vec().into()
            })
            .collect();
        let mut captures = CaptureServiceClient::new(inside.channel());
        let request = v1::BatchCaptureEventsRequest { lines: lines.clone() };
        let answer = within("the batch", captures.batch_capture_events(inside.post.ask(request))).await;
        let results = answer.unwrap().into_inner().results;
        let mut records = Vec::new();
        for (index, result) in results.into_iter().enumerate() {
            let Some(Line::Recorded(recorded)) = result.result else { panic!("{on:?}: line {index}") };
            let kinds: Vec<v1::AnomalyKind> = recorded.anomalies.iter().map(|a| a.kind()).collect();
            let planted = kinds.contains(&v1::AnomalyKind::NotApplied);
            assert_eq!(planted, index == 250, "{on:?}: line {index}: {kinds:?}");
            let placement = if planted { v1::Placement::Unplaced } else { v1::Placement::Placed };
            assert_eq!(recorded.placement(), placement, "{on:?}: line {index}");
            records.push(recorded.record);
        }
        assert_eq!(records.len(), 500);

        // A command of that kind is refused, and says nothing of why.
        let register = v1::RegisterDossierRequest {
            request_id: "planted".to_owned(),
            agency: DEPARTMENT.to_owned(),
            code: code(&codes::dossier(666)),
            ..Default::default()
        };
        let mut dossiers = DossierServiceClient::new(inside.channel());
        let status = dossiers.register_dossier(inside.department.ask(register.clone())).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::Internal, "INTERNAL"), "{on:?}");
        assert!(!format!("{status:?}").contains("planted fault"), "{status:?}");

        // The service lives, and the retry of the batch gets the same bytes.
        let well = v1::RegisterDossierRequest { code: code(&codes::dossier(667)), ..register };
        dossiers.register_dossier(inside.department.ask(well)).await.unwrap();
        let request = v1::BatchCaptureEventsRequest { lines };
        let answer = captures.batch_capture_events(inside.post.ask(request)).await.unwrap().into_inner();
        for (index, result) in answer.results.into_iter().enumerate() {
            let Some(Line::Recorded(recorded)) = result.result else { panic!("{on:?}: line {index}") };
            assert!(recorded.replayed && recorded.record == records[index], "{on:?}: line {index}");
        }
    }
}
