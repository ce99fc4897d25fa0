//! What the host keeps for one instance: its limits, its log, and its empty world.

use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::{
    limits::{Limiter, Limits},
    log::Log,
    wasi::{self, Clock, Streams},
};

/// The data of an instance's store.
pub(super) struct Sandbox {
    limiter: Limiter,
    log: Log,
    world: Option<Box<World>>,
}

/// What a component that imports WASI sees.
struct World {
    wasi: WasiCtx,
    resources: ResourceTable,
    nanoseconds: u64,
}

impl Sandbox {
    /// A sandbox; with a world if the component imports WASI.
    pub(super) fn new(limits: &Limits, log: Log, imports_wasi: bool) -> Self {
        let world = || {
            Box::new(World {
                wasi: wasi::nothing(),
                resources: wasi::resources(),
                nanoseconds: 0,
            })
        };
        Self {
            limiter: Limiter::new(limits.memory),
            log,
            world: imports_wasi.then(world),
        }
    }

    pub(super) fn limiter(&mut self) -> &mut Limiter {
        &mut self.limiter
    }

    pub(super) fn log(&mut self) -> &mut Log {
        &mut self.log
    }

    pub(super) fn streams(&mut self) -> Streams<'_> {
        let world = self.world.as_mut().expect(HAS_WORLD);
        Streams {
            resources: &mut world.resources,
            log: &mut self.log,
        }
    }

    pub(super) fn clock(&mut self) -> Clock<'_> {
        let world = self.world.as_mut().expect(HAS_WORLD);
        Clock {
            nanoseconds: &mut world.nanoseconds,
            resources: &mut world.resources,
        }
    }
}

const HAS_WORLD: &str = "WASI is linked only for components that get a world";

impl WasiView for Sandbox {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let world = self.world.as_mut().expect(HAS_WORLD);
        WasiCtxView {
            ctx: &mut world.wasi,
            table: &mut world.resources,
        }
    }
}
