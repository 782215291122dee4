//! What a stranger can try beyond looking things up: names of others' devices, others' logs, times past, and scans that
//! name what it has only guessed. Each is answered like the same with something that never was.

use prost::Message;
use tonic::{Code, Status};
use trao::doors::wire::v1;
use trao::seal::record::Record;
use v1::EventType as Type;
use v1::get_dossier_request::{At, Key};

use crate::support::codes;
use crate::support::partner::{OTHER_PDA, PDA, Partner, READER, attested, capture, code, event, now, slip};
use crate::support::world::{CARRIER, DEPARTMENT, OTHER_CARRIER, PARENT, World, anomalies};

/// Everything that a caller can tell apart.
type Told = Result<Vec<u8>, (Code, String, Vec<u8>)>;

fn told<M: Message>(answer: Result<tonic::Response<M>, Status>) -> Told {
    answer
        .map(|answer| answer.into_inner().encode_to_vec())
        .map_err(|status| (status.code(), status.message().to_owned(), status.details().to_vec()))
}

/// One request id for all, since details repeat it.
fn ask<T>(who: &Partner, message: T) -> tonic::Request<T> {
    who.ask_as(message, "same-for-all", "en")
}

/// All that can be asked about a source of somebody.
async fn about_a_source(world: &World, who: &Partner, source: &str) -> Vec<Told> {
    let get = v1::GetSourceRequest { name: source.to_owned() };
    let state = v1::GetDeviceStateRequest { source: source.to_owned() };
    let line = capture(source, "as-another", &event(Type::OfficeIn, &codes::item(1)));
    let say = v1::CaptureEventRequest { line: Some(line) };
    let hello = v1::Hello { source: source.to_owned(), last_device_seq: 0 };
    let hello = v1::sync_events_request::Message::Hello(hello);
    let stream = tokio_stream::iter([v1::SyncEventsRequest { message: Some(hello) }]);
    let synced = match world.captures().sync_events(ask(who, stream)).await {
        Ok(answer) => answer.into_inner().message().await.map(|answer| answer.is_some()),
        Err(status) => Err(status),
    };
    vec![
        told(world.directory().get_source(ask(who, get)).await),
        told(world.captures().get_device_state(ask(who, state)).await),
        told(world.captures().capture_event(ask(who, say)).await),
        synced
            .map(|_| Vec::new())
            .map_err(|status| (status.code(), status.message().to_owned(), status.details().to_vec())),
    ]
}

