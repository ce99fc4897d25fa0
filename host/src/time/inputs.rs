//! The watermark over several inputs: the least of theirs, without those that are idle.

use super::Watermark;

/// One of several inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputProgress {
    /// How far it has come; the end of time when it has ended.
    pub watermark: Watermark,
    /// Whether it does not hold the others back.
    pub idle: bool,
}

impl InputProgress {
    /// How far all of `inputs` have come: the least watermark of those that are not idle. Inputs that
    /// have ended do not count as long as there are others. When all of the others are idle, the
    /// greatest of theirs counts: so it does not matter which of them was idle first. `None` of none.
    pub fn of_all(mut inputs: impl Iterator<Item = Self> + Clone) -> Option<Self> {
        let open = inputs
            .clone()
            .filter(|input| input.watermark != Watermark::END);
        let watermarks = |idle| {
            let inputs = open.clone().filter(move |input| input.idle == idle);
            inputs.map(|input| input.watermark)
        };
        if let Some(watermark) = watermarks(false).min() {
            let idle = false;
            return Some(Self { watermark, idle });
        }
        if let Some(watermark) = watermarks(true).max() {
            let idle = true;
            return Some(Self { watermark, idle });
        }
        let ended = |_| Self {
            watermark: Watermark::END,
            idle: false,
        };
        inputs.next().map(ended)
    }
}

/// The watermark of a subtask with several inputs. It never goes back, not even when an input comes
/// back that was idle.
#[derive(Clone, Debug)]
pub struct InputWatermarks {
    inputs: Vec<InputProgress>,
    current: Watermark,
    idle: bool,
}

impl InputWatermarks {
    /// `inputs` inputs that have not said anything yet.
    pub fn new(inputs: usize) -> Self {
        Self::resume(inputs, Watermark::START)
    }

    /// `inputs` inputs that had come to `watermark` together, and will say how far they are.
    pub fn resume(inputs: usize, watermark: Watermark) -> Self {
        let idle = false;
        Self {
            inputs: vec![InputProgress { watermark, idle }; inputs],
            current: watermark,
            idle,
        }
    }

    /// How many inputs there are.
    pub const fn len(&self) -> usize {
        self.inputs.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.inputs.is_empty()
    }

    /// Where the watermark stands.
    pub const fn current(&self) -> Watermark {
        self.current
    }

    /// Whether there are inputs that have not ended, and all of those are idle.
    pub const fn is_idle(&self) -> bool {
        self.idle
    }

    /// Takes note of the watermark of one input, which is then not idle, and returns the watermark of
    /// all if that has moved. An input may go back, when part of it was idle and is there again: it then
    /// holds the others back, but nobody is told less than before.
    ///
    /// # Panics
    ///
    /// If there is no such input.
    pub fn advance(&mut self, input: usize, watermark: Watermark) -> Option<Watermark> {
        let idle = false;
        self.inputs[input] = InputProgress { watermark, idle };
        self.settle()
    }

    /// Takes note that rows come through an input: it is not idle.
    ///
    /// # Panics
    ///
    /// If there is no such input.
    pub fn wake(&mut self, input: usize) {
        if self.inputs[input].idle {
            self.inputs[input].idle = false;
            // The watermark cannot move: one more input holds it back.
            self.settle();
        }
    }

    /// Takes note that an input is idle, and returns the watermark of all if that has moved.
    ///
    /// # Panics
    ///
    /// If there is no such input.
    pub fn rest(&mut self, input: usize) -> Option<Watermark> {
        self.inputs[input].idle = true;
        self.settle()
    }

