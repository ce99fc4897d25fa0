//! Functions that break down on some rows, each in its own way.

use std::hint::black_box;

use tidemill_sdk::prelude::*;

/// Breaks down on some numbers; hands the others back.
fn fragile(n: i64) -> i64 {
    match n {
        13 => panic!("13 is unlucky"),
        14 => spin(),
        15 => hoard(),
        16 => dig(n),
        n => n,
    }
}

/// Never comes back. A function of its own also in the component, so that it is found in backtraces.
#[inline(never)]
fn spin() -> i64 {
    let mut turns = 0_i64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

/// Takes all memory there is.
fn hoard() -> i64 {
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(vec![1_u8; 1 << 20]));
    }
}

/// Calls itself until the stack is full.
fn dig(depth: i64) -> i64 {
    if black_box(depth) == i64::MIN {
        return 0;
    }
    let hole = black_box([depth; 512]);
    dig(hole[0] + 1) + hole[511]
}

/// Hands each number back, but for some.
#[scalar(result = "same")]
pub fn echo(n: i64) -> i64 {
    fragile(n)
}

/// Whether a number is even, but for some.
#[scalar]
pub fn is_even(n: i64) -> bool {
    fragile(n) % 2 == 0
}

/// Each number twice, but for some.
#[table(result = "twin")]
pub fn twins(n: i64) -> Vec<i64> {
    vec![fragile(n); 2]
}

/// The sum of numbers, but for some.
#[derive(Debug, Default, State)]
pub struct Total {
    total: i64,
}

#[aggregate]
impl Aggregate for Total {
    type Input = i64;
    type Output = i64;

    fn update(&mut self, value: i64) {
        self.total += fragile(value);
    }

    fn merge(&mut self, other: Self) {
        self.total += other.total;
    }

    fn finish(&self) -> i64 {
        self.total
    }
}

/// The sum of numbers. It takes all of them, but breaks down when two sums are put together that come to some.
#[derive(Debug, Default, State)]
pub struct Pool {
    total: i64,
}

#[aggregate]
impl Aggregate for Pool {
    type Input = i64;
    type Output = i64;

    fn update(&mut self, value: i64) {
        self.total += value;
    }

    fn merge(&mut self, other: Self) {
        self.total = fragile(self.total + other.total);
    }

    fn finish(&self) -> i64 {
        self.total
    }
}

/// Adds numbers up as they come, but for some.
#[process(result = "running")]
pub fn running_total(total: &mut Total, n: i64) -> Option<i64> {
    total.total += fragile(n);
    Some(total.total)
}

library!(echo, is_even, twins, Total, Pool, running_total);
