//! Puts rows of a join's output together from rows of both sides.

use std::sync::Arc;

use anyhow::Context as _;
use arrow::{
    array::{ArrayRef, TimestampMicrosecondArray},
    datatypes::SchemaRef,
    error::ArrowError,
};

use super::{both::Both, strand::Strand};
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
        strands: &Both<Strand<'_>>,
        bounds: Bounds,
        times: Option<Vec<i64>>,
    ) -> anyhow::Result<Batch> {
        let bound = |times: Vec<i64>| -> ArrayRef {
            Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC"))
        };
        let (starts, ends) = (bound(bounds.starts), bound(bounds.ends));
        let columns = self.columns.iter().zip(self.schema.fields());
        let columns = columns.map(|(column, field)| match *column {
            Column::WindowStart => Ok(Arc::clone(&starts)),
            Column::WindowEnd => Ok(Arc::clone(&ends)),
            Column::Of(side, place) => strands[side].column(place, field.data_type()),
            Column::Key { left, right } => {
                let (strand, other) = (&strands.left, &strands.right);
                strand.column_or(left, other, right, field.data_type())
            }
        });
        let columns = columns.collect::<Result<Vec<_>, ArrowError>>();
        let columns = columns.context("the rows of a join cannot be put together")?;
        let times = times.map(Into::into);
        let schema = Arc::clone(&self.schema);
        Ok(Batch::new(schema, columns, rows, times, Origin::Derived)?)
    }
}
