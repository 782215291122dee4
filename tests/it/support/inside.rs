//! A gateway inside the test's own process, over real sockets, on either store: for what no flag of `trao serve` sets, as
//! how often feeds look by themselves, how much may wait, and how a line is applied.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::transport::{Channel, Endpoint};
use trao::access::{KeyText, Keys};
use trao::clock::{SharedClock, SystemClock};
use trao::doors::grpc::{self, Gateway};
use trao::doors::wire::v1;
use trao::doors::{accept, wire};
use trao::dossier::names::{Lane, Micros, PartyName, SourceName};
use trao::journal::{self, Apply, Handle, Wakes};
use trao::metrics::Metrics;
use trao::random::SystemRandom;
use trao::seal::head::Sealer;
use trao::seal::keyring::Key;
use trao::store::{self, KeyRow, Lease, memory, sqlite};
use trao::stream::{self, Feeds, Tie};
use trao::view::View;
use v1::directory_service_client::DirectoryServiceClient;

use super::partner::{PC, PDA, Partner, READER};
use super::world::{CARRIER, CENTRE, DEPARTMENT};

/// Which store it keeps its journal in.
#[derive(Clone, Copy, Debug)]
pub enum On {
    /// Maps in memory.
    Memory,
    /// A SQLite file.
    Sqlite,
}

/// How it is made.
pub struct Options {
    /// The store.
    pub on: On,
    /// How often feeds look by themselves.
    pub poll: Duration,
    /// Lines that may wait.
    pub intake_lines: usize,
    /// Applies a line.
    pub apply: Apply,
    /// How long the port waits for whom.
    pub accept: accept::Options,
}

impl Default for Options {
    fn default() -> Options {
        let apply = trao::dossier::apply::apply;
        let intake_lines = trao::limits::INTAKE_LINES;
        let accept = accept::Options { drain: Duration::from_secs(1), ..accept::Options::default() };
        Options { on: On::Memory, poll: Duration::from_secs(1), intake_lines, apply, accept }
    }
}

/// The gateway, a department with its counter, and a carrier with two devices.
pub struct Inside {
    /// Its journal.
    pub journal: Handle,
    /// The carrier.
    pub post: Partner,
    /// The counter.
    pub centre: Partner,
    /// The department.
    pub department: Partner,
    /// Where it listens.
    pub address: SocketAddr,
    channel: Channel,
    shutdown: CancellationToken,
    _folder: tempfile::TempDir,
}

const LANE: Lane = Lane(0);
const DATABASE: [u8; 16] = [9; 16];

impl Inside {
    /// Starts one and enters its directory.
    pub async fn start(options: Options) -> Inside {
        let folder = tempfile::tempdir().unwrap();
        let (reader, writer, admin) = stores(options.on, folder.path());
        let clock: SharedClock = Arc::new(SystemClock::start(true));
        let key = Key::create(&folder.path().join("test.key"), &[3; 32]).unwrap();
        let head = reader.head(LANE).await.unwrap();
        let wakes = Arc::new(Wakes::new([(LANE, head.pos)]));
        let metrics = Arc::new(Metrics::new(&[]).unwrap());
        let (published, seen) = watch::channel(Arc::new(reader.directory().await.unwrap()));
        let (service, journal) = journal::Service::new(
            journal::Options {
                lane: LANE,
                database: DATABASE,
                sealer: Sealer::new(key, DATABASE),
                clock: Arc::clone(&clock),
                random: Arc::new(SystemRandom),
                apply: options.apply,
                encode_placed: wire::from::encode_placed,
                encode_event: wire::command::encode_event,
                intake_lines: options.intake_lines,
                batch_lines: trao::limits::COMMIT_LINES,
                directory: published,
                wakes: Arc::clone(&wakes),
                metrics: metrics.journal.clone(),
            },
            writer,
        );
        // Like in `trao serve`: the writer may block, so it has a thread of its own.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(service.run());
        });
        let shutdown = CancellationToken::new();
        let tasks = TaskTracker::new();
        tasks.spawn(Tie::new(reader.clone(), journal.clone(), LANE, Lease::Alone).run(shutdown.clone()));
        let feeds = stream::Options { poll: options.poll, ..stream::Options::default() };
        let gateway = Gateway {
            keys: Keys::new(reader.clone(), Arc::clone(&clock)),
            journal: journal.clone(),
            clock,
            view: View::new(reader.clone(), seen.clone()),
            feeds: Feeds::new(reader, wakes, seen, feeds, shutdown.clone()),
            reports: trao::doors::grpc::Reports::default(),
            metrics: Arc::clone(&metrics),
            tasks,
            shutdown: shutdown.clone(),
        };
        let (_health, answer) = grpc::services(gateway).unwrap();
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = listener.local_addr().unwrap();
        let url = format!("http://{address}");
        tokio::spawn(accept::serve(listener, answer, metrics, shutdown.clone(), options.accept).unwrap());
        let channel = Endpoint::from_shared(url).unwrap().connect().await.unwrap();

        let admin = Mutex::new(admin);
        let keeper = key_of(&admin, None, "admin", &[]).await;
        enter(&channel, &keeper).await;
        let sources = [PDA, PC].map(SourceName::new);
        Inside {
            post: key_of(&admin, Some(CARRIER), "post-system", &sources).await,
            centre: key_of(&admin, Some(CENTRE), "agency-officer", &[SourceName::new(READER)]).await,
            department: key_of(&admin, Some(DEPARTMENT), "agency-system", &[]).await,
            journal,
            address,
            channel,
            shutdown,
            _folder: folder,
        }
    }

    /// The connection.
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.shutdown.cancel();
        self.journal.close();
    }
}

