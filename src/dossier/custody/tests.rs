//! The order in which events arrive does not matter: what a leg's events mean together depends on when they happened.
//! Every scenario runs through `apply`, so that at each prefix the fold kept step by step is held against the fold of
//! the records whole, and the outcomes in the records alone conserve custody (`World` checks both after every line).

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::Fold;
use crate::dossier::event::{EventType, Measure, Reason};
use crate::dossier::leg::LegKind;
use crate::dossier::names::Position;
use crate::dossier::testing::{BACK_OFFICE, DESK, OWNER, PC, PHONE, Scan, World, order, scan};

/// One event of a scenario: what is said, and which other event of it is corrected.
#[derive(Clone, Debug)]
struct Line {
    scan: Scan,
    corrects: Option<usize>,
}

fn line(scan: Scan) -> Line {
    Line { scan, corrects: None }
}

fn correcting(of: usize, scan: Scan) -> Line {
    Line { scan, corrects: Some(of) }
}

/// Lets the lines of a scenario arrive in an order and answers with the world, the first leg and the position of each
/// line. Nobody can correct what has not arrived: such a line arrives right after the one it names.
fn arrive(kind: LegKind, lines: &[Line], arrival: &[usize]) -> (World, Position, Vec<Position>) {
    let mut world = World::new();
    let leg = world.order(kind, 0);
    let mut positions: Vec<Option<Position>> = vec![None; lines.len()];
    let mut waiting: Vec<usize> = arrival.to_vec();
    while let Some(at) = waiting
        .iter()
        .position(|index| lines[*index].corrects.is_none_or(|of| of == *index || positions[of].is_some()))
    {
        let index = waiting.remove(at);
        let mut scan = lines[index].scan.clone();
        // The id, not the position, orders what happened at once.
        scan.0.said.to_mut().client_event_id = format!("line {index}").into();
        scan = match lines[index].corrects.and_then(|of| positions[of]) {
            Some(of) => scan.corrects(of),
            None => scan.leg(leg),
        };
        positions[index] = Some(world.put(scan));
    }
    (world, leg, positions.into_iter().map(|position| position.unwrap()).collect())
}

/// A leg's state with events named by their place in the scenario instead of their positions.
fn named(fold: &Fold, positions: &[Position]) -> Fold {
    let names: BTreeMap<Position, u64> = positions.iter().copied().zip(1_000..).collect();
    let name = |position: Position| Position {
        pos: names.get(&position).copied().unwrap_or(position.pos),
        ..position
    };
    let mut fold = fold.clone();
    fold.picked_up = fold.picked_up.map(name);
    fold.taken = fold.taken.map(name);
    fold.one_sided.iter_mut().for_each(|handover| handover.position = name(handover.position));
    fold.said.iter_mut().for_each(|said| said.position = name(said.position));
    fold.anomalies.iter_mut().for_each(|anomaly| anomaly.position = name(anomaly.position));
    fold.voided.iter_mut().for_each(|position| *position = name(*position));
    fold
}

fn permutations(length: usize) -> Vec<Vec<usize>> {
    if length == 0 {
        return vec![Vec::new()];
    }
    let shorter = permutations(length - 1);
    shorter
        .iter()
        .flat_map(|order| {
            (0..length).map(|at| {
                let mut order = order.clone();
                order.insert(at, length - 1);
                order
            })
        })
        .collect()
}

/// All orders of arrival give the same state, holder, anomalies, times and sayings.
fn same_in_every_order(kind: LegKind, lines: &[Line]) -> Fold {
    let mut first: Option<Fold> = None;
    for arrival in permutations(lines.len()) {
        let (world, leg, positions) = arrive(kind, lines, &arrival);
        assert_eq!(world.legs.len(), 1, "{arrival:?}");
        let fold = named(&world.legs[&leg].fold, &positions);
        match &first {
            Some(first) => assert_eq!(*first, fold, "{arrival:?}"),
            None => first = Some(fold),
        }
    }
    first.unwrap()
}

use EventType::*;

