//! The way of one scan: a dossier is ordered, carried in, accepted under a code born then, decided, and brought back.
//! At every step each viewer sees the same hands, strangers see nothing, and the three spans are the minutes that passed.

use tonic::Code;
use trao::doors::wire::v1;
use v1::EventType as Type;
use v1::get_dossier_request::Key;

use crate::support::codes;
use crate::support::gateway::Start;
use crate::support::ledger;
use crate::support::partner::{
    PC, PDA, Partner, READER, attested, capture, code, event, minute, reason, slip,
};
use crate::support::wait::eventually;
use crate::support::world::{BY_POST, CARRIER, CENTRE, DEPARTMENT, World, anomalies};

const DESTINATION: &str = "carriers/p/offices/990140";

/// The day's clock and what the walk has come to.
struct Walk {
    world: World,
    at: i64,
    steps: u32,
}

impl Walk {
    /// A source of a caller says something a quarter of an hour later.
    async fn say(&mut self, who: &Partner, source: &str, event: v1::Event) -> v1::Recorded {
        self.at += 15;
        self.steps += 1;
        let now = minute(self.at);
        let event = v1::Event { occurred_at: Some(now), ..event };
        let personal = if matches!(event.r#type(), Type::PickedUp | Type::Delivered) {
            attested()
        } else {
            bytes::Bytes::new()
        };
        let line = v1::Capture {
            personal,
            send_time: Some(now),
            ..capture(source, &format!("walk-{}", self.steps), &event)
        };
        let request = who.ask_at(v1::CaptureEventRequest { line: Some(line) }, &now);
        let recorded =
            self.world.captures().capture_event(request).await.unwrap().into_inner().recorded.unwrap();
        assert_eq!(anomalies(&recorded), [], "step {}: {:?}", self.steps, event.r#type());
        recorded
    }

    async fn post(&mut self, source: &str, kind: Type, value: &str) -> v1::Recorded {
        let who = self.world.province.post.clone();
        self.say(&who, source, event(kind, value)).await
    }

    /// Every viewer of a leg sees it in these hands; nobody else sees it at all.
    async fn is(&self, leg: &str, state: v1::LegState, kind: v1::HolderKind, party: &str, office: &str) {
        let p = &self.world.province;
        let wanted = v1::Holder { kind: kind.into(), party: party.to_owned(), office: office.to_owned() };
        for who in [&p.department, &p.centre, &p.post, &p.post_supervisor, &p.supervisor] {
            let what = format!("step {}: {leg} {state:?} in the hands of {party}", self.steps);
            eventually(&what, || async {
                let seen = self.world.leg(who, leg).await;
                (seen.state() == state && seen.holder.as_ref() == Some(&wanted)).then_some(())
            })
            .await;
        }
        for stranger in [&p.sibling, &p.other_post] {
            let request = v1::GetLegRequest { name: leg.to_owned() };
            let status = self.world.legs().get_leg(stranger.ask(request)).await.unwrap_err();
            assert_eq!(status.code(), Code::NotFound, "step {}", self.steps);
        }
        let status = self
            .world
            .legs()
            .get_leg(p.admin.ask(v1::GetLegRequest { name: leg.to_owned() }))
            .await
            .unwrap_err();
        assert_eq!(reason(&status), "ROLE_NOT_ALLOWED");
    }

    async fn dossier(&self, who: &Partner, value: &str) -> v1::Dossier {
        let request = v1::GetDossierRequest { key: code(value).map(Key::Code), at: None };
        let answer = self.world.dossiers().get_dossier(who.ask(request)).await.unwrap().into_inner();
        answer.dossier.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dossier_goes_in_and_its_result_comes_back_and_every_viewer_sees_the_same_hands() {
    use v1::HolderKind::{Agency, Citizen, Post};
    use v1::LegState;
    let start = Start { flags: vec!["--clock".into(), "replay".into()], ..Start::default() };
    let mut walk = Walk { world: World::start_with(start).await, at: 0, steps: 0 };
    let p = walk.world.province.department.clone();
    let centre = walk.world.province.centre.clone();
    let (item, bag, dossier_code) = (codes::item(10), codes::bag(1), codes::dossier(1));

    // Ordered, before a code exists: only the slip is known.
    let order = v1::OrderLegRequest {
        slip: "000123".to_owned(),
        office: DESTINATION.to_owned(),
        ..walk.world.order(v1::LegKind::Inbound)
    };
    let ordered = walk.world.legs().order_leg(p.ask_at(order, &minute(0))).await.unwrap().into_inner();
    let inbound = ordered.leg.unwrap().name;
    walk.is(&inbound, LegState::Ordered, Citizen, "", "").await;
    // Held by nobody's office yet; a citizen is never named.

    let post = walk.world.province.post.clone();
    let picked = v1::Event { also: vec![slip("000123")], ..event(Type::PickedUp, &item) };
    walk.say(&post, PDA, picked).await;
    walk.is(&inbound, LegState::PickedUp, Post, CARRIER, "").await;

    let at_office = "carriers/p/offices/990100";
    let bagged =
        v1::Event { receptacle: code(&bag), office: at_office.to_owned(), ..event(Type::Bagged, &item) };
    walk.say(&post, PC, bagged).await;
    walk.is(&inbound, LegState::AtOffice, Post, CARRIER, at_office).await;

    // One scan of the bag counts for what is in it.
    walk.post(PC, Type::Dispatched, &bag).await;
    walk.is(&inbound, LegState::InTransit, Post, CARRIER, at_office).await;
    let arrived = v1::Event { office: DESTINATION.to_owned(), ..event(Type::Arrived, &bag) };
    walk.say(&post, PC, arrived).await;
    walk.is(&inbound, LegState::AtDestOffice, Post, CARRIER, DESTINATION).await;

    // The giver offers, the receiver accepts: only the acceptance moves.
    walk.post(PC, Type::Offered, &item).await;
    walk.is(&inbound, LegState::Offered, Post, CARRIER, DESTINATION).await;
    walk.say(&centre, READER, event(Type::Accepted, &item)).await;
    walk.is(&inbound, LegState::HandedOver, Agency, CENTRE, "").await;

    // The officer takes it into the books; its code is born now and nothing moves.
    walk.at += 15;
    let accept = v1::AcceptDossierRequest {
        request_id: "accept-1".to_owned(),
        target: Some(v1::accept_dossier_request::Target::Slip(slip("000123"))),
        code: code(&dossier_code),
        due_at: Some(minute(10_000)),
        ..v1::AcceptDossierRequest::default()
    };
    let request = centre.ask_at(accept, &minute(walk.at));
    let accepted = walk.world.dossiers().accept_dossier(request).await.unwrap().into_inner();
    let dossier = accepted.dossier.unwrap();
    assert_eq!(dossier.state(), v1::DossierState::Accepted);
    assert_eq!((dossier.agency.as_str(), dossier.counter.as_str()), (DEPARTMENT, CENTRE));
    assert_eq!(dossier.legs.iter().map(|leg| leg.name.as_str()).collect::<Vec<_>>(), [inbound.as_str()]);
    walk.is(&inbound, LegState::HandedOver, Agency, CENTRE, "").await;
    let seen = walk.dossier(&p, &dossier_code).await;
    assert_eq!(seen.spans.unwrap(), v1::Spans { post_in_s: Some(75 * 60), agency_s: None, post_out_s: None });

    // Two hours later the result is ordered out: that announces it.
    walk.at += 120;
    let order = v1::OrderLegRequest {
        dossier: dossier.name.clone(),
        procedure: BY_POST.to_owned(),
        ..walk.world.order(v1::LegKind::Outbound)
    };
    let ordered = walk.world.legs().order_leg(p.ask_at(order, &minute(walk.at))).await.unwrap().into_inner();
    let outbound = ordered.leg.unwrap().name;
    walk.is(&outbound, LegState::Ordered, Agency, DEPARTMENT, "").await;
    assert_eq!(walk.dossier(&p, &dossier_code).await.state(), v1::DossierState::ResultReady);

    let result = codes::item(11);
    let offered = v1::Event { leg: outbound.clone(), ..event(Type::Offered, &result) };
    walk.say(&centre, READER, offered).await;
    walk.is(&outbound, LegState::Offered, Agency, DEPARTMENT, "").await;
    let picked = v1::Event { leg: outbound.clone(), ..event(Type::PickedUp, &result) };
    walk.say(&post, PDA, picked).await;
    walk.is(&outbound, LegState::PickedUp, Post, CARRIER, "").await;
    walk.post(PDA, Type::OutForDelivery, &result).await;
    walk.is(&outbound, LegState::OutForDelivery, Post, CARRIER, "").await;
    let failed = v1::Event { reason: v1::Reason::Absent.into(), ..event(Type::AttemptFailed, &result) };
    walk.say(&post, PDA, failed).await;
    walk.is(&outbound, LegState::AttemptFailed, Post, CARRIER, "").await;
    walk.post(PDA, Type::OutForDelivery, &result).await;
    walk.post(PDA, Type::Delivered, &result).await;
    walk.is(&outbound, LegState::Delivered, Citizen, "", "").await;

    // What was known at the end, to each who may see it, by whichever code.
    let p = &walk.world.province;
    for who in [&p.department, &p.centre, &p.post, &p.supervisor] {
        for value in [&dossier_code, &item, &result] {
            let seen = walk.dossier(who, value).await;
            // How long the agency took is no matter of the carrier's.
            let agency_s = Some(120 * 60).filter(|_| who.key != p.post.key);
            let spans = v1::Spans { post_in_s: Some(75 * 60), agency_s, post_out_s: Some(90 * 60) };
            assert_eq!(seen.spans.unwrap(), spans, "{value}");
            let holders: Vec<(v1::HolderKind, &str)> =
                seen.holders.iter().map(|holder| (holder.kind(), holder.party.as_str())).collect();
            assert_eq!(holders, [(Agency, CENTRE), (Citizen, "")], "one pair of hands for each leg");
            let legs: Vec<(&str, u32)> =
                seen.legs.iter().map(|leg| (leg.name.as_str(), leg.attempts)).collect();
            assert_eq!(legs, [(inbound.as_str(), 0), (outbound.as_str(), 1)]);
            assert_eq!(seen.due_at, Some(minute(10_000)));
        }
    }
    for stranger in [&p.sibling, &p.other_post] {
        assert!(walk.world.log(stranger).await.is_empty());
    }
    let checked = ledger::check(&walk.world.gateway.database());
    let logs = walk.world.log(&p.post).await.len() + walk.world.log(&p.department).await.len();
    assert_eq!(checked.listed, logs + walk.world.log(&p.centre).await.len());
}
