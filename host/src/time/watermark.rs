//! Watermarks: how far event time has come, of a partition and over several inputs.

use std::fmt;

use super::{Duration, Timestamp};

/// No more rows with an event time below this are expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Watermark(Timestamp);

impl Watermark {
    /// Nothing is known yet: any row may still come.
    pub const START: Self = Self(Timestamp::from_micros(i64::MIN));
    /// The end of time: no row will come any more.
    pub const END: Self = Self(Timestamp::from_micros(i64::MAX));

    /// The watermark at `time`.
    pub const fn at(time: Timestamp) -> Self {
        Self(time)
    }

    /// The instant at which this stands.
    pub const fn time(self) -> Timestamp {
        self.0
    }

    /// Whether a window that ends at `end` is complete.
    pub fn closes(self, end: Timestamp) -> bool {
        end <= self.0
    }
}

impl fmt::Display for Watermark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::START => formatter.write_str("the start of time"),
            Self::END => formatter.write_str("the end of time"),
            Self(time) => time.fmt(formatter),
        }
    }
}

/// The watermark of one partition of a source: the latest event time seen, less a delay.
#[derive(Clone, Debug)]
pub struct PartitionWatermark {
    delay: Duration,
    current: Watermark,
}

impl PartitionWatermark {
    /// A partition of which nothing has been read, whose rows come at most `delay` out of order.
    pub const fn new(delay: Duration) -> Self {
        Self {
            delay,
            current: Watermark::START,
        }
    }

    /// Where the watermark stands.
    pub const fn current(&self) -> Watermark {
        self.current
    }

    /// Takes note of a batch whose latest event time is `latest`. Called after the batch has been
    /// handed on, so that its rows are judged against the watermark before it.
    pub fn observe(&mut self, latest: Timestamp) {
        let reached = Watermark::at(latest.saturating_sub(self.delay));
        self.current = self.current.max(reached);
    }
}

/// The watermark of an operator with several inputs: the least of theirs.
#[derive(Clone, Debug)]
pub struct InputWatermarks {
    inputs: Vec<Watermark>,
    current: Watermark,
}

impl InputWatermarks {
    /// `inputs` inputs that have not said anything yet.
    pub fn new(inputs: usize) -> Self {
        Self {
            inputs: vec![Watermark::START; inputs],
            current: Watermark::START,
        }
    }

    /// Where the watermark stands.
    pub const fn current(&self) -> Watermark {
        self.current
    }

    /// Takes note of the watermark of one input and returns the least of all if that has moved.
    /// A watermark that goes back is ignored.
    ///
    /// # Panics
    ///
    /// If there is no such input.
    pub fn advance(&mut self, input: usize, watermark: Watermark) -> Option<Watermark> {
        let known = &mut self.inputs[input];
        *known = (*known).max(watermark);
        let least = self.inputs.iter().copied().min()?;
        (least > self.current).then(|| {
            self.current = least;
            least
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(micros: i64) -> Watermark {
        Watermark::at(Timestamp::from_micros(micros))
    }

    #[test]
    fn a_partition_stays_its_delay_behind() {
        let mut partition = PartitionWatermark::new(Duration::from_secs(60));
        assert_eq!(partition.current(), Watermark::START);
        partition.observe(Timestamp::from_micros(100_000_000));
        assert_eq!(partition.current(), at(40_000_000));
        partition.observe(Timestamp::from_micros(50_000_000));
        assert_eq!(partition.current(), at(40_000_000));
    }

    #[test]
    fn a_silent_input_holds_the_others_back() {
        let mut inputs = InputWatermarks::new(2);
        assert_eq!(inputs.advance(0, at(10)), None);
        assert_eq!(inputs.advance(1, at(5)), Some(at(5)));
        assert_eq!(inputs.advance(1, Watermark::END), Some(at(10)));
    }

    proptest! {
        #[test]
        fn watermarks_never_go_back(steps in prop::collection::vec((0_usize..3, any::<i64>()), 0..50)) {
            let mut inputs = InputWatermarks::new(3);
            let mut last = Watermark::START;
            for (input, micros) in steps {
                if let Some(next) = inputs.advance(input, at(micros)) {
                    prop_assert!(next > last);
                    last = next;
                }
                prop_assert_eq!(inputs.current(), last);
            }
        }
    }
}
