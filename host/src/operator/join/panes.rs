//! Which rows of a join are in which window, and which window is due.

use std::collections::BTreeMap;

use anyhow::Context as _;
use arrow::{
    array::{Array, ArrayRef, AsArray},
    datatypes::TimestampMicrosecondType,
};

use super::{
    both::Both,
    store::{RowId, Until},
    weave::BOUNDS,
};
use crate::{
    batch::{Batch, Schema},
    operator::Side,
    time::{Timestamp, Watermark},
    window::{Slice, Slicing, WindowKind, next_due},
};

/// Rows that share all of their windows.
type Pane = Both<Vec<RowId>>;

/// The rows of a join by the windows that they are in.
///
/// A row is in one pane. Its *time* is what it is let go by: the number of its slice or the end of its
/// window.
pub(super) enum Panes {
    /// Windows that are the same for all rows: a window is made of slices.
    Sliced {
        slicing: Slicing,
        /// By the number of the slice.
        panes: BTreeMap<i64, Pane>,
        /// The first window that is not over.
        next: i64,
    },
    /// Windows that the rows name.
    Named {
        /// The columns of start and end.
        columns: Both<[usize; 2]>,
        /// By end and start.
        panes: BTreeMap<(i64, i64), Pane>,
    },
}

/// A window that is due.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    pub(super) window: Slice,
    /// For slices, the number of the window.
    number: i64,
}

/// Where the rows of a batch go.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    /// Rows in windows that are not over.
    pub(super) kept: Vec<u32>,
    /// Their times.
    pub(super) times: Vec<i64>,
    /// Rows whose windows are all over.
    pub(super) late: Vec<u32>,
    /// How many rows are in no window.
    pub(super) outside: usize,
}

impl Panes {
    pub(super) fn new(window: WindowKind, left: &Schema, right: &Schema) -> anyhow::Result<Self> {
        if let Some(slicing) = Slicing::new(window) {
            return Ok(Self::Sliced {
                slicing,
                panes: BTreeMap::new(),
                next: slicing.first_open(Watermark::START.time()),
            });
        }
        let place = |schema: &Schema, name| {
            let found = schema.find(name).map(|(place, _)| place);
            found.with_context(|| format!("an input has no column `{name}`"))
        };
        let places = |schema| -> anyhow::Result<[usize; 2]> {
            Ok([place(schema, BOUNDS[0])?, place(schema, BOUNDS[1])?])
        };
        Ok(Self::Named {
            columns: Both {
                left: places(left)?,
                right: places(right)?,
            },
            panes: BTreeMap::new(),
        })
    }

    /// Sorts the rows of a batch by what becomes of them.
    pub(super) fn sort(&self, side: Side, batch: &Batch, watermark: Watermark) -> Sorted {
        let mut sorted = Sorted::default();
        match self {
            Self::Sliced { slicing, .. } => {
                let Some(times) = batch.times() else {
                    // A stream without event time has one window, so any instant will do.
                    let rows = 0..batch.rows() as u32;
                    rows.for_each(|row| sorted.put(row, of_time(slicing, 0, watermark)));
                    return sorted;
                };
                let mut last = None;
                for (row, &time) in (0..).zip(times) {
                    let same = last.filter(|(known, _)| *known == time);
                    let (_, fate) =
                        same.unwrap_or_else(|| (time, of_time(slicing, time, watermark)));
                    last = Some((time, fate));
                    sorted.put(row, fate);
                }
            }
            Self::Named { columns, .. } => {
                let [start, end] = columns[side].map(|place| batch.column(place));
                let ends = end.as_primitive::<TimestampMicrosecondType>();
                for row in 0..batch.rows() {
                    let fate = if start.is_null(row) || end.is_null(row) {
                        Fate::Outside
                    } else if watermark.closes(Timestamp::from_micros(ends.value(row))) {
                        Fate::Late
                    } else {
                        Fate::Kept(ends.value(row))
                    };
                    sorted.put(row as u32, fate);
                }
            }
        }
        sorted
    }

