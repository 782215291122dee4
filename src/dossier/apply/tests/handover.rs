//! Lists that two sides hand over together, line by line.

use crate::dossier::anomaly::AnomalyKind::{LateEntry, Missing, OneSided, Unlisted, WithReservation};
use crate::dossier::apply::{self, Act, ManifestAct, ManifestLineAct, Said, Written};
use crate::dossier::document::Document;
use crate::dossier::event::{EventType as E, Reason as Why};
use crate::dossier::handover::{
    Answered, Closes, Command, Creates, LineState, Manifest, ManifestKind, ManifestState, Named, Sheet, Side,
    Which, plan,
};
use crate::dossier::leg::{HolderKind, LegState, Placement};
use crate::dossier::names::Position;
use crate::dossier::refusal::{Reason, Refusal};
use crate::dossier::testing::*;

/// What was written of lines, and why not of others.
type Answers = (Vec<(Position, Written)>, Vec<Refusal>);

const CLERK: &str = "clerk 2";
const OFFICER: &str = "officer 1";

fn side(name: &str, office: Option<&str>) -> Side {
    Side { party: party(name), office: office.map(Into::into), person: None }
}

fn speaker(who: &str, principal: &str, kind: E, minutes: i64) -> Said {
    Said { principal: principal.into(), ..said(kind, who, minutes) }
}

fn item_lines(numbers: std::ops::RangeInclusive<u32>) -> Vec<Named> {
    numbers.map(|number| Named::Code(item(number))).collect()
}

fn these(numbers: &[u32], reason: Why) -> Vec<Answered> {
    let line = |number: &u32| Answered { named: Named::Code(item(*number)), reason, tally: Vec::new() };
    numbers.iter().map(line).collect()
}

fn create(world: &mut World, lines: Vec<Named>) -> (Position, Written) {
    let creates = Creates {
        kind: ManifestKind::Handover,
        number: "BG-261120-07".into(),
        giver: side(POST, Some("991230")),
        receiver: side(COUNTER, None),
        lines,
    };
    let said = speaker(POST, CLERK, E::ManifestCreated, 50);
    let command = Command::Create(Box::new(creates));
    world.command(Act::Manifest(ManifestAct { said, manifest: None, command })).unwrap()
}

fn list(world: &World, id: Position) -> &Manifest {
    let Document::Manifest(manifest) = &world.documents[&id];
    manifest
}

/// Carries a command out as the journal does: the list's own event, then its lines'. Answers with what was written, and
/// with what was refused.
fn command(
    world: &mut World,
    said: Said,
    id: Position,
    command: Command,
    late: bool,
) -> Result<Answers, Refusal> {
    let manifest = list(world, id).clone();
    let plan = plan(&manifest, &command, &said.party, &said.event);
    let (mut written, mut refused) = (Vec::new(), Vec::new());
    if plan.says {
        let act = ManifestAct { said: said.clone(), manifest: Some(id), command };
        world.command(Act::Manifest(act))?;
    } else {
        apply::may_command(&manifest, &command, &said)?;
    }
    for planned in plan.lines {
        match planned.act {
            Ok(Some(line)) => {
                let said = Said { event: line.event.clone(), ..said.clone() };
                let act = ManifestLineAct { said, manifest: id, line, late };
                written.push(world.command(Act::ManifestLine(Box::new(act)))?);
            }
            Ok(None) => {}
            Err(refusal) => refused.push(refusal),
        }
    }
    Ok((written, refused))
}

fn offer(world: &mut World, id: Position) {
    let said = speaker(POST, CLERK, E::ManifestOffered, 55);
    let (written, refused) = command(world, said, id, Command::Offer, false).unwrap();
    assert_eq!((written.len(), refused.len()), (list(world, id).lines.len(), 0));
}

fn officer(world: &mut World, id: Position, what: Command) -> Answers {
    let said = speaker(COUNTER, OFFICER, E::Accepted, 58);
    command(world, said, id, what, false).unwrap()
}

/// Envelopes for the counter in the carrier's hands.
fn envelopes(world: &mut World, numbers: std::ops::RangeInclusive<u32>) -> Vec<Position> {
    let pick_up = |number| {
        let picked = scan(E::PickedUp, PHONE, 1).code(item(number)).to(OWNER);
        picked.with(|event| event.counter = Some(party(COUNTER)))
    };
    numbers.map(|number| world.put(pick_up(number))).collect()
}

