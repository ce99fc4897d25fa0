//! What the host keeps for one instance: its limits, its log, and the world it sees.

use std::time::Duration;

use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::{
    given::Given,
    instance::InstanceOptions,
    limits::Limiter,
    log::Log,
    wasi::{self, Chance, Clock, Streams, Time},
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
    time: Time,
    chance: Chance,
}

impl Sandbox {
    /// A sandbox; with a world if the component imports WASI.
    pub(super) fn new(options: &InstanceOptions, log: Log, imports_wasi: bool) -> Self {
        let allow = &options.allow;
        let world = || {
            Box::new(World {
                wasi: wasi::context(allow),
                resources: wasi::resources(),
                time: Time::new(allow.clock),
                chance: Chance::new(allow.random, options.stage.clone()),
            })
        };
        Self {
            limiter: Limiter::new(&options.limits),
            log,
            world: imports_wasi.then(world),
        }
    }

    /// Begins a call when the stream has come as far as `reached`, as a time since the epoch. `given` is what
    /// the call is given, which only those that may draw random bytes are asked for.
    pub(super) fn begin_call(&mut self, reached: Duration, given: impl FnOnce() -> Given) {
        self.log.begin_call();
        if let Some(world) = &mut self.world {
            world.time.begin_call(reached);
            world.chance.begin_call(given);
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
            time: &mut world.time,
            resources: &mut world.resources,
        }
    }

    pub(super) fn chance(&mut self) -> &mut Chance {
        &mut self.world.as_mut().expect(HAS_WORLD).chance
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
