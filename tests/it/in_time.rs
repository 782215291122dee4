//! The directory in time, through the whole binary: who may act and until when, devices that took the place of others,
//! procedures and agencies as of a day, working time.

use prost::Message;
use tonic::{Code, Status};
use trao::doors::wire::v1;
use v1::AnomalyKind::{OffDuty, SourceRetired};
use v1::EventType as Type;

use crate::support::codes;
use crate::support::gateway::trao;
use crate::support::partner::{PC, PDA, Partner, SYSTEM, attested, capture, event, field, reason};
use crate::support::world::{
    BY_POST, CARRIER, CENTRE, DEPARTMENT, PARENT, SIBLING, World, anomalies, record,
};

/// Days that are over, and that have not come.
const PAST: &str = "2020-06-30";
const FUTURE: &str = "2199-12-31";

async fn appoint(
    world: &World,
    who: &Partner,
    person: &str,
    appointment: v1::Appointment,
) -> Result<v1::Appointment, Status> {
    let request = v1::CreateAppointmentRequest { parent: person.to_owned(), appointment: Some(appointment) };
    let answer = world.directory().create_appointment(who.ask(request)).await?;
    Ok(answer.into_inner().appointment.unwrap())
}

fn until(last: &str, substitute: &str) -> v1::Appointment {
    v1::Appointment {
        role: v1::StaffRole::Officer.into(),
        agency: CENTRE.to_owned(),
        valid_from: "2019-01-01".to_owned(),
        valid_to: last.to_owned(),
        substitute: substitute.to_owned(),
        decision: "7/QĐ-UBND".to_owned(),
        ..v1::Appointment::default()
    }
}

