//! Reading values out of a TOML document: each with its place, each mistake noted.
//!
//! It knows of types and of keys that are known or not, and nothing of what they mean.

mod context;
mod document;
mod size;
mod table;
mod text;
mod value;

pub(super) use context::Context;
pub(super) use document::Document;
pub(super) use size::Size;
pub(super) use table::{Keys, Table};
pub(super) use text::{Text, variable};
pub(super) use value::{Value, all};
