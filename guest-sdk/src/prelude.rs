//! What a library usually needs: `use tidemill_sdk::prelude::*;`.

pub use crate::{
    Aggregate, Row, State, Timestamp, Value, aggregate, holistic, library, log, process, scalar,
    table,
};
