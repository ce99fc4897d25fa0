//! What an aggregate or a process function remembers, as columns that the host keeps.

use crate::cell::Cell;
use crate::parameter::Parameter;
use crate::reader::{self, BLOCK};
use crate::types::{Batch, Field};

/// A struct that the host can keep as columns. Derive it.
///
/// The fields are `bool`, `i32`, `i64`, `f32`, `f64`, [`Timestamp`](crate::Timestamp), `String`,
/// `Vec<u8>`, or an `Option` of one of them. Their names and types are part of what a running
/// stream has stored; when they change, so must the version:
///
/// ```
/// use tidemill_sdk::prelude::*;
///
/// #[derive(State, Default)]
/// struct MeanV1 {
///     sum: f64,
///     count: i32,
/// }
///
/// #[derive(State, Default)]
/// #[state(version = 2, previous = MeanV1)]
/// struct Mean {
///     sum: f64,
///     count: i64,
/// }
///
/// impl From<MeanV1> for Mean {
///     fn from(old: MeanV1) -> Self {
///         Self { sum: old.sum, count: old.count.into() }
///     }
/// }
/// ```
///
/// The first version is 1. A `previous` may have a `previous` itself, so each version needs to
/// know the one before it only. Without `previous`, the host refuses to go on from an older version.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no state",
    note = "write `#[derive(State, Default)]` above the struct"
)]
pub trait State: Sized {
    /// Goes up when the fields or their meaning change.
    const VERSION: u32;
    /// The doc comment of the struct.
    #[doc(hidden)]
    const DOC: &'static str;

    /// What the catalog says about the columns.
    #[doc(hidden)]
    fn fields() -> Vec<Field>;

    /// How many states the columns hold, and what gives them; an error if they are not columns of
    /// [`State::fields`].
    #[doc(hidden)]
    fn read(batch: &Batch) -> Result<(usize, impl Fn(usize) -> Self), String>;

    /// Whether states can be changed where they lie in their columns: all fields are numbers.
    #[doc(hidden)]
    const IN_PLACE: bool;

    /// The columns while states are changed in them.
    #[doc(hidden)]
    type Columns<'a>;

    /// The columns of a batch that was [read](State::read) without an error; `None` if states cannot
    /// be changed there.
    #[doc(hidden)]
    fn columns(batch: &mut Batch) -> Option<Self::Columns<'_>>;

    /// The state of a row; `None` behind the end.
    #[doc(hidden)]
    fn get(columns: &Self::Columns<'_>, row: usize) -> Option<Self>;

    /// Puts the state of a row back.
    #[doc(hidden)]
    fn put(self, columns: &mut Self::Columns<'_>, row: usize);

    /// The columns of `states`.
    #[doc(hidden)]
    fn store(states: Vec<Self>) -> Batch;

    /// A copy, to go back to when a row is refused.
    #[doc(hidden)]
    fn duplicate(&self) -> Self;

    /// States of an older version.
    #[doc(hidden)]
    fn load_older(version: u32, _: &[Field], _: &Batch) -> Result<Vec<Self>, String> {
        Err(refusal::<Self>(version))
    }
}

/// A type that a field of a [`State`] may have.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a state cannot hold `{Self}`",
    label = "this is no type of a column that a state can have",
    note = "use `bool`, `i32`, `i64`, `f32`, `f64`, `Timestamp`, `String`, `Vec<u8>`, or an `Option` of one of them"
)]
pub trait StateField: for<'a> Parameter<'a> + Cell + Default + 'static {}

impl<T: crate::Value> StateField for T {}
impl<T: crate::Value> StateField for Option<T> {}

/// Checks that a batch has the columns of `S` and no other.
pub fn check_columns<S: State>(batch: &Batch, expected: usize) -> Result<usize, String> {
    match batch.columns.len() == expected {
        true => Ok(batch.rows as usize),
        false => Err(format!(
            "{} columns of state where there are {expected}",
            batch.columns.len()
        )),
    }
}

/// A reader of the column of a field.
pub fn open<'a, T: Parameter<'a>>(
    batch: &'a Batch,
    place: usize,
    name: &str,
) -> Result<T::Reader, String> {
    let rows = batch.rows as usize;
    let context = |error| format!("state `{name}`: {error}");
    let column = batch.columns.get(place);
    let column = column.ok_or_else(|| context("missing".to_owned()))?;
    if !T::NULLABLE {
        let validity = reader::validity(column, rows).map_err(context)?;
        if validity.is_some_and(|bits| !crate::bitmap::all(bits, rows)) {
            return Err(context("a null where there can be none".to_owned()));
        }
    }
    T::read(column, rows).map_err(context)
}

/// All states of a batch.
#[inline]
pub(crate) fn load<S: State>(batch: &Batch) -> Result<Vec<S>, String> {
    let (rows, state) = S::read(batch)?;
    let mut states = Vec::with_capacity(rows);
    let whole = rows / BLOCK * BLOCK;
    for first in (0..whole).step_by(BLOCK) {
        let block: [S; BLOCK] = std::array::from_fn(|place| state(first + place));
        states.extend(block);
    }
    states.extend((whole..rows).map(state));
    Ok(states)
}

/// Hands `states` on one by one, in blocks.
#[inline]
pub(crate) fn for_each<S: IntoIterator<IntoIter: ExactSizeIterator>>(
    states: S,
    mut each: impl FnMut(S::Item),
) {
    let mut states = states.into_iter();
    while states.len() >= BLOCK {
        for _ in 0..BLOCK {
            states.next().into_iter().for_each(&mut each);
        }
    }
    states.for_each(each);
}

/// What the interfaces call `migrate`.
pub fn migrate<S: State>(version: u32, fields: &[Field], batch: &Batch) -> Result<Batch, String> {
    load_version::<S>(version, fields, batch).map(S::store)
}

/// The states that `version` of `S`, or of one of its predecessors, has stored.
pub(crate) fn load_version<S: State>(
    version: u32,
    fields: &[Field],
    batch: &Batch,
) -> Result<Vec<S>, String> {
    if version != S::VERSION {
        return S::load_older(version, fields, batch);
    }
    let expected = S::fields();
    let same =
        |(old, new): (&Field, &Field)| old.name == new.name && old.data_type == new.data_type;
    if fields.len() != expected.len() || !fields.iter().zip(&expected).all(same) {
        return Err(format!(
            "version {version} of the state has the fields {}, but here it has {}: \
             fields that change need a new version",
            list(fields),
            list(&expected),
        ));
    }
    load(batch)
}

/// The states that `Old`, or one of its predecessors, has stored.
pub fn load_previous<Old: State, S: State + From<Old>>(
    version: u32,
    fields: &[Field],
    batch: &Batch,
) -> Result<Vec<S>, String> {
    if version > Old::VERSION {
        return Err(refusal::<S>(version));
    }
    let old = load_version::<Old>(version, fields, batch)?;
    Ok(old.into_iter().map(S::from).collect())
}

fn refusal<S: State>(version: u32) -> String {
    format!(
        "version {version} of the state cannot become version {}",
        S::VERSION
    )
}

fn list(fields: &[Field]) -> String {
    let field = |field: &Field| format!("`{}: {}`", field.name, reader::name(field.data_type));
    match fields.is_empty() {
        true => "(none)".to_owned(),
        false => fields.iter().map(field).collect::<Vec<_>>().join(", "),
    }
}
