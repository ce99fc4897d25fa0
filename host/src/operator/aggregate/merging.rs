//! Puts together what two pieces of event time have seen.

use std::cell::RefCell;

use super::{
    calls::Calls,
    slice_state::{CallState, SliceState},
};
use crate::operator::{BATCH_ROWS, isolation::isolate, rejects::Patience};

/// Adds what `slice` has seen to `window`, which has seen what came before. Keys on which a function
/// fails are noted in `window`.
pub(super) fn merge(
    calls: &mut Calls,
    window: &mut SliceState,
    slice: &SliceState,
    patience: Patience,
) {
    // Keys by their number in the slice and in the window.
    let (mut new, mut known) = (Vec::new(), Vec::new());
    let mut numbers = vec![0; slice.keys.len()];
    for key in (0..slice.keys.len()).filter(|&key| slice.live[key]) {
        let (number, is_new) = window.keys.number(slice.keys.key(key as u32));
        numbers[key] = number;
        let pairs = if is_new { &mut new } else { &mut known };
        pairs.push((key as u32, number));
    }
    window.live.resize(window.keys.len(), false);
    for &(_, number) in new.iter().chain(&known) {
        window.live[number as usize] = true;
    }
    for (&key, reason) in &slice.failed {
        window.failed.insert(numbers[key as usize], reason.clone());
    }
    for (index, call) in slice.calls.iter().enumerate() {
        match (call, &mut window.calls[index]) {
            (CallState::Accumulators(from), CallState::Accumulators(into)) => {
                let keys: Vec<u32> = new.iter().map(|pair| pair.0).collect();
                into.append(keys.len(), &from.gather(&keys));
                for pairs in known.chunks(BATCH_ROWS) {
                    let (from_keys, into_keys): (Vec<u32>, Vec<u32>) =
                        pairs.iter().copied().unzip();
                    let table = RefCell::new(&mut *into);
                    let failed = isolate(
                        0..pairs.len(),
                        patience,
                        &mut |pairs| {
                            let before = table.borrow().gather(&into_keys[pairs.clone()]);
                            let partials = from.gather(&from_keys[pairs.clone()]);
                            calls.merge(index, &before, &partials, pairs.len())
                        },
                        &mut |pairs, merged| {
                            table.borrow_mut().scatter(&into_keys[pairs], &merged, 0);
                        },
                    );
                    let failed = failed.into_iter();
                    window
                        .failed
                        .extend(failed.map(|bad| (into_keys[bad.row], bad.reason)));
                }
            }
            (CallState::Values(from), CallState::Values(into)) => {
                into.chunks.extend(from.chunks.iter().map(|chunk| {
                    let mut chunk = chunk.clone();
                    for group in &mut chunk.groups {
                        *group = numbers[*group as usize];
                    }
                    chunk
                }));
            }
            _ => unreachable!("the slices of a stage keep the same things"),
        }
    }
}
