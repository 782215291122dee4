//! A party sees what it owns, receives, holds or held, and nothing of others: not contents, not existence, not counts.
//! What it may not see is answered in the same bytes as what never was.

use bytes::Bytes;
use prost::Message;
use tonic::{Code, Status};
use trao::doors::wire::v1;
use v1::EventType as Type;
use v1::get_dossier_request::{At, Key};

use crate::support::codes;
use crate::support::partner::{
    OTHER_PDA, PDA, Partner, READER, attested, capture, code, event, reason, slip,
};
use crate::support::world::{
    CARRIER, CENTRE, DEPARTMENT, OTHER_CARRIER, PARENT, SIBLING, World, anomalies, record,
};

/// One request id for all, so that even the details of two refusals can be compared byte by byte.
const SAME: &str = "same-for-all";

/// A refusal or an answer as everything that a caller can tell apart.
type Told = Result<Vec<u8>, (Code, String, Bytes)>;

fn told<M: Message>(answer: Result<tonic::Response<M>, Status>) -> Told {
    answer.map(|answer| answer.into_inner().encode_to_vec()).map_err(|status| {
        (status.code(), status.message().to_owned(), Bytes::copy_from_slice(status.details()))
    })
}

/// What there is: a dossier of the department with a leg in the carrier's hands.
struct Ground {
    leg: String,
    dossier: String,
}

const ITEM: u64 = 50;
const SLIP: &str = "000500";

async fn ground(world: &World) -> Ground {
    let p = &world.province;
    let item = codes::item(ITEM);
    let order = v1::OrderLegRequest {
        item: code(&item),
        slip: SLIP.to_owned(),
        personal: v1::Personal { name: "Bà Hai".to_owned(), ..Default::default() }.encode_to_vec().into(),
        ..world.order(v1::LegKind::Inbound)
    };
    let leg = world.ordered(&p.department, order).await.name;
    let line = v1::Capture {
        personal: attested(),
        ..capture(PDA, &world.fresh("picked"), &event(Type::PickedUp, &item))
    };
    world.capture(&p.post, line).await.unwrap();
    let request = v1::RegisterDossierRequest {
        slip: SLIP.to_owned(),
        counter: CENTRE.to_owned(),
        ..world.registration(&codes::dossier(50))
    };
    let dossier = world.registered(&p.department, request).await.name;
    assert_eq!(world.leg(&p.department, &leg).await.dossier, dossier, "linked by its slip");
    Ground { leg, dossier }
}

/// Every way to look something up by a name or a code, as of now and as of before.
async fn look_up(world: &World, who: &Partner, leg: &str, dossier: &str, codes: [v1::Code; 3]) -> Vec<Told> {
    fn ask<T>(who: &Partner, message: T) -> tonic::Request<T> {
        who.ask_as(message, SAME, "en")
    }
    let mut answers = Vec::new();
    let get_leg = v1::GetLegRequest { name: leg.to_owned() };
    answers.push(told(world.legs().get_leg(ask(who, get_leg)).await));
    let mut keys = vec![Key::Name(leg.to_owned()), Key::Name(dossier.to_owned())];
    keys.extend(codes.iter().cloned().map(Key::Code));
    let position = v1::Position { lane: 0, pos: 3 };
    for key in keys {
        for at in [None, Some(At::ReadPosition(position))] {
            let request = v1::GetDossierRequest { key: Some(key.clone()), at };
            answers.push(told(world.dossiers().get_dossier(ask(who, request)).await));
        }
        use v1::list_dossier_events_request::Key as EventsKey;
        let key = match key {
            Key::Name(name) => EventsKey::Name(name),
            Key::Code(code) => EventsKey::Code(code),
        };
        let request = v1::ListDossierEventsRequest { key: Some(key), ..Default::default() };
        answers.push(told(world.dossiers().list_dossier_events(ask(who, request)).await));
    }
    for code in codes {
        let request = v1::SearchDossiersRequest { code: Some(code), ..Default::default() };
        answers.push(told(world.dossiers().search_dossiers(ask(who, request)).await));
    }
    let cancel = v1::CancelLegRequest {
        request_id: "cancel-foreign".to_owned(),
        name: leg.to_owned(),
        ..Default::default()
    };
    answers.push(told(world.legs().cancel_leg(ask(who, cancel)).await));
    answers
}

