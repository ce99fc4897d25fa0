//! Builds the standard library and hands it to the host as a component to embed.

use std::{env, error::Error, fs, path::PathBuf};

#[path = "src/toolchain/componentize.rs"]
#[expect(unreachable_pub, reason = "public where it belongs, in the host")]
mod componentize;
#[path = "src/toolchain/rust.rs"]
#[expect(unreachable_pub, reason = "public where it belongs, in the host")]
mod rust;

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("..");
    for input in ["udfs/std", "guest-sdk/src", "guest-sdk/macros/src", "wit"] {
        println!("cargo::rerun-if-changed={}", root.join(input).display());
    }
    // A target directory of its own: the one in use is locked by the Cargo that runs this.
    let target_dir = root.join("target/guests");
    let (_, module) = rust::build_crate(&root.join("udfs/std"), Some(&target_dir))?;
    let component = componentize::componentize(&module)?;
    let out = PathBuf::from(env::var("OUT_DIR")?).join("std.wasm");
    fs::write(out, component)?;
    Ok(())
}
