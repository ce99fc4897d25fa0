//! Puts rows of a join's output together from rows of both sides.

use std::sync::Arc;

use anyhow::Context as _;
use arrow::{
    array::{
        Array, ArrayRef, BooleanArray, TimestampMicrosecondArray, UInt32Array, new_null_array,
    },
    compute::{self, kernels::zip::zip},
    datatypes::{DataType, SchemaRef},
    error::ArrowError,
};

use super::{both::Both, chunk::Chunk, store::Place};
use crate::{
    batch::{Batch, Origin},
    operator::{JoinBound, JoinColumn, JoinWork, Side, StageSpec},
    window::WindowKind,
};

/// The columns of the output, and which columns of the input it needs for them.
pub(super) struct Weave {
    columns: Vec<Column>,
    /// The places in the input of the columns that are kept.
    kept: Both<Vec<usize>>,
    schema: SchemaRef,
}

/// Where a column comes from; columns of a side by their place among those that are kept.
#[derive(Clone, Copy)]
enum Column {
    WindowStart,
    WindowEnd,
    Of(Side, usize),
    Key { left: usize, right: usize },
}

/// The rows of one side for some rows of the output.
pub(super) enum Strand<'a> {
    /// Rows of a batch.
    Batch {
        columns: &'a [ArrayRef],
        rows: UInt32Array,
    },
    /// Rows that were kept; no place stands for no row.
    Kept {
        chunks: &'a [Chunk],
        places: Vec<Option<Place>>,
    },
}

/// The start and the end of the window of each row.
#[derive(Debug, Default)]
pub(super) struct Bounds {
    pub(super) starts: Vec<i64>,
    pub(super) ends: Vec<i64>,
}

/// The columns that name the window of a row, where windows are those of the input.
pub(super) const BOUNDS: [&str; 2] = ["window_start", "window_end"];

impl Weave {
    pub(super) fn new(spec: &StageSpec, work: &JoinWork) -> Self {
        let mut weave = Self {
            columns: Vec::new(),
            kept: Both::default(),
            schema: spec.output.to_arrow(),
        };
        let is_inherited = work.bound == JoinBound::Window(WindowKind::Inherited);
        if let JoinBound::Window(window) = work.bound
            && window.has_bounds()
            && !is_inherited
        {
            weave.columns = vec![Column::WindowStart, Column::WindowEnd];
        }
        for column in &work.output {
            let column = match *column {
                JoinColumn::Left(place) => {
                    let name = spec.input.fields()[place].name.as_str();
                    match BOUNDS.iter().position(|bound| *bound == name) {
                        // There even if there is no left row.
                        Some(0) if is_inherited => Column::WindowStart,
                        Some(_) if is_inherited => Column::WindowEnd,
                        _ => Column::Of(Side::Left, weave.keep(Side::Left, place)),
                    }
                }
                JoinColumn::Right(place) => Column::Of(Side::Right, weave.keep(Side::Right, place)),
                JoinColumn::Key(place) => Column::Key {
                    left: weave.keep(Side::Left, work.left_key[place]),
                    right: weave.keep(Side::Right, work.right_key[place]),
                },
            };
            weave.columns.push(column);
        }
        weave
    }

    /// Keeps a column of a side; returns its place among those that are kept.
    pub(super) fn keep(&mut self, side: Side, place: usize) -> usize {
        let kept = &mut self.kept[side];
        let known = kept.iter().position(|&other| other == place);
        known.unwrap_or_else(|| {
            kept.push(place);
            kept.len() - 1
        })
    }

    /// The columns of a batch that are kept.
    pub(super) fn kept(&self, side: Side, batch: &Batch) -> Vec<ArrayRef> {
        let places = self.kept[side].iter();
        places
            .map(|&place| Arc::clone(batch.column(place)))
            .collect()
    }

    /// How many columns of a side are kept.
    pub(super) fn width(&self, side: Side) -> usize {
        self.kept[side].len()
    }

