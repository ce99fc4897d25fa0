//! Calling a library as the host does, in a native test.
//!
//! Most tests need none of this: the functions are ordinary functions. This is for what the
//! attributes add: nulls, errors, the catalog, configuration.
//!
//! ```
//! use tidemill_sdk::prelude::*;
//! use tidemill_sdk::testing::{Tester, batch, column, values};
//!
//! /// Converts degrees.
//! #[scalar]
//! fn to_fahrenheit(celsius: f64) -> f64 {
//!     celsius * 1.8 + 32.0
//! }
//!
//! library!(to_fahrenheit);
//!
//! # fn main() {
//! let library = Tester::<Library>::new("{}").expect("the configuration fits");
//! let result = library
//!     .scalar("to_fahrenheit", batch(2, [column([Some(100.0), None])]))
//!     .expect("the batch fits");
//! assert_eq!(values::<Option<f64>>(&result.columns[0], 2), [Some(212.0), None]);
//! # }
//! ```

use std::marker::PhantomData;

use crate::Cell;
use crate::bindings::exports::tidemill::udf as contract;
use crate::builder::{finished, place};
pub use crate::function::{
    Description, HolisticResult, Kind, ProcessResult, ScalarResult, TableResult, UpdateResult,
};
use crate::library::{Exports, Library};
use crate::parameter::Parameter;
use crate::reader::Reader;
use crate::types::{Batch, Buffer, Column, Field};

use contract::aggregate::Guest as Aggregate;
use contract::catalog::Guest as Catalog;
use contract::holistic::Guest as Holistic;
use contract::process::Guest as Process;
use contract::scalar::Guest as Scalar;
use contract::table::Guest as Table;

/// A configured library, called by the names of its functions. The configuration belongs to the
/// thread: the last one counts.
pub struct Tester<L> {
    functions: Vec<Description>,
    library: PhantomData<L>,
}

impl<L: Library> Tester<L> {
    /// Configures the library with a JSON object; the error is what a user would see.
    pub fn new(config: &str) -> Result<Self, String> {
        Ok(Self {
            functions: <Exports<L> as Catalog>::configure(config.to_owned())?,
            library: PhantomData,
        })
    }

    /// The catalog.
    pub fn functions(&self) -> &[Description] {
        &self.functions
    }

    /// The place of the first function called `name`; if there is none, one behind all.
    pub fn place(&self, name: &str) -> u32 {
        let mut names = self.functions.iter().map(|function| &function.name);
        names
            .position(|other| other == name)
            .map_or(u32::MAX, place)
    }

    /// Calls a scalar function.
    pub fn scalar(&self, name: &str, arguments: Batch) -> Result<ScalarResult, String> {
        <Exports<L> as Scalar>::call(self.place(name), arguments)
    }

    /// Calls a table function.
    pub fn table(&self, name: &str, arguments: Batch) -> Result<TableResult, String> {
        <Exports<L> as Table>::call(self.place(name), arguments)
    }

    /// Makes `count` accumulators.
    pub fn init(&self, name: &str, count: u32) -> Result<Batch, String> {
        <Exports<L> as Aggregate>::init(self.place(name), count)
    }

    /// Adds rows to accumulators.
    pub fn update(
        &self,
        name: &str,
        accumulators: Batch,
        groups: &[u32],
        arguments: Batch,
    ) -> Result<UpdateResult, String> {
        <Exports<L> as Aggregate>::update(
            self.place(name),
            accumulators,
            groups.to_vec(),
            arguments,
        )
    }

    /// Adds accumulators to accumulators.
    pub fn merge(
        &self,
        name: &str,
        accumulators: Batch,
        groups: &[u32],
        partials: Batch,
    ) -> Result<Batch, String> {
        <Exports<L> as Aggregate>::merge(self.place(name), accumulators, groups.to_vec(), partials)
    }

    /// Computes the results of accumulators.
    pub fn finish(&self, name: &str, accumulators: Batch) -> Result<Batch, String> {
        <Exports<L> as Aggregate>::finish(self.place(name), accumulators)
    }

    /// Converts accumulators of an older version.
    pub fn migrate(
        &self,
        name: &str,
        old_version: u32,
        old_fields: &[Field],
        accumulators: Batch,
    ) -> Result<Batch, String> {
        <Exports<L> as Aggregate>::migrate(
            self.place(name),
            old_version,
            old_fields.to_vec(),
            accumulators,
        )
    }

    /// Calls a holistic function.
    pub fn holistic(
        &self,
        name: &str,
        group_count: u32,
        groups: &[u32],
        arguments: Batch,
    ) -> Result<HolisticResult, String> {
        <Exports<L> as Holistic>::evaluate(
            self.place(name),
            group_count,
            groups.to_vec(),
            arguments,
        )
    }

    /// Makes the states of `count` keys.
    pub fn init_process(&self, name: &str, count: u32) -> Result<Batch, String> {
        <Exports<L> as Process>::init(self.place(name), count)
    }

    /// Calls a process function.
    pub fn process(
        &self,
        name: &str,
        state: Batch,
        keys: &[u32],
        arguments: Batch,
    ) -> Result<ProcessResult, String> {
        <Exports<L> as Process>::process(self.place(name), state, keys.to_vec(), arguments)
    }
}

/// A column of `values`; an `Option` makes nulls.
pub fn column<T: Cell>(values: impl IntoIterator<Item = T>) -> Column {
    let builder = T::from_vec(values.into_iter().collect());
    let mut columns = finished(builder);
    columns.pop().unwrap_or(Column {
        buffer: Buffer::Boolean(Vec::new()),
        validity: None,
    })
}

/// A batch of `rows` rows. A function without parameters takes one without columns.
pub fn batch(rows: u32, columns: impl IntoIterator<Item = Column>) -> Batch {
    Batch {
        rows,
        columns: columns.into_iter().collect(),
    }
}

/// The values of a column of `rows` rows.
///
/// # Panics
///
/// If the column is not of that type or length.
pub fn values<'a, T: Parameter<'a>>(column: &'a Column, rows: usize) -> Vec<T> {
    match T::read(column, rows) {
        Ok(reader) => (0..rows).map(|row| reader.get(row)).collect(),
        Err(error) => panic!("{error}"),
    }
}
