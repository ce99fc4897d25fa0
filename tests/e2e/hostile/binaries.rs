//! Components that were damaged on their way: whatever is left of them is refused, or runs within its limits.

use std::{
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use arrow::array::{ArrayRef, Int64Array};
use tidemill::wasm::{Allow, Columns, Engine, EngineOptions, InstanceOptions, Kind, Limits};

use crate::support::library;

/// How far it comes with a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reached {
    /// Not even loaded.
    Nothing,
    /// Loaded, but it has no catalog.
    Loaded,
    /// It cannot be instantiated a second time, or has no scalar function.
    Catalog,
    /// The call fails.
    Called,
    /// The call has an answer.
    Answered,
}

/// Does everything with a component that comes before a job, and a call.
fn use_it(engine: &Engine, bytes: &[u8]) -> Reached {
    let Ok(component) = engine.load(bytes) else {
        return Reached::Nothing;
    };
    let Ok(functions) = component.catalog("{}", &Allow::default()) else {
        return Reached::Loaded;
    };
    let options = InstanceOptions {
        config: "{}".into(),
        limits: Limits {
            deadline: Duration::from_millis(100),
            ..Limits::default()
        },
        allow: Allow::default(),
        stage: "damaged".into(),
    };
    let Ok(mut instance) = component.instantiate(options) else {
        return Reached::Catalog;
    };
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 13]));
    let arguments = Columns {
        rows: 3,
        arrays: &[numbers],
    };
    let Some(function) = functions.iter().find(|some| some.kind == Kind::Scalar) else {
        return Reached::Catalog;
    };
    match instance.scalar(function, arguments) {
        Ok(_) => Reached::Answered,
        Err(_) => Reached::Called,
    }
}

/// The engine, which keeps nothing, and the component.
fn start() -> (Engine, Vec<u8>) {
    let engine = Engine::new(&EngineOptions::default()).expect("this machine runs WebAssembly");
    let bytes = fs::read(library("hostile")).expect("a component");
    assert_eq!(use_it(&engine, &bytes), Reached::Answered);
    (engine, bytes)
}

/// Expects that it does not take long.
#[track_caller]
fn soon(engine: &Engine, bytes: &[u8], what: &str) -> Reached {
    let start = Instant::now();
    let reached = use_it(engine, bytes);
    // A catalog may take 5 s.
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{what}: {:?}",
        start.elapsed()
    );
    reached
}

#[test]
fn a_component_that_was_cut_off_does_no_harm() {
    let (engine, bytes) = start();
    let step = bytes.len() / 100 + 1;
    let ends = (0..40).chain((40..bytes.len()).step_by(step));
    for end in ends.chain([bytes.len() - 1]) {
        let reached = soon(&engine, &bytes[..end], &format!("cut at {end}"));
        // Sections are complete at some places; then it is a component, and exports nothing.
        assert_eq!(reached, Reached::Nothing, "cut at {end}");
    }
}

/// Numbers that look random and are always the same ones: SplitMix64.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }
}

/// Flips one bit of the component, 100 times.
fn flip(seed: u64) {
    let (engine, mut bytes) = start();
    let mut chance = Chance(seed);
    let mut refused = 0;
    for _ in 0..100 {
        let (place, bit) = (chance.below(bytes.len()), chance.below(8));
        bytes[place] ^= 1 << bit;
        let reached = soon(&engine, &bytes, &format!("bit {bit} of byte {place}"));
        refused += usize::from(reached == Reached::Nothing);
        bytes[place] ^= 1 << bit;
    }
    assert!((5..100).contains(&refused), "{refused} of 100 are refused");
}

#[test]
fn a_component_with_a_wrong_bit_does_no_harm() {
    flip(1);
}

#[test]
fn a_component_with_another_wrong_bit_does_no_harm() {
    flip(2);
}
