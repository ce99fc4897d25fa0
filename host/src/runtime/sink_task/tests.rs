//! What a sink does with rows that have come and could not be written yet.

use std::sync::Arc;

use super::*;
use crate::{
    batch::Position,
    connector::{RejectedRow, TestRows},
    operator::{DeadLetter, Side},
    runtime::message::Capacity,
};

fn letter(reason: &str) -> Batch {
    let rejected = RejectedRow {
        position: Position {
            partition: "file".into(),
            number: 1,
        },
        reason: reason.to_owned(),
        row: "{}".to_owned(),
        raw: None,
        header: None,
    };
    DeadLetter::to_batch(&[DeadLetter::undecodable(&"source".into(), rejected)])
}

/// A sink with two inputs, the first of which has come to a barrier and gone on.
fn waiting(rows: &TestRows) -> (SinkTask, crate::runtime::message::Sender) {
    let (sender, inbox) = Capacity::Unbounded.channel(2);
    let sink = Box::new(rows.sink());
    let task = SinkTask::new("letters".into(), (inbox, 2), sink, Arc::default(), None);
    let events = [
        (0, Event::Batch(Side::Left, letter("before"))),
        (0, Event::Barrier(1)),
        (0, Event::Batch(Side::Left, letter("behind"))),
    ];
    for (input, event) in events {
        let sent = sender.send(Message { input, event });
        sent.expect("the sink listens");
    }
    (task, sender)
}

#[test]
fn dead_letters_behind_a_barrier_are_written_when_the_job_fails() {
    let rows = TestRows::default();
    let (task, sender) = waiting(&rows);
    drop(sender);
    task.outliving_failure().run().expect("it is written");
    assert_eq!(rows.batches(), 2);
}

#[test]
fn dead_letters_behind_a_barrier_are_written_when_a_stepped_job_fails() {
    let rows = TestRows::default();
    let (task, _sender) = waiting(&rows);
    let mut task = task.outliving_failure();
    task.write_rest().expect("it is written");
    assert_eq!(rows.batches(), 2);
}

#[test]
fn rows_behind_a_barrier_are_not_written_when_the_job_fails() {
    let rows = TestRows::default();
    let (task, sender) = waiting(&rows);
    drop(sender);
    assert!(task.run().is_err());
    assert_eq!(rows.batches(), 1);
}

#[test]
fn rows_that_were_held_back_are_written_if_there_is_no_order_any_more() {
    let mut reorder = Reorder::new(&DeadLetter::schema(), None, &[0]).expect("an order");
    let mut out = Outbox::default();
    let held = reorder.process(Side::Left, letter("held"), &mut out);
    held.expect("it is held back");
    let snapshot = reorder.snapshot().expect("it is written down");
    let snapshot = SinkSnapshot {
        held: StageSnapshot {
            watermark: Watermark::START,
            subtasks: snapshot,
        },
        staged: None,
    };
    let rows = TestRows::default();
    let (_sender, inbox) = Capacity::Unbounded.channel(2);
    let sink = Box::new(rows.sink());
    let mut task = SinkTask::new("out".into(), (inbox, 2), sink, Arc::default(), None);
    task.restore(&snapshot).expect("it goes on");
    assert_eq!(rows.batches(), 1);
}
