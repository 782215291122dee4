//! The course of a storm: it is prepared, it rages, everything is healed and finished, and what happened is judged.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use trao::doors::wire::v1;
use v1::capture_service_client::CaptureServiceClient;
use v1::feed_service_client::FeedServiceClient;

use crate::cluster::Cluster;
use crate::database;
use crate::device::Device;
use crate::fleet::{Fleet, Lines, Trouble};
use crate::history::{DeviceTold, Digested, History, Reader as Journal, Waits};
use crate::killer::{FAULTS, Killer};
use crate::office;
use crate::outside::{Outside, Phase};
use crate::reader::{Ends, Kind, Reader};
use crate::support::book::Book;
use crate::support::partner::{Partner, Province};
use crate::support::seed::Seed;
use crate::support::wait::eventually;
use crate::tally::{Tally, grouped};
use crate::town::{CENTRE, DEPARTMENT, Hand, OTHER_POST, POST, SIBLING, Town};
use crate::weather::Way;

const GATEWAYS: usize = 3;
/// Devices of each party.
const DEVICES: [(&str, Hand, usize); 3] =
    [(POST, Hand::Post, 38), (OTHER_POST, Hand::OtherPost, 5), (CENTRE, Hand::Centre, 7)];
/// The department's office system works on so many things at once.
const OFFICES: usize = 4;
/// For how long what was begun may take to be finished once everything is healed.
const PATIENCE: Duration = Duration::from_secs(180);
/// For how long the journal may stand still while something waits that could be placed.
const STILL: Duration = Duration::from_secs(20);

/// How long a storm is, and how thick.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The number from which all choices follow.
    pub seed: u64,
    /// For how long it rages.
    pub span: Duration,
    /// Between two faults, on average.
    pub pause: Duration,
}

impl Plan {
    fn says(&self, until: Instant, what: &str) {
        eprintln!("{:.1} s after the storm: {what}", (Instant::now() - until).as_secs_f64());
    }
}

/// What came of it.
pub struct Outcome {
    /// What outsiders wrote down.
    pub history: History,
    /// The last line.
    pub line: String,
}

/// Who calls.
struct People {
    province: Province,
    devices: BTreeMap<&'static str, (Partner, Vec<String>)>,
}

/// A storm from its beginning to its end.
pub async fn rage(plan: Plan) -> Outcome {
    let cluster = Arc::new(tokio::task::spawn_blocking(Cluster::start).await.expect("a cluster"));
    let fleet = Fleet::start(&cluster, GATEWAYS).await;
    let people = enter(&fleet).await;
    let outside = Arc::new(Outside {
        fleet,
        town: Town::new(Seed::of(plan.seed)),
        phase: watch::Sender::new(Phase::Storm),
        tally: Tally::default(),
        sent: Mutex::default(),
        acks: Mutex::default(),
        bags: Mutex::default(),
        surprises: Mutex::default(),
    });
    settle(&outside, &people).await;

    let until = Instant::now() + plan.span;
    let late = until + PATIENCE;
    let mut seeds = (1..).map(|number: u64| Seed::of(plan.seed.wrapping_mul(31).wrapping_add(number)));
    let mut seed = || seeds.next().expect("a seed");
    let mut devices = JoinSet::new();
    for (party, hand, _) in DEVICES {
        let (partner, sources) = &people.devices[party];
        for source in sources {
            devices.spawn(Device::new(&outside, partner, source, hand, seed()).run(late));
        }
    }
    let mut offices = JoinSet::new();
    for _ in 0..OFFICES {
        let department = people.province.department.clone();
        offices.spawn(office::run(Arc::clone(&outside), department, seed(), late));
    }
    let ends = Arc::new(Ends::default());
    let readers: Vec<_> = seats(&people.province)
        .into_iter()
        .enumerate()
        .map(|(number, (party, partner, kind))| {
            let reader = Reader::new(&outside, &ends, (party, partner), kind, number, seed());
            tokio::spawn(reader.run())
        })
        .collect();
    Killer::new(&outside, &cluster, seed()).run(until, plan.pause).await;

    plan.says(until, "healed");
    outside.phase.send_replace(Phase::Drain);
    let given: Vec<(String, u64)> = all(devices).await;
    outside.phase.send_replace(Phase::Finish);
    all(offices).await;
    plan.says(until, "everything is said");
    let (book, waiting) = quiet(&cluster).await;
    plan.says(until, "the tie is done");
    *ends.lock().expect("ends") = last_numbers(&book);
    outside.phase.send_replace(Phase::CatchUp);
    let over = Arc::clone(&outside);
    let ends_late = tokio::spawn(async move {
        tokio::time::sleep(PATIENCE).await;
        over.phase.send_replace(Phase::Over);
    });
    let readers: Vec<Journal> =
        join_all(readers).await.into_iter().map(|reader| reader.expect("a reader")).collect();
    ends_late.abort();
    plan.says(until, "everybody has read everything");
    let mut history = History { readers, waiting, gateways: GATEWAYS, book, ..History::default() };
    ask_every_gateway(&outside, &people, given, &mut history).await;
    // Digests, states and replays write nothing.
    let (book, _) = database::read(&cluster.url()).await;
    if book.rows.len() != history.book.rows.len() {
        outside.is_surprised("what was only asked for again was written again".to_owned());
    }
    for place in &outside.fleet.places {
        place.keep(&place.gateway.lock().await.kill());
    }
    history.sent = std::mem::take(&mut *outside.sent.lock().expect("a journal"));
    history.acks = std::mem::take(&mut *outside.acks.lock().expect("a journal"));
    history.bags = outside.bags.lock().expect("a journal").values().cloned().collect();
    history.surprises = std::mem::take(&mut *outside.surprises.lock().expect("a journal"));
    let line = last_line(plan, &outside, &history);
    Outcome { history, line }
}

