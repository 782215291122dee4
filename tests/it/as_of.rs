//! GetDossier at every position is the fold of the events before it, and at a time what was known then.

use std::collections::BTreeMap;

use tonic::Code;
use trao::doors::wire::v1;
use trao::dossier::custody::{self, Folded, Ground};
use trao::dossier::leg::Birth;
use trao::dossier::names::Position;
use trao::dossier::particulars::Terms;
use trao::seal::record::Record;
use v1::EventType as Type;
use v1::get_dossier_request::{At, Key};

use crate::support::codes;
use crate::support::partner::{PC, PDA, Partner, READER, attested, capture, code, event, slip};
use crate::support::world::{CENTRE, DEPARTMENT, World, record};

async fn known(
    world: &World,
    who: &Partner,
    key: Key,
    at: Option<At>,
) -> Result<v1::GetDossierResponse, Code> {
    let request = v1::GetDossierRequest { key: Some(key), at };
    let answer = world.dossiers().get_dossier(who.ask(request)).await;
    answer.map(tonic::Response::into_inner).map_err(|status| status.code())
}

/// A dossier whose result goes out, fails, goes back, is voided on the way, and is offered late.
async fn a_long_story(world: &World) -> String {
    let p = &world.province;
    let (post, centre) = (&p.post, &p.centre);
    let item = codes::item(20);
    let picked = v1::Event {
        agency: DEPARTMENT.to_owned(),
        counter: CENTRE.to_owned(),
        also: vec![slip("000300")],
        ..event(Type::PickedUp, &item)
    };
    world.say(post, PDA, &picked).await;
    let office = v1::Event { office: "carriers/p/offices/990100".to_owned(), ..event(Type::OfficeIn, &item) };
    let mistaken = world.say(post, PC, &office).await.position.unwrap();
    let voided =
        v1::Event { corrects: format!("{}-{}", mistaken.lane, mistaken.pos), ..event(Type::Voided, &item) };
    world.say(post, PC, &voided).await;
    world.scan(PC, Type::Offered, &item).await;
    world.say(centre, READER, &event(Type::Accepted, &item)).await;
    let accept = v1::AcceptDossierRequest {
        request_id: world.fresh("accept"),
        target: code(&item).map(v1::accept_dossier_request::Target::Item),
        code: code(&codes::dossier(20)),
        ..v1::AcceptDossierRequest::default()
    };
    let accepted = world.dossiers().accept_dossier(centre.ask(accept)).await.unwrap().into_inner();
    let dossier = accepted.dossier.unwrap().name;

    let result = codes::item(21);
    let order = v1::OrderLegRequest {
        dossier: dossier.clone(),
        item: code(&result),
        ..world.order(v1::LegKind::Outbound)
    };
    world.ordered(&p.department, order).await;
    world.scan(PDA, Type::PickedUp, &result).await;
    world.say(centre, READER, &event(Type::Offered, &result)).await;
    world.scan(PDA, Type::OutForDelivery, &result).await;
    // An event that comes late and sorts before others: what was known before it came does not change.
    let mut late = event(Type::OfficeIn, &result);
    late.occurred_at.as_mut().unwrap().seconds -= 3_600;
    world.say(post, PC, &late).await;
    let failed = v1::Event { reason: v1::Reason::Absent.into(), ..event(Type::AttemptFailed, &result) };
    world.say(post, PDA, &failed).await;
    world.scan(PC, Type::ReturnStarted, &result).await;
    world.scan(PC, Type::Dispatched, &result).await;
    world.scan(PC, Type::Offered, &result).await;
    world.say(centre, READER, &event(Type::Accepted, &result)).await;
    let delivered = v1::Capture {
        personal: attested(),
        ..capture(PDA, &world.fresh("late"), &event(Type::Delivered, &result))
    };
    world.capture(post, delivered).await.unwrap();
    dossier
}

