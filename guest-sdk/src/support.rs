//! What the code that macros write refers to. Not for authors: it changes without notice.

use std::cell::RefCell;
use std::thread::LocalKey;

pub use crate::builder::Builder;
pub use crate::cell::Cell;
pub use crate::function::{
    AggregateBody, Body, Description, Entry, Function, HolisticResult, ProcessBody, ProcessResult,
    ScalarResult, Signature, TableResult,
};
pub use crate::library::Exports;
pub use crate::parameter::{Argument, Parameter};
pub use crate::reader::Reader;
pub use crate::row::{Nothing, Row, field, pass};
pub use crate::slices::Gathered;
pub use crate::state::StateField;
pub use crate::types::{Batch, Field};

/// Scalar functions over rows.
pub mod scalar {
    pub use crate::scalar::{describe, run};
}

/// Scalar functions over columns.
pub mod columns {
    pub use crate::columns::{describe, run};
}

/// Table functions.
pub mod table {
    pub use crate::table::{describe, run};
}

/// Aggregates.
pub mod aggregate {
    pub use crate::aggregate::{body, describe};
}

/// Holistic functions.
pub mod holistic {
    pub use crate::holistic::{describe, run};
}

/// Process functions.
pub mod process {
    pub use crate::process::{describe, init, run};
}

/// States.
pub mod state {
    pub use crate::state::{check_columns, load_previous, migrate, open};
}

/// Where [`Library::configuration`](crate::Library::configuration) points.
pub type Configuration<C> = &'static LocalKey<RefCell<Option<C>>>;

/// The builder of a column of `T`.
pub type BuilderOf<T> = <T as Cell>::Builder;

/// The columns of as many states as were pushed.
pub fn batch(rows: usize, builder: impl Builder) -> Batch {
    Batch {
        rows: crate::builder::place(rows),
        columns: crate::builder::finished(builder),
    }
}