fn key_of(world: &World, party: &str, role: &str, person: &str) -> Partner {
    Partner::create_in(&world.gateway.store(), party, role, &["--person", person])
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_past_the_last_day_commands_no_more_and_is_told_who_stands_in() {
    let world = World::start().await;
    let p = &world.province;
    let officer = key_of(&world, DEPARTMENT, "agency-officer", "CC-1");
    world.ordered(&officer, world.order(v1::LegKind::Inbound)).await;

    let person = "agencies/H99.14/persons/CC-1";
    let current = appoint(&world, &p.supervisor, person, until("", "CC-2")).await.unwrap();
    assert_eq!(current.name, format!("{person}/appointments/officer-2019-01-01-H99.01"));
    world.ordered(&officer, world.order(v1::LegKind::Inbound)).await;
    appoint(&world, &p.supervisor, "agencies/H99.14/persons/CC-2", until(FUTURE, "")).await.unwrap();

    let end =
        |last: &str| v1::EndAppointmentRequest { name: current.name.clone(), valid_to: last.to_owned() };
    let ended = world.directory().end_appointment(p.supervisor.ask(end(PAST))).await.unwrap().into_inner();
    assert_eq!(ended.appointment.unwrap().valid_to, PAST);
    let count = world.log(&p.department).await.len();
    let order = world.order(v1::LegKind::Inbound);
    let refused = world.legs().order_leg(officer.ask_as(order.clone(), "r", "en")).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "OFF_DUTY"));
    assert!(refused.message().contains("the last day of CC-1 was 2020-06-30; CC-2 stands in"), "{refused}");
    assert_eq!(world.log(&p.department).await.len(), count, "nothing was written");

    // Who stands in does it, and so does a key of which no person is known.
    let substitute = key_of(&world, DEPARTMENT, "agency-officer", "CC-2");
    world.ordered(&substitute, order.clone()).await;
    world.ordered(&p.department, world.order(v1::LegKind::Inbound)).await;
    // Appointed anew, the officer goes on.
    world.directory().end_appointment(p.supervisor.ask(end(FUTURE))).await.unwrap();
    world.ordered(&officer, world.order(v1::LegKind::Inbound)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_by_somebody_off_duty_is_kept_and_flagged() {
    let world = World::start().await;
    let p = &world.province;
    let person = "carriers/p/persons/BT-1";
    let postman =
        v1::Appointment { role: v1::StaffRole::Postman.into(), agency: String::new(), ..until(PAST, "") };
    appoint(&world, &p.post_supervisor, person, postman).await.unwrap();
    let said = |number, actor: &str| v1::Event {
        agency: DEPARTMENT.to_owned(),
        actor: actor.to_owned(),
        ..event(Type::PickedUp, &codes::item(number))
    };
    let line = |id: &str, event: v1::Event| v1::Capture { personal: attested(), ..capture(PDA, id, &event) };
    let flagged = world.capture(&p.post, line("a", said(1, "BT-1"))).await.unwrap();
    assert_eq!(anomalies(&flagged), [OffDuty]);
    assert_eq!(flagged.outcome.unwrap().state(), v1::LegState::PickedUp, "it counts all the same");
    let other = world.capture(&p.post, line("b", said(2, "BT-2"))).await.unwrap();
    assert_eq!(anomalies(&other), []);
    let key = key_of(&world, CARRIER, "post-operator", "BT-1");
    let by_key = world.capture(&key, line("c", said(3, ""))).await.unwrap();
    assert_eq!(anomalies(&by_key), [OffDuty]);
    let then = v1::Event {
        occurred_at: Some(prost_types::Timestamp { seconds: 1_560_000_000, nanos: 0 }),
        ..said(4, "BT-1")
    };
    let in_time = v1::Capture { source: SYSTEM.to_owned(), ..line("d", then) };
    assert_eq!(anomalies(&world.capture(&p.post, in_time).await.unwrap()), [], "of a day on duty");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_entered_by_their_own_supervisor_seen_by_their_own_party_and_listed_by_day_and_role() {
    let world = World::start().await;
    let p = &world.province;
    let create = |party: &str, id: &str| v1::CreatePersonRequest {
        person: Some(v1::Person { party: party.to_owned(), id: id.to_owned(), ..v1::Person::default() }),
    };
    for (who, refusal) in [
        (&p.post, "ROLE_NOT_ALLOWED"),
        (&p.department, "ROLE_NOT_ALLOWED"),
        (&p.post_supervisor, "NOT_FOUND"),
    ] {
        let refused = world.directory().create_person(who.ask(create(DEPARTMENT, "1"))).await.unwrap_err();
        assert_eq!(reason(&refused), refusal);
    }
    for _ in 0..2 {
        let answer =
            world.directory().create_person(p.supervisor.ask(create(DEPARTMENT, "1"))).await.unwrap();
        assert_eq!(answer.into_inner().person.unwrap().name, "agencies/H99.14/persons/1");
    }
    let person = |id: &str| format!("agencies/H99.14/persons/{id}");
    for (id, last, role) in [
        ("2", PAST, v1::StaffRole::Officer),
        ("3", FUTURE, v1::StaffRole::Officer),
        ("3", FUTURE, v1::StaffRole::Supervisor),
    ] {
        let appointment = v1::Appointment { role: role.into(), ..until(last, "") };
        appoint(&world, &p.admin, &person(id), appointment.clone()).await.unwrap();
        appoint(&world, &p.admin, &person(id), appointment.clone()).await.unwrap();
        let other = v1::Appointment { decision: "8/QĐ".to_owned(), ..appointment };
        let refused = appoint(&world, &p.admin, &person(id), other).await.unwrap_err();
        assert_eq!((refused.code(), field(&refused).as_str()), (Code::AlreadyExists, "appointment"));
    }
    let list = async |who: &Partner, parent: &str, on: &str, role: v1::StaffRole| {
        let request = v1::ListPersonsRequest {
            parent: parent.to_owned(),
            on: on.to_owned(),
            role: role.into(),
            ..v1::ListPersonsRequest::default()
        };
        let people = world.directory().list_persons(who.ask(request)).await?.into_inner().persons;
        let told = |person: &v1::Person| (person.id.clone(), person.appointments.len());
        Ok::<_, Status>(people.iter().map(told).collect::<Vec<_>>())
    };
    let any = v1::StaffRole::Unspecified;
    let told = |people: &[(&str, usize)]| {
        people.iter().map(|(id, count)| ((*id).to_owned(), *count)).collect::<Vec<_>>()
    };
    assert_eq!(list(&p.department, "", "", any).await.unwrap(), told(&[("1", 0), ("2", 1), ("3", 2)]));
    assert_eq!(list(&p.department, "", PAST, any).await.unwrap(), told(&[("2", 1), ("3", 2)]));
    assert_eq!(list(&p.supervisor, DEPARTMENT, "2026-01-01", any).await.unwrap(), told(&[("3", 2)]));
    let officers = list(&p.admin, "", PAST, v1::StaffRole::Officer).await.unwrap();
    assert_eq!(officers, told(&[("2", 1), ("3", 1)]));
    for stranger in [&p.sibling, &p.post, &p.centre] {
        assert_eq!(reason(&list(stranger, DEPARTMENT, "", any).await.unwrap_err()), "NOT_FOUND");
        for name in [person("2"), person("99")] {
            let request = v1::GetPersonRequest { name };
            let refused = world.directory().get_person(stranger.ask(request)).await.unwrap_err();
            assert_eq!(reason(&refused), "NOT_FOUND");
        }
    }
    let wrong = list(&p.department, "", "tomorrow", any).await.unwrap_err();
    assert_eq!((reason(&wrong).as_str(), field(&wrong).as_str()), ("TEXT_INVALID", "on"));

    // The command line tells the same.
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, &p.department.key).unwrap();
    let people = |more: &[&str]| {
        let mut command = trao();
        command.args(["people", "--server", &world.gateway.url(), "--lang", "en", "--token-file"]).arg(&key);
        let output = command.args(more).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, table) = people(&["--on", "2026-01-01", "--role", "supervisor"]);
    assert_eq!((code, table.lines().count()), (Some(0), 2));
    assert!(table.lines().last().unwrap().starts_with("3 "), "{table}");
    let (_, json) = people(&["--json"]);
    let first: serde_json::Value = serde_json::from_str(json.lines().nth(1).unwrap()).unwrap();
    assert_eq!((&first["id"], &first["appointments"][0]["valid_to"]), (&"2".into(), &PAST.into()));
    assert_eq!(people(&["--party", "H99.17"]).0, Some(1), "of another party nothing");
    assert_eq!(people(&["--on", "30/06/2025"]).0, Some(2));
}

fn retirement(name: &str, successor: &str) -> v1::RetireSourceRequest {
    v1::RetireSourceRequest { name: name.to_owned(), successor: successor.to_owned(), retired_at: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_successor_drains_the_outbox_of_a_dead_device_under_its_name_and_voids_its_scans() {
    let world = World::start().await;
    let p = &world.province;
    let store = world.gateway.store();
    let new = "carriers/p/devices/pda-2";
    let newest = "carriers/p/devices/pda-3";
    let key = |source: &str| Partner::create_in(&store, CARRIER, "post-operator", &["--source", source]);
    let (heir, last, stranger) = (key(new), key(newest), key("carriers/p/devices/pda-9"));
    let line = |id: &str, number| {
        let event =
            v1::Event { agency: DEPARTMENT.to_owned(), ..event(Type::PickedUp, &codes::item(number)) };
        v1::Capture { personal: attested(), ..capture(PDA, id, &event) }
    };
    let first = world.capture(&p.post, line("a", 1)).await.unwrap();
    // Not before it is said that it took its place.
    for other in [&heir, &stranger] {
        let refused = world.capture(other, line("b", 2)).await.unwrap_err();
        assert_eq!(reason(&refused), "UNKNOWN_SOURCE");
    }
    let foreign = world.directory().retire_source(p.supervisor.ask(retirement(PDA, new))).await.unwrap_err();
    assert_eq!(reason(&foreign), "NOT_FOUND");
    let foreign = retirement(PDA, "carriers/q/devices/pda-1");
    let refused = world.directory().retire_source(p.admin.ask(foreign)).await.unwrap_err();
    assert_eq!((reason(&refused).as_str(), field(&refused).as_str()), ("TEXT_INVALID", "successor"));
    let mut kept = Vec::new();
    for _ in 0..2 {
        let answer = world.directory().retire_source(p.post_supervisor.ask(retirement(PDA, new))).await;
        kept.push(answer.unwrap().into_inner().source.unwrap());
    }
    assert_eq!(kept[0], kept[1], "said again without a time, it is the time that was kept");
    assert_eq!(kept[0].successor, new);
    world.directory().retire_source(p.post_supervisor.ask(retirement(new, newest))).await.unwrap();
    let again =
        world.directory().retire_source(p.post_supervisor.ask(retirement(PDA, PC))).await.unwrap_err();
    assert_eq!(reason(&again), "RESOURCE_EXISTS");

    // Scanned before it died, sent after; by the one that took its place, and by the one that took that one's.
    let mut late = line("b", 2);
    let mut scanned = v1::Event::decode(late.event.clone()).unwrap();
    let died = kept[0].retired_at.unwrap().seconds;
    scanned.occurred_at = Some(prost_types::Timestamp { seconds: died - 3_600, nanos: 0 });
    late.event = scanned.encode_to_vec().into();
    let relayed = world.capture(&heir, late.clone()).await.unwrap();
    assert_eq!((anomalies(&relayed), relayed.replayed), (vec![], false));
    let again = world.capture(&last, late).await.unwrap();
    assert!(again.replayed && again.record == relayed.record, "one fact once, whoever relays it");
    assert_eq!(reason(&world.capture(&stranger, line("c", 3)).await.unwrap_err()), "UNKNOWN_SOURCE");
    let backwards = v1::Capture { source: new.to_owned(), ..line("c", 3) };
    let own = key(PDA);
    assert_eq!(reason(&world.capture(&own, backwards).await.unwrap_err()), "UNKNOWN_SOURCE");

    // What it scans all the same is kept and flagged; a void under its name is no scan of its own.
    let flagged = world.capture(&p.post, line("d", 4)).await.unwrap();
    assert_eq!(anomalies(&flagged), [SourceRetired]);
    let position = first.position.unwrap();
    let void =
        v1::Event { corrects: format!("{}-{}", position.lane, position.pos), ..event(Type::Voided, "") };
    let voided = world.capture(&heir, capture(PDA, "void", &void)).await.unwrap();
    assert_eq!(anomalies(&voided), []);
    let holder = voided.outcome.unwrap().holder_after.unwrap();
    assert_eq!(holder.kind(), v1::HolderKind::Citizen);
    let state = v1::GetDeviceStateRequest { source: PDA.to_owned() };
    world.captures().get_device_state(heir.ask(state)).await.unwrap();
}

fn version(from: &str, action: v1::ProcedureAction, level: &str, may: bool) -> v1::Procedure {
    v1::Procedure {
        code: "1.004194".to_owned(),
        title: "Procedure 1.004194".to_owned(),
        level: level.to_owned(),
        postal_pickup: may,
        postal_return: may,
        valid_from: from.to_owned(),
        action: action.into(),
        decision: "2/QĐ-UBND".to_owned(),
        ..v1::Procedure::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_procedure_is_as_it_was_on_the_day_that_is_asked_for() {
    use v1::ProcedureAction::{Abolished, Amended};
    let world = World::start().await;
    let p = &world.province;
    let create = async |who: &Partner, procedure: v1::Procedure| {
        let request = v1::CreateProcedureVersionRequest { procedure: Some(procedure) };
        world.directory().create_procedure_version(who.ask(request)).await
    };
    let amended = version("2024-01-01", Amended, "commune", true);
    assert_eq!(reason(&create(&p.supervisor, amended.clone()).await.unwrap_err()), "ROLE_NOT_ALLOWED");
    create(&p.admin, amended.clone()).await.unwrap();
    create(&p.admin, amended.clone()).await.unwrap();
    let otherwise = v1::Procedure { working_days: 5, ..amended };
    assert_eq!(create(&p.admin, otherwise).await.unwrap_err().code(), Code::AlreadyExists);
    world.ordered(&p.department, world.order(v1::LegKind::Inbound)).await;
    create(&p.admin, version("2025-01-01", Abolished, "commune", true)).await.unwrap();
    let refused = world.legs().order_leg(p.department.ask(world.order(v1::LegKind::Inbound))).await;
    assert_eq!(reason(&refused.unwrap_err()), "PROCEDURE_NOT_ELIGIBLE");

    let get = async |as_of: &str| {
        let request = v1::GetProcedureRequest { name: BY_POST.to_owned(), as_of: as_of.to_owned() };
        let answer = world.directory().get_procedure(p.post.ask(request)).await?;
        Ok::<_, Status>(answer.into_inner().procedure.unwrap().level)
    };
    assert_eq!(get("2023-12-31").await.unwrap(), "province");
    assert_eq!(get("2024-01-01").await.unwrap(), "commune");
    assert_eq!(reason(&get("2025-01-01").await.unwrap_err()), "NOT_FOUND");
    assert_eq!(get("").await.unwrap(), "commune", "the newest that has begun");

    let list = async |as_of: &str, level: &str, versions, page_size| {
        let (mut all, mut page_token) = (Vec::new(), String::new());
        loop {
            let (as_of, level) = (as_of.to_owned(), level.to_owned());
            let request = v1::ListProceduresRequest { page_size, page_token, as_of, level, versions };
            let page = world.directory().list_procedures(p.post.ask(request)).await.unwrap().into_inner();
            all.extend(page.procedures.into_iter().map(|one| format!("{} {}", one.code, one.valid_from)));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return all;
            }
        }
    };
    assert_eq!(list("2023-06-01", "", false, 0).await, ["1.004194 ", "1.004195 "]);
    assert_eq!(list("2023-06-01", "commune", false, 0).await, [""; 0]);
    assert_eq!(list("2024-06-01", "commune", false, 0).await, ["1.004194 2024-01-01"]);
    assert_eq!(list("2025-06-01", "", false, 0).await, ["1.004195 "]);
    assert_eq!(list("", "", false, 0).await, ["1.004194 2025-01-01", "1.004195 "]);
    let every = ["1.004194 ", "1.004194 2024-01-01", "1.004194 2025-01-01", "1.004195 "];
    assert_eq!(list("", "", true, 1).await, every, "page by page");
}

fn ending(name: &str, last: &str, successor: &str) -> v1::EndAgencyRequest {
    v1::EndAgencyRequest {
        name: name.to_owned(),
        valid_to: last.to_owned(),
        successor: successor.to_owned(),
        decision: "1656/NQ-UBTVQH15".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_that_ended_is_scanned_as_its_successor_which_reads_what_it_read() {
    let world = World::start().await;
    let p = &world.province;
    let leg = world.ordered(&p.department, world.order(v1::LegKind::Inbound)).await.name;
    let dossier = world.registered(&p.department, world.registration(&codes::dossier(7))).await.name;
    let old_log = world.log(&p.department).await;
    let see = async |who: &Partner| {
        let leg = world.legs().get_leg(who.ask(v1::GetLegRequest { name: leg.clone() })).await.is_ok();
        use v1::get_dossier_request::Key;
        let request = v1::GetDossierRequest { key: Some(Key::Name(dossier.clone())), at: None };
        (leg, world.dossiers().get_dossier(who.ask(request)).await.is_ok())
    };
    assert_eq!(see(&p.sibling).await, (false, false));

    for (who, request, wanted) in [
        (&p.supervisor, ending(DEPARTMENT, PAST, SIBLING), ("ROLE_NOT_ALLOWED", "")),
        (&p.admin, ending(DEPARTMENT, "", SIBLING), ("FIELD_REQUIRED", "valid_to")),
        (&p.admin, ending(DEPARTMENT, PAST, "agencies/H98"), ("NOT_FOUND", "successor")),
        (&p.admin, ending(DEPARTMENT, PAST, DEPARTMENT), ("TEXT_INVALID", "successor")),
        (
            &p.admin,
            v1::EndAgencyRequest { decision: String::new(), ..ending(DEPARTMENT, PAST, SIBLING) },
            ("FIELD_REQUIRED", "decision"),
        ),
    ] {
        let refused = world.directory().end_agency(who.ask(request)).await.unwrap_err();
        assert_eq!((reason(&refused).as_str(), field(&refused).as_str()), wanted);
    }
    for _ in 0..2 {
        let answer =
            world.directory().end_agency(p.admin.ask(ending(DEPARTMENT, PAST, SIBLING))).await.unwrap();
        let agency = answer.into_inner().agency.unwrap();
        assert_eq!((agency.valid_to.as_str(), agency.successor.as_str()), (PAST, SIBLING));
    }
    let otherwise = world.directory().end_agency(p.admin.ask(ending(DEPARTMENT, PAST, CENTRE))).await;
    assert_eq!(otherwise.unwrap_err().code(), Code::AlreadyExists);

    // The successor reads what the old one read; nobody else sees more than before, and not the other way round.
    assert_eq!(see(&p.sibling).await, (true, true));
    assert_eq!(world.log_of(&p.sibling, DEPARTMENT).await, old_log);
    assert_eq!(see(&p.supervisor).await, (true, true));
    assert_eq!(see(&p.other_post).await, (false, false));
    let own = world.ordered(
        &p.sibling,
        v1::OrderLegRequest { agency: SIBLING.to_owned(), ..world.order(v1::LegKind::Inbound) },
    );
    let own = own.await.name;
    let foreign = world.legs().get_leg(p.department.ask(v1::GetLegRequest { name: own })).await;
    assert_eq!(reason(&foreign.unwrap_err()), "NOT_FOUND", "the old one does not read the successor");

    // An envelope with the old code on it opens a leg of the successor; before its last day it was the old one's.
    let picked_up = |number, seconds| v1::Event {
        agency: DEPARTMENT.to_owned(),
        occurred_at: Some(prost_types::Timestamp { seconds, nanos: 0 }),
        ..event(Type::PickedUp, &codes::item(number))
    };
    let today = event(Type::PickedUp, "").occurred_at.unwrap().seconds;
    for (id, number, seconds, owner) in [("new", 1, today, SIBLING), ("old", 2, 1_560_000_000, DEPARTMENT)] {
        let line = capture(SYSTEM, id, &picked_up(number, seconds));
        let recorded = world.capture(&p.post, v1::Capture { personal: attested(), ..line }).await.unwrap();
        let log = world.log(&p.post).await;
        let of = log.iter().find(|line| line.position == recorded.position).unwrap();
        assert_eq!(record(of).birth.unwrap().agency.as_str(), owner, "{id}");
    }
    // Commands in the old one's name are the successor's to give.
    let order = world.order(v1::LegKind::Inbound);
    let refused = world.legs().order_leg(p.department.ask(order.clone())).await.unwrap_err();
    assert_eq!(reason(&refused), "ROLE_NOT_ALLOWED");
    assert_eq!(world.ordered(&p.sibling, order).await.agency, SIBLING);
    // Asked for by its own name it is shown as it ended.
    let request = v1::GetAgencyRequest { name: DEPARTMENT.to_owned() };
    let shown = world.directory().get_agency(p.post.ask(request)).await.unwrap().into_inner().agency.unwrap();
    assert_eq!((shown.name.as_str(), shown.decision.as_str()), (DEPARTMENT, "1656/NQ-UBTVQH15"));
}

#[tokio::test(flavor = "multi_thread")]
async fn agencies_are_listed_by_the_level_they_had_on_a_day() {
    let world = World::start().await;
    let p = &world.province;
    for (code, level) in [("H99.31", v1::AgencyLevel::District), ("H99.32", v1::AgencyLevel::Commune)] {
        let agency = v1::Agency {
            code: code.to_owned(),
            title: code.to_owned(),
            parent: PARENT.to_owned(),
            kind: v1::AgencyKind::Both.into(),
            valid_from: "2016-01-01".to_owned(),
            level: level.into(),
            ..v1::Agency::default()
        };
        let request = v1::CreateAgencyRequest { agency: Some(agency) };
        world.directory().create_agency(p.admin.ask(request)).await.unwrap();
    }
    let list = async |as_of: &str, level: v1::AgencyLevel| {
        let request = v1::ListAgenciesRequest {
            as_of: as_of.to_owned(),
            level: level.into(),
            ..v1::ListAgenciesRequest::default()
        };
        let page = world.directory().list_agencies(p.post.ask(request)).await.unwrap().into_inner();
        page.agencies.into_iter().map(|agency| agency.code).collect::<Vec<_>>()
    };
    let (any, district) = (v1::AgencyLevel::Unspecified, v1::AgencyLevel::District);
    assert_eq!(list("2025-06-30", district).await, ["H99.31"]);
    assert_eq!(list("2025-07-01", district).await, [""; 0], "all districts ended");
    assert_eq!(list("2015-12-31", v1::AgencyLevel::Commune).await, [""; 0]);
    assert_eq!(list("2016-01-01", v1::AgencyLevel::Commune).await, ["H99.32"]);
    assert_eq!(list("2015-12-31", any).await.len(), 4, "those without a first day");
    assert_eq!(list("", any).await.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn working_time_is_counted_by_the_calendar_that_was_entered() {
    let world = World::start().await;
    let p = &world.province;
    let at = |text: &str| {
        let time: jiff::Timestamp = text.parse().unwrap();
        Some(prost_types::Timestamp { seconds: time.as_second(), nanos: 0 })
    };
    let due = async |received: &str, working_days| {
        let request = v1::ComputeDueTimeRequest { received_at: at(received), working_days };
        world.directory().compute_due_time(p.department.ask(request)).await.map(tonic::Response::into_inner)
    };
    let before = due("2023-10-27T09:32:00+07:00", 5).await.unwrap();
    assert_eq!(before.due_at, at("2023-11-03T09:32:00+07:00"));
    let day = |day: &str, works| v1::CreateCalendarDayRequest {
        calendar_day: Some(v1::CalendarDay { day: day.to_owned(), works, title: "Nghỉ lễ".to_owned() }),
    };
    let refused = world.directory().create_calendar_day(p.supervisor.ask(day("2023-10-30", false))).await;
    assert_eq!(reason(&refused.unwrap_err()), "ROLE_NOT_ALLOWED");
    for request in [day("2023-10-30", false), day("2023-10-30", false), day("2024-01-06", true)] {
        world.directory().create_calendar_day(p.admin.ask(request)).await.unwrap();
    }
    let otherwise = world.directory().create_calendar_day(p.admin.ask(day("2023-10-30", true))).await;
    assert_eq!(otherwise.unwrap_err().code(), Code::AlreadyExists);
    let after = due("2023-10-27T09:32:00+07:00", 5).await.unwrap();
    assert_eq!(after.due_at, at("2023-11-06T09:32:00+07:00"));
    let saturday = due("2024-01-06T06:00:00+07:00", 0).await.unwrap();
    assert_eq!(saturday.starts_at, at("2024-01-06T07:00:00+07:00"), "made up for");
    assert_eq!(field(&due("2024-01-06T06:00:00+07:00", 400).await.unwrap_err()), "working_days");
    let list = async |year| {
        let request = v1::ListCalendarDaysRequest { year, ..v1::ListCalendarDaysRequest::default() };
        let days = world.directory().list_calendar_days(p.post.ask(request)).await.unwrap().into_inner();
        days.calendar_days.into_iter().map(|day| day.day).collect::<Vec<_>>()
    };
    assert_eq!(list(0).await, ["2023-10-30", "2024-01-06"]);
    assert_eq!(list(2024).await, ["2024-01-06"]);
}
