//! State as typed columns: what accumulators and keys are kept in between two calls of a guest.
//!
//! No I/O and no Wasm: rows are gathered here before a call and scattered back after it.

mod column;
mod keys;
mod portion;
mod row_store;
mod slots;
mod snapshot;
mod table;
mod var_bytes;

pub use column::StateColumn;
pub use keys::KeyTable;
pub use portion::{PORTION_BYTES, TooLarge, concat, portions};
pub use row_store::RowStore;
pub use slots::Slots;
pub use snapshot::{Share, Snapshot};
pub use table::{Columns, StateTable, overwrite};
