//! A function as the library sees it: what it is, and how to call it.

use crate::bindings::exports::tidemill::udf as contract;
use crate::reader::BLOCK;
use crate::types::{Batch, Field};
pub use contract::aggregate::UpdateResult;
pub use contract::catalog::{Function as Description, Kind};
pub use contract::holistic::HolisticResult;
pub use contract::process::ProcessResult;
pub use contract::scalar::ScalarResult;
pub use contract::table::TableResult;

/// Something that [`library!`](crate::library) takes. The attributes implement it.
///
/// `C` is the configuration of the library: a function that takes a configuration fits into
/// libraries with that one, a function that takes none fits everywhere.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no function of a library with the configuration `{C}`",
    label = "no function for this library",
    note = "it needs one of the attributes `#[scalar]`, `#[table]`, `#[aggregate]`, `#[holistic]`, `#[process]`",
    note = "if it takes `config: &Config`, the library must say so: `library!(config = Config, …)`"
)]
pub trait Function<C> {
    /// What the library calls.
    #[doc(hidden)]
    const ENTRY: Entry<C>;
}

/// One place in the list of functions.
#[doc(hidden)]
pub struct Entry<C> {
    /// Makes the function's part of the catalog.
    pub describe: fn() -> Description,
    /// Runs it.
    pub body: Body<C>,
}

/// How a function is called, by kind.
#[doc(hidden)]
pub enum Body<C> {
    /// See the interface `scalar`.
    Scalar(fn(&C, &Batch) -> Result<ScalarResult, String>),
    /// See the interface `table`.
    Table(fn(&C, &Batch) -> Result<TableResult, String>),
    /// See the interface `aggregate`.
    Aggregate(AggregateBody),
    /// See the interface `holistic`.
    Holistic(fn(&C, u32, &[u32], &Batch) -> Result<HolisticResult, String>),
    /// See the interface `process`.
    Process(ProcessBody<C>),
}

type Migrate = fn(u32, &[Field], &Batch) -> Result<Batch, String>;

/// The functions of the interface `aggregate`.
#[doc(hidden)]
pub struct AggregateBody {
    pub init: fn(u32) -> Batch,
    pub update: fn(Batch, &[u32], &Batch) -> Result<UpdateResult, String>,
    pub merge: fn(Batch, &[u32], &Batch) -> Result<Batch, String>,
    pub finish: fn(&Batch) -> Result<Batch, String>,
    pub migrate: Migrate,
}

/// The functions of the interface `process`.
#[doc(hidden)]
pub struct ProcessBody<C> {
    pub init: fn(u32) -> Batch,
    pub process: fn(&C, &Batch, &[u32], &Batch) -> Result<ProcessResult, String>,
    pub migrate: Migrate,
}

/// What an attribute knows of its function.
#[doc(hidden)]
pub struct Signature {
    pub name: &'static str,
    pub doc: &'static str,
    pub parameters: &'static [&'static str],
    /// The name of a result that brings none.
    pub result: &'static str,
}

impl Signature {
    /// The function's part of the catalog, without a state.
    pub(crate) fn describe(
        &self,
        kind: Kind,
        parameters: Vec<Field>,
        results: Vec<Field>,
    ) -> Description {
        Description {
            name: self.name.to_owned(),
            kind,
            doc: self.doc.to_owned(),
            parameters,
            results,
            state: Vec::new(),
            state_version: 0,
        }
    }
}

/// Checks that each of `rows` rows belongs to one of `count` groups.
pub(crate) fn check_groups(groups: &[u32], rows: usize, count: usize) -> Result<(), String> {
    if groups.len() != rows {
        return Err(format!("{} groups for {rows} rows", groups.len()));
    }
    let (blocks, rest) = groups.as_chunks::<BLOCK>();
    // Without a branch a row, and the greatest of each place, so that a block becomes a few vector instructions.
    let mut most = [0; BLOCK];
    for block in blocks {
        for (most, &group) in most.iter_mut().zip(block) {
            *most = group.max(*most);
        }
    }
    let group = most.iter().chain(rest).fold(0, |most, &one| one.max(most));
    match !groups.is_empty() && group as usize >= count {
        true => Err(format!("group {group} where there are {count}")),
        false => Ok(()),
    }
}
