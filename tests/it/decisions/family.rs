//! Dossiers that belong to one another (liên thông): the agency of the one sees where the other is, and nothing else of it.

use tonic::Code;
use trao::doors::wire::v1;
use v1::dossier_decision::Decision as Made;
use v1::{DossierState as State, HolderKind, LegKind};

use super::*;
use crate::support::world::{SIBLING, event_of};

/// A dossier of the sibling, which it sends on to the department: that is how the department sees it.
async fn sent_on(world: &World, number: u64) -> String {
    let sibling = &world.province.sibling;
    let register = v1::RegisterDossierRequest {
        agency: SIBLING.to_owned(),
        code: code(&format!("H99.17-261120-{number:04}")),
        ..world.registration("")
    };
    let parent = world.registered(sibling, register).await.name;
    let transfer = v1::OrderLegRequest {
        agency: SIBLING.to_owned(),
        counter: DEPARTMENT.to_owned(),
        dossier: parent.clone(),
        ..world.order(LegKind::Transfer)
    };
    world.ordered(sibling, transfer).await;
    parent
}

fn link(dossier: &str, parent: &str) -> Made {
    Made::Link(v1::LinkDossiersRequest {
        dossier: dossier.to_owned(),
        parent: parent.to_owned(),
        ..v1::LinkDossiersRequest::default()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agency_above_sees_where_the_dossier_below_stands_and_nothing_else_of_it() {
    let world = World::start().await;
    let p = &world.province;
    let parent = sent_on(&world, 1).await;
    let child = accepted(&world, 1).await;
    let unlinked =
        decide(&world, &p.sibling, decision(&world, link(&parent, &child.name))).await.unwrap_err();
    assert_eq!(told(&unlinked).1, "NOT_FOUND", "nobody links to what he does not see");
    let linked = decided(&world, &p.department, link(&child.name, &parent)).await;
    assert_eq!(linked.parent, parent);
    let due = in_days(20);
    let moved = v1::SetDueDateRequest {
        dossier: child.name.clone(),
        due_at: due,
        ..v1::SetDueDateRequest::default()
    };
    let moved = decided(&world, &p.department, Made::SetDueDate(moved)).await;

    let above = seen(&world, &p.sibling, &parent).await.unwrap();
    let wanted = v1::ChildDossier {
        name: child.name.clone(),
        agency: DEPARTMENT.to_owned(),
        state: State::Accepted.into(),
        holders: moved.holders.clone(),
        due_at: due,
        delivered: false,
    };
    assert_eq!(above.children, [wanted]);
    assert!(above.legs.iter().all(|leg| leg.kind() == LegKind::Transfer), "{:?}", above.legs);

    // By every other door the child is what never was.
    let nowhere = seen(&world, &p.sibling, "dossiers/0-999999").await.unwrap_err();
    assert_eq!(told(&seen(&world, &p.sibling, &child.name).await.unwrap_err()), told(&nowhere));
    for sought in [code(&codes::dossier(1)), code(&codes::item(1)), Some(slip("000001"))] {
        let request = v1::GetDossierRequest { key: sought.clone().map(Key::Code), at: None };
        let refused = world.dossiers().get_dossier(p.sibling.ask(request)).await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound, "{sought:?}");
    }
    assert_eq!(events(&world, &p.sibling, &child.name).await.unwrap_err().code(), Code::NotFound);
    for leg in &child.legs {
        let request = p.sibling.ask(v1::GetLegRequest { name: leg.name.clone() });
        assert_eq!(world.legs().get_leg(request).await.unwrap_err().code(), Code::NotFound);
    }
    // It hears of the link, which names no code of the child's, and of nothing that is decided there.
    let heard = world.log(&p.sibling).await;
    let of_child: Vec<_> = heard.iter().filter(|listed| listed.dossier == child.name).collect();
    assert_eq!(of_child.len(), 1, "{of_child:?}");
    let event = event_of(of_child[0]);
    assert_eq!((event.r#type(), event.parent.as_str()), (Type::DossierLinked, parent.as_str()));
    assert_eq!((event.code, event.also, of_child[0].code.as_str()), (None, vec![], ""));
    // Who only carries the one or sees a leg of it is told of no others.
    let carried = seen(&world, &p.department, &parent).await.unwrap();
    assert_eq!((carried.children, carried.decisions), (vec![], vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_was_given_out_below_proposes_to_close_every_dossier_above_and_lets_it() {
    let world = World::start().await;
    let p = &world.province;
    // Three in a row: the department's own belongs to the sibling's, and another of the department's to that.
    let top = sent_on(&world, 11).await;
    let middle = registered(&world, 12).await;
    decided(&world, &p.department, link(&middle, &top)).await;
    let bottom = announced(&world, &p.department, by_post(&world, 13)).await.name;
    decided(&world, &p.department, link(&bottom, &middle)).await;
    let close = |dossier: &str| {
        Made::Close(v1::CloseDossierRequest {
            dossier: dossier.to_owned(),
            closing: v1::Closing::ByPost.into(),
            ..v1::CloseDossierRequest::default()
        })
    };
    for (who, dossier) in [(&p.sibling, &top), (&p.department, &middle)] {
        assert!(!seen(&world, who, dossier).await.unwrap().close_proposed, "nothing was delivered");
        let early = decide(&world, who, decision(&world, close(dossier))).await.unwrap_err();
        assert_eq!(told(&early).1, "DOSSIER_STATE");
    }
    delivered(&world, 13, |event| event).await;
    for (who, dossier) in [(&p.sibling, &top), (&p.department, &middle), (&p.department, &bottom)] {
        let proposed = seen(&world, who, dossier).await.unwrap();
        assert!(proposed.close_proposed, "{dossier}: {proposed:?}");
    }
    let above = seen(&world, &p.sibling, &top).await.unwrap();
    assert!(above.children[0].delivered);
    assert!(above.children[0].holders.iter().all(|holder| holder.kind() != HolderKind::Post), "{above:?}");
    for (who, dossier) in [(&p.sibling, &top), (&p.department, &middle), (&p.department, &bottom)] {
        let closed = decided(&world, who, close(dossier)).await;
        assert_eq!((closed.state(), closed.close_proposed), (State::Closed, false), "{dossier}");
    }
}
