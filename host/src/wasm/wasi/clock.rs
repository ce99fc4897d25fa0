//! `wasi:clocks`: the time of the stream, unless the guest may see that of the host.
//!
//! The time of the stream is the same whenever a call is made again. Nothing waits by either: an instant that a
//! guest waits for has come, and its monotonic clock shows that.

use std::time::{Duration, Instant, SystemTime};

use wasmtime::component::{HasData, Resource, ResourceTable};
use wasmtime_wasi::p2::{
    DynPollable, Pollable,
    bindings::clocks::{
        monotonic_clock,
        wall_clock::{self, Datetime},
    },
    subscribe,
};

/// What a reading of the monotonic clock adds, in nanoseconds: time that is the same for every run, and
/// passes, so that a guest that measures or waits by looking at the clock gets on.
const STEP: u64 = 1000;

/// What the clocks of a guest show.
#[derive(Debug)]
pub(in super::super) struct Time {
    /// When the instance was made, if it may see the clock of the host.
    started: Option<Instant>,
    /// How far the stream has come, since the epoch.
    reached: Duration,
    /// The monotonic clock of the stream; for that of the host, what was waited.
    nanoseconds: u64,
}

impl Time {
    /// The time of the host, or the time of a stream that has just begun.
    pub(in super::super) fn new(of_host: bool) -> Self {
        Self {
            started: of_host.then(Instant::now),
            reached: Duration::ZERO,
            nanoseconds: 0,
        }
    }

    /// Begins a call when the stream has come as far as `reached`.
    pub(in super::super) fn begin_call(&mut self, reached: Duration) {
        if self.started.is_none() {
            self.reached = reached;
            self.nanoseconds = nanoseconds(reached);
        }
    }

    fn wall(&self) -> Duration {
        let since_epoch = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        match self.started {
            Some(_) => since_epoch().unwrap_or_default(),
            None => self.reached,
        }
    }

    fn monotonic(&mut self) -> u64 {
        match self.started {
            Some(started) => nanoseconds(started.elapsed()).saturating_add(self.nanoseconds),
            None => {
                self.nanoseconds = self.nanoseconds.saturating_add(STEP);
                self.nanoseconds
            }
        }
    }

    /// Waits.
    fn pass(&mut self, nanoseconds: u64) {
        self.nanoseconds = self.nanoseconds.saturating_add(nanoseconds);
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// A guest's view of its clocks.
pub(in super::super) struct Clock<'a> {
    pub(in super::super) time: &'a mut Time,
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

impl wall_clock::Host for Clock<'_> {
    fn now(&mut self) -> wasmtime::Result<Datetime> {
        let now = self.time.wall();
        Ok(Datetime {
            seconds: now.as_secs(),
            nanoseconds: now.subsec_nanos(),
        })
    }

    fn resolution(&mut self) -> wasmtime::Result<Datetime> {
        Ok(Datetime {
            seconds: 0,
            nanoseconds: 1000,
        })
    }
}

impl monotonic_clock::Host for Clock<'_> {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(self.time.monotonic())
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(STEP)
    }

    fn subscribe_instant(&mut self, instant: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let now = self.time.monotonic();
        self.time.pass(instant.saturating_sub(now));
        self.past()
    }

    fn subscribe_duration(&mut self, duration: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.time.pass(duration);
        self.past()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_the_stream_is_the_same_for_every_call() {
        let mut time = Time::new(false);
        assert_eq!(time.wall(), Duration::ZERO);
        let mut readings = Vec::new();
        for _ in 0..2 {
            time.begin_call(Duration::from_micros(1_500_000));
            time.pass(5);
            readings.push((time.wall(), time.monotonic(), time.monotonic()));
        }
        let expected = (Duration::from_millis(1500), 1_500_001_005, 1_500_002_005);
        assert_eq!(readings, [expected, expected]);
    }

    #[test]
    fn the_time_of_the_host_goes_on_and_waiting_adds_to_it() {
        let mut time = Time::new(true);
        time.begin_call(Duration::ZERO);
        assert!(time.wall() > Duration::from_hours(24 * 365 * 50));
        let before = time.monotonic();
        time.pass(1 << 60);
        assert!(time.monotonic() >= before + (1 << 60));
    }
}
