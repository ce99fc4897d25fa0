//! The world that a component sees when it imports WASI 0.2: no files, network or input, output that goes to
//! its log, and clocks, random bytes and variables as far as its stage allows them.
//!
//! Nothing here waits and nothing here needs an async runtime: whatever a guest asks to wait for is
//! ready, so that no guest can hold its thread longer than its deadline.

mod clock;
mod denied;
mod random;
mod streams;

use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi::{
    WasiCtx, WasiView,
    cli::{WasiCli, WasiCliView},
    filesystem::{WasiFilesystem, WasiFilesystemView},
    p2::{
        bindings::{cli, clocks, filesystem, random as wasi_random, sync},
        pipe::SinkOutputStream,
    },
    sockets::{WasiSockets, WasiSocketsView},
};

use self::denied::Denied;
pub(super) use self::{
    clock::{Clock, Time},
    random::Chance,
    streams::Streams,
};
use super::{allow::Allow, contract::Name, sandbox::Sandbox};

/// Packages of WASI that a component may import.
const OFFERED: [&str; 6] = [
    "wasi:cli",
    "wasi:clocks",
    "wasi:filesystem",
    "wasi:io",
    "wasi:random",
    "wasi:sockets",
];

/// Handles that a guest can have open at once.
pub(super) const MAX_HANDLES: usize = 1024;

/// Whether a component that imports `name` can be instantiated.
pub(super) fn offers(name: &Name<'_>) -> bool {
    name.version.starts_with("0.2.") && OFFERED.contains(&name.package)
}

/// What a guest gets of an interface of WASI that it imports, in words.
pub fn what_it_gets(import: &str) -> &'static str {
    let Some(Name {
        package, interface, ..
    }) = Name::parse(import)
    else {
        return "nothing";
    };
    match (package, interface) {
        ("wasi:clocks", _) => "the time of the stream; with `allow = [\"clock\"]` that of the host",
        ("wasi:random", "insecure-seed") => {
            "a seed that follows from the stage; with `allow = [\"random\"]` one of the host"
        }
        ("wasi:random", _) => {
            "bytes that follow from the call; with `allow = [\"random\"]` those of the host"
        }
        ("wasi:cli", "environment") => {
            "no variables; with `allow = [\"env:NAME\"]` those of the host"
        }
        ("wasi:cli", "stdout" | "stderr") => "the log",
        ("wasi:cli", "stdin") => "an input that has ended",
        ("wasi:cli", "exit") => "the end of the call, as a failure",
        ("wasi:io", _) => "what belongs to the others",
        _ => "nothing: denied",
    }
}

/// A WASI context with the variables that are allowed, and nothing else in it. Clocks and random bytes are
/// [`Time`] and [`Chance`].
pub(super) fn context(allow: &Allow) -> WasiCtx {
    let mut context = WasiCtx::builder();
    for variable in &allow.variables {
        context.env(&variable.name, &variable.value);
    }
    context
        .stdout(SinkOutputStream)
        .stderr(SinkOutputStream)
        .build()
}

/// A table for a guest's handles.
pub(super) fn resources() -> ResourceTable {
    let mut resources = ResourceTable::new();
    resources.set_max_capacity(MAX_HANDLES);
    resources
}

