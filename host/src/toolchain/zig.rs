//! Builds libraries in C, C++ and Zig with one tool: Zig, which compiles all three.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};

use super::{
    library::Library,
    pure::componentize_library,
    stripped::without_debug_sections,
    tools::{Tool, Tools},
};

const ZIG: Tool = Tool {
    names: &["zig", "python-zig"],
    what: "Zig, which also compiles C and C++,",
    install: "`pip install ziglang`, or from https://ziglang.org/download",
};

/// What C and C++ are compiled with. Loops over columns handle so many rows at once that checks of the deadline,
/// of which there is one at each jump back, cost little.
const COMPILE: [&str; 9] = [
    "-target",
    "wasm32-wasi",
    "-mexec-model=reactor",
    "-O3",
    "-msimd128",
    "-mllvm",
    "-force-vector-interleave=8",
    "-Wall",
    "-I.tidemill/sdk",
];

/// The part of the SDK that calls what libraries register, and is called by them.
const RUNTIME: &str = ".tidemill/sdk/tidemill.c";

/// The instructions that Zig may use, as those that C is compiled to.
const FEATURES: &str = "-mcpu=generic+simd128+bulk_memory+sign_ext+nontrapping_fptoint";

/// Zig's own stack is much larger, and all of it is memory of each instance.
const STACK: &str = "262144";

/// Compiles the C files of a library.
pub(super) fn build_c(library: &Library, tools: &mut Tools<'_>) -> anyhow::Result<Vec<u8>> {
    let module = module_path(library)?;
    let mut compiler = tools.command(ZIG)?;
    compiler
        .arg("cc")
        .args(COMPILE)
        .args(sources(library, "c")?)
        .arg(RUNTIME);
    link(&mut compiler, &module);
    tools.run(compiler)?;
    component(&module)
}

/// Compiles the C++ files of a library.
pub(super) fn build_cpp(library: &Library, tools: &mut Tools<'_>) -> anyhow::Result<Vec<u8>> {
    let module = module_path(library)?;
    let runtime = library.work()?.join("tidemill.o");
    let mut compiler = tools.command(ZIG)?;
    compiler
        .arg("cc")
        .args(COMPILE)
        .args(["-c", RUNTIME, "-o"])
        .arg(&runtime);
    tools.run(compiler)?;
    let mut compiler = tools.command(ZIG)?;
    compiler
        .arg("c++")
        .args(COMPILE)
        .args(["-std=c++23", "-fno-exceptions", "-fno-rtti"])
        .args(sources(library, "cpp")?)
        .arg(runtime);
    link(&mut compiler, &module);
    tools.run(compiler)?;
    component(&module)
}

/// Compiles the Zig file of a library, which has the library's name.
pub(super) fn build_zig(library: &Library, tools: &mut Tools<'_>) -> anyhow::Result<Vec<u8>> {
    let source = library.main_file("zig")?;
    let module = module_path(library)?;
    let mut compiler = tools.command(ZIG)?;
    compiler
        .args(["build-exe", "-target", "wasm32-freestanding", FEATURES])
        .args(["-fno-entry", "-rdynamic", "--stack", STACK])
        .arg("--cache-dir")
        .arg(library.work()?.join("zig-cache"))
        .arg(format!("-femit-bin={}", module.display()))
        // The options before a module are for it alone.
        .args(["-OReleaseFast", "--dep", "tidemill", "--dep", "library"])
        .arg("-Mroot=.tidemill/sdk/main.zig")
        .args(["-OReleaseFast", "-Mtidemill=.tidemill/sdk/tidemill.zig"])
        // An overflow or an index outside ends the call, and does not give wrong results.
        .args(["-OReleaseSafe", "--dep", "tidemill"])
        .arg(format!("-Mlibrary={source}"));
    tools.run(compiler)?;
    component(&module)
}

fn link(compiler: &mut Command, module: &Path) {
    compiler
        .arg(format!("-Wl,-z,stack-size={STACK}"))
        .arg("-o")
        .arg(module);
}

/// Where the compiler puts the core module.
fn module_path(library: &Library) -> anyhow::Result<PathBuf> {
    Ok(library.work()?.join(format!("{}.wasm", library.name)))
}

/// The component of what was compiled.
fn component(module: &Path) -> anyhow::Result<Vec<u8>> {
    let module = fs::read(module).with_context(|| format!("cannot read `{}`", module.display()))?;
    componentize_library(&without_debug_sections(&module)?)
}

/// The files in `src`, at any depth, that end like this: paths from the folder of the library, in one order on every
/// machine, since functions are listed in the order in which they are linked.
fn sources(library: &Library, extension: &str) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from("src")];
    while let Some(folder) = folders.pop() {
        let path = library.directory.join(&folder);
        let entries = fs::read_dir(&path);
        for entry in entries.with_context(|| format!("cannot list `{}`", path.display()))? {
            let entry = entry?;
            let name = folder.join(entry.file_name());
            if entry.path().is_dir() {
                folders.push(name);
            } else if name.extension().is_some_and(|found| found == extension) {
                found.push(name);
            }
        }
    }
    if found.is_empty() {
        bail!(
            "no file `src/*.{extension}` in `{}`; functions are written there",
            library.directory.display()
        );
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain::Language;

    #[test]
    fn sources_are_found_in_order_at_any_depth() {
        let folder = tempfile::tempdir().expect("a folder");
        let library = Library {
            directory: folder.path().to_owned(),
            name: "a".to_owned(),
            language: Language::C,
        };
        let error = sources(&library, "c").expect_err("no folder");
        assert!(error.to_string().contains("cannot list"), "{error}");
        fs::create_dir_all(folder.path().join("src/inner")).expect("folders");
        let error = sources(&library, "c").expect_err("no file");
        assert!(error.to_string().contains("no file `src/*.c`"), "{error}");
        for file in ["src/z.c", "src/b.h", "src/inner/c.c", "src/a.c"] {
            fs::write(folder.path().join(file), "").expect("a file");
        }
        let found = sources(&library, "c").expect("files");
        let expected = ["src/a.c", "src/inner/c.c", "src/z.c"].map(PathBuf::from);
        assert_eq!(found, expected);
    }
}
