//! Turns the core module that a compiler has made into a component.
//!
//! Also compiled into the build script, which makes the standard library with it: names nothing of
//! this crate.

use anyhow::Context;
use wit_component::ComponentEncoder;

/// Turns a core module into a component. What the component imports and exports is told by the
/// module itself: the guest SDK embeds it.
///
/// # Errors
///
/// If the module imports what no component can give it, or does not export what it promises.
pub fn componentize(module: &[u8]) -> anyhow::Result<Vec<u8>> {
    ComponentEncoder::default()
        .validate(true)
        .module(module)
        .context("cannot read the core module")?
        .encode()
        .context("cannot make a component of the core module")
}
