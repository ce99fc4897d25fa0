//! Which windows the rows of a batch are ranked in.

use std::{collections::HashMap, ops::Range};

use anyhow::{Context, bail};
use arrow::{
    array::{Array, AsArray},
    datatypes::TimestampMicrosecondType,
};

use crate::{
    batch::{Batch, DataType, Schema},
    time::{Timestamp, Watermark},
    window::{Slice, Slicing, WindowKind},
};

/// A window, in the order in which windows close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Window {
    pub(super) end: Timestamp,
    pub(super) start: Timestamp,
}

/// How windows are told.
#[derive(Clone, Copy, Debug)]
pub(super) enum Windows {
    /// By the event time of rows.
    Sliced(Slicing),
    /// By columns of the input.
    Inherited {
        /// The place of `window_start`.
        start: usize,
        /// The place of `window_end`.
        end: usize,
    },
}

/// The windows of the rows of a batch.
#[derive(Debug, Default)]
pub(super) struct Assignment {
    /// The rows that are in an open window.
    pub(super) kept: Vec<u32>,
    /// The rows all of whose windows are closed.
    pub(super) late: Vec<u32>,
    /// How many rows are in no window.
    pub(super) outside: usize,
    windows: Vec<Window>,
    /// For each kept row, where its open windows are.
    ranges: Vec<Range<usize>>,
}

/// What becomes of a row.
#[derive(Clone, Debug)]
enum Verdict {
    Kept(Range<usize>),
    Late,
    Outside,
}

impl From<Slice> for Window {
    fn from(Slice { start, end }: Slice) -> Self {
        Self { end, start }
    }
}

impl Windows {
    /// Windows of `kind` over rows of `input`.
    pub(super) fn new(kind: WindowKind, input: &Schema) -> anyhow::Result<Self> {
        if let Some(slicing) = Slicing::new(kind) {
            return Ok(Self::Sliced(slicing));
        }
        if kind != WindowKind::Inherited {
            bail!("rows cannot be ranked in windows of this kind: {kind}");
        }
        let place = |name: &str| {
            let column = input.find(name);
            let column = column.filter(|(_, field)| field.data_type == DataType::Timestamp);
            let (place, _) = column.with_context(|| format!("the input has no `{name}`"))?;
            anyhow::Ok(place)
        };
        Ok(Self::Inherited {
            start: place("window_start")?,
            end: place("window_end")?,
        })
    }

    /// Assigns the rows of `batch`, judged against `watermark`.
    pub(super) fn assign(&self, batch: &Batch, watermark: Watermark) -> Assignment {
        let mut assignment = Assignment::default();
        match *self {
            Self::Sliced(slicing) => {
                // A stream without event time has one window, so any instant will do.
                let times = batch.times().map(|times| &times[..]);
                let mut known: HashMap<Option<i64>, Verdict> = HashMap::new();
                for row in 0..batch.rows() {
                    let time = times.map_or(0, |times| times[row]);
                    let slice = slicing.slice_at(Timestamp::from_micros(time));
                    let verdict = known
                        .entry(slice)
                        .or_insert_with(|| assignment.open(slicing, slice, watermark));
                    assignment.add(row, verdict.clone());
                }
            }
            Self::Inherited { start, end } => {
                let [start, end] = [start, end].map(|place| {
                    let column = batch.column(place);
                    column.as_primitive::<TimestampMicrosecondType>()
                });
                for row in 0..batch.rows() {
                    let verdict = if start.is_null(row) || end.is_null(row) {
                        Verdict::Outside
                    } else {
                        let [start, end] = [start, end].map(|column| column.value(row));
                        assignment.open_one(
                            Window {
                                end: Timestamp::from_micros(end),
                                start: Timestamp::from_micros(start),
                            },
                            watermark,
                        )
                    };
                    assignment.add(row, verdict);
                }
            }
        }
        assignment
    }

    /// The earliest event time of rows that are taken in at `watermark`; `None` if that is told by the
    /// rows alone.
    pub(super) fn first_time(&self, watermark: Watermark) -> Option<Timestamp> {
        match self {
            Self::Sliced(slicing) => {
                let first = slicing.first_open(watermark.time());
                Some(slicing.window(first).start)
            }
            Self::Inherited { .. } => None,
        }
    }
}

impl Assignment {
    /// The open windows of the kept row at `place`.
    pub(super) fn windows_of(&self, place: usize) -> &[Window] {
        &self.windows[self.ranges[place].clone()]
    }

    fn open(&mut self, slicing: Slicing, slice: Option<i64>, watermark: Watermark) -> Verdict {
        let Some(slice) = slice else {
            return Verdict::Outside;
        };
        let first = self.windows.len();
        let windows = slicing
            .windows_of(slice)
            .map(|window| slicing.window(window));
        let open = windows.filter(|window| !watermark.closes(window.end));
        self.windows.extend(open.map(Window::from));
        match self.windows.len() == first {
            true => Verdict::Late,
            false => Verdict::Kept(first..self.windows.len()),
        }
    }

    fn open_one(&mut self, window: Window, watermark: Watermark) -> Verdict {
        if watermark.closes(window.end) {
            return Verdict::Late;
        }
        let first = self.windows.len();
        self.windows.push(window);
        Verdict::Kept(first..first + 1)
    }

    fn add(&mut self, row: usize, verdict: Verdict) {
        match verdict {
            Verdict::Kept(windows) => {
                self.kept.push(row as u32);
                self.ranges.push(windows);
            }
            Verdict::Late => self.late.push(row as u32),
            Verdict::Outside => self.outside += 1,
        }
    }
}
