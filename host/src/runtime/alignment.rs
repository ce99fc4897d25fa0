//! Brings the barriers of several inputs together.
//!
//! What comes through an input behind its barrier is put aside until the barriers of all the others are
//! there, and comes in order after them. An input that has ended is not waited for. How much is put aside
//! is bounded by the sources, which read only so far beyond a barrier (see [`barriers`](super::barriers)).

use std::collections::VecDeque;

use super::message::{Event, Message};

/// Brings the barriers of several inputs together.
#[derive(Debug)]
pub(super) struct Alignment {
    inputs: Vec<Input>,
    /// The barrier that has come through some inputs.
    barrier: Option<u64>,
    /// What has come behind it, in order.
    aside: VecDeque<Message>,
    /// What has come and was not looked at yet, in order.
    ready: VecDeque<Message>,
}

/// How far an input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Input {
    /// Its barrier has yet to come.
    Open,
    /// Its barrier has come.
    Waits,
    /// Nothing will come.
    Ended,
}

/// What is to be handled next.
#[derive(Debug)]
pub(super) enum Aligned {
    /// Never a barrier.
    Message(Message),
    /// The barrier of this number has come through all inputs that have not ended.
    Barrier(u64),
}

impl Alignment {
    /// Of so many inputs.
    pub(super) fn new(inputs: usize) -> Self {
        Self {
            inputs: vec![Input::Open; inputs],
            barrier: None,
            aside: VecDeque::new(),
            ready: VecDeque::new(),
        }
    }

    /// Takes what has come. [`next`](Self::next) is to be called until it gives nothing.
    pub(super) fn push(&mut self, message: Message) {
        let input = message.input;
        match message.event {
            Event::Several(events) => {
                let messages = events.into_iter().map(|event| Message { input, event });
                self.ready.extend(messages);
            }
            event => self.ready.push_back(Message { input, event }),
        }
    }

    /// Whether something is put aside for a barrier.
    pub(super) fn holds_back(&self) -> bool {
        !self.aside.is_empty()
    }

    /// What is to be handled next.
    pub(super) fn next(&mut self) -> Option<Aligned> {
        loop {
            if let Some(barrier) = self.complete() {
                return Some(Aligned::Barrier(barrier));
            }
            let message = self.ready.pop_front()?;
            let input = &mut self.inputs[message.input];
            match message.event {
                _ if *input == Input::Waits => self.aside.push_back(message),
                Event::Barrier(number) => {
                    debug_assert!(self.barrier.is_none_or(|barrier| barrier == number));
                    *input = Input::Waits;
                    self.barrier = Some(number);
                }
                Event::End => {
                    *input = Input::Ended;
                    return Some(Aligned::Message(message));
                }
                _ => return Some(Aligned::Message(message)),
            }
        }
    }

    /// Takes out what waits for a barrier, in order, as if there was none.
    pub(super) fn take_rest(&mut self) -> VecDeque<Message> {
        let mut rest = std::mem::take(&mut self.aside);
        rest.append(&mut self.ready);
        rest.retain(|message| !matches!(message.event, Event::Barrier(_)));
        rest
    }