/// What the records up to a position say of every leg, folded here from nothing but the feed.
fn folded(records: &[Record], upto: u64) -> BTreeMap<Position, (Folded, Option<Position>)> {
    let prefix: Vec<&Record> = records.iter().filter(|record| record.pos <= upto).collect();
    let births: BTreeMap<Position, (&Birth, Option<Position>)> = prefix
        .iter()
        .filter_map(|record| {
            let continues = record.other_leg.filter(|_| record.birth.is_some());
            record.birth.as_ref().map(|birth| (record.position(), (birth, continues)))
        })
        .collect();
    births
        .iter()
        .map(|(id, (birth, continues))| {
            let annulled =
                prefix.iter().any(|record| record.other_leg == Some(*id) && record.meant().number() == 23);
            let terms = &Terms::default();
            let ground = Ground { id: *id, birth, terms, continues: *continues, annulled };
            let on_leg = |record: &&&Record| record.leg == Some(*id) || record.other_leg == Some(*id);
            let steps: Vec<_> = prefix.iter().filter(on_leg).map(|record| record.step()).collect();
            let continued_by = births.iter().find(|(_, (_, continues))| *continues == Some(*id));
            (*id, (custody::fold(ground, &steps), continued_by.map(|(id, _)| *id)))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn at_every_position_a_dossier_is_the_fold_of_the_events_before_it() {
    let world = World::start().await;
    let dossier = a_long_story(&world).await;
    let p = &world.province;
    let log = world.log(&p.department).await;
    let records: Vec<Record> = log.iter().map(record).collect();
    let head = records.last().unwrap().pos;
    let birth = records.iter().find(|record| record.dossier.is_some()).unwrap().pos;
    assert!(head > 15, "{head} positions");

    let mut changes = 0;
    let mut before = None;
    for upto in 1..=head {
        let at = || Some(At::ReadPosition(v1::Position { lane: 0, pos: upto }));
        let by_name = known(&world, &p.department, Key::Name(dossier.clone()), at()).await;
        if upto < birth {
            assert_eq!(by_name.unwrap_err(), Code::NotFound, "not born at {upto}");
            continue;
        }
        let answer = by_name.unwrap();
        assert_eq!(answer.position.unwrap().pos, upto);
        let wanted = folded(&records, upto);
        let dossier = answer.dossier.unwrap();
        let names: Vec<String> = dossier.legs.iter().map(|leg| leg.name.clone()).collect();
        let born: Vec<String> = wanted.keys().map(|id| format!("legs/{id}")).collect();
        assert_eq!(names, born, "the legs at {upto}");
        for (leg, (id, (fold, continued_by))) in dossier.legs.iter().zip(&wanted) {
            let fold = &fold.fold;
            let holder = leg.holder.as_ref().unwrap();
            let seen = (leg.state, holder.kind, holder.party.as_str(), leg.order, leg.attempts, leg.events);
            let told = (
                i32::from(fold.state.number()),
                i32::from(fold.holder.kind.number()),
                fold.holder.party.as_ref().map_or("", |party| party.as_str()),
                i32::from(fold.order.number()),
                fold.attempts,
                u64::from(fold.events),
            );
            assert_eq!(seen, told, "leg {id} at {upto}");
            let closed = leg.closed_at.map(|at| at.seconds * 1_000_000 + i64::from(at.nanos) / 1_000);
            assert_eq!(closed, fold.closed_at.map(|at| at.0), "leg {id} at {upto}");
            let continued = continued_by.map(|id| format!("legs/{id}")).unwrap_or_default();
            assert_eq!(leg.continued_by, continued, "leg {id} at {upto}");
            let kinds: Vec<i32> = leg.anomalies.iter().map(|anomaly| anomaly.kind).collect();
            let wanted: Vec<i32> =
                fold.anomalies.iter().map(|anomaly| i32::from(anomaly.kind.number())).collect();
            assert_eq!(kinds, wanted, "leg {id} at {upto}");
        }
        // Everybody who may see it sees the same, by a code too.
        let by_code = Key::Code(code(&codes::item(20)).unwrap());
        for who in [&p.centre, &p.post, &p.supervisor] {
            let seen = known(&world, who, by_code.clone(), at()).await.unwrap();
            let mut seen = seen.dossier.unwrap();
            if who.key == p.post.key {
                // How long the agency took, and what it decided, is no matter of the carrier's.
                assert_eq!(seen.spans.unwrap().agency_s, None, "at {upto}");
                assert_eq!(seen.decisions, vec![], "at {upto}");
                (seen.spans, seen.decisions) = (dossier.spans, dossier.decisions.clone());
            }
            assert_eq!(seen, dossier, "at {upto}");
        }
        changes += usize::from(before.as_ref() != Some(&dossier));
        before = Some(dossier);
    }
    assert!(changes > 10, "the story changes at {changes} positions");
    let now = known(&world, &p.department, Key::Name(dossier.clone()), None).await.unwrap();
    assert_eq!(now.dossier, before, "now is the last position");
    let ahead = Some(At::ReadPosition(v1::Position { lane: 0, pos: head + 1 }));
    let refused = known(&world, &p.department, Key::Name(dossier), ahead).await.unwrap_err();
    assert!(matches!(refused, Code::InvalidArgument | Code::OutOfRange), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_is_answered_with_what_was_committed_by_then() {
    let world = World::start().await;
    let dossier = a_long_story(&world).await;
    let department = &world.province.department;
    let log = world.log(department).await;
    let birth = log.iter().position(|line| !line.dossier.is_empty()).unwrap();
    let shifted = |time: &prost_types::Timestamp, nanos: i32| {
        let all = i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanos) + i128::from(nanos);
        prost_types::Timestamp {
            seconds: i64::try_from(all.div_euclid(1_000_000_000)).unwrap(),
            nanos: i32::try_from(all.rem_euclid(1_000_000_000)).unwrap(),
        }
    };
    let by_position = async |pos| {
        let at = Some(At::ReadPosition(v1::Position { lane: 0, pos }));
        known(&world, department, Key::Name(dossier.clone()), at).await
    };
    let by_time =
        async |time| known(&world, department, Key::Name(dossier.clone()), Some(At::ReadTime(time))).await;
    for line in &log[birth..] {
        let (pos, committed) = (line.position.unwrap().pos, line.committed_at.unwrap());
        let then = by_time(committed).await.unwrap();
        assert_eq!(then.position.unwrap().pos, pos);
        assert_eq!(then.known_at, Some(committed));
        assert_eq!(then.dossier, by_position(pos).await.unwrap().dossier);
        let just_before = by_time(shifted(&committed, -1_000)).await;
        match by_position(pos - 1).await {
            Ok(earlier) => {
                let just_before = just_before.unwrap();
                assert_eq!(just_before.position.unwrap().pos, pos - 1);
                assert_eq!(just_before.dossier, earlier.dossier);
            }
            Err(code) => assert_eq!(just_before.unwrap_err(), code),
        }
    }
    // Between the last commit and now: answered as of the last commit, and it says so.
    let last = log.last().unwrap();
    let answer = by_time(shifted(&last.committed_at.unwrap(), 1_000)).await.unwrap();
    assert_eq!((answer.known_at, answer.position), (last.committed_at, last.position));
    // Before anything was known.
    let long_ago = prost_types::Timestamp { seconds: 1_000_000_000, nanos: 0 };
    assert_eq!(by_time(long_ago).await.unwrap_err(), Code::NotFound);
}
