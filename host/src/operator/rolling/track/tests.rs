//! Frames of the rows of one key, with texts for accumulators.

use std::num::NonZeroU64;

use proptest::prelude::*;

use super::*;

/// Runs as the texts that their rows make: what any function could see of them.
#[derive(Default)]
struct Texts {
    track: Track,
    nodes: Vec<Option<String>>,
    merges: usize,
}

impl Texts {
    fn settle(&mut self, time: i64, text: &str, frame: Frame) {
        let leaf = self.keep(text.to_owned());
        let values = Some(leaf);
        let waiting = Waiting {
            row: leaf,
            arrival: self.track.next as u64,
            time: None,
        };
        self.track.settle(time, Places { leaf, values }, waiting);
        for level in 1.. {
            let mut is_made = false;
            while let Some((left, right)) = self.track.next_node(level, frame) {
                let text = self.text(left) + &self.text(right);
                let place = self.keep(text);
                self.track.push_node(level, place);
                self.merges += 1;
                is_made = true;
            }
            if !is_made {
                break;
            }
        }
    }

    fn keep(&mut self, text: String) -> u32 {
        self.nodes.push(Some(text));
        self.nodes.len() as u32 - 1
    }

    fn text(&self, place: u32) -> String {
        let text = self.nodes[place as usize].clone();
        text.expect("a run that was not forgotten")
    }

    /// The texts of the frames that are complete.
    fn fire(&mut self, frame: Frame, now: i64, is_end: bool) -> Vec<String> {
        let ready = self.track.ready(frame, is_end);
        let mut texts = Vec::new();
        for (row, _) in ready {
            let rows = self.track.frame_of(row, frame);
            let runs = self.track.runs_of(rows.clone());
            self.merges += runs.len() - 1;
            let text: String = runs.into_iter().map(|run| self.text(run)).collect();
            let values = self.track.values_of(rows).map(|place| self.text(place));
            assert_eq!(values.collect::<String>(), text);
            texts.push(text);
        }
        let mut freed = Freed::default();
        self.track.trim(frame, now, &mut freed);
        for place in freed.nodes {
            assert!(self.nodes[place as usize].take().is_some(), "freed twice");
        }
        texts
    }
}

fn frame(kind: WindowKind) -> Frame {
    Frame::of(kind).expect("a rolling window")
}

fn rows(rows: u64, following: u64) -> Frame {
    let rows = NonZeroU64::new(rows).expect("not zero");
    frame(WindowKind::RollingRows { rows, following })
}

#[test]
fn rows_wait_for_those_that_follow() {
    let frame = rows(2, 1);
    let mut texts = Texts::default();
    texts.settle(0, "a", frame);
    assert!(texts.fire(frame, 0, false).is_empty());
    texts.settle(0, "b", frame);
    texts.settle(0, "c", frame);
    assert_eq!(texts.fire(frame, 0, false), ["ab", "abc"]);
    assert_eq!(texts.fire(frame, 0, true), ["bc"]);
}

#[test]
fn a_span_leaves_out_what_is_as_old_as_it_is_long() {
    let frame = Frame::Span(10);
    let mut texts = Texts::default();
    for (time, text) in [(0, "a"), (5, "b"), (10, "c"), (10, "d")] {
        texts.settle(time, text, frame);
    }
    assert_eq!(texts.fire(frame, 15, false), ["a", "ab", "bc", "bcd"]);
    // The row at 5 is needed by no row from 15 on.
    assert_eq!(texts.track.times, [10, 10]);
}

#[test]
fn a_long_frame_costs_few_merges() {
    let frame = rows(1000, 0);
    let mut texts = Texts::default();
    for row in 0..5000 {
        texts.settle(row, "x", frame);
        texts.fire(frame, row, false);
    }
    assert!(texts.merges < 5000 * 16, "{}", texts.merges);
    let kept = texts.nodes.iter().flatten().count();
    assert!(kept < 2100, "{kept}");
}

proptest! {
    #[test]
    fn frames_hold_the_rows_they_should(
        batches in prop::collection::vec(prop::collection::vec(0_i64..4, 0..9), 0..20),
        count in 1_u64..12, following in 0_u64..4, span in prop::option::of(1_i64..20),
    ) {
        let frame = span.map_or(rows(count, following), Frame::Span);
        let mut texts = Texts::default();
        let (mut found, mut all) = (Vec::new(), Vec::new());
        let mut now = 0;
        for batch in batches {
            for step in batch {
                now += step;
                let text = char::from_u32('a' as u32 + all.len() as u32 % 26);
                let text = text.expect("a letter").to_string();
                texts.settle(now, &text, frame);
                all.push((now, text));
            }
            found.extend(texts.fire(frame, now, false));
            let kept = texts.nodes.iter().flatten().count();
            prop_assert!(kept <= 2 * texts.track.times.len() + 1, "{}", kept);
        }
        found.extend(texts.fire(frame, now, true));
        let expected: Vec<String> = (0..all.len())
            .map(|row| {
                let is_in = |other: usize| match span {
                    Some(span) => other <= row && all[other].0 > all[row].0 - span,
                    None => other + count as usize > row && other <= row + following as usize,
                };
                let frame = (0..all.len()).filter(|other| is_in(*other));
                frame.map(|row| all[row].1.as_str()).collect()
            })
            .collect();
        prop_assert_eq!(found, expected);
    }
}
