//! The rows of one side in some rows of a join's output.

use arrow::{
    array::{Array, ArrayRef, UInt32Array, new_null_array},
    compute,
    datatypes::DataType,
    error::ArrowError,
};

use super::{chunk::Chunk, store::Place};

/// Rows of one side, one for each row of the output, or none where it has no row of this side.
pub(super) enum Strand<'a> {
    /// All of them from one piece.
    Piece {
        columns: &'a [ArrayRef],
        rows: UInt32Array,
    },
    /// From several pieces, by the number of the piece and the row in it.
    Pieces {
        pieces: Vec<&'a [ArrayRef]>,
        rows: Vec<Option<(u32, u32)>>,
        /// Whether there is a row for each.
        whole: bool,
    },
}

impl<'a> Strand<'a> {
    /// Rows of a batch.
    pub(super) fn of_batch(columns: &'a [ArrayRef], rows: Vec<u32>) -> Self {
        Self::Piece {
            columns,
            rows: rows.into(),
        }
    }

    /// Rows that were kept.
    pub(super) fn of_places(
        chunks: &'a [Chunk],
        places: impl Iterator<Item = Option<Place>>,
    ) -> Self {
        const UNUSED: u32 = u32::MAX;
        // Of many chunks few may be needed.
        let mut numbers = vec![UNUSED; chunks.len()];
        let mut pieces = Vec::new();
        let mut whole = true;
        let number = |place: Option<Place>| {
            whole &= place.is_some();
            let place = place?;
            let number = &mut numbers[place.chunk as usize];
            if *number == UNUSED {
                *number = pieces.len() as u32;
                pieces.push(&chunks[place.chunk as usize].rows.columns[..]);
            }
            Some((*number, place.row))
        };
        let rows: Vec<Option<(u32, u32)>> = places.map(number).collect();
        match pieces[..] {
            [columns] if whole => Self::Piece {
                columns,
                rows: rows.iter().flatten().map(|(_, row)| *row).collect(),
            },
            _ => Self::Pieces {
                pieces,
                rows,
                whole,
            },
        }
    }

    /// The column at `place`; null where there is no row.
    pub(super) fn column(&self, place: usize, kind: &DataType) -> Result<ArrayRef, ArrowError> {
        match self {
            Self::Piece { columns, rows } => compute::take(&columns[place], rows, None),
            Self::Pieces { pieces, rows, .. } => gather(
                pieces.iter().map(|columns| &columns[place]),
                rows.iter().copied(),
                kind,
            ),
        }
    }

    /// The column at `place`; where there is no row, the one at `other_place` of `other`.
    pub(super) fn column_or(
        &self,
        place: usize,
        other: &Self,
        other_place: usize,
        kind: &DataType,
    ) -> Result<ArrayRef, ArrowError> {
        let Self::Pieces {
            pieces,
            rows,
            whole: false,
        } = self
        else {
            return self.column(place, kind);
        };
        if pieces.is_empty() {
            return other.column(other_place, kind);
        }
        let ours = pieces.iter().map(|columns| &columns[place]);
        let theirs = other.pieces().iter().map(|columns| &columns[other_place]);
        let count = pieces.len() as u32;
        let row = |(row, ours): (usize, &Option<(u32, u32)>)| {
            ours.or_else(|| other.row(row).map(|(piece, row)| (piece + count, row)))
        };
        gather(ours.chain(theirs), rows.iter().enumerate().map(row), kind)
    }

    fn pieces(&self) -> &[&'a [ArrayRef]] {
        match self {
            Self::Piece { columns, .. } => std::slice::from_ref(columns),
            Self::Pieces { pieces, .. } => pieces,
        }
    }

    fn row(&self, row: usize) -> Option<(u32, u32)> {
        match self {
            Self::Piece { rows, .. } => Some((0, rows.value(row))),
            Self::Pieces { rows, .. } => rows[row],
        }
    }
}

/// The values of `columns` at these places, null where there is none.
fn gather<'a>(
    columns: impl Iterator<Item = &'a ArrayRef>,
    rows: impl Iterator<Item = Option<(u32, u32)>>,
    kind: &DataType,
) -> Result<ArrayRef, ArrowError> {
    let null = new_null_array(kind, 1);
    let mut columns: Vec<&dyn Array> = columns.map(AsRef::as_ref).collect();
    columns.push(&null);
    let nowhere = (columns.len() - 1, 0);
    let place = |(column, row): (u32, u32)| (column as usize, row as usize);
    let rows: Vec<(usize, usize)> = rows.map(|row| row.map_or(nowhere, place)).collect();
    compute::interleave(&columns, &rows)
}
