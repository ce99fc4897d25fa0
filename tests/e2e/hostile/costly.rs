//! Components that are expensive to compile: they are refused, and cost whoever uses them nothing else.

use std::{
    fs,
    path::Path,
    process::Stdio,
    sync::atomic::{AtomicU32, Ordering},
};

use tidemill::wasm::{Allow, CompileLimits, Compiler, Engine, EngineOptions, Linear, LoadError};

use crate::support::{Costly, Pipeline, Workspace, compilers, is_running, library, wait_until};

const BINARY: &str = env!("CARGO_BIN_EXE_tidemill");

/// An engine that compiles with `program` and keeps code in `cache_dir`.
fn engine(program: &str, limits: CompileLimits, cache_dir: Option<&Path>) -> Engine {
    let options = EngineOptions {
        cache_dir: cache_dir.map(Path::to_owned),
        compiler: Some(Compiler::new(program.into(), limits)),
    };
    Engine::new(&options).expect("this machine runs WebAssembly")
}

/// The library that is made expensive here.
fn faulty() -> Vec<u8> {
    fs::read(library("faulty")).expect("a component")
}

/// Expects that a component cannot be loaded, for a reason that begins so.
#[track_caller]
fn check_refused(engine: &Engine, component: &[u8], expected: &str) {
    let error = engine.load(component).expect_err("it is not loaded");
    let error = error.to_string();
    assert!(error.starts_with(expected), "{error}");
    assert!(compilers(std::process::id()).is_empty(), "none is left");
}

#[test]
fn a_component_that_takes_much_memory_to_compile_is_refused() {
    let workspace = Workspace::new();
    let costly = Costly::Memory.put_into(&faulty());
    workspace.write("costly.wasm", &costly);
    let most = 768 + (64 * costly.len()).div_ceil(1 << 20);
    let refusal = format!("compiling it takes more than {most} MiB of memory; ");
    let rule = "; the limit is 768 MiB, and 64 MiB for each MiB of a component, and this one has 2.1 MiB: leave out \
                what is not needed, and split very large functions";
    let run = workspace.output(&["inspect", "costly.wasm"]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert!(run.stderr.contains(&refusal), "{}", run.stderr);
    assert!(run.stderr.contains(rule), "{}", run.stderr);
    workspace.write("rows.jsonl", "{\"n\":1}\n");
    let pipeline = Pipeline::new("costly").with(
        r#"
[source.rows]
connector = "file"
path = "rows.jsonl"
format = "json"
columns = { n = "int64" }
[stage.echoed]
from = "rows"
map = "costly.wasm#echo"
[sink.out]
from = "echoed"
connector = "stdout"
"#,
    );
    let run = workspace.run(&pipeline.text());
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(run.stderr.contains(&refusal), "{}", run.stderr);
}

#[test]
fn a_component_of_very_many_functions_is_compiled() {
    let component = Costly::Functions.put_into(&faulty());
    let engine = engine(BINARY, CompileLimits::default(), None);
    let loaded = engine.load(&component);
    assert!(loaded.is_ok(), "{:?}", loaded.err());
}

#[test]
fn limits_of_time_and_code_are_kept_to() {
    let little = |time, code| CompileLimits {
        time: Linear {
            base: time,
            each_mib: 0,
        },
        code: Linear {
            base: code,
            each_mib: 0,
        },
        ..CompileLimits::default()
    };
    let costly = Costly::Time.put_into(&faulty());
    check_refused(
        &engine(BINARY, little(1, 16), None),
        &costly,
        "compiling it takes more than 1 s of computing; the limit is 1 s, and 0 s for each MiB of a component",
    );
    let std = fs::read(library("std")).expect("a component");
    check_refused(
        &engine(BINARY, little(30, 1), None),
        &std,
        "it is compiled to more than 1 MiB of code; the limit is 1 MiB",
    );
}

#[test]
fn a_compiler_that_fails_is_an_error_of_the_component() {
    let limits = CompileLimits::default();
    check_refused(
        &engine("/bin/false", limits, None),
        &faulty(),
        "compiling it has failed: the process has ended with exit status: 1",
    );
    check_refused(
        &engine("/bin/echo", limits, None),
        &faulty(),
        "compiling it has failed: what it sends is no answer",
    );
    check_refused(
        &engine("/nowhere/tidemill", limits, None),
        &faulty(),
        "compiling it has failed: cannot start `/nowhere/tidemill`: ",
    );
}

#[test]
fn what_is_compiled_apart_works_and_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let limits = CompileLimits::default();
    let names = |engine: &Engine| {
        let component = engine.load(&faulty()).expect("a component");
        let functions = component.catalog("{}", &Allow::default());
        let functions = functions.expect("a catalog");
        let names = functions.iter().map(|function| function.name.to_string());
        names.collect::<Vec<_>>()
    };
    let here = names(&Engine::new(&EngineOptions::default()).expect("an engine"));
    assert!(here.contains(&"echo".to_owned()), "{here:?}");
    assert_eq!(names(&engine(BINARY, limits, None)), here);
    assert_eq!(names(&engine(BINARY, limits, Some(folder.path()))), here);
    // There is nothing left to compile.
    assert_eq!(
        names(&engine("/bin/false", limits, Some(folder.path()))),
        here
    );
}

#[test]
fn compiling_what_is_not_wanted_any_more_is_broken_off() {
    let engine = engine(BINARY, CompileLimits::default(), None);
    let costly = Costly::Time.put_into(&faulty());
    let compiler = AtomicU32::new(0);
    let is_wanted = || match compilers(std::process::id())[..] {
        [] => true,
        [process, ..] => {
            compiler.store(process, Ordering::Relaxed);
            false
        }
    };
    let error = engine
        .load_while(&costly, &is_wanted)
        .expect_err("broken off");
    assert_eq!(error, LoadError::Unwanted);
    assert!(!is_running(compiler.into_inner()));
}

#[test]
fn a_compiler_ends_with_the_process_that_has_started_it() {
    let workspace = Workspace::new();
    workspace.write("costly.wasm", Costly::Time.put_into(&faulty()));
    let inspect = workspace
        .tidemill(&["inspect", "costly.wasm"])
        .stderr(Stdio::null())
        .spawn();
    let mut inspect = inspect.expect("the binary runs");
    let process = inspect.id();
    wait_until(|| !compilers(process).is_empty());
    let compiler = compilers(process)[0];
    // Nobody gets to know of this.
    inspect.kill().expect("a child");
    inspect.wait().expect("an end");
    wait_until(|| !is_running(compiler));
}
