//! Each decision by the right and by the wrong party, and against its guard.

use tonic::Code;
use trao::doors::wire::v1;
use v1::dossier_decision::Decision as Made;
use v1::{DossierState as State, LegKind, LegState};

use super::*;
use crate::support::partner::field;
use crate::support::world::OTHER_CARRIER;

/// One decision of every kind on a dossier.
fn every_kind(dossier: &str) -> Vec<Made> {
    let dossier = dossier.to_owned();
    vec![
        Made::RequestSupplement(v1::RequestSupplementRequest {
            dossier: dossier.clone(),
            ..v1::RequestSupplementRequest::default()
        }),
        Made::Refuse(v1::RefuseDossierRequest {
            dossier: dossier.clone(),
            ..v1::RefuseDossierRequest::default()
        }),
        Made::Withdraw(v1::WithdrawDossierRequest {
            dossier: dossier.clone(),
            ..v1::WithdrawDossierRequest::default()
        }),
        Made::Stop(v1::StopDossierRequest { dossier: dossier.clone(), ..v1::StopDossierRequest::default() }),
        Made::SetDueDate(v1::SetDueDateRequest {
            dossier: dossier.clone(),
            due_at: in_days(30),
            ..v1::SetDueDateRequest::default()
        }),
        Made::Close(v1::CloseDossierRequest {
            dossier,
            closing: v1::Closing::Collected.into(),
            ..v1::CloseDossierRequest::default()
        }),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_hears_of_a_dossier_what_he_hears_of_one_that_never_was_and_a_carrier_that_it_may_not() {
    let world = World::start().await;
    let p = &world.province;
    let dossier = accepted(&world, 1).await.name;
    let before = world.log(&p.department).await.len();
    for (there, nowhere) in every_kind(&dossier).into_iter().zip(every_kind("dossiers/0-999999")) {
        // A sibling, and the supervisor above, who sees the dossier and has no say in it.
        for who in [&p.sibling, &p.supervisor] {
            let refused = decide(&world, who, decision(&world, there.clone())).await.unwrap_err();
            let unknown = decide(&world, who, decision(&world, nowhere.clone())).await.unwrap_err();
            assert_eq!(told(&refused), told(&unknown), "{there:?}");
            assert_eq!((refused.code(), field(&refused).as_str()), (Code::NotFound, "dossier"), "{there:?}");
        }
        for who in [&p.post, &p.post_supervisor, &p.other_post, &p.admin] {
            let refused = decide(&world, who, decision(&world, there.clone())).await.unwrap_err();
            let wanted = (Code::PermissionDenied, "ROLE_NOT_ALLOWED".to_owned());
            assert_eq!((refused.code(), reason(&refused)), wanted, "{there:?}");
        }
    }
    for who in [&p.sibling, &p.post] {
        let announce =
            v1::AnnounceResultRequest { dossier: dossier.clone(), ..v1::AnnounceResultRequest::default() };
        let announce = v1::AnnounceResultRequest { request_id: world.fresh("announce"), ..announce };
        let refused = world.dossiers().announce_result(who.ask(announce)).await.unwrap_err();
        let wanted = if who.key == p.post.key { "ROLE_NOT_ALLOWED" } else { "NOT_FOUND" };
        assert_eq!(reason(&refused), wanted);
    }
    // By its code only the agency registers what it announces; a counter would learn which codes there are.
    let by_counter =
        world.dossiers().announce_result(p.centre.ask(announcement(&world, 2))).await.unwrap_err();
    assert_eq!(reason(&by_counter), "ROLE_NOT_ALLOWED");
    assert_eq!(world.log(&p.department).await.len(), before, "nothing was journaled");
    assert_eq!(seen(&world, &p.department, &dossier).await.unwrap().state(), State::Accepted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_counter_decides_like_the_agency_for_which_it_receives() {
    let world = World::start().await;
    let p = &world.province;
    for (number, made, state) in
        [(11, 0, State::SupplementRequested), (12, 1, State::Refused), (13, 2, State::Withdrawn)]
    {
        let dossier = registered(&world, number).await;
        let made = every_kind(&dossier).swap_remove(made);
        let after = decided(&world, &p.centre, made).await;
        assert_eq!((after.state(), after.decisions.len()), (state, 1));
        assert_eq!(seen(&world, &p.department, &dossier).await.unwrap(), after, "both see the same");
    }
    let stopped = accepted(&world, 14).await;
    assert_eq!(
        decided(&world, &p.centre, every_kind(&stopped.name).swap_remove(3)).await.state(),
        State::Stopped
    );
    let moved = accepted(&world, 15).await;
    let moved = decided(&world, &p.centre, every_kind(&moved.name).swap_remove(4)).await;
    assert_eq!((moved.state(), moved.due_at), (State::Accepted, in_days(30)));
    let announce = v1::AnnounceResultRequest {
        request_id: world.fresh("announce"),
        dossier: moved.name.clone(),
        ..v1::AnnounceResultRequest::default()
    };
    assert_eq!(announced(&world, &p.centre, announce).await.state(), State::ResultReady);
    let closed = decided(&world, &p.centre, every_kind(&moved.name).swap_remove(5)).await;
    let said = [Type::DossierAccepted, Type::DueDateSet, Type::ResultAnnounced, Type::DossierClosed];
    assert_eq!((closed.state(), types(&closed)), (State::Closed, said.to_vec()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_state_of_a_dossier_does_not_allow_is_refused_with_a_sentence_that_says_why() {
    let world = World::start().await;
    let p = &world.province;
    let registered = registered(&world, 21).await;
    let another = accepted(&world, 23).await.name;
    let accepted = accepted(&world, 22).await.name;
    let kinds = |dossier: &str| every_kind(dossier).into_iter();
    let again = kinds(&accepted).nth(4).unwrap();
    decided(&world, &p.department, again.clone()).await;
    let before = world.log(&p.department).await.len();
    for (made, why) in [
        (kinds(&registered).nth(3).unwrap(), "the dossier was not accepted: refuse it; it is REGISTERED"),
        (kinds(&registered).nth(4).unwrap(), "it has no date to move; it is REGISTERED"),
        (kinds(&registered).nth(5).unwrap(), "only a dossier whose result was announced can be closed"),
        (kinds(&accepted).nth(1).unwrap(), "stop it, or let it be withdrawn; it is ACCEPTED"),
        (again, "may be once only (Form 04)"),
    ] {
        let refused = decide(&world, &p.department, decision(&world, made)).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "DOSSIER_STATE"));
        assert_eq!(field(&refused), "dossier");
        assert!(refused.message().contains(why), "{}", refused.message());
    }
    let past =
        v1::SetDueDateRequest { dossier: another, due_at: in_days(-1), ..v1::SetDueDateRequest::default() };
    let refused = decide(&world, &p.department, decision(&world, Made::SetDueDate(past))).await.unwrap_err();
    assert_eq!((reason(&refused), field(&refused)), ("TIME_OUT_OF_RANGE".to_owned(), "due_at".to_owned()));
    assert_eq!(world.log(&p.department).await.len(), before, "a refusal is no event");

    // What was decided is decided.
    decided(&world, &p.department, kinds(&registered).nth(1).unwrap()).await;
    for made in every_kind(&registered) {
        let refused = decide(&world, &p.department, decision(&world, made)).await.unwrap_err();
        assert_eq!(reason(&refused), "DOSSIER_STATE");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn papers_go_home_with_the_carrier_named_and_it_alone_hears_of_it() {
    let world = World::start().await;
    let p = &world.province;
    let brought = handed_over(&world, 31).await;
    let refuse = v1::RefuseDossierRequest {
        dossier: registered_with_slip(&world, 31).await,
        carrier: OTHER_CARRIER.to_owned(),
        reason: v1::Reason::IncompletePapers.into(),
        ..v1::RefuseDossierRequest::default()
    };
    let refused = decided(&world, &p.centre, Made::Refuse(refuse)).await;
    assert_eq!(refused.state(), State::Refused);
    let home = refused.legs.last().unwrap();
    assert_eq!((home.kind(), home.state()), (LegKind::ReturnToCitizen, LegState::Ordered));
    assert_eq!((home.continues.as_str(), home.carrier.as_str()), (brought.as_str(), OTHER_CARRIER));
    assert_eq!(refused.holders, [home.holder.clone().unwrap()], "one pair of hands");
    assert_eq!(home.holder.as_ref().unwrap().party, CENTRE);
    let heard = world.log(&p.other_post).await;
    assert_eq!(heard.len(), 1, "its order, and nothing else of the dossier");
    assert_eq!(heard[0].leg, home.name);
    // The first carrier brought the papers, and what became of them is not its matter.
    let of_first = world.log(&p.post).await;
    assert!(of_first.iter().all(|listed| listed.leg != home.name), "{of_first:?}");
}

/// A dossier of the department under the number's slip.
async fn registered_with_slip(world: &World, number: u64) -> String {
    let request = v1::RegisterDossierRequest {
        counter: CENTRE.to_owned(),
        slip: format!("{number:06}"),
        ..world.registration(&codes::dossier(number))
    };
    world.registered(&world.province.department, request).await.name
}

#[tokio::test(flavor = "multi_thread")]
async fn an_envelope_that_never_got_a_dossier_is_refused_by_its_leg() {
    let world = World::start().await;
    let p = &world.province;
    let leg = handed_over(&world, 41).await;
    let refuse = |leg: &str| {
        Made::Refuse(v1::RefuseDossierRequest {
            leg: leg.to_owned(),
            carrier: CARRIER.to_owned(),
            reason: v1::Reason::WrongAgency.into(),
            ..v1::RefuseDossierRequest::default()
        })
    };
    let stranger = decide(&world, &p.sibling, decision(&world, refuse(&leg))).await.unwrap_err();
    let unknown = decide(&world, &p.sibling, decision(&world, refuse("legs/0-999999"))).await.unwrap_err();
    assert_eq!(told(&stranger), told(&unknown));
    let answer = decide(&world, &p.centre, decision(&world, refuse(&leg))).await.unwrap();
    assert_eq!(answer.dossier, None, "there is none, before as after");
    let position = answer.recorded.unwrap().position.unwrap();
    let home = world.leg(&p.centre, &format!("legs/{}-{}", position.lane, position.pos)).await;
    assert_eq!((home.kind(), home.continues.as_str()), (LegKind::ReturnToCitizen, leg.as_str()));
    assert_eq!(home.holder.unwrap().party, CENTRE, "whoever has it gives it");

    // A leg of a dossier is decided on by the dossier; a dossier and a leg at once say nothing.
    let of_dossier = accepted(&world, 42).await;
    let refused =
        decide(&world, &p.centre, decision(&world, refuse(&of_dossier.legs[0].name))).await.unwrap_err();
    assert_eq!((reason(&refused).as_str(), field(&refused).as_str()), ("LEG_STATE", "leg"));
    assert!(refused.message().contains(&of_dossier.name), "{}", refused.message());
    let both =
        v1::RefuseDossierRequest { dossier: of_dossier.name, leg, ..v1::RefuseDossierRequest::default() };
    let refused = decide(&world, &p.centre, decision(&world, Made::Refuse(both))).await.unwrap_err();
    assert_eq!((reason(&refused).as_str(), field(&refused).as_str()), ("FIELD_REQUIRED", "dossier"));
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_that_stand_on_no_leg_are_listed_and_known_as_of_every_position() {
    let world = World::start().await;
    let p = &world.province;
    let dossier = accepted(&world, 51).await.name;
    let kinds = |at: usize| every_kind(&dossier).swap_remove(at);
    decided(&world, &p.department, kinds(0)).await;
    decided(&world, &p.department, kinds(4)).await;
    decided(&world, &p.centre, kinds(2)).await;
    let listed = events(&world, &p.department, &dossier).await.unwrap();
    let tail: Vec<_> = listed.iter().rev().take(3).rev().collect();
    let kinds: Vec<i32> = tail.iter().map(|listed| crate::support::world::event_of(listed).r#type).collect();
    let said = [Type::SupplementRequested, Type::DueDateSet, Type::DossierWithdrawn];
    assert_eq!(kinds, said.map(i32::from));
    assert!(tail.iter().all(|listed| listed.leg.is_empty() && listed.dossier == dossier), "{tail:?}");
    let of_post = events(&world, &p.post, &dossier).await.unwrap();
    assert!(of_post.iter().all(|listed| !listed.leg.is_empty()), "the carrier sees what stands on its legs");

    let wanted = [State::SupplementRequested, State::Accepted, State::Withdrawn];
    for (index, (listed, state)) in tail.iter().zip(wanted).enumerate() {
        let at = v1::get_dossier_request::At::ReadPosition(listed.position.unwrap());
        let request = v1::GetDossierRequest { key: Some(Key::Name(dossier.clone())), at: Some(at) };
        let then = world.dossiers().get_dossier(p.centre.ask(request)).await.unwrap().into_inner();
        let then = then.dossier.unwrap();
        assert_eq!((then.state(), then.decisions.len()), (state, 2 + index));
        assert_eq!(then.due_at.is_some(), index >= 1, "the date was set by the second");
        let last = then.decisions.last().unwrap();
        let position = listed.position.unwrap();
        assert_eq!(last.position, format!("{}-{}", position.lane, position.pos));
        assert_eq!(last.decided_at, listed.effective_at);
    }
}
