//! Several writers of one store in memory.

use std::pin::pin;
use std::task::{Context, Waker};

use super::*;

const LANE: Lane = Lane(0);

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        std::task::Poll::Ready(done) => Some(done),
        std::task::Poll::Pending => None,
    }
}

#[tokio::test]
async fn a_second_writer_waits_until_the_first_lets_the_lane_go_in_whatever_way() {
    let store = Store::new([1; 16], [2; 16]);
    let (mut first, mut second) = (store.writer(), store.writer());
    first.begin(LANE).await.unwrap();
    {
        let mut waiting = pin!(second.begin(LANE));
        assert!(poll(waiting.as_mut()).is_none());
        first.rollback().await.unwrap();
        assert!(poll(waiting).is_some());
    }
    let mut waiting = pin!(first.begin(LANE));
    assert!(poll(waiting.as_mut()).is_none());
    drop(second);
    assert!(poll(waiting).is_some());
}

#[tokio::test]
async fn writers_have_their_turns_in_order_and_whoever_waits_no_more_has_none() {
    let store = Store::new([1; 16], [2; 16]);
    let [mut holder, mut gone, mut next, mut last] = std::array::from_fn(|_| store.writer());
    holder.begin(LANE).await.unwrap();
    let mut waiting_last = pin!(last.begin(LANE));
    {
        let mut waiting_gone = pin!(gone.begin(LANE));
        assert!(poll(waiting_gone.as_mut()).is_none());
        assert!(poll(waiting_last.as_mut()).is_none());
    }
    let mut waiting_next = pin!(next.begin(LANE));
    assert!(poll(waiting_next.as_mut()).is_none());
    drop(holder);
    assert!(poll(waiting_next.as_mut()).is_none(), "it came last");
    assert!(poll(waiting_last).is_some());
}

#[tokio::test]
async fn a_distant_store_is_the_same_store_and_its_calls_have_a_way_to_go() {
    let store = Store::new([1; 16], [2; 16]);
    let mut writer = super::super::Writer::Memory(store.distant().writer());
    let polls = {
        let mut begun = pin!(writer.begin(LANE));
        (0..).find(|_| poll(begun.as_mut()).is_some())
    };
    assert_eq!(polls, Some(2), "put off on the way there and on the way back");
    assert!(poll(pin!(store.writer().begin(LANE))).is_none(), "its lane is taken");
}