/// The same look-ups for what never was.
async fn never(world: &World, who: &Partner) -> Vec<Told> {
    let codes = [code(&codes::item(777)).unwrap(), slip("999777"), code("H99.14-261120-7777").unwrap()];
    look_up(world, who, "legs/0-777", "dossiers/0-778", codes).await
}

async fn this(world: &World, who: &Partner, ground: &Ground) -> Vec<Told> {
    let codes = [code(&codes::item(ITEM)).unwrap(), slip(SLIP), code(&codes::dossier(50)).unwrap()];
    look_up(world, who, &ground.leg, &ground.dossier, codes).await
}

/// Lists of a caller's own, and whether anything is in them.
async fn lists(world: &World, who: &Partner) -> (usize, usize, usize) {
    let legs = world.legs().list_legs(who.ask(v1::ListLegsRequest::default())).await.unwrap().into_inner();
    let request = v1::ListDossiersRequest::default();
    let dossiers = world.dossiers().list_dossiers(who.ask(request)).await.unwrap().into_inner();
    (legs.legs.len(), dossiers.dossiers.len(), world.log(who).await.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_things_are_answered_in_the_bytes_of_things_that_never_were() {
    let world = World::start().await;
    let ground = ground(&world).await;
    let p = &world.province;
    for (name, stranger) in [("the sibling", &p.sibling), ("the second carrier", &p.other_post)] {
        let (foreign, nothing) = (this(&world, stranger, &ground).await, never(&world, stranger).await);
        assert_eq!(foreign.len(), nothing.len());
        for (index, (foreign, nothing)) in foreign.iter().zip(&nothing).enumerate() {
            assert_eq!(foreign, nothing, "{name}, look-up {index}");
        }
        assert_eq!(lists(&world, stranger).await, (0, 0, 0), "{name}");
    }
    // Whoever it concerns is answered, so the comparison above compares something.
    for (name, who) in [
        ("the department", &p.department),
        ("the counter", &p.centre),
        ("the carrier", &p.post),
        ("the parent's supervisor", &p.supervisor),
        ("the carrier's supervisor", &p.post_supervisor),
    ] {
        let answers = this(&world, who, &ground).await;
        let leg = &answers[0];
        assert!(leg.is_ok(), "{name}: {leg:?}");
        let found = answers.iter().filter(|answer| answer.is_ok()).count();
        assert!(found > 10, "{name}: {found} of {} look-ups", answers.len());
        assert_ne!(answers, never(&world, who).await, "{name}");
    }
    // An ordinary key of the parent sees the parent's own only.
    let clerk = Partner::create(world.gateway.folder(), PARENT, "agency-officer", &[]);
    assert_eq!(this(&world, &clerk, &ground).await, never(&world, &clerk).await);
    // An administrator sees no dossier.
    for answer in this(&world, &p.admin, &ground).await {
        assert_eq!(answer.unwrap_err().0, Code::PermissionDenied);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_of_what_concerns_others_is_answered_like_a_scan_of_nothing() {
    let world = World::start().await;
    let ground = ground(&world).await;
    let p = &world.province;
    let before = world.leg(&p.department, &ground.leg).await;
    let outsider = |recorded: &v1::Recorded| {
        (recorded.placement(), anomalies(recorded), recorded.hints.clone(), recorded.outcome.clone())
    };
    let foreign = world.say(&p.other_post, OTHER_PDA, &event(Type::OfficeIn, &codes::item(ITEM))).await;
    let random = world.say(&p.other_post, OTHER_PDA, &event(Type::OfficeIn, &codes::item(778))).await;
    assert_eq!(outsider(&foreign), outsider(&random));
    let unknown = (v1::Placement::Unplaced, vec![v1::AnomalyKind::UnknownCode], vec![], None);
    assert_eq!(outsider(&foreign), unknown);
    // By the leg's name too, and by a correction of another's event.
    for change in [
        v1::Event { leg: ground.leg.clone(), ..event(Type::OfficeIn, &codes::item(779)) },
        v1::Event { corrects: "0-2".to_owned(), ..event(Type::Voided, &codes::item(780)) },
    ] {
        let recorded = world.say(&p.other_post, OTHER_PDA, &change).await;
        assert_eq!(outsider(&recorded), unknown, "{change:?}");
    }
    // A record says how it was placed, for whom it is listed, and nothing of the leg it might have meant.
    for line in world.log(&p.other_post).await {
        let record = record(&line);
        assert_eq!((record.leg, record.dossier, record.outcome.clone()), (None, None, None));
        assert_eq!(record.parties.len(), 1);
        assert_eq!((line.leg.as_str(), line.dossier.as_str()), ("", ""));
    }
    assert_eq!(world.log(&p.other_post).await.len(), 4);
    assert_eq!(world.leg(&p.department, &ground.leg).await, before, "nothing happened to the leg");
    let mut after = world.log(&p.department).await;
    after.retain(|line| record(line).party.as_str() == OTHER_CARRIER);
    assert!(after.is_empty(), "nobody else was told");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_log_has_its_own_numbers_and_shows_no_others() {
    let world = World::start().await;
    let ground = ground(&world).await;
    let p = &world.province;
    // The second carrier and the sibling are busy with each other.
    for n in 0..20 {
        let picked = v1::Event { agency: SIBLING.to_owned(), ..event(Type::PickedUp, &codes::item(600 + n)) };
        world.say(&p.other_post, OTHER_PDA, &picked).await;
    }
    // `log` asserts that seq is 1, 2, 3… whatever happened between.
    for (who, party, events) in [
        (&p.department, DEPARTMENT, 3),
        (&p.centre, CENTRE, 3),
        (&p.post, CARRIER, 3),
        (&p.sibling, SIBLING, 20),
        (&p.other_post, OTHER_CARRIER, 20),
    ] {
        let log = world.log(who).await;
        assert_eq!(log.len(), events, "{party}");
        for line in &log {
            assert!(record(line).parties.iter().any(|name| name.as_str() == party), "{party}");
        }
    }
    // A supervisor of the parent reads each log below, with that log's numbers, and no carrier's.
    assert_eq!(world.log_of(&p.supervisor, SIBLING).await.len(), 20);
    assert_eq!(world.log_of(&p.supervisor, DEPARTMENT).await, world.log(&p.department).await);
    for parent in [CARRIER, OTHER_CARRIER, "agencies/H98"] {
        let request = v1::PullEventsRequest { parent: parent.to_owned(), ..Default::default() };
        let status = world.feeds().pull_events(p.supervisor.ask_as(request, SAME, "en")).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "NOT_FOUND"), "{parent}");
    }
    // Lists and counts.
    assert_eq!(lists(&world, &p.sibling).await, (20, 0, 20));
    assert_eq!(lists(&world, &p.department).await, (1, 1, 3));
    assert_eq!(world.leg(&p.department, &ground.leg).await.events, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn cursors_and_page_tokens_are_of_no_use_to_another_party() {
    let world = World::start().await;
    ground(&world).await;
    let p = &world.province;
    for n in 0..3 {
        let picked =
            v1::Event { agency: DEPARTMENT.to_owned(), ..event(Type::PickedUp, &codes::item(700 + n)) };
        world.say(&p.post, PDA, &picked).await;
    }
    let request = v1::PullEventsRequest { page_size: 2, ..Default::default() };
    let page = world.feeds().pull_events(p.department.ask(request)).await.unwrap().into_inner();
    let request = v1::ListLegsRequest { page_size: 2, ..Default::default() };
    let legs = world.legs().list_legs(p.department.ask(request)).await.unwrap().into_inner();
    assert!(!legs.next_page_token.is_empty());
    let start = Some(v1::pull_events_request::Start::Cursor(page.next_cursor.clone()));
    for stranger in [&p.sibling, &p.centre, &p.post, &p.other_post] {
        let request = v1::PullEventsRequest { start: start.clone(), ..Default::default() };
        let status = world.feeds().pull_events(stranger.ask(request)).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "CURSOR_FOREIGN"));
        let request = v1::StreamEventsRequest { cursor: page.next_cursor.clone(), ..Default::default() };
        let refused = match world.feeds().stream_events(stranger.ask(request)).await {
            Ok(answer) => answer.into_inner().message().await.unwrap_err(),
            Err(status) => status,
        };
        assert_eq!(reason(&refused), "CURSOR_FOREIGN");
        let request = v1::ListLegsRequest {
            page_size: 2,
            page_token: legs.next_page_token.clone(),
            ..Default::default()
        };
        let status = world.legs().list_legs(stranger.ask(request)).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "CURSOR_INVALID"));
    }
    // A supervisor that reads the same log may go on with the same cursor.
    let request = v1::PullEventsRequest { parent: DEPARTMENT.to_owned(), start, ..Default::default() };
    let rest = world.feeds().pull_events(p.supervisor.ask(request)).await.unwrap().into_inner();
    assert_eq!(rest.events.first().unwrap().seq, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orders_personal_part_is_for_who_ordered_and_while_it_is_open_for_the_carrier() {
    let world = World::start().await;
    let ground = ground(&world).await;
    let p = &world.province;
    let personal = async |who: &Partner| {
        let request = v1::GetLegRequest { name: ground.leg.clone() };
        let answer = world.legs().get_leg(who.ask(request)).await.unwrap().into_inner();
        v1::Personal::decode(answer.personal).unwrap().name
    };
    assert_eq!(personal(&p.department).await, "Bà Hai");
    assert_eq!(personal(&p.post).await, "Bà Hai");
    for who in [&p.centre, &p.supervisor, &p.post_supervisor] {
        let seen = personal(who).await;
        let own = who.key == p.post_supervisor.key;
        assert_eq!(seen, if own { "Bà Hai" } else { "" });
    }
    world.say(&p.post, PDA, &event(Type::Offered, &codes::item(ITEM))).await;
    world.say(&p.centre, READER, &event(Type::Accepted, &codes::item(ITEM))).await;
    assert_eq!(personal(&p.post).await, "", "the leg is over");
    assert_eq!(personal(&p.department).await, "Bà Hai");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_partys_devices_are_answered_like_devices_that_never_were() {
    let world = World::start().await;
    let p = &world.province;
    for (who, foreign, never) in [
        (&p.post, OTHER_PDA, "carriers/q/devices/none"),
        (&p.other_post, PDA, "carriers/p/devices/none"),
        (&p.department, READER, "agencies/H99.01/devices/none"),
        (&p.sibling, PDA, "carriers/none/devices/pda-1"),
    ] {
        let state = async |source: &str| {
            let request = v1::GetDeviceStateRequest { source: source.to_owned() };
            told(world.captures().get_device_state(who.ask_as(request, SAME, "en")).await)
        };
        let source = async |name: &str| {
            let request = v1::GetSourceRequest { name: name.to_owned() };
            told(world.directory().get_source(who.ask_as(request, SAME, "en")).await)
        };
        assert_eq!(state(foreign).await.unwrap_err(), state(never).await.unwrap_err(), "{foreign}");
        assert_eq!(source(foreign).await.unwrap_err(), source(never).await.unwrap_err(), "{foreign}");
    }
    let request = v1::ListSourcesRequest::default();
    let listed = world.directory().list_sources(p.post.ask(request)).await.unwrap().into_inner().sources;
    assert!(listed.iter().all(|source| source.party == CARRIER), "{listed:?}");
    assert_eq!(listed.len(), 3);
    let request = v1::ListSourcesRequest { parent: OTHER_CARRIER.to_owned(), ..Default::default() };
    assert!(world.directory().list_sources(p.post.ask(request)).await.is_err());
}

/// Every call about a consumer that is named.
async fn consume(world: &World, who: &Partner, name: &str, cursor: &Bytes) -> Vec<Told> {
    fn ask<T>(who: &Partner, message: T) -> tonic::Request<T> {
        who.ask_as(message, SAME, "en")
    }
    let mut feeds = world.feeds();
    let name = name.to_owned();
    let get = v1::GetConsumerRequest { name: name.clone() };
    let to = Some(v1::seek_consumer_request::To::End(()));
    let seek = v1::SeekConsumerRequest { name: name.clone(), to, etag: String::new() };
    let (cursor, etag) = (cursor.clone(), "0011223344556677".to_owned());
    let commit = v1::CommitCursorRequest { name: name.clone(), cursor, etag: etag.clone() };
    let start = Some(v1::pull_events_request::Start::Consumer(name.clone()));
    let pull = v1::PullEventsRequest { start, ..Default::default() };
    let stream = v1::StreamEventsRequest { consumer: name.clone(), ..Default::default() };
    let streamed = feeds.stream_events(ask(who, stream)).await;
    vec![
        told(feeds.get_consumer(ask(who, get)).await),
        told(feeds.commit_cursor(ask(who, commit)).await),
        told(feeds.pull_events(ask(who, pull)).await),
        told(streamed.map(|_| tonic::Response::new(v1::Bookmark::default()))),
        told(feeds.seek_consumer(ask(who, seek)).await),
        told(feeds.delete_consumer(ask(who, v1::DeleteConsumerRequest { name: name.clone(), etag })).await),
        told(feeds.delete_consumer(ask(who, v1::DeleteConsumerRequest { name, etag: String::new() })).await),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn another_partys_consumers_are_answered_like_consumers_that_never_were() {
    let world = World::start().await;
    ground(&world).await;
    let p = &world.province;
    let create = async |who: &Partner, parent: &str| {
        let request = v1::CreateConsumerRequest {
            parent: parent.to_owned(),
            consumer_id: "back-office".to_owned(),
            request_id: "r".to_owned(),
            start: None,
        };
        told(world.feeds().create_consumer(who.ask_as(request, SAME, "en")).await)
    };
    let list = async |who: &Partner, parent: &str| {
        let request = v1::ListConsumersRequest { parent: parent.to_owned(), ..Default::default() };
        told(world.feeds().list_consumers(who.ask_as(request, SAME, "en")).await)
    };
    let made = create(&p.department, "").await.unwrap();
    let whole = format!("{DEPARTMENT}/consumers/back-office");
    for (name, stranger) in [
        ("the sibling", &p.sibling),
        ("the counter", &p.centre),
        ("the carrier", &p.post),
        ("the second carrier", &p.other_post),
    ] {
        let own = world.feeds().pull_events(stranger.ask(v1::PullEventsRequest::default())).await;
        let cursor = own.unwrap().into_inner().next_cursor;
        let foreign = consume(&world, stranger, &whole, &cursor).await;
        for never in ["agencies/H99.14/consumers/never", "agencies/H98/consumers/back-office"] {
            assert_eq!(foreign, consume(&world, stranger, never, &cursor).await, "{name}: {never}");
        }
        for answer in foreign {
            assert_eq!(answer.unwrap_err().0, Code::NotFound, "{name}");
        }
        assert_eq!(create(stranger, DEPARTMENT).await, create(stranger, "agencies/H98").await, "{name}");
        assert_eq!(list(stranger, DEPARTMENT).await, list(stranger, "agencies/H98").await, "{name}");
        assert_eq!(list(stranger, "").await, Ok(Vec::new()), "{name}");
        // The same id is free to everybody.
        assert!(create(stranger, "").await.is_ok_and(|own| own != made), "{name}");
    }
    let cursor = v1::CreateConsumerResponse::decode(&made[..]).unwrap().consumer.unwrap().cursor;
    let answers = consume(&world, &p.department, &whole, &cursor).await;
    assert_eq!(answers[0].as_ref().unwrap(), &made, "nobody has touched it");
    assert!(answers.iter().filter(|answer| answer.is_ok()).count() >= 6, "the comparison compares something");
    for answer in consume(&world, &p.admin, &whole, &cursor).await {
        assert_eq!(answer.unwrap_err().0, Code::PermissionDenied);
    }
}