/// A list of ten, offered; an eleventh envelope lies beside it.
fn offered(world: &mut World) -> (Position, Vec<Position>) {
    let legs = envelopes(world, 1..=11);
    let (id, written) = create(world, item_lines(1..=10));
    assert_eq!(
        (written.placement, written.parties),
        (Placement::NoLeg, vec![party(POST)]),
        "a draft is the giver's"
    );
    offer(world, id);
    (id, legs)
}

#[test]
fn an_officer_takes_all_but_a_few_and_both_have_signed() {
    let mut world = World::new();
    let (id, legs) = offered(&mut world);
    assert_eq!(world.state(legs[0]), (LegState::Offered, HolderKind::Post), "an offer moves nothing");
    officer(&mut world, id, Command::Reject(these(&[1, 2, 3], Why::MISSING)));
    let (seal, _) = officer(&mut world, id, Command::Accept(Which::These(these(&[4], Why(27)))));
    assert_eq!(shown(seal[0].0, &seal[0].1), vec![WithReservation]);
    let (extra, _) = officer(&mut world, id, Command::AddUnlisted(these(&[11], Why::NONE)));
    assert_eq!(shown(extra[0].0, &extra[0].1), vec![OneSided, Unlisted]);
    let (rest, refused) = officer(&mut world, id, Command::Accept(Which::AllExcept(Vec::new())));
    assert_eq!((rest.len(), refused.len()), (6, 0), "the others were answered");
    let closing = officer(&mut world, id, Command::Close(Closes::Answered));
    assert_eq!((closing.0.len(), closing.1.len()), (0, 0));

    let manifest = list(&world, id);
    assert_eq!(manifest.state, ManifestState::Closed);
    let totals =
        Sheet { lines: 11, taken: 8, with_reservation: 1, unlisted: 1, missing: 3, ..Sheet::default() };
    assert_eq!(manifest.sheet(), totals);
    assert!(manifest.lines.iter().all(|line| line.said.is_some_and(|(_, at)| at == minute(58))));
    for leg in &legs[3..] {
        assert_eq!(world.state(*leg), (LegState::HandedOver, HolderKind::Agency));
    }
    for leg in &legs[..3] {
        assert_eq!(world.state(*leg), (LegState::PickedUp, HolderKind::Post));
        assert_eq!(world.open(*leg).iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), vec![Missing]);
    }
    // The giver confirms what was not on the list, and then both have said so.
    world.put(scan(E::Offered, PC, 59).leg(legs[10]));
    assert_eq!(world.open(legs[10]), vec![]);
}

#[test]
fn each_line_is_answered_once_and_by_itself() {
    let mut world = World::new();
    let (id, _) = offered(&mut world);
    officer(&mut world, id, Command::Accept(Which::These(these(&[1], Why::NONE))));
    let (written, refused) =
        officer(&mut world, id, Command::Accept(Which::These(these(&[1, 2, 77], Why::NONE))));
    assert_eq!(written.len(), 1, "the second goes through");
    let told: Vec<(Reason, &str)> = refused.iter().map(|r| (r.reason, r.field.as_str())).collect();
    assert_eq!(told, [(Reason::ManifestState, "lines[0].line"), (Reason::NotFound, "lines[2].line")]);
    let (_, refused) = officer(&mut world, id, Command::Reject(these(&[3], Why::NONE)));
    assert_eq!((refused[0].reason, refused[0].field.as_str()), (Reason::FieldRequired, "lines[0].reason"));
    let (_, refused) = officer(&mut world, id, Command::AddUnlisted(these(&[3], Why::NONE)));
    assert_eq!(refused[0].reason, Reason::ManifestState, "it is on the list");
    // An exception that is not on the list means another list: nothing is signed.
    let except = Command::Accept(Which::AllExcept(item_lines(77..=77)));
    let (written, refused) = officer(&mut world, id, except);
    assert_eq!((written.len(), refused[0].reason), (0, Reason::NotFound));
    // What was missing may turn up while both still stand there.
    officer(&mut world, id, Command::Reject(these(&[4], Why::MISSING)));
    let (written, _) = officer(&mut world, id, Command::Accept(Which::These(these(&[4], Why::NONE))));
    assert_eq!(written.len(), 1);
    assert_eq!(list(&world, id).lines[3].state, LineState::Accepted);
}

