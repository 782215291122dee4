//! Every bound of the system, each with its reason. A bound that is reached answers by name and loses nothing.

/// Lines in one batch: what a clerk scans in an hour.
pub const BATCH_LINES: usize = 500;
/// Lines of one manifest: the longest seen have 150 bags or 300 results; what is longer is two lists on paper too.
pub const MANIFEST_LINES: usize = 500;
/// Lines that one commit takes at most, whoever they are of.
pub const COMMIT_LINES: usize = 1_000;
/// Bytes of one batch's lines, and of one gRPC message: a batch of 500 scans with personal parts fits easily.
pub const MESSAGE_BYTES: usize = 1 << 20;
/// Bytes of one encoded event: codes and numbers only, so even twenty `also` codes stay far below.
pub const EVENT_BYTES: usize = 4 << 10;
/// Bytes of one encoded personal part: names, an address, a note of 500 characters, a digest.
pub const PERSONAL_BYTES: usize = 8 << 10;
/// Characters of a code: the longest known is a 29-character bag label; opaque dossier codes need room.
pub const CODE_CHARS: usize = 64;
/// Characters of a client event id or request id: a UUID has 36.
pub const CLIENT_EVENT_ID_CHARS: usize = 64;
/// Characters of any other text.
pub const TEXT_CHARS: usize = 500;
/// Items of a page when the caller names no size.
pub const PAGE_SIZE_DEFAULT: usize = 100;
/// Items of a page at most.
pub const PAGE_SIZE_MAX: usize = 1_000;
/// Other codes of one envelope in one event: a family's dossiers in one envelope.
pub const ALSO_CODES: usize = 16;
/// Tallies of one event.
pub const TALLIES: usize = 64;
/// Seconds a pull may wait for an event: below the idle timeouts of common proxies.
pub const PULL_WAIT_SECONDS: i64 = 30;
/// Unanswered lines a device may have on one stream.
pub const SYNC_WINDOW: u32 = 256;
/// Lines waiting for the writer: about a second of the fastest disk measured; beyond that waiting only costs latency.
pub const INTAKE_LINES: usize = 4_096;
/// Legs, codes and devices whose newest state the writer remembers, up to twice as many: what a province has on its way,
/// some tens of megabytes. What is not remembered is read.
pub const KNOWN_LEGS: usize = 32_768;
/// Seconds between bookmarks of a quiet stream.
pub const BOOKMARK_SECONDS: u64 = 10;
/// Pulls that wait and streams that are open at once. Each holds one page of a log at most, usually far less; every agency
/// of a province and its carriers come to a few hundred.
pub const FOLLOWERS: usize = 1_024;
/// Lines of a log read at once for a stream.
pub const FOLLOW_PAGE: usize = 100;
/// Events of one feed digest: some megabytes are read for it, a page after the other, in about a tenth of a second.
pub const DIGEST_EVENTS: u64 = 10_000;
/// Consumers a party may have: its back-offices and offices with a reader of their own come to a few; each is a row that is
/// listed at once.
pub const CONSUMERS: usize = 64;
/// Characters of a consumer's id: as long as a name in the DNS.
pub const CONSUMER_ID_CHARS: usize = 63;
/// Messages of a stream that wait to be taken: enough to fill a frame, few enough that a thousand slow readers are cheap.
pub const FOLLOW_BUFFER: usize = 32;
/// Seconds a stream waits for its reader to take the next message; then it ends, and the reader comes back.
pub const FOLLOW_TAKE_SECONDS: u64 = 30;
/// Positions with work that the tie works through before it keeps how far it has come: what a restart does again.
pub const TIE_POSITIONS: usize = 100;
/// Positions the tie looks through at once, and those without work that it passes before it keeps how far it has come.
pub const TIE_SPAN: u64 = 10_000;
/// Placings the tie has waiting in the intake at once: a bag's contents, in a batch or two.
pub const TIE_LINES: usize = 256;
/// Ranges of missing device numbers told to a device.
pub const MISSING_RANGES: usize = 64;
/// Events of one leg that are still folded again; a leg has about twelve. Beyond, one that comes late is recorded only:
/// the newest still counts, which costs the same however many came before.
pub const LEG_EVENTS: u32 = 1_000;
/// Offset between a device's clock and the gateway's that is not worth a flag.
pub const SKEW_SECONDS: i64 = 120;
/// Days a `devices/` source is believed back.
pub const DEVICE_DAYS_BACK: i64 = 60;
/// Days before a leg was opened in which a scan may still be meant for it: an order is sometimes keyed late.
pub const CODE_DAYS_BEFORE: i64 = 90;
/// Days after a leg's end in which a scan may still be meant for it: codes are reused after months.
pub const CODE_DAYS_AFTER: i64 = 180;
/// Connections at once: a province has about a thousand counters and postmen; each costs some tens of kilobytes.
pub const CONNECTIONS: usize = 4_096;
/// Seconds a new connection has to say that it speaks HTTP/2: a slow phone needs two.
pub const GREETING_SECONDS: u64 = 10;
/// Calls open at once on one connection: a back-office shares one connection among its threads, and what one connection
/// brings at once delays everybody else.
pub const STREAMS_PER_CONNECTION: u32 = 256;
/// Calls open at once on all connections, each about ten kilobytes; beyond, a connection has `CALLS_FAIR` of them.
pub const CALLS: usize = 16_384;
/// Calls a connection may have open whatever others do: a counter's office needs no more.
pub const CALLS_FAIR: usize = 16;
/// Seconds in which a message must be complete, and a call that is not a stream: a megabyte over the slowest phone.
pub const MESSAGE_SECONDS: u64 = 120;
/// Seconds for which a part of an answer may wait to be taken, twice as many at most; then the connection is cut.
pub const TAKING_SECONDS: u64 = 60;
/// Seconds after which a connection without any call is told to come back when it has one, half as many at least: a
/// peer that greets and never calls must not hold a place. Clients connect anew by themselves.
pub const IDLE_SECONDS: u64 = 600;
/// Parts of answers that wait to be taken on one connection before its next calls wait too: who takes no answers is not
/// worked for.
pub const UNTAKEN_PARTS: usize = 64;
/// Microseconds of work for a connection that takes none of its answers; beyond, and before the first is taken, it is worked
/// for in the hall, after everybody else: two hundred calls at once.
pub const UNTAKEN_WORK_US: u64 = 10_000;
/// Bytes of messages that are not complete, on one connection: sixteen full batches at once.
pub const ARRIVING_BYTES: usize = 16 << 20;
/// Bytes of answers that were not taken, on one connection; beyond it is cut. Some large pages at once.
pub const LEAVING_BYTES: usize = 64 << 20;
/// Bytes of messages that are not complete, and of answers that were not taken, on all connections; beyond, each has
/// `BYTES_OF_ANY_CONNECTION`.
pub const BYTES_OF_ALL_CONNECTIONS: usize = 256 << 20;
/// Bytes a connection may have on their way whatever others do: some hundred scans.
pub const BYTES_OF_ANY_CONNECTION: usize = 64 << 10;
/// Bytes of one call's headers: a key, a request id and a trace.
pub const HEADER_BYTES: u32 = 16 << 10;
/// Seconds between pings on a quiet connection, and until an unanswered one ends it: a phone that left the network must
/// not hold a place for long.
pub const KEEPALIVE_SECONDS: u64 = 30;
/// Bytes on the way in one stream: with 64 KiB a distant device would send at 6 MB/s at most.
pub const STREAM_WINDOW_BYTES: u32 = 1 << 20;
/// Bytes on the way in one connection.
pub const CONNECTION_WINDOW_BYTES: u32 = 4 << 20;
/// Seconds a gateway takes to end: calls end, streams end with a bookmark, what is queued is journaled.
pub const DRAIN_SECONDS: u64 = 10;
/// Scrapes of the metrics at once: a few machines watch a gateway.
pub const SCRAPE_CONNECTIONS: usize = 16;
/// Bytes of a scrape's head.
pub const SCRAPE_HEAD_BYTES: usize = 16 << 10;
/// Seconds that a scrape's connection lives, whatever its peer does; an answer takes milliseconds.
pub const SCRAPE_SECONDS: u64 = 5;
/// Events waiting to be placed that a scrape counts; beyond, the number says no more than that there are many.
pub const UNPLACED_COUNTED: usize = 10_000;
/// Legs told of one dossier: a dossier has two or three; of one that was made to have more the newest are told.
pub const DOSSIER_LEGS: usize = 100;
/// Dossiers told of one that they belong to: a matter goes through two or three agencies; of one that was made to have more
/// the newest are told.
pub const CHILD_DOSSIERS: usize = 32;
/// Amounts of money in one event: one for each kind, and as many paid back.
pub const AMOUNTS: usize = 8;
/// Đồng of one amount at most: no fee comes near, and a thousand milliards of such still add up.
pub const VND_MAX: i64 = 1_000_000_000_000;
/// Attachments of one code that are looked at, the newest first: slips restart their numbers, so some codes have many.
pub const CODE_TAGS: usize = 1_000;
/// Rows looked at for one page of a list with a filter; a page may then be short and still have a next one.
pub const PAGE_ROWS: usize = 2_000;
/// Events walked back on a leg that has more than `LEG_EVENTS`: about ten megabytes. Beyond, such a leg is only told
/// as it is now, and only its newest events are listed.
pub const LEG_EVENTS_BACK: usize = 10_000;
/// Legs that continue one another: a return may be returned, but not for ever.
pub const LEGS_CONTINUED: usize = 32;
/// Bytes of one row of a spreadsheet: thirteen cells of 500 characters, quoted, take half of it. What is longer is no row
/// but a file without line ends, or a quote that ends nowhere.
pub const ROW_BYTES: usize = 64 << 10;
/// Cells of one row: the longest list has thirteen columns, and a back-office's own stand beside them.
pub const ROW_CELLS: usize = 256;
/// Rows of a spreadsheet on their way at once: what one commit takes.
pub const ROWS_AT_ONCE: usize = 500;
/// Connections of a gateway that read a PostgreSQL database: more only wait for each other there.
pub const DATABASE_READERS: u32 = 8;
/// Seconds a read waits for one of them; then the call is told to come back.
pub const DATABASE_WAIT_SECONDS: u64 = 5;
/// Seconds such a connection lives: so that those of a database that moved, or of one that grew, are made anew in time.
pub const DATABASE_LIFETIME_SECONDS: u64 = 900;
/// Seconds within which a database accepts a connection.
pub const DATABASE_CONNECT_SECONDS: u64 = 5;
/// Seconds within which a database answers a statement; it itself gives up after eight. What takes longer is a connection
/// that is lost.
pub const DATABASE_ANSWER_SECONDS: u64 = 10;
/// Seconds between the clocks of a gateway and of its database, and so half of those between two gateways; NTP keeps
/// machines within milliseconds.
pub const CLOCKS_APART_SECONDS: i64 = 5;
/// Versions of one procedure. It is amended every year or two; an answer that lists them stays small.
pub const VERSIONS: usize = 64;
/// Appointments of one person. They are made for years; an answer that lists them stays small.
pub const APPOINTMENTS: usize = 64;
/// Reports that are counted at once: each reads one page after the other and lets everybody else in between.
pub const REPORTS: usize = 4;
/// Rows of a page that a report reads: a millisecond of reading in a file, a way there and back to a database.
pub const REPORT_PAGE: usize = 250;
/// Dossiers that one report tells apart, so that none counts twice: those of a nation's year by post, about a hundred
/// megabytes.
pub const REPORT_DOSSIERS: usize = 4_000_000;
