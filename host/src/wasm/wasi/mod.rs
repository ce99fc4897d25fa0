//! The empty world that a component sees when it imports WASI 0.2: no files, environment, network,
//! input or randomness, clocks that stand still, and output that goes to its log.
//!
//! Nothing here waits and nothing here needs an async runtime: whatever a guest asks to wait for is
//! ready, so that no guest can hold its thread longer than its deadline.

mod clock;
mod denied;
mod streams;

use std::time::Duration;

use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi::{
    Deterministic, HostWallClock, WasiCtx, WasiView,
    cli::{WasiCli, WasiCliView},
    clocks::{WasiClocks, WasiClocksView},
    filesystem::{WasiFilesystem, WasiFilesystemView},
    p2::{
        bindings::{cli, clocks, filesystem, random, sync},
        pipe::SinkOutputStream,
    },
    random::WasiRandom,
    sockets::{WasiSockets, WasiSocketsView},
};

use self::denied::Denied;
pub(super) use self::{clock::Clock, streams::Streams};
use super::{contract::Name, sandbox::Sandbox};

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
const MAX_HANDLES: usize = 1024;

/// Whether a component that imports `name` can be instantiated.
pub(super) fn offers(name: &Name<'_>) -> bool {
    name.version.starts_with("0.2.") && OFFERED.contains(&name.package)
}

/// A WASI context without anything in it.
pub(super) fn nothing() -> WasiCtx {
    // The same for every instance: a result must not depend on chance.
    let mut bytes = vec![0; 4096];
    blake3::Hasher::new()
        .finalize_xof()
        .fill(bytes.as_mut_slice());
    let random = || Deterministic::new(bytes.clone());
    WasiCtx::builder()
        .stdout(SinkOutputStream)
        .stderr(SinkOutputStream)
        .wall_clock(Standstill)
        .secure_random(random())
        .insecure_random(random())
        .insecure_random_seed(0)
        .max_random_size(1 << 20)
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
    clocks::wall_clock::add_to_linker::<_, WasiClocks>(linker, WasiClocksView::clocks)?;
    filesystem::preopens::add_to_linker::<_, WasiFilesystem>(
        linker,
        WasiFilesystemView::filesystem,
    )?;
    // No function of it can be called, for all of them need a descriptor.
    sync::filesystem::types::add_to_linker::<_, WasiFilesystem>(
        linker,
        WasiFilesystemView::filesystem,
    )?;
    random::random::add_to_linker::<_, WasiRandom>(linker, |sandbox| sandbox.ctx().ctx.random())?;
    random::insecure::add_to_linker::<_, WasiRandom>(linker, |sandbox| sandbox.ctx().ctx.random())?;
    random::insecure_seed::add_to_linker::<_, WasiRandom>(linker, |sandbox| {
        sandbox.ctx().ctx.random()
    })?;
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
    sockets::ip_name_lookup::add_to_linker::<_, WasiSockets>(linker, view)?;
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

/// A clock that always shows the beginning of the epoch.
struct Standstill;

impl HostWallClock for Standstill {
    fn resolution(&self) -> Duration {
        Duration::from_micros(1)
    }

    fn now(&self) -> Duration {
        Duration::ZERO
    }
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
}