    /// Takes note of rows with these times, the first one `row`. `starts` are those of their windows, if
    /// rows name them.
    pub(super) fn add(
        &mut self,
        side: Side,
        mut row: RowId,
        times: &[i64],
        starts: Option<&ArrayRef>,
    ) -> anyhow::Result<()> {
        match self {
            Self::Sliced { panes, .. } => {
                for part in times.chunk_by(|a, b| a == b) {
                    let pane = panes.entry(part[0]).or_default();
                    pane[side].extend(row.following(part.len()));
                    row.0 += part.len() as u64;
                }
            }
            Self::Named { panes, .. } => {
                let starts = starts.context("the windows of rows have no starts")?;
                let starts = starts.as_primitive::<TimestampMicrosecondType>().values();
                for (&end, &start) in times.iter().zip(starts) {
                    panes.entry((end, start)).or_default()[side].push(row);
                    row.0 += 1;
                }
            }
        }
        Ok(())
    }

    /// The first window that `to` closes.
    pub(super) fn due(&self, to: Watermark) -> Option<Due> {
        match self {
            Self::Sliced {
                slicing,
                panes,
                next,
            } => {
                let number = next_due(slicing, panes, *next, to)?;
                let window = slicing.window(number);
                Some(Due { window, number })
            }
            Self::Named { panes, .. } => {
                let (&(end, start), _) = panes.first_key_value()?;
                let [start, end] = [start, end].map(Timestamp::from_micros);
                let window = Slice { start, end };
                to.closes(end).then_some(Due { window, number: 0 })
            }
        }
    }

    /// The rows of one side in a window, in the order in which they came.
    pub(super) fn rows(&self, due: Due, side: Side) -> Vec<RowId> {
        match self {
            Self::Sliced { slicing, panes, .. } => {
                let panes = panes.range(slicing.slices_of(due.number));
                let mut rows: Vec<RowId> = Vec::new();
                panes.for_each(|(_, pane)| rows.extend(&pane[side]));
                // Slices that came one after the other are in order already.
                rows.sort();
                rows
            }
            Self::Named { panes, .. } => {
                let pane = panes.get(&key(due.window));
                pane.map_or_else(Vec::new, |pane| pane[side].clone())
            }
        }
    }

    /// Takes note that a window is over.
    pub(super) fn close(&mut self, due: Due) {
        match self {
            Self::Sliced { panes, next, .. } => match due.number.checked_add(1) {
                Some(following) => *next = following,
                // There is no window after this one.
                None => panes.clear(),
            },
            Self::Named { panes, .. } => {
                panes.remove(&key(due.window));
            }
        }
    }

    /// Forgets the rows that are in no window any more; returns up to where that is.
    pub(super) fn reach(&mut self, watermark: Watermark) -> Until {
        match self {
            _ if watermark == Watermark::END => {
                self.clear();
                Until::End
            }
            Self::Sliced {
                slicing,
                panes,
                next,
            } => {
                *next = (*next).max(slicing.first_open(watermark.time()));
                let slice = slicing.slices_of(*next).start;
                while panes
                    .first_key_value()
                    .is_some_and(|(first, _)| *first < slice)
                {
                    panes.pop_first();
                }
                Until::Before(slice)
            }
            Self::Named { .. } => Until::Before(watermark.time().as_micros().saturating_add(1)),
        }
    }

    fn clear(&mut self) {
        match self {
            Self::Sliced { panes, .. } => panes.clear(),
            Self::Named { panes, .. } => panes.clear(),
        }
    }
}

/// What becomes of a row.
#[derive(Clone, Copy)]
enum Fate {
    Kept(i64),
    Late,
    Outside,
}

fn of_time(slicing: &Slicing, time: i64, watermark: Watermark) -> Fate {
    let Some(slice) = slicing.slice_at(Timestamp::from_micros(time)) else {
        return Fate::Outside;
    };
    let last = *slicing.windows_of(slice).end();
    if watermark.closes(slicing.window(last).end) {
        Fate::Late
    } else {
        Fate::Kept(slice)
    }
}

/// The place of a window that rows name.
const fn key(window: Slice) -> (i64, i64) {
    (window.end.as_micros(), window.start.as_micros())
}

impl Sorted {
    fn put(&mut self, row: u32, fate: Fate) {
        match fate {
            Fate::Kept(time) => {
                self.kept.push(row);
                self.times.push(time);
            }
            Fate::Late => self.late.push(row),
            Fate::Outside => self.outside += 1,
        }
    }
}