    /// The barrier, if all inputs have come to it. They go on behind it then.
    fn complete(&mut self) -> Option<u64> {
        if self.inputs.contains(&Input::Open) {
            return None;
        }
        let barrier = self.barrier.take()?;
        for input in &mut self.inputs {
            if *input == Input::Waits {
                *input = Input::Open;
            }
        }
        self.aside.append(&mut self.ready);
        self.ready = std::mem::take(&mut self.aside);
        Some(barrier)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::{Timestamp, Watermark};

    fn message(input: usize, event: Event) -> Message {
        Message { input, event }
    }

    /// Something to tell apart.
    fn data(value: i64) -> Event {
        Event::Watermark(Watermark::at(Timestamp::from_micros(value)))
    }

    /// What comes out, in words: `input:value`, `input:end`, `barrier n`.
    fn drain(alignment: &mut Alignment) -> Vec<String> {
        let next = std::iter::from_fn(|| alignment.next());
        let words = next.map(|aligned| match aligned {
            Aligned::Barrier(number) => format!("barrier {number}"),
            Aligned::Message(message) => match message.event {
                Event::Watermark(watermark) => {
                    format!("{}:{}", message.input, watermark.time().as_micros())
                }
                Event::End => format!("{}:end", message.input),
                other => format!("{other:?}"),
            },
        });
        words.collect()
    }

    #[track_caller]
    fn check(inputs: usize, messages: Vec<Message>, expected: &[&str]) {
        let mut alignment = Alignment::new(inputs);
        let mut found = Vec::new();
        for message in messages {
            alignment.push(message);
            found.extend(drain(&mut alignment));
        }
        assert_eq!(found, expected);
    }

    #[test]
    fn what_comes_behind_a_barrier_waits_for_the_others() {
        let messages = vec![
            message(0, data(1)),
            message(0, Event::Barrier(7)),
            message(0, data(2)),
            message(1, data(3)),
            message(0, data(4)),
            message(1, Event::Barrier(7)),
            message(1, data(5)),
        ];
        let expected = ["0:1", "1:3", "barrier 7", "0:2", "0:4", "1:5"];
        check(2, messages, &expected);
    }

    #[test]
    fn what_comes_together_is_taken_one_after_the_other() {
        let messages = vec![
            message(0, Event::Several(vec![data(1), Event::Barrier(7), data(2)])),
            message(1, Event::Several(vec![data(3), data(4)])),
            message(1, Event::Several(vec![Event::Barrier(7), Event::End])),
        ];
        let expected = ["0:1", "1:3", "1:4", "barrier 7", "0:2", "1:end"];
        check(2, messages, &expected);
    }

    #[test]
    fn an_input_that_has_ended_is_not_waited_for() {
        let messages = vec![
            message(1, Event::End),
            message(0, Event::Barrier(1)),
            message(2, Event::Barrier(1)),
            message(0, Event::Barrier(2)),
            message(0, Event::End),
            message(2, Event::End),
        ];
        let expected = ["1:end", "barrier 1", "2:end", "barrier 2", "0:end"];
        check(3, messages, &expected);
    }

    /// What each of some inputs sends: values, with barriers between them, and an end.
    fn lanes() -> impl Strategy<Value = Vec<Vec<usize>>> {
        // For each lane, how many values come before each barrier, and before the end. Lanes end early.
        prop::collection::vec(prop::collection::vec(0_usize..4, 1..5), 1..4)
    }

    proptest! {
        /// However inputs are mixed: everything comes out once and in the order of its input, what came
        /// before a barrier comes out before it, and what came after it after.
        #[test]
        fn barriers_cut_every_input_at_the_same_place(
            lanes in lanes(),
            picks in prop::collection::vec(any::<prop::sample::Index>(), 200),
        ) {
            let mut waiting: Vec<VecDeque<Event>> = lanes
                .iter()
                .map(|lane| {
                    let mut events = VecDeque::new();
                    for (barrier, values) in lane.iter().enumerate() {
                        if barrier > 0 {
                            events.push_back(Event::Barrier(barrier as u64));
                        }
                        for _ in 0..*values {
                            events.push_back(data(barrier as i64));
                        }
                    }
                    events.push_back(Event::End);
                    events
                })
                .collect();
            let mut alignment = Alignment::new(lanes.len());
            let mut found = Vec::new();
            for pick in picks {
                let open: Vec<usize> = (0..lanes.len()).filter(|lane| !waiting[*lane].is_empty()).collect();
                let Some(&lane) = (!open.is_empty()).then(|| pick.get(&open)) else { break };
                let event = waiting[lane].pop_front().expect("an event");
                alignment.push(message(lane, event));
                found.extend(drain(&mut alignment));
            }
            prop_assert!(waiting.iter().all(VecDeque::is_empty));
            prop_assert!(alignment.aside.is_empty());
            let longest = lanes.iter().map(Vec::len).max().expect("a lane");
            let mut parts = found.split(|word| word.starts_with("barrier"));
            for part in 0..longest {
                let words = parts.next().expect("a part for each barrier");
                for (lane, values) in lanes.iter().enumerate() {
                    let of_lane = words.iter().filter(|word| word.starts_with(&format!("{lane}:")));
                    let of_lane: Vec<_> = of_lane.collect();
                    let count = of_lane.iter().filter(|word| ***word == format!("{lane}:{part}"));
                    prop_assert_eq!(count.count(), values.get(part).copied().unwrap_or_default());
                    let ends = of_lane.iter().filter(|word| word.ends_with(":end")).count();
                    prop_assert_eq!(of_lane.len() - ends, values.get(part).copied().unwrap_or_default());
                    if values.len() == part + 1 {
                        prop_assert_eq!(ends, 1);
                    }
                }
            }
            prop_assert!(parts.next().is_none());
        }
    }
}
