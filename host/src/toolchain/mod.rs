//! Builds guest libraries: from source to a component, with the language's own tools.

mod componentize;
mod pure;
mod replace;

mod language;
mod library;
mod new;
mod sdk;
mod tools;

mod assemblyscript;
mod byte_lists;
mod go;
mod javascript;
mod package_build;
mod python;
mod rust;
mod stripped;
mod typescript;
mod zig;

mod component_build;
mod package;
mod runner;
mod sources;

mod dev;

pub use component_build::{BuildResult, Builds, ComponentBuild, builds};
pub use componentize::componentize;
pub use dev::{BuildEvent, Dev, Find};
pub use language::Language;
pub use library::Library;
pub use new::begin;
pub use replace::replace;
pub use runner::Runner;
pub use rust::{BuildError, build_crate};
pub use tools::ToolError;
