//! Makes what is embedded in the host: the standard library as a component, the SDKs of all languages.

use std::{env, error::Error, fs, path::PathBuf};

#[path = "build/sdks.rs"]
mod sdks;

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
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("std.wasm"), component)?;
    fs::write(out.join("sdk_files.rs"), sdks::files(&root)?)?;
    let answers = root.join("host/src/toolchain/wasi.wat");
    println!("cargo::rerun-if-changed={}", answers.display());
    fs::write(out.join("wasi.wasm"), wat::parse_file(answers)?)?;
    Ok(())
}
