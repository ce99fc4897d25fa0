//! All arguments of a call.

use crate::bitmap::{self, Mask};
use crate::parameter::Parameter;
use crate::reader::{self, BLOCK, Reader};
use crate::types::{Batch, Column, Field};

/// What one row gives to a function: one [`Parameter`], or a tuple of up to eight.
#[diagnostic::on_unimplemented(
    message = "a function cannot take `{Self}`",
    label = "this is no type of a column, nor a tuple of such types",
    note = "take `bool`, `i32`, `i64`, `f32`, `f64`, `Timestamp`, `&str`, `String`, `&[u8]`, `Vec<u8>`, an `Option` of one of them, or a tuple of up to eight of these"
)]
pub trait Parameters<'a>: Sized + 'a {
    /// A reader for each column.
    #[doc(hidden)]
    type Readers;

    /// What the catalog says about the columns.
    #[doc(hidden)]
    fn fields(names: &[&str]) -> Vec<Field>;

    /// Checks the columns, and finds the rows that have every value they need.
    #[doc(hidden)]
    fn open(columns: &'a [Column], rows: usize) -> Result<(Self::Readers, Mask<'a>), String>;

    /// The values of `row`.
    #[doc(hidden)]
    fn get(readers: &Self::Readers, row: usize) -> Self;

    /// The values of `BLOCK` rows from `first` on.
    #[doc(hidden)]
    #[inline(always)]
    fn block(readers: &Self::Readers, first: usize) -> [Self; BLOCK] {
        std::array::from_fn(|place| Self::get(readers, first + place))
    }
}

/// A batch that fits `P`.
pub(crate) struct Arguments<'a, P: Parameters<'a>> {
    pub(crate) rows: usize,
    pub(crate) readers: P::Readers,
    /// The rows without a null where there must be none.
    pub(crate) mask: Mask<'a>,
}

impl<'a, P: Parameters<'a>> Arguments<'a, P> {
    /// Checks `batch` against `P`.
    #[inline]
    pub(crate) fn open(batch: &'a Batch) -> Result<Self, String> {
        let rows = batch.rows as usize;
        let (readers, mask) = P::open(&batch.columns, rows)?;
        Ok(Self {
            rows,
            readers,
            mask,
        })
    }

    #[inline(always)]
    pub(crate) fn get(&self, row: usize) -> P {
        P::get(&self.readers, row)
    }

    #[inline(always)]
    pub(crate) fn block(&self, first: usize) -> [P; BLOCK] {
        P::block(&self.readers, first)
    }

    /// Calls `each` with every row that has the values it needs, in order.
    #[inline]
    pub(crate) fn for_each(&self, mut each: impl FnMut(usize, P)) {
        match &self.mask {
            None => reader::for_each_row(self.rows, |row| each(row, self.get(row))),
            Some(bits) => (0..self.rows)
                .filter(|&row| bitmap::get(bits, row))
                .for_each(|row| each(row, self.get(row))),
        }
    }
}

/// Opens the column of one parameter.
fn column<'a, T: Parameter<'a>>(
    columns: &'a [Column],
    place: usize,
    rows: usize,
    mask: &mut Mask<'a>,
) -> Result<T::Reader, String> {
    let context = |error| format!("argument {place}: {error}");
    let column = columns.get(place).ok_or_else(|| too_few(columns.len()))?;
    if !T::NULLABLE {
        let validity = reader::validity(column, rows).map_err(context)?;
        let validity = validity.filter(|bits| !bitmap::all(bits, rows));
        *mask = bitmap::intersect(mask.take(), validity);
    }
    T::read(column, rows).map_err(context)
}

fn too_few(count: usize) -> String {
    format!("{count} arguments are too few")
}

fn field<'a, T: Parameter<'a>>(names: &[&str], place: usize) -> Field {
    Field {
        name: names.get(place).copied().unwrap_or_default().to_owned(),
        data_type: T::DATA_TYPE,
        nullable: T::NULLABLE,
    }
}

fn exactly(columns: &[Column], expected: usize) -> Result<(), String> {
    match columns.len() == expected {
        true => Ok(()),
        false => Err(format!(
            "{} arguments where the function takes {expected}",
            columns.len()
        )),
    }
}

impl<'a, T: Parameter<'a>> Parameters<'a> for T {
    type Readers = T::Reader;

    fn fields(names: &[&str]) -> Vec<Field> {
        vec![field::<T>(names, 0)]
    }

    #[inline]
    fn open(columns: &'a [Column], rows: usize) -> Result<(T::Reader, Mask<'a>), String> {
        exactly(columns, 1)?;
        let mut mask = None;
        let reader = column::<T>(columns, 0, rows, &mut mask)?;
        Ok((reader, mask))
    }

    #[inline(always)]
    fn get(reader: &T::Reader, row: usize) -> T {
        reader.get(row)
    }

    #[inline(always)]
    fn block(reader: &T::Reader, first: usize) -> [T; BLOCK] {
        reader.block(first)
    }
}

impl Parameters<'_> for () {
    type Readers = ();

    fn fields(_: &[&str]) -> Vec<Field> {
        Vec::new()
    }

    fn open(columns: &[Column], _: usize) -> Result<((), Mask<'static>), String> {
        exactly(columns, 0).map(|()| ((), None))
    }

    #[inline(always)]
    fn get((): &(), _: usize) {}
}

macro_rules! tuple {
    ($count:literal, $($type:ident $place:tt),+) => {
        impl<'a, $($type: Parameter<'a>),+> Parameters<'a> for ($($type,)+) {
            type Readers = ($($type::Reader,)+);

            fn fields(names: &[&str]) -> Vec<Field> {
                vec![$(field::<$type>(names, $place)),+]
            }

            #[inline]
            fn open(
                columns: &'a [Column],
                rows: usize,
            ) -> Result<(Self::Readers, Mask<'a>), String> {
                exactly(columns, $count)?;
                let mut mask = None;
                let readers = ($(column::<$type>(columns, $place, rows, &mut mask)?,)+);
                Ok((readers, mask))
            }

            #[inline(always)]
            fn get(readers: &Self::Readers, row: usize) -> Self {
                ($(readers.$place.get(row),)+)
            }

            #[inline(always)]
            fn block(readers: &Self::Readers, first: usize) -> [Self; BLOCK] {
                let blocks = ($(readers.$place.block(first),)+);
                std::array::from_fn(|row| ($(blocks.$place[row].clone(),)+))
            }
        }
    };
}

tuple!(1, A 0);
tuple!(2, A 0, B 1);
tuple!(3, A 0, B 1, C 2);
tuple!(4, A 0, B 1, C 2, D 3);
tuple!(5, A 0, B 1, C 2, D 3, E 4);
tuple!(6, A 0, B 1, C 2, D 3, E 4, F 5);
tuple!(7, A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple!(8, A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