#[test]
fn an_inbound_leg_with_a_late_phone_is_the_same_in_every_order() {
    let fold = same_in_every_order(
        LegKind::Inbound,
        &[
            line(scan(PickedUp, PHONE, 10).unattested()),
            line(scan(PickedUp, PC, 11)),
            line(scan(OfficeIn, PHONE, 20).office("100000")),
            line(scan(Arrived, PC, 30).office("100001")),
            line(scan(Offered, PC, 40)),
            line(scan(Accepted, DESK, 50)),
        ],
    );
    assert_eq!(fold.anomalies, vec![]);
}

#[test]
fn a_delivery_voided_and_said_again_is_the_same_in_every_order() {
    same_in_every_order(
        LegKind::Outbound,
        &[
            line(scan(Offered, BACK_OFFICE, 5)),
            line(scan(PickedUp, PHONE, 10)),
            line(scan(OutForDelivery, PHONE, 20)),
            line(scan(Delivered, PHONE, 30)),
            correcting(3, scan(Voided, PHONE, 31)),
            line(scan(AttemptFailed, PHONE, 40).reason(Reason(3)).measure(Measure::HOLD_FOR_PICKUP)),
        ],
    );
}

#[test]
fn corrections_of_corrections_are_the_same_in_every_order() {
    same_in_every_order(
        LegKind::Outbound,
        &[
            line(scan(PickedUp, PHONE, 10)),
            line(scan(OfficeIn, PHONE, 20).office("100000")),
            correcting(1, scan(OutForDelivery, PHONE, 21)),
            correcting(2, scan(Held, PHONE, 22)),
            correcting(3, scan(Voided, PHONE, 23)),
            correcting(0, scan(Voided, PC, 24)),
        ],
    );
}

#[test]
fn same_principal_wrong_parties_loss_and_finding_are_the_same_in_every_order() {
    same_in_every_order(
        LegKind::Inbound,
        &[
            line(scan(PickedUp, PHONE, 10)),
            line(scan(Offered, PHONE, 20).by("one person")),
            line(scan(Accepted, DESK, 21).by("one person")),
            line(scan(Lost, PC, 30)),
            line(scan(Found, PHONE, 40)),
            line(scan(Delivered, DESK, 45)),
        ],
    );
}

#[test]
fn seven_events_with_a_revoked_delivery_are_the_same_in_every_order() {
    same_in_every_order(
        LegKind::Outbound,
        &[
            line(scan(PickedUp, PHONE, 10)),
            line(scan(Offered, BACK_OFFICE, 11)),
            line(scan(OutForDelivery, PHONE, 20)),
            line(scan(Delivered, PHONE, 30)),
            line(scan(DeliveryRevoked, PC, 40).supervisor().reason(Reason::WRONG_RECEIVER)),
            line(scan(Found, PHONE, 50)),
            line(scan(Delivered, PHONE, 60)),
        ],
    );
}

/// RETURN_STARTED decides when it arrives whether it opens a leg: not on one that has ended by then. Where it does, the
/// leg it ends is the same in every order of arrival; the new leg's id is another each time.
#[test]
fn where_a_return_starts_the_leg_before_it_is_the_same_in_every_order() {
    let lines = [
        line(scan(PickedUp, PHONE, 10)),
        line(scan(OutForDelivery, PHONE, 20)),
        line(scan(AttemptFailed, PHONE, 30).reason(Reason(3))),
        line(scan(ReturnStarted, PHONE, 40)),
        correcting(3, scan(Voided, PHONE, 41)),
        line(scan(Delivered, PHONE, 50)),
    ];
    let mut seen: BTreeMap<(bool, bool), Fold> = BTreeMap::new();
    for arrival in permutations(lines.len()) {
        let (world, leg, positions) = arrive(LegKind::Outbound, &lines, &arrival);
        let opened = world.legs.contains_key(&positions[3]);
        let voided = world.legs.get(&positions[3]).is_some_and(|new| new.annulled_at.is_some());
        let mut fold = named(&world.legs[&leg].fold, &positions);
        if opened && !voided {
            // The void stands on the return leg, where it is refused.
            assert_eq!(world.legs[&leg].continued_by, Some(positions[3]));
        }
        fold.last = None;
        let first = seen.entry((opened, voided)).or_insert_with(|| fold.clone());
        assert_eq!(*first, fold, "{arrival:?}");
    }
    assert!(seen.keys().any(|(opened, _)| *opened) && seen.keys().any(|(_, voided)| *voided));
}

