//! Several writers of one lane, lost connections, and requests that end in the midst.

use super::cluster::proxy::{Cut, Proxy};
use super::{Cluster, founded};
use crate::dossier::names::{Lane, Position};
use crate::store::conformance::Batch;
use crate::store::postgres::{Database, Reader, Writer};
use crate::store::{self, Committed, EventKey, KeyId};

const LANE: Lane = Lane(0);

/// A batch of one line, begun on a writer.
async fn begun(writer: &mut Writer, id: &str) -> store::Commit {
    let mut batch = Batch::on(writer.begin(LANE).await.unwrap());
    batch.line(id).logs = vec![(1, 0)];
    let commit = &mut batch.0;
    commit.entries[0].logs[0].1 = commit.head.pos;
    batch.done()
}

async fn keep(writer: &mut Writer, id: &str) {
    let commit = begun(writer, id).await;
    assert!(matches!(writer.commit(&commit).await, Ok(Committed::Done)), "{id}");
}

async fn ids(reader: &Reader) -> Vec<String> {
    let lines = reader.log_after(LANE, 1, 0, 100).await.unwrap();
    let seqs: Vec<u64> = lines.iter().map(|line| line.seq).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "dense");
    lines.iter().map(|line| String::from_utf8(line.stored.record.to_vec()).unwrap()).collect()
}

#[tokio::test]
async fn a_writer_that_was_overtaken_keeps_nothing_and_then_waits_its_turn() {
    let database = founded(Cluster::shared()).await;
    let (mut one, mut other) = (Writer::new(&database), Writer::new(&database));
    keep(&mut one, "a").await;
    keep(&mut one, "b").await;
    // Alone since, and so it holds nothing while it makes a batch.
    let late = begun(&mut one, "late").await;
    keep(&mut other, "c").await;
    assert!(matches!(one.commit(&late).await, Ok(Committed::Overtaken)));
    let reader = Reader::new(&database);
    assert_eq!(ids(&reader).await, ["record of a", "record of b", "record of c"]);

    // Now somebody else is known to write: the lane is held from the beginning, and the other waits.
    let mine = begun(&mut one, "late").await;
    // Begun before the first is committed, and polled first.
    let (theirs, done) = tokio::join!(biased; begun(&mut other, "d"), one.commit(&mine));
    assert!(matches!(done, Ok(Committed::Done)));
    assert_eq!(theirs.head.pos, 5, "after the one it waited for");
    assert!(matches!(other.commit(&theirs).await, Ok(Committed::Done)));
    assert_eq!(ids(&reader).await[3..], ["record of late", "record of d"]);
}

#[tokio::test]
async fn a_writer_that_stops_with_the_lane_in_its_hands_loses_it_and_leaves_no_gap() {
    let database = founded(Cluster::shared()).await;
    let (mut stopped, mut other) = (Writer::new(&database), Writer::new(&database));
    let commit = begun(&mut stopped, "never").await;
    // Waits until the database ends the session of the one that stopped.
    keep(&mut other, "a").await;
    keep(&mut other, "b").await;
    assert!(stopped.commit(&commit).await.is_err(), "certain: its transaction is gone");
    keep(&mut stopped, "c").await;
    let reader = Reader::new(&database);
    assert_eq!(ids(&reader).await, ["record of a", "record of b", "record of c"]);
}

#[tokio::test]
async fn a_commit_whose_connection_is_lost_is_unknown_and_the_keys_tell() {
    let cluster = Cluster::shared();
    let direct = cluster.empty_schema();
    let database = super::founded_at(&direct).await;
    let proxy = Proxy::to(cluster.port()).await;
    let through = direct.replace(&format!(":{}/", cluster.port()), &format!(":{}/", proxy.port()));
    let through = Database::of_url(&through).unwrap();
    let reader = Reader::new(&database);
    // In a transaction, and without: a writer that knows nobody else commits in one statement.
    for alone in [false, true] {
        for (cut, kept) in [(Cut::Question, false), (Cut::Answer, true)] {
            let mut writer = Writer::new(&through);
            // Its statements are prepared by then: what it asks next is the commit itself.
            keep(&mut writer, &format!("{alone} {cut:?} first")).await;
            match alone {
                true => keep(&mut writer, &format!("{alone} {cut:?} second")).await,
                false => keep(&mut Writer::new(&database), &format!("{alone} {cut:?} other")).await,
            }
            let id = format!("{alone} {cut:?}");
            let commit = begun(&mut writer, &id).await;
            if alone {
                proxy.cut_at(cut);
                let done = writer.commit(&commit).await;
                assert!(matches!(done, Ok(Committed::Unknown(_))), "{id}: {done:?}");
            } else {
                // The statement before the COMMIT is answered.
                let done = writer.commit_but(&commit, || proxy.cut_at(cut)).await;
                assert!(matches!(done, Ok(Committed::Unknown(_))), "{id}: {done:?}");
            }
            // Whoever runs it again takes the lane, and so waits for the end of what was lost.
            let _head = writer.begin(LANE).await.unwrap();
            let key = EventKey { id: KeyId::Spelled(id.as_bytes().into()), source: 7 };
            let firsts = writer.firsts(LANE, std::slice::from_ref(&key)).await.unwrap();
            assert_eq!(firsts.contains_key(&key), kept, "{id}");
            writer.rollback().await.unwrap();
            assert_eq!(ids(&reader).await.contains(&format!("record of {id}")), kept);
        }
    }
}

#[tokio::test]
async fn a_thousand_reads_that_end_in_the_midst_leave_no_transaction_open() {
    let cluster = Cluster::start();
    let database = super::founded_at(&cluster.url()).await;
    keep(&mut Writer::new(&database), "a").await;
    let reader = Reader::new(&database);
    let mut reads = Vec::new();
    for number in 0..1_000_u64 {
        let reader = reader.clone();
        reads.push(tokio::spawn(async move {
            let _cut = reader.log_after(LANE, 1, 0, 10).await;
            let _cut = reader.chain(Position { lane: LANE, pos: 1 }, number).await;
        }));
    }
    for (number, read) in reads.iter().enumerate() {
        if number % 3 == 0 {
            tokio::task::yield_now().await;
        }
        read.abort();
    }
    let states = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'";
    assert_eq!(cluster.sql(states), "0");
    assert_eq!(ids(&reader).await, ["record of a"], "and the pool reads on");
    assert_eq!(cluster.sql(states), "0");
}

#[tokio::test]
async fn a_database_that_was_away_is_read_and_written_again_when_it_is_back() {
    let cluster = Cluster::start();
    let database = super::founded_at(&cluster.url()).await;
    let (mut writer, reader) = (Writer::new(&database), Reader::new(&database));
    keep(&mut writer, "a").await;
    assert_eq!(ids(&reader).await.len(), 1);
    cluster.crash();
    assert!(writer.begin(LANE).await.is_err());
    assert!(reader.head(LANE).await.is_err());
    cluster.restart();
    assert_eq!(ids(&reader).await, ["record of a"], "what was acknowledged is there");
    keep(&mut writer, "b").await;
    assert_eq!(ids(&reader).await.len(), 2);
}