#[test]
fn whoever_gave_cannot_sign_for_receiving_and_who_is_no_side_sees_no_list() {
    let mut world = World::new();
    let (id, legs) = offered(&mut world);
    let all = || Command::Accept(Which::AllExcept(Vec::new()));
    let same = speaker(COUNTER, CLERK, E::Accepted, 58);
    assert_eq!(command(&mut world, same, id, all(), false).unwrap_err().reason, Reason::SamePrincipal);
    let giver = speaker(POST, "clerk 3", E::Accepted, 58);
    assert_eq!(command(&mut world, giver, id, all(), false).unwrap_err().reason, Reason::RoleNotAllowed);
    assert_eq!(world.state(legs[0]), (LegState::Offered, HolderKind::Post));
    let stranger = ManifestAct {
        said: speaker(NEIGHBOUR, OFFICER, E::ManifestClosed, 58),
        manifest: Some(id),
        command: Command::Close(Closes::CarriedBack),
    };
    let refusal = world.act(Act::Manifest(stranger)).unwrap_err();
    assert_eq!((refusal.reason, refusal.field.as_str()), (Reason::NotFound, "name"));
}

#[test]
fn at_the_close_pending_lines_are_taken_by_seal_or_carried_back() {
    for (closes, state, becomes) in [
        (Closes::BySeal, (LegState::HandedOver, HolderKind::Agency), LineState::AcceptedBySeal),
        (Closes::CarriedBack, (LegState::PickedUp, HolderKind::Post), LineState::CarriedBack),
    ] {
        let mut world = World::new();
        let (id, legs) = offered(&mut world);
        officer(&mut world, id, Command::Accept(Which::These(these(&[1], Why::NONE))));
        let said = speaker(COUNTER, OFFICER, E::ManifestClosed, 60);
        let open = command(&mut world, said, id, Command::Close(Closes::Answered), false).unwrap_err();
        assert_eq!((open.reason, open.field.as_str()), (Reason::FieldRequired, "pending"));
        let (written, _) = officer(&mut world, id, Command::Close(closes));
        assert_eq!(written.len(), 9);
        assert_eq!(world.state(legs[1]), state);
        assert_eq!(list(&world, id).lines[1].state, becomes);
        let said = speaker(COUNTER, OFFICER, E::Accepted, 61);
        let late = Command::Accept(Which::These(these(&[2], Why::NONE)));
        let refusal = command(&mut world, said, id, late, false).unwrap_err();
        assert_eq!(refusal.reason, Reason::ManifestState, "a closed list is answered no more");
    }
}

#[test]
fn a_list_is_withdrawn_before_anything_of_it_was_answered() {
    let mut world = World::new();
    let (id, legs) = offered(&mut world);
    let withdraw = |world: &mut World| {
        let said = speaker(POST, CLERK, E::ManifestWithdrawn, 57);
        command(world, said, id, Command::Withdraw, false)
    };
    let mut other = world.clone();
    withdraw(&mut world).unwrap();
    assert_eq!(world.state(legs[0]), (LegState::PickedUp, HolderKind::Post), "as before the offer");
    assert_eq!(list(&world, id).state, ManifestState::Withdrawn);
    officer(&mut other, id, Command::Accept(Which::These(these(&[1], Why::NONE))));
    assert_eq!(withdraw(&mut other).unwrap_err().reason, Reason::ManifestState);
}

#[test]
fn a_paper_that_was_signed_before_it_was_keyed_counts_from_its_minute() {
    let mut world = World::new();
    let (id, legs) = offered(&mut world);
    // Keyed at 07:40 the next day; on the paper stands 16:58.
    let said = speaker(COUNTER, OFFICER, E::Accepted, 58);
    let (written, _) =
        command(&mut world, said, id, Command::Accept(Which::AllExcept(Vec::new())), true).unwrap();
    assert_eq!(shown(written[0].0, &written[0].1), vec![LateEntry]);
    assert_eq!(list(&world, id).lines[0].said.map(|(_, at)| at), Some(minute(58)));
    assert_eq!(world.legs[&legs[0]].fold.handed_over_at, Some(minute(58)), "liability passed then");
}

#[test]
fn what_cannot_stand_on_a_list_is_told_and_the_others_stand_on_it() {
    let mut world = World::new();
    envelopes(&mut world, 1..=2);
    // The neighbour's: it concerns the carrier and not the receiver.
    world.put(scan(E::PickedUp, PHONE, 1).code(item(5)).to(NEIGHBOUR));
    let lines = [item_lines(1..=2), item_lines(1..=1), item_lines(5..=5), item_lines(9..=9)].concat();
    let (id, written) = create(&mut world, lines);
    let refused: Vec<(u32, Reason)> = written.refused.iter().map(|(n, r)| (*n, r.reason)).collect();
    assert_eq!(refused, [(3, Reason::ManifestState), (4, Reason::NotFound)]);
    let manifest = list(&world, id);
    assert_eq!(manifest.lines.len(), 3, "a code that nobody knows yet stands on a list like any other");
    assert_eq!(manifest.lines[2].leg, None);
    offer(&mut world, id);
    let (written, _) = officer(&mut world, id, Command::Accept(Which::AllExcept(Vec::new())));
    assert_eq!(written[2].1.placement, Placement::Unplaced, "it waits for its code");
    // It becomes known, and both words are placed.
    envelopes(&mut world, 9..=9);
    world.tie();
    let leg = *world.legs.keys().last().unwrap();
    assert_eq!(world.state(leg), (LegState::HandedOver, HolderKind::Agency));
}

