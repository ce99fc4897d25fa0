//! `wasi:clocks/monotonic-clock`: counts its readings, and every instant has come.

use wasmtime::component::{HasData, Resource, ResourceTable};
use wasmtime_wasi::p2::{DynPollable, Pollable, bindings::clocks::monotonic_clock, subscribe};

/// What a reading adds, in nanoseconds: time that is the same for every run, and passes, so that
/// a guest that measures or waits by looking at the clock gets on.
const STEP: u64 = 1000;

/// A guest's view of its clock.
pub(in super::super) struct Clock<'a> {
    pub(in super::super) nanoseconds: &'a mut u64,
    pub(in super::super) resources: &'a mut ResourceTable,
}

impl HasData for Clock<'static> {
    type Data<'a> = Clock<'a>;
}

struct Past;

#[wasmtime_wasi::async_trait]
impl Pollable for Past {
    async fn ready(&mut self) {}
}

impl Clock<'_> {
    fn past(&mut self) -> wasmtime::Result<Resource<DynPollable>> {
        let past = self.resources.push(Past)?;
        subscribe(self.resources, past)
    }
}

impl monotonic_clock::Host for Clock<'_> {
    fn now(&mut self) -> wasmtime::Result<u64> {
        *self.nanoseconds = self.nanoseconds.saturating_add(STEP);
        Ok(*self.nanoseconds)
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(STEP)
    }

    fn subscribe_instant(&mut self, instant: u64) -> wasmtime::Result<Resource<DynPollable>> {
        *self.nanoseconds = instant.max(*self.nanoseconds);
        self.past()
    }

    fn subscribe_duration(&mut self, duration: u64) -> wasmtime::Result<Resource<DynPollable>> {
        *self.nanoseconds = self.nanoseconds.saturating_add(duration);
        self.past()
    }
}
