//! Arguments as slices, for functions that want many rows at once.

use std::borrow::Cow;
use std::ops::Range;

use crate::bitmap::{self, Mask};
use crate::parameter::Parameter;
use crate::parameters::{Arguments, Parameters};
use crate::reader::Reader;
use crate::types::Batch;

/// A tuple of parameters of which each can be a slice.
pub trait Slices<'a>: Parameters<'a> {
    /// The values of each column.
    type Columns;
    /// Slices of them.
    type Slices<'b>
    where
        Self: 'b;

    /// Takes the rows of `mask` together; does not copy what lies together already.
    fn gather(readers: &Self::Readers, rows: usize, mask: &Mask<'a>) -> Self::Columns;

    /// The values of some rows.
    fn slices<'b>(columns: &'b Self::Columns, range: Range<usize>) -> Self::Slices<'b>
    where
        Self: 'b;
}

/// A batch without the rows that lack a value they need.
pub struct Gathered<'a, P: Slices<'a>> {
    columns: P::Columns,
    /// How many rows were sent, and how many are left.
    pub(crate) rows: usize,
    pub(crate) present: usize,
    /// Which ones are left; none: all.
    pub(crate) mask: Mask<'a>,
}

impl<'a, P: Slices<'a>> Gathered<'a, P> {
    /// Checks `batch` against `P` and takes it apart.
    pub fn open(batch: &'a Batch) -> Result<Self, String> {
        let Arguments {
            rows,
            readers,
            mask,
        } = Arguments::<P>::open(batch)?;
        let columns = P::gather(&readers, rows, &mask);
        let present = match &mask {
            Some(bits) => (0..rows).filter(|&row| bitmap::get(bits, row)).count(),
            None => rows,
        };
        Ok(Self {
            columns,
            rows,
            present,
            mask,
        })
    }

    pub(crate) fn all<'b>(&'b self) -> P::Slices<'b>
    where
        P: 'b,
    {
        self.range(0..self.present)
    }

    pub(crate) fn range<'b>(&'b self, range: Range<usize>) -> P::Slices<'b>
    where
        P: 'b,
    {
        P::slices(&self.columns, range)
    }
}

fn gather<'a, T: Parameter<'a>>(reader: &T::Reader, rows: usize, mask: &Mask<'a>) -> Cow<'a, [T]> {
    match (T::slice(reader), mask) {
        (Some(slice), None) => Cow::Borrowed(slice),
        (_, None) => (0..rows).map(|row| reader.get(row)).collect(),
        (_, Some(bits)) => (0..rows)
            .filter(|&row| bitmap::get(bits, row))
            .map(|row| reader.get(row))
            .collect(),
    }
}

macro_rules! tuple {
    ($($type:ident $place:tt),+) => {
        impl<'a, $($type: Parameter<'a>),+> Slices<'a> for ($($type,)+) {
            type Columns = ($(Cow<'a, [$type]>,)+);
            type Slices<'b> = ($(&'b [$type],)+) where Self: 'b;

            fn gather(readers: &Self::Readers, rows: usize, mask: &Mask<'a>) -> Self::Columns {
                ($(gather::<$type>(&readers.$place, rows, mask),)+)
            }

            fn slices<'b>(columns: &'b Self::Columns, range: Range<usize>) -> Self::Slices<'b>
            where
                Self: 'b,
            {
                ($(columns.$place.get(range.clone()).unwrap_or_default(),)+)
            }
        }
    };
}

tuple!(A 0);
tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);
tuple!(A 0, B 1, C 2, D 3, E 4);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
