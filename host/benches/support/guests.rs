//! Builds the libraries in `udfs/` for benchmarks.

use std::path::Path;

use tidemill::toolchain::{build_crate, componentize};

/// The component of the library in `udfs/NAME`.
pub(crate) fn component(name: &str) -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let source = root.join("udfs").join(name);
    let built = build_crate(&source, Some(&root.join("target/guests")));
    let (_, module) = built.expect("a library of ours can be built");
    componentize(&module).expect("a library of ours is a component")
}