    /// The rows of the output whose parts are `strands`, with their event times.
    pub(super) fn weave(
        &self,
        rows: usize,
        strands: Both<Strand<'_>>,
        bounds: Bounds,
        times: Option<Vec<i64>>,
    ) -> anyhow::Result<Batch> {
        let threads = Both {
            left: Thread::new(strands.left),
            right: Thread::new(strands.right),
        };
        let bound = |times: Vec<i64>| -> ArrayRef {
            Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC"))
        };
        let (starts, ends) = (bound(bounds.starts), bound(bounds.ends));
        let columns = self.columns.iter().zip(self.schema.fields());
        let columns = columns.map(|(column, field)| match *column {
            Column::WindowStart => Ok(Arc::clone(&starts)),
            Column::WindowEnd => Ok(Arc::clone(&ends)),
            Column::Of(side, place) => threads[side].column(place, field.data_type()),
            Column::Key { left, right } => {
                let column = threads.left.column(left, field.data_type())?;
                let Some(there) = threads.left.there() else {
                    return Ok(column);
                };
                let other = threads.right.column(right, field.data_type())?;
                zip(&there, &column, &other)
            }
        });
        let columns = columns.collect::<Result<Vec<_>, ArrowError>>();
        let columns = columns.context("the rows of a join cannot be put together")?;
        let times = times.map(Into::into);
        let schema = Arc::clone(&self.schema);
        Ok(Batch::new(schema, columns, rows, times, Origin::Derived)?)
    }
}

/// A strand, ready to be read column by column.
enum Thread<'a> {
    Batch {
        columns: &'a [ArrayRef],
        rows: UInt32Array,
    },
    /// Of one chunk.
    Chunk {
        chunk: &'a Chunk,
        rows: UInt32Array,
    },
    /// Of several chunks; rows of the chunk after the last are not there.
    Chunks {
        chunks: Vec<&'a Chunk>,
        rows: Vec<(usize, usize)>,
    },
    Missing(usize),
}

impl<'a> Thread<'a> {
    fn new(strand: Strand<'a>) -> Self {
        match strand {
            Strand::Batch { columns, rows } => Self::Batch { columns, rows },
            Strand::Kept { chunks, places } => Self::of_places(chunks, &places),
        }
    }

    fn of_places(all: &'a [Chunk], places: &[Option<Place>]) -> Self {
        const UNUSED: u32 = u32::MAX;
        // Of many chunks few may be needed.
        let mut numbers = vec![UNUSED; all.len()];
        let mut chunks = Vec::new();
        for place in places.iter().flatten() {
            let number = &mut numbers[place.chunk as usize];
            if *number == UNUSED {
                *number = chunks.len() as u32;
                chunks.push(&all[place.chunk as usize]);
            }
        }
        let is_whole = places.iter().all(Option::is_some);
        match (&chunks[..], is_whole) {
            ([], _) => Self::Missing(places.len()),
            ([chunk], true) => Self::Chunk {
                chunk,
                rows: places.iter().flatten().map(|place| place.row).collect(),
            },
            _ => {
                let row = |place: &Option<Place>| match place {
                    None => (chunks.len(), 0),
                    Some(place) => (numbers[place.chunk as usize] as usize, place.row as usize),
                };
                Self::Chunks {
                    rows: places.iter().map(row).collect(),
                    chunks,
                }
            }
        }
    }

    fn column(&self, place: usize, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
        match self {
            Self::Missing(rows) => Ok(new_null_array(data_type, *rows)),
            Self::Batch { columns, rows } => compute::take(&columns[place], rows, None),
            Self::Chunk { chunk, rows } => compute::take(&chunk.rows.columns[place], rows, None),
            Self::Chunks { chunks, rows } => {
                let null = new_null_array(data_type, 1);
                let columns = chunks.iter().map(|chunk| &chunk.rows.columns[place]);
                let columns: Vec<&dyn Array> = columns.chain([&null]).map(AsRef::as_ref).collect();
                compute::interleave(&columns, rows)
            }
        }
    }

    /// Which rows are there; `None` if all are.
    fn there(&self) -> Option<BooleanArray> {
        match self {
            Self::Batch { .. } | Self::Chunk { .. } => None,
            Self::Missing(rows) => Some(vec![false; *rows].into()),
            Self::Chunks { chunks, rows } => {
                let there: Vec<bool> = rows.iter().map(|row| row.0 < chunks.len()).collect();
                there.contains(&false).then(|| there.into())
            }
        }
    }
}