    fn settle(&mut self) -> Option<Watermark> {
        let all = InputProgress::of_all(self.inputs.iter().copied())?;
        self.idle = all.idle;
        (all.watermark > self.current).then(|| {
            self.current = all.watermark;
            self.current
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::Timestamp;

    fn at(micros: i64) -> Watermark {
        Watermark::at(Timestamp::from_micros(micros))
    }

    #[test]
    fn a_silent_input_holds_the_others_back() {
        let mut inputs = InputWatermarks::new(2);
        assert_eq!(inputs.advance(0, at(10)), None);
        assert_eq!(inputs.advance(1, at(5)), Some(at(5)));
        assert_eq!(inputs.advance(1, Watermark::END), Some(at(10)));
    }

    #[test]
    fn an_idle_input_holds_nobody_back_until_it_is_back() {
        let mut inputs = InputWatermarks::new(2);
        inputs.advance(0, at(10));
        assert_eq!(inputs.rest(1), Some(at(10)));
        assert_eq!(inputs.advance(0, at(20)), Some(at(20)));
        inputs.wake(1);
        assert_eq!(inputs.advance(0, at(30)), None);
        assert_eq!(inputs.advance(1, at(15)), None);
        assert_eq!(inputs.advance(1, at(25)), Some(at(25)));
    }

    #[test]
    fn an_input_that_goes_back_holds_the_others_back() {
        let mut inputs = InputWatermarks::new(2);
        inputs.advance(0, at(10));
        assert_eq!(inputs.advance(1, at(20)), Some(at(10)));
        assert_eq!(inputs.advance(0, at(5)), None);
        assert_eq!(inputs.current(), at(10));
        assert_eq!(inputs.advance(1, at(30)), None);
        assert_eq!(inputs.advance(0, at(15)), Some(at(15)));
    }

    #[test]
    fn it_does_not_matter_which_input_is_idle_first() {
        for order in [[0, 1], [1, 0]] {
            let mut inputs = InputWatermarks::new(2);
            inputs.advance(0, at(10));
            inputs.advance(1, at(5));
            for input in order {
                assert!(!inputs.is_idle());
                inputs.rest(input);
            }
            assert!(inputs.is_idle());
            assert_eq!(inputs.current(), at(10));
        }
    }

    #[test]
    fn an_input_that_has_ended_does_not_end_time_for_those_that_are_idle() {
        let mut inputs = InputWatermarks::new(2);
        inputs.advance(0, at(5));
        assert_eq!(inputs.advance(1, Watermark::END), Some(at(5)));
        assert_eq!(inputs.rest(0), None);
        assert!(inputs.is_idle());
        assert_eq!(inputs.advance(0, Watermark::END), Some(Watermark::END));
        assert!(!inputs.is_idle());
    }

    #[derive(Clone, Debug)]
    enum Change {
        Advance(usize, i64),
        Rest(usize),
        Wake(usize),
    }

    fn changes() -> impl Strategy<Value = Vec<Change>> {
        let input = 0_usize..3;
        let change = prop_oneof![
            3 => (input.clone(), prop_oneof![0_i64..20, any::<i64>()])
                .prop_map(|(input, micros)| Change::Advance(input, micros)),
            1 => input.clone().prop_map(Change::Rest),
            1 => input.prop_map(Change::Wake),
        ];
        prop::collection::vec(change, 0..50)
    }

    proptest! {
        #[test]
        fn watermarks_never_go_back(changes in changes()) {
            let mut inputs = InputWatermarks::new(3);
            let mut last = Watermark::START;
            let mut highest = [Watermark::START; 3];
            for change in changes {
                let moved = match change {
                    Change::Advance(input, micros) => {
                        highest[input] = highest[input].max(at(micros));
                        inputs.advance(input, at(micros))
                    }
                    Change::Rest(input) => inputs.rest(input),
                    Change::Wake(input) => {
                        inputs.wake(input);
                        None
                    }
                };
                if let Some(next) = moved {
                    prop_assert!(next > last);
                    last = next;
                }
                prop_assert_eq!(inputs.current(), last);
                // Nobody is ever told more than some input has said.
                prop_assert!(last <= highest.into_iter().max().expect("three inputs"));
            }
        }

        #[test]
        fn inputs_become_idle_in_any_order(
            micros in prop::collection::vec(0_i64..10, 4),
            mut order in Just(vec![0_usize, 1, 2, 3]).prop_shuffle(),
            idle in 0_usize..=4,
        ) {
            let end = |order: &[usize]| {
                let mut inputs = InputWatermarks::new(4);
                for (input, &micros) in micros.iter().enumerate() {
                    inputs.advance(input, at(micros));
                }
                for &input in order {
                    inputs.rest(input);
                }
                (inputs.current(), inputs.is_idle())
            };
            order.truncate(idle);
            let first = end(&order);
            order.sort_unstable();
            prop_assert_eq!(first, end(&order));
        }
    }
}
