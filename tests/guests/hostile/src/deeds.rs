//! What is done instead of an answer.

use std::{hint::black_box, mem, process, ptr};

use crate::bindings::tidemill::udf::log::{self, Level};

/// Something with escapes, which must not reach a terminal.
pub(crate) const ESCAPES: &str = "\x1b[2J\x07\u{202e}gone\r";

/// Ten MiB of text.
pub(crate) fn long() -> String {
    "x".repeat(10 << 20)
}

/// Does `deed`, if it is one of those that can be done anywhere.
pub(crate) fn break_down(deed: &str) -> Result<(), String> {
    match deed {
        "abort" => process::abort(),
        "panic" => panic!("on purpose"),
        "divide" => divide(),
        "read" => read(),
        "write" => write(),
        "call-other-type" => call_other_type(),
        "call-nothing" => call_nothing(),
        "dig" => drop(black_box(dig(1))),
        "spin" => spin(),
        "hoard" => hoard(),
        "log-lines" => (0..10_000).for_each(|_| log::write(Level::Error, "a line")),
        "log-bytes" => {
            let text = "x".repeat(1 << 16);
            (0..100).for_each(|_| log::write(Level::Info, &text));
        }
        "log-long" => log::write(Level::Warn, &long()),
        "log-breaks" => log::write(Level::Warn, &"\n".repeat(1 << 20)),
        "log-escapes" => log::write(Level::Error, ESCAPES),
        "log-for-ever" => loop {
            log::write(Level::Error, "a line");
        },
        "refuse" => return Err("not this".to_owned()),
        "refuse-long" => return Err(long()),
        "refuse-escapes" => return Err(ESCAPES.to_owned()),
        "refuse-silently" => return Err(String::new()),
        _ => {}
    }
    Ok(())
}

/// Never comes back.
fn spin() {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

/// Takes all memory there is.
fn hoard() {
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(vec![1_u8; 1 << 20]));
    }
}

/// Calls itself until the stack is full.
fn dig(depth: u64) -> u64 {
    if black_box(depth) == 0 {
        return 0;
    }
    let hole = black_box([depth; 64]);
    dig(hole[0] + 1) + hole[63]
}

/// Divides by zero where the compiler expects something else.
fn divide() {
    let zero = black_box(0_u64);
    // SAFETY: there is none; a guest that is compiled from another language does that.
    let divisor = unsafe { std::num::NonZeroU64::new_unchecked(zero) };
    black_box(black_box(1_u64) / black_box(divisor));
}

/// Reads where there is no memory.
fn read() {
    let address = black_box(u32::MAX as usize - 15);
    // SAFETY: there is none; that is the point.
    black_box(unsafe { ptr::read_volatile(address as *const u64) });
}

/// Writes where there is no memory.
fn write() {
    let address = black_box(u32::MAX as usize - 15);
    // SAFETY: there is none; that is the point.
    unsafe { ptr::write_volatile(address as *mut u64, 1) };
}

fn half(number: i64) -> i64 {
    number / 2
}

/// Calls a function as if it took something else.
fn call_other_type() {
    let half: fn(i64) -> i64 = black_box(half);
    // SAFETY: there is none; that is the point.
    let other: fn(f32, f32) -> f32 = unsafe { mem::transmute(half) };
    black_box(black_box(other)(1.0, 2.0));
}

/// Calls what is in no table.
fn call_nothing() {
    let place = black_box(1_000_000_usize);
    // SAFETY: there is none; that is the point.
    let nothing: fn(i64) -> i64 = unsafe { mem::transmute(place) };
    black_box(black_box(nothing)(1));
}