async fn all<T: 'static>(mut tasks: JoinSet<T>) -> Vec<T> {
    let mut ended = Vec::new();
    while let Some(task) = tasks.join_next().await {
        ended.push(task.expect("an actor"));
    }
    ended
}

/// The province, and keys for its devices.
async fn enter(fleet: &Fleet) -> People {
    let first = fleet.places[0].gateway.lock().await;
    let province = Province::enter(&first).await;
    let mut devices = BTreeMap::new();
    for (party, hand, count) in DEVICES {
        let sources: Vec<String> =
            (1..=count).map(|number| format!("{party}/devices/storm-{number}")).collect();
        let more: Vec<&str> = sources.iter().flat_map(|source| ["--source", source.as_str()]).collect();
        let role = if hand == Hand::Centre { "agency-officer" } else { "post-system" };
        let partner = Partner::create_in(&first.store(), party, role, &more);
        devices.insert(party, (partner, sources));
    }
    People { province, devices }
}

/// Waits until every gateway has seen every device.
async fn settle(outside: &Arc<Outside>, people: &People) {
    for gateway in 0..GATEWAYS {
        let channel = Lines::new(outside).to(gateway);
        for (partner, sources) in people.devices.values() {
            for source in sources {
                let request = v1::GetDeviceStateRequest { source: source.clone() };
                eventually(source, || async {
                    let mut client = CaptureServiceClient::new(channel.clone());
                    client.get_device_state(partner.ask(request.clone())).await.ok()
                })
                .await;
            }
        }
    }
}

/// Who reads whose log, and how.
fn seats(province: &Province) -> Vec<(&'static str, &Partner, Kind)> {
    use Kind::{Consumes, ConsumesStream, Pulls, Streams};
    let of = |party, partner, kinds: &[Kind]| -> Vec<(&'static str, &Partner, Kind)> {
        kinds.iter().map(|kind| (party, partner, *kind)).collect()
    };
    let kinds = [Pulls, Consumes, Streams, ConsumesStream];
    [
        of(POST, &province.post, &kinds),
        of(POST, &province.post_supervisor, &[Consumes, Pulls]),
        of(DEPARTMENT, &province.department, &kinds),
        of(DEPARTMENT, &province.supervisor, &[Consumes]),
        of(CENTRE, &province.centre, &kinds),
        of(SIBLING, &province.sibling, &[Consumes, Streams]),
        of(OTHER_POST, &province.other_post, &[Pulls, Consumes, ConsumesStream]),
    ]
    .concat()
}

