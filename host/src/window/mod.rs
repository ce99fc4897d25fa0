//! Event-time windows: which slice a row falls into, which windows share it, which fires when.
//!
//! Pure: arithmetic on instants. What is kept in a slice is the business of `state` and `operator`.

mod cover;
mod firing;
mod kind;
mod session;
mod slicing;

pub use cover::{Run, cover};
pub use firing::next_due;
pub use kind::WindowKind;
pub use session::{Joins, Session, Sessions};
pub use slicing::{Slice, Slicing};