#[test]
fn the_agency_gives_to_the_carrier_and_to_another_agency_by_the_same_list() {
    let mut world = World::new();
    let out = world.order(crate::dossier::leg::LegKind::Outbound, 1);
    let creates = |receiver: &str, line| Creates {
        kind: ManifestKind::Handover,
        number: "".into(),
        giver: side(OWNER, None),
        receiver: side(receiver, (receiver == POST).then_some("991230")),
        lines: vec![Named::Leg(line)],
    };
    let make = |world: &mut World, creates: Creates| {
        let said = speaker(OWNER, OFFICER, E::ManifestCreated, 2);
        let command = Command::Create(Box::new(creates));
        world.command(Act::Manifest(ManifestAct { said, manifest: None, command })).unwrap().0
    };
    let give = |world: &mut World, id| {
        command(world, speaker(OWNER, OFFICER, E::ManifestOffered, 3), id, Command::Offer, false).unwrap()
    };
    let id = make(&mut world, creates(POST, out));
    give(&mut world, id);
    let said = speaker(POST, CLERK, E::Accepted, 4);
    let (written, _) =
        command(&mut world, said, id, Command::Accept(Which::AllExcept(Vec::new())), false).unwrap();
    assert_eq!(shown(written[0].0, &written[0].1), vec![], "both sides have said so");
    assert_eq!(world.state(out), (LegState::PickedUp, HolderKind::Post));
    assert_eq!(world.legs[&out].fold.holder.office.as_deref(), Some("991230"));

    let mut transfer = order(crate::dossier::leg::LegKind::Transfer, 1);
    transfer.carrier = None;
    let (transfer, _) = world.command(Act::Order(transfer)).unwrap();
    let id = make(&mut world, creates(COUNTER, transfer));
    give(&mut world, id);
    let said = speaker(COUNTER, "officer 2", E::Accepted, 5);
    command(&mut world, said, id, Command::Accept(Which::AllExcept(Vec::new())), false).unwrap();
    assert_eq!(world.state(transfer), (LegState::HandedOver, HolderKind::Agency), "without a carrier");
}

#[test]
fn a_run_sends_its_lines_out_and_is_not_signed_line_by_line() {
    let mut world = World::new();
    let leg = world.order(crate::dossier::leg::LegKind::Outbound, 1);
    world.put(scan(E::PickedUp, PHONE, 2).leg(leg).code(item(1)));
    let mut creates = Creates {
        kind: ManifestKind::Run,
        number: "BD13-1".into(),
        giver: side(POST, Some("991230")),
        receiver: side(POST, None),
        lines: item_lines(1..=1),
    };
    let make = |world: &mut World, creates: &Creates| {
        let said = speaker(POST, CLERK, E::ManifestCreated, 3);
        let command = Command::Create(Box::new(creates.clone()));
        world.command(Act::Manifest(ManifestAct { said, manifest: None, command }))
    };
    let nobody = make(&mut world, &creates).unwrap_err();
    assert_eq!((nobody.reason, nobody.field.as_str()), (Reason::FieldRequired, "receiver"));
    creates.receiver.person = Some("0417".into());
    let (id, _) = make(&mut world, &creates).unwrap();
    let said = speaker(POST, CLERK, E::ManifestOffered, 4);
    command(&mut world, said, id, Command::Offer, false).unwrap();
    assert_eq!(world.state(leg), (LegState::OutForDelivery, HolderKind::Post));
    let said = speaker(POST, "postman", E::Accepted, 5);
    let (_, refused) =
        command(&mut world, said, id, Command::Accept(Which::AllExcept(Vec::new())), false).unwrap();
    assert_eq!(refused[0].reason, Reason::ManifestState);
    let said = speaker(POST, CLERK, E::ManifestClosed, 6);
    command(&mut world, said, id, Command::Close(Closes::CarriedBack), false).unwrap();
    assert_eq!(world.state(leg), (LegState::AtOffice, HolderKind::Post));
}