/// All that can be asked about what a party has.
async fn about_a_party(world: &World, who: &Partner, parent: &str) -> Vec<Told> {
    let parent = parent.to_owned();
    let legs = v1::ListLegsRequest { parent: parent.clone(), ..Default::default() };
    let dossiers = v1::ListDossiersRequest { parent: parent.clone(), ..Default::default() };
    let search = v1::SearchDossiersRequest {
        parent: parent.clone(),
        code: code(&codes::item(1)),
        ..Default::default()
    };
    let sources = v1::ListSourcesRequest { parent: parent.clone(), ..Default::default() };
    let pull = v1::PullEventsRequest { parent: parent.clone(), ..Default::default() };
    let stream = v1::StreamEventsRequest { parent, ..Default::default() };
    let streamed = match world.feeds().stream_events(ask(who, stream)).await {
        Ok(answer) => answer.into_inner().message().await.map(|answer| answer.is_some()),
        Err(status) => Err(status),
    };
    vec![
        told(world.legs().list_legs(ask(who, legs)).await),
        told(world.dossiers().list_dossiers(ask(who, dossiers)).await),
        told(world.dossiers().search_dossiers(ask(who, search)).await),
        told(world.directory().list_sources(ask(who, sources)).await),
        told(world.feeds().pull_events(ask(who, pull)).await),
        streamed
            .map(|_| Vec::new())
            .map_err(|status| (status.code(), status.message().to_owned(), status.details().to_vec())),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_and_logs_of_others_are_answered_like_those_of_nobody() {
    let world = World::start().await;
    let p = &world.province;
    // There is something to see of everybody.
    let picked = v1::Event { agency: DEPARTMENT.to_owned(), ..event(Type::PickedUp, &codes::item(1)) };
    world.say(&p.post, PDA, &picked).await;
    for (name, who, sources, parties) in [
        ("the sibling", &p.sibling, [PDA, READER], [DEPARTMENT, CARRIER, PARENT]),
        ("the second carrier", &p.other_post, [PDA, READER], [CARRIER, DEPARTMENT, PARENT]),
        ("the carrier", &p.post, [OTHER_PDA, READER], [OTHER_CARRIER, DEPARTMENT, PARENT]),
        (
            "the carrier's supervisor",
            &p.post_supervisor,
            [OTHER_PDA, READER],
            [OTHER_CARRIER, DEPARTMENT, PARENT],
        ),
        ("the department", &p.department, [PDA, READER], [CARRIER, "agencies/H99.17", PARENT]),
    ] {
        for source in sources {
            let (collection, _) = source.rsplit_once('/').unwrap();
            let never = about_a_source(&world, who, &format!("{collection}/nobody-9")).await;
            assert_eq!(about_a_source(&world, who, source).await, never, "{name} asks about {source}");
            assert!(never.iter().all(Result::is_err), "{name}: {never:?}");
        }
        for party in parties {
            let (collection, _) = party.split_once('/').unwrap();
            let nobody = if collection == "agencies" { "agencies/H98.77" } else { "carriers/nobody" };
            let never = about_a_party(&world, who, nobody).await;
            assert_eq!(about_a_party(&world, who, party).await, never, "{name} asks about {party}");
            assert!(never.iter().all(Result::is_err), "{name}: {never:?}");
        }
    }
    // Who may ask is answered, so the comparisons above compare something.
    assert!(about_a_party(&world, &p.supervisor, DEPARTMENT).await.iter().all(Result::is_ok));
    assert!(about_a_party(&world, &p.post_supervisor, CARRIER).await.iter().all(Result::is_ok));
    assert!(about_a_source(&world, &p.post, PDA).await.iter().all(Result::is_ok));
    // Nobody spoke in another's name.
    for who in [&p.sibling, &p.other_post] {
        assert!(world.log(who).await.is_empty());
    }
    assert_eq!(world.log(&p.department).await.len(), 2, "the pick-up, and the carrier's own scan of it");
}

/// An answer without what must differ: who asks is the same, so only the place and the code may.
fn shape(recorded: &v1::Recorded) -> impl PartialEq + std::fmt::Debug + use<> {
    let record = Record::decode(&recorded.record).unwrap();
    let opened = record.leg.map(|leg| leg == recorded_at(recorded));
    let parties: Vec<String> = record.parties.iter().map(|party| party.as_str().to_owned()).collect();
    let told = (recorded.placement(), anomalies(recorded), recorded.hints.clone(), recorded.outcome.clone());
    (told, opened, record.dossier, record.outcome, parties, recorded.repaired)
}

fn recorded_at(recorded: &v1::Recorded) -> trao::dossier::names::Position {
    let position = recorded.position.unwrap();
    let lane = trao::dossier::names::Lane(u16::try_from(position.lane).unwrap());
    trao::dossier::names::Position { lane, pos: position.pos }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pick_up_that_names_somebodys_dossier_tells_no_more_than_one_that_names_none() {
    let world = World::start().await;
    let p = &world.province;
    let real = codes::dossier(70);
    let request = v1::RegisterDossierRequest { slip: "000700".to_owned(), ..world.registration(&real) };
    let dossier = world.registered(&p.department, request).await;
    let order = v1::OrderLegRequest {
        slip: "000701".to_owned(),
        item: code(&codes::item(70)),
        ..world.order(v1::LegKind::Inbound)
    };
    let leg = world.ordered(&p.department, order).await;
    let department_before = world.log(&p.department).await.len();

    let picked = |serial: u64, also: v1::Code| v1::Event {
        agency: DEPARTMENT.to_owned(),
        also: vec![also],
        ..event(Type::PickedUp, &codes::item(serial))
    };
    let say = async |event: v1::Event| {
        let line = v1::Capture { personal: attested(), ..capture(OTHER_PDA, &world.fresh("guess"), &event) };
        world.capture(&p.other_post, line).await.unwrap()
    };
    let dossier_code = |value: &str| code(value).unwrap();
    let guesses = [
        (picked(800, dossier_code(&real)), picked(801, dossier_code(&codes::dossier(7_771)))),
        (picked(802, slip("000700")), picked(803, slip("999700"))),
        (picked(804, slip("000701")), picked(805, slip("999701"))),
        (picked(806, dossier_code(&codes::item(70))), picked(807, dossier_code(&codes::item(7_770)))),
        (
            v1::Event { leg: leg.name.clone(), ..picked(808, slip("999702")) },
            v1::Event { leg: "legs/0-7777".to_owned(), ..picked(809, slip("999703")) },
        ),
    ];
    for (n, (real, never)) in guesses.into_iter().enumerate() {
        let (real, never) = (say(real).await, say(never).await);
        assert_eq!(shape(&real), shape(&never), "guess {n}");
    }
    // The codes themselves, scanned alone: each means the carrier's own guess that bore it.
    for (real, never) in [(&real, codes::dossier(7_771)), (&codes::item(70), codes::item(7_770))] {
        let real = say(event(Type::OfficeIn, real)).await;
        let never = say(event(Type::OfficeIn, &never)).await;
        assert_eq!(shape(&real), shape(&never));
    }
    // What the guesses left is the second carrier's own, without the dossier; the real ones are as they were.
    for line in world.log(&p.other_post).await {
        assert_eq!(line.dossier, "", "{}", line.code);
    }
    let key = |value: &str| code(value).map(Key::Code);
    for value in [&real, &codes::item(70)] {
        for at in [None, Some(At::ReadTime(now()))] {
            // Nothing is known of it to the second carrier by the codes that were guessed, now or before.
            let request = v1::GetDossierRequest { key: key(value), at };
            let seen = world.dossiers().get_dossier(p.other_post.ask(request)).await;
            if let Ok(seen) = seen {
                let seen = seen.into_inner().dossier.unwrap();
                assert_ne!(seen.name, dossier.name);
                assert!(seen.legs.iter().all(|seen| seen.carrier == OTHER_CARRIER && seen.name != leg.name));
                assert_eq!((seen.state(), seen.slip.as_str()), (v1::DossierState::Unspecified, ""));
            }
        }
    }
    let untouched = world.leg(&p.department, &leg.name).await;
    assert_eq!((untouched.state(), untouched.events), (v1::LegState::Ordered, 1));
    assert_eq!(untouched.dossier, "");
    assert!(world.log(&p.department).await.len() > department_before, "it is told of what names it");
    assert!(world.log(&p.post).await.iter().all(|line| line.source != OTHER_PDA), "the carrier is not");
}