/// Adds WASI to what a component can be linked with.
pub(super) fn link(linker: &mut Linker<Sandbox>) -> wasmtime::Result<()> {
    wasmtime_wasi_io::bindings::wasi::io::error::add_to_linker::<_, Resources>(
        linker,
        |sandbox| sandbox.ctx().table,
    )?;
    sync::io::poll::add_to_linker::<_, Streams<'static>>(linker, Sandbox::streams)?;
    sync::io::streams::add_to_linker::<_, Streams<'static>>(linker, Sandbox::streams)?;
    clocks::monotonic_clock::add_to_linker::<_, Clock<'static>>(linker, Sandbox::clock)?;
    clocks::wall_clock::add_to_linker::<_, Clock<'static>>(linker, Sandbox::clock)?;
    filesystem::preopens::add_to_linker::<_, WasiFilesystem>(
        linker,
        WasiFilesystemView::filesystem,
    )?;
    // No function of it can be called, for all of them need a descriptor.
    sync::filesystem::types::add_to_linker::<_, WasiFilesystem>(
        linker,
        WasiFilesystemView::filesystem,
    )?;
    wasi_random::random::add_to_linker::<_, Chance>(linker, Sandbox::chance)?;
    wasi_random::insecure::add_to_linker::<_, Chance>(linker, Sandbox::chance)?;
    wasi_random::insecure_seed::add_to_linker::<_, Chance>(linker, Sandbox::chance)?;
    cli::exit::add_to_linker::<_, WasiCli>(linker, WasiCliView::cli)?;
    cli::environment::add_to_linker::<_, WasiCli>(linker, WasiCliView::cli)?;
    cli::stdin::add_to_linker::<_, WasiCli>(linker, WasiCliView::cli)?;
    cli::stdout::add_to_linker::<_, WasiCli>(linker, WasiCliView::cli)?;
    cli::stderr::add_to_linker::<_, WasiCli>(linker, WasiCliView::cli)?;
    cli::terminal_input::add_to_linker::<_, WasiCli>(linker, WasiCliView::cli)?;
    cli::terminal_output::add_to_linker::<_, WasiCli>(linker, WasiCliView::cli)?;
    cli::terminal_stdin::add_to_linker::<_, WasiCli>(linker, WasiCliView::cli)?;
    cli::terminal_stdout::add_to_linker::<_, WasiCli>(linker, WasiCliView::cli)?;
    cli::terminal_stderr::add_to_linker::<_, WasiCli>(linker, WasiCliView::cli)?;
    link_sockets(linker)
}

/// Sockets that nobody can open, so that nothing but the functions that open them can be called.
fn link_sockets(linker: &mut Linker<Sandbox>) -> wasmtime::Result<()> {
    use wasmtime_wasi::p2::bindings::sockets;
    let view = WasiSocketsView::sockets;
    let options = sockets::network::LinkOptions::default();
    sockets::network::add_to_linker::<_, WasiSockets>(linker, &options, view)?;
    sockets::instance_network::add_to_linker::<_, WasiSockets>(linker, view)?;
    sockets::ip_name_lookup::add_to_linker::<_, Denied<'static>>(linker, |sandbox| {
        Denied::of(sandbox)
    })?;
    sockets::tcp_create_socket::add_to_linker::<_, WasiSockets>(linker, view)?;
    sync::sockets::tcp::add_to_linker::<_, WasiSockets>(linker, view)?;
    sync::sockets::udp::add_to_linker::<_, WasiSockets>(linker, view)?;
    sync::sockets::udp_create_socket::add_to_linker::<_, Denied<'static>>(linker, |sandbox| {
        Denied::of(sandbox)
    })
}

struct Resources;

impl HasData for Resources {
    type Data<'a> = &'a mut ResourceTable;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wasi_0_2_is_offered_without_http() {
        for (name, offered) in [
            ("wasi:io/streams@0.2.3", true),
            ("wasi:cli/stdout@0.2.12", true),
            ("wasi:sockets/tcp@0.2.0", true),
            ("wasi:http/types@0.2.0", false),
            ("wasi:cli/stdout@0.3.0", false),
            ("acme:db/query@1.0.0", false),
        ] {
            let name = Name::parse(name).expect("qualified");
            assert_eq!(offers(&name), offered, "{name:?}");
        }
    }

    #[test]
    fn what_an_import_gives_is_told() {
        let told = what_it_gets("wasi:clocks/wall-clock@0.2.0");
        assert_eq!(
            told,
            "the time of the stream; with `allow = [\"clock\"]` that of the host"
        );
        assert_eq!(what_it_gets("wasi:sockets/tcp@0.2.0"), "nothing: denied");
        assert_eq!(what_it_gets("wasi:cli/stdout@0.2.0"), "the log");
        assert_eq!(what_it_gets("run"), "nothing");
    }
}
