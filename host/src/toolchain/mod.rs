//! Builds guest libraries: from source to a component, with the language's own tools.

mod componentize;
mod rust;

pub use componentize::componentize;
pub use rust::{BuildError, build_crate};
