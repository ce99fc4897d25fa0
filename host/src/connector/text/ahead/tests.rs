//! What is decoded ahead is bounded, and so is what lives on when nobody wants it any more.

use std::{sync::Arc, time::Duration};

use super::*;
use crate::{
    batch::Position,
    connector::{
        EventTimeUnit, Format, RejectedRow,
        harness::{NOW, decoding, listing},
        text::Fill,
    },
    time::{Clock, ManualClock, Timestamp},
};

/// The same piece of text again and again.
struct Repeated {
    piece: Vec<u8>,
    taken: u64,
}

impl Bytes for Repeated {
    fn fill(&mut self, buffer: &mut Vec<u8>, _: Duration) -> anyhow::Result<Fill> {
        buffer.extend_from_slice(&self.piece);
        self.taken += self.piece.len() as u64;
        Ok(Fill::Some)
    }

    fn taken(&self) -> u64 {
        self.taken
    }
}

fn lines(piece: Vec<u8>, batch_rows: usize, threads: usize) -> AheadText<Repeated> {
    let mut decoding = decoding(Format::Lines, "line: utf8", None);
    decoding.batch_rows = batch_rows;
    let bytes = Repeated { piece, taken: 0 };
    let clock = Arc::new(ManualClock::new(NOW));
    AheadText::new(
        TextPartition::new("in".into(), bytes, &decoding, clock),
        threads,
    )
}

#[track_caller]
fn rows(text: &mut impl Partition) -> Decoded {
    match text.read().expect("rows") {
        Read::Rows(decoded) => decoded,
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_more_blocks_are_ahead_than_threads_can_use() {
    for threads in [2, 3] {
        let mut text = lines(b"row\n".repeat(100), 10, threads);
        for read in 1..=50 {
            let decoded = rows(&mut text);
            assert_eq!(decoded.batch.rows(), 10);
            // A read cuts off one block more than it gives.
            assert_eq!(text.waiting.len(), read.min(text.most_blocks() - 1));
            let cut = (read + text.waiting.len()) as u64;
            assert!(text.text.bytes.taken <= cut * 40 + 400);
            assert!(text.spare.len() <= text.most_blocks());
        }
    }
}

#[test]
fn long_rows_are_ahead_by_a_few_and_longer_ones_not_at_all() {
    for (bytes, rows_of_a_batch, ahead) in [(500 * 1024, 17, 1), (3 * 1024 * 1024, 3, 0)] {
        let mut piece = vec![b'x'; bytes];
        piece.push(b'\n');
        let mut text = lines(piece, 1000, 8);
        for read in 0..6 {
            let decoded = rows(&mut text);
            assert_eq!(decoded.batch.rows(), rows_of_a_batch, "read {read}");
            assert_eq!(text.waiting.len(), ahead);
            assert!(text.waiting_bytes <= ahead * MAX_AHEAD_BYTES);
            assert!(text.spare.is_empty(), "they are too large to be kept");
        }
    }
}

#[test]
fn rows_that_were_bad_before_they_could_be_decoded_count_too() {
    let rejected = RejectedRow {
        position: Position {
            partition: "in".into(),
            number: 1,
        },
        reason: "its quotes are never closed".to_owned(),
        row: "x".repeat(100),
        raw: Some(vec![b'x'; 20]),
        header: None,
    };
    let cut = Cut {
        rows: Vec::new(),
        rejected: vec![rejected],
        taken: 200,
    };
    let bytes = vec![b'y'; 3];
    assert_eq!(Block { bytes, cut }.size(), 123);
}

#[test]
fn whoever_reads_endless_nothing_is_not_kept() {
    let mut text = lines(vec![b'\n'; 1024 * 1024], 1000, 4);
    for read in 1..=3 {
        assert!(matches!(text.read().expect("nothing"), Read::Idle));
        assert!(text.text.bytes.taken <= read * 33 * 1024 * 1024);
    }
}

/// A clock at which somebody looks once too often.
struct Broken;

impl Clock for Broken {
    fn now(&self) -> Timestamp {
        panic!("the clock is broken");
    }
}

#[test]
fn a_thread_that_panics_fails_the_partition() {
    let decoding = decoding(Format::Json, "ts: timestamp", Some(EventTimeUnit::Millis));
    let bytes = Repeated {
        piece: b"{\"ts\":1}\n".repeat(1000),
        taken: 0,
    };
    let text = TextPartition::new("in".into(), bytes, &decoding, Arc::new(Broken));
    let mut text = AheadText::new(text, 2);
    let error = text.read().expect_err("a panic");
    assert_eq!(
        format!("{error:#}"),
        "cannot decode rows of `in`: a thread panicked: the clock is broken"
    );
}

#[test]
fn threads_end_with_the_partition() {
    let decoding = decoding(Format::Lines, "line: utf8", None);
    let clock = Arc::new(ManualClock::new(NOW));
    let bytes = Repeated {
        piece: b"row\n".repeat(100_000),
        taken: 0,
    };
    let shared: Arc<dyn Clock> = Arc::clone(&clock) as _;
    let text = TextPartition::new("in".into(), bytes, &decoding, shared);
    let mut text = AheadText::new(text, 3);
    assert_eq!(text.workers.len(), 0, "nothing has been asked for");
    let first = rows(&mut text);
    assert_eq!(listing(&[first])[0], "1: row");
    assert_eq!(text.workers.len(), 3);
    drop(text);
    assert_eq!(Arc::strong_count(&clock), 1);
}