/// What people say of one leg, right and wrong, from few enough words that they meet.
fn any_line(count: usize) -> impl Strategy<Value = Line> {
    let kinds = prop_oneof![
        6 => prop::sample::select(vec![PickedUp, Offered, Accepted, Delivered, OutForDelivery, AttemptFailed]),
        3 => prop::sample::select(vec![OfficeIn, Arrived, NotAccepted, Lost, Found, Held, DeliveryRevoked, Damaged]),
        3 => Just(Voided),
        2 => prop::sample::select(vec![Assigned, Declined, Collected, Labelled, Bagged, PickupFailed]),
    ];
    let sources = prop::sample::select(vec![PHONE, PHONE, PHONE, PC, DESK, BACK_OFFICE]);
    let who = prop::option::weighted(0.2, Just("one person"));
    (kinds, sources, 1..8_i64, who, any::<bool>(), 0..count, prop::bool::weighted(0.2)).prop_map(
        move |(kind, source, minutes, who, flag, of, corrects)| {
            let mut scan = scan(kind, source, minutes);
            if let Some(who) = who {
                scan = scan.by(who);
            }
            if kind == DeliveryRevoked {
                scan = scan.supervisor().reason(if flag {
                    Reason::NEVER_LEFT_HAND
                } else {
                    Reason::WRONG_RECEIVER
                });
            }
            if flag && kind == OfficeIn {
                scan = scan.office("100000");
            }
            if flag && kind == Delivered {
                scan = scan.unattested();
            }
            Line { scan, corrects: (kind == Voided || corrects).then_some(of) }
        },
    )
}

/// Lines that correct only what stands before them in the list, so that every order of arrival can be had.
fn scenario(count: usize) -> impl Strategy<Value = Vec<Line>> {
    prop::collection::vec(any_line(count), 1..=count).prop_map(|mut lines| {
        for (index, line) in lines.iter_mut().enumerate() {
            line.corrects = line.corrects.filter(|of| *of < index);
        }
        lines
    })
}

fn any_kind() -> impl Strategy<Value = LegKind> {
    prop::sample::select(vec![LegKind::Inbound, LegKind::Outbound, LegKind::Transfer, LegKind::Supplement])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn seven_events_of_a_leg_mean_the_same_in_whatever_order_they_arrive(
        kind in any_kind(),
        (lines, arrival) in scenario(7).prop_flat_map(|lines| {
            let order: Vec<usize> = (0..lines.len()).collect();
            (Just(lines), Just(order).prop_shuffle())
        }),
    ) {
        let in_time: Vec<usize> = (0..lines.len()).collect();
        let (one, leg, positions) = arrive(kind, &lines, &in_time);
        let (two, again, others) = arrive(kind, &lines, &arrival);
        prop_assert_eq!(named(&one.legs[&leg].fold, &positions), named(&two.legs[&again].fold, &others));
        prop_assert_eq!((one.legs.len(), two.legs.len()), (1, 1));
    }

    /// Return legs begin and are unmade, events name either leg or only a code, orders are cancelled: nothing is asked
    /// but what `World` asks after every line.
    #[test]
    fn custody_is_conserved_whatever_is_said(
        kind in any_kind(),
        lines in prop::collection::vec(
            (any_line(12), prop::option::weighted(0.3, 0..12_usize), 0..4_u8, prop::bool::weighted(0.25)),
            1..24,
        ),
    ) {
        let mut world = World::new();
        let first = order(kind, 3);
        world.command(crate::dossier::apply::Act::Order(first)).unwrap();
        let code = crate::dossier::testing::item(1);
        for (line, corrects, how, returns) in lines {
            let mut scan = line.scan;
            if returns {
                scan.0.said.to_mut().event.kind = ReturnStarted;
            }
            if let Some(of) = line.corrects.or(corrects) {
                scan = scan.corrects(crate::dossier::testing::at(of as u64 + 1));
            }
            let legs: Vec<Position> = world.legs.keys().copied().collect();
            scan = match how {
                0 => scan.leg(legs[0]),
                1 => scan.leg(legs[legs.len() - 1]),
                2 => scan.code(code.clone()).to(OWNER),
                _ => scan.code(code.clone()),
            };
            world.put(scan);
            world.tie();
            let _ = world.cancel(legs[legs.len() / 2], 5);
        }
    }
}