fn stores(on: On, folder: &std::path::Path) -> (store::Reader, store::Writer, store::Admin) {
    match on {
        On::Memory => {
            let store = memory::Store::new(DATABASE, [4; 16]);
            (
                store::Reader::Memory(store.reader()),
                store::Writer::Memory(store.writer()),
                store::Admin::Memory(store.admin()),
            )
        }
        On::Sqlite => {
            let data = folder.join("data");
            let lock = sqlite::lock(&data).unwrap();
            sqlite::create(&lock, &DATABASE, &[4; 16], Micros(0)).unwrap();
            let opened = sqlite::open(&lock).unwrap();
            let admin = sqlite::Admin::open(&data).unwrap();
            (
                store::Reader::Sqlite(opened.reader),
                store::Writer::Sqlite(opened.writer),
                store::Admin::Sqlite(admin),
            )
        }
    }
}

async fn key_of(
    admin: &Mutex<store::Admin>,
    party: Option<&str>,
    role: &str,
    sources: &[SourceName],
) -> Partner {
    let text = KeyText::make(&SystemRandom);
    let row = KeyRow {
        id: text.id().to_owned(),
        secret_sha256: text.secret_sha256(),
        party: party.map(PartyName::new),
        role: role.to_owned(),
        name: "test".to_owned(),
        person: None,
        sources: sources.to_vec(),
        created_at: Micros(0),
        revoked_at: None,
    };
    admin.lock().await.create_key(&row, &[]).await.unwrap();
    Partner { key: text.reveal() }
}

async fn enter(channel: &Channel, keeper: &Partner) {
    let mut directory = DirectoryServiceClient::new(channel.clone());
    for code in ["H99.01", "H99.14"] {
        let (code, title, kind) = (code.to_owned(), code.to_owned(), v1::AgencyKind::Both.into());
        let agency = Some(v1::Agency { code, title, kind, ..v1::Agency::default() });
        directory.create_agency(keeper.ask(v1::CreateAgencyRequest { agency })).await.unwrap();
    }
    let carrier = Some(v1::Carrier { id: "p".into(), title: "Post".into(), ..v1::Carrier::default() });
    directory.create_carrier(keeper.ask(v1::CreateCarrierRequest { carrier })).await.unwrap();
    for (party, id) in [(CARRIER, "pda-1"), (CARRIER, "pc-1"), (CENTRE, "reader-1")] {
        let (party, id, kind) = (party.to_owned(), id.to_owned(), v1::SourceKind::Device.into());
        let source = Some(v1::Source { party, id, kind, ..v1::Source::default() });
        directory.create_source(keeper.ask(v1::CreateSourceRequest { source })).await.unwrap();
    }
}
