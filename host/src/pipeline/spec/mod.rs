//! What a pipeline file says: every value with its place, nothing resolved.
//!
//! What is broken is left out, after it has been reported; what depends on it can then be passed
//! over in silence.

mod aggregate;
mod allow;
mod build;
mod call;
mod checkpoint;
mod config;
mod emission;
mod generator;
mod join;
mod keep;
mod limits;
mod lookup;
mod on;
mod pipeline;
mod restart;
mod rows;
mod sink;
mod source;
mod stage;
mod table;
mod top;
mod window;
mod work;

pub(super) use aggregate::{AggregateCall, AggregateSpec};
pub(super) use build::BuildSpec;
pub(super) use call::{Arguments, CallSpec};
pub(super) use checkpoint::CheckpointSpec;
pub(super) use emission::Emission;
pub(super) use join::{Bound, JoinSpec};
pub(super) use keep::Keep;
pub(super) use lookup::LookupSpec;
pub(super) use on::{On, Pair};
pub(super) use pipeline::Spec;
pub(super) use restart::RestartSpec;
pub(super) use rows::{EventTimeSpec, Rows};
pub(super) use sink::{Output, SinkSpec};
pub(super) use source::{Input, SourceSpec};
pub(super) use stage::StageSpec;
pub(super) use table::{TableInput, TableSpec};
pub(super) use top::TopSpec;
pub(super) use window::WindowSpec;
pub(super) use work::WorkSpec;

use super::diagnostic::Spanned;

/// What `from`, or another key for such names, says.
#[derive(Clone, Debug)]
pub(super) enum From {
    /// It is not there.
    Absent,
    /// It is not what it should be; reported.
    Broken,
    /// Names, at least one.
    Names(Vec<Spanned<String>>),
}

impl From {
    /// The names.
    pub(super) fn names(&self) -> &[Spanned<String>] {
        match self {
            Self::Absent | Self::Broken => &[],
            Self::Names(names) => names,
        }
    }

    /// Reads a name or a list of names.
    fn read(value: Option<super::reader::Value<'_>>) -> Self {
        let Some(value) = value else {
            return Self::Absent;
        };
        let what = "the name of a source or stage, or a list of them";
        let names = match value.raw() {
            toml::de::DeValue::Array(array) if !array.is_empty() => value.names(what),
            toml::de::DeValue::String(_) => value.name(what).map(|name| vec![name]),
            toml::de::DeValue::Array(_) => {
                let message = format!("expected {what}, found an empty list");
                value.context.error(value.span, message);
                None
            }
            _ => value.expected(what),
        };
        names.map_or(Self::Broken, Self::Names)
    }
}