/// Waits until the tie has nothing more to do, as long as it goes on doing it.
async fn quiet(cluster: &Cluster) -> (Book, Vec<Waits>) {
    let url = cluster.url();
    let (mut before, mut since) = (0, Instant::now());
    loop {
        let (head, waits) = database::head(&url).await;
        if head != before {
            (before, since) = (head, Instant::now());
        }
        // The tie looks once a second by itself.
        let enough = if waits == 0 { Duration::from_secs(3) } else { STILL };
        if since.elapsed() > enough {
            return database::read(&url).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn last_numbers(book: &Book) -> BTreeMap<String, u64> {
    book.log_lines.iter().map(|line| (book.parties[&line.party].clone(), line.seq)).collect()
}

/// Every gateway says what every reader must hold, and what it has of every device; and answers old lines as before.
async fn ask_every_gateway(
    outside: &Arc<Outside>,
    people: &People,
    given: Vec<(String, u64)>,
    history: &mut History,
) {
    for gateway in 0..GATEWAYS {
        let mut lines = Lines::new(outside);
        let channel = lines.to(gateway);
        for (reader, (party, partner, _)) in seats(&people.province).into_iter().enumerate() {
            let mut from = bytes::Bytes::new();
            loop {
                let request = v1::GetFeedDigestRequest {
                    parent: party.to_owned(),
                    from_cursor: from.clone(),
                    to_cursor: bytes::Bytes::new(),
                };
                let mut client = FeedServiceClient::new(channel.clone());
                let call = client.get_feed_digest(partner.ask(request));
                let Some(told) = answer(outside, &lines, gateway, call).await else { break };
                history.digests.extend(told.digests.iter().map(|digest| Digested {
                    gateway,
                    reader,
                    first: digest.first_seq,
                    last: digest.last_seq,
                    sha256: digest.sha256.to_vec().try_into().unwrap_or_default(),
                }));
                from = told.next_cursor;
                if told.complete {
                    break;
                }
            }
        }
        for (source, given) in &given {
            let party = source.split("/devices/").next().unwrap_or_default();
            let (partner, _) = &people.devices[party];
            let request = v1::GetDeviceStateRequest { source: source.clone() };
            let mut client = CaptureServiceClient::new(channel.clone());
            let call = client.get_device_state(partner.ask(request));
            let Some(told) = answer(outside, &lines, gateway, call).await else { continue };
            let contiguous = told.contiguous_device_seq;
            history.devices.push(DeviceTold { gateway, source: source.clone(), given: *given, contiguous });
        }
    }
}

/// What a gateway says now that nothing disturbs it.
async fn answer<T>(
    outside: &Outside,
    lines: &Lines,
    gateway: usize,
    call: impl Future<Output = Result<tonic::Response<T>, tonic::Status>>,
) -> Option<T> {
    match lines.ask(gateway, Way::Read, call).await {
        Ok(told) => Some(told.into_inner()),
        Err((Trouble::Storm | Trouble::Refused, status)) => {
            outside.is_surprised(format!("gateway {gateway}, healed, says {status:?}"));
            None
        }
    }
}

fn last_line(plan: Plan, outside: &Outside, history: &History) -> String {
    let tally = &outside.tally;
    let kinds: Vec<String> = FAULTS.iter().map(|(_, name)| format!("{name} {}", tally.of(name))).collect();
    let acknowledged: std::collections::BTreeSet<usize> = history.acks.iter().map(|ack| ack.sent).collect();
    let slowest = |way| {
        let (after, fault) = outside.fleet.weather.slowest(way);
        format!("{:.1} s ({fault})", after.as_secs_f64())
    };
    format!(
        "storm: seed {}, {:.1} minutes, {} faults ({}); {} lines acknowledged, {} replays, {} events in the journal, \
         {} seen by {} readers killed {} times; answers: {} unavailable, {} overloaded, {} cut off, {} none; \
         {} starts in vain; slowest return to write {}, to read {}",
        plan.seed,
        plan.span.as_secs_f64() / 60.0,
        tally.of("faults"),
        kinds.join(", "),
        grouped(acknowledged.len() as u64),
        grouped(tally.of("replays")),
        grouped(history.book.rows.len() as u64),
        grouped(tally.of("seen")),
        history.readers.len(),
        grouped(tally.of("kills of readers")),
        grouped(tally.of("unavailable")),
        grouped(tally.of("overloaded")),
        grouped(tally.of("connections cut")),
        grouped(tally.of("unanswered")),
        tally.of("starts in vain"),
        slowest(Way::Write),
        slowest(Way::Read),
    )
}
