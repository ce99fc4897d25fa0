//! Functions that look at the world outside: clocks, random bytes, variables, output. Some do nothing else.

mod wasi {
    wit_bindgen::generate!({ path: "wit", generate_all });
}

use std::{hint::black_box, mem};

use tidemill_sdk::{log, prelude::*};

use self::wasi::wasi::{
    cli::{environment, stdout},
    clocks::{monotonic_clock, wall_clock},
    random::{insecure_seed, random},
};

/// The wall clock, in microseconds.
#[scalar(result = "wall")]
pub fn wall(n: i64) -> i64 {
    let now = wall_clock::now();
    black_box(n);
    now.seconds as i64 * 1_000_000 + i64::from(now.nanoseconds) / 1000
}

/// The monotonic clock, in nanoseconds.
#[scalar(result = "monotonic")]
pub fn monotonic(n: i64) -> i64 {
    black_box(n);
    monotonic_clock::now() as i64
}

/// A random number. Breaks down on 13.
#[scalar(result = "drawn")]
pub fn draw(n: i64) -> i64 {
    assert_ne!(n, 13, "13 is unlucky");
    random::get_random_u64() as i64
}

/// The seed of hash tables.
#[scalar(result = "seed")]
pub fn seed(n: i64) -> i64 {
    black_box(n);
    insecure_seed::insecure_seed().0 as i64
}

/// What a variable holds.
#[scalar(result = "value")]
pub fn variable(name: &str) -> Option<String> {
    let mut variables = environment::get_environment().into_iter();
    variables
        .find(|variable| variable.0 == name)
        .map(|variable| variable.1)
}

/// How many rows a key has had.
#[derive(Debug, Default, State)]
pub struct Seen {
    rows: i64,
}

/// What is seen with a row.
#[derive(Debug, Row)]
pub struct Sight {
    /// The number of the row.
    pub row: i64,
    /// A random number.
    pub lot: i64,
    /// The wall clock, in microseconds.
    pub clock: i64,
}

/// Looks at everything for each row of a key.
#[process]
pub fn look(seen: &mut Seen, n: i64) -> Option<Sight> {
    seen.rows += 1;
    Some(Sight {
        row: seen.rows,
        lot: random::get_random_u64() as i64,
        clock: wall(n),
    })
}

/// Does one thing over and over again, or too much of it at once.
#[scalar(result = "done")]
pub fn storm(of: &str) -> i64 {
    let long = "x\n".repeat(1 << 19);
    match of {
        "log" => loop {
            log::info(&long);
        },
        "errors" => loop {
            log::error(&long[..1000]);
        },
        "clock" => loop {
            black_box((wall_clock::now(), monotonic_clock::now()));
        },
        "random" => loop {
            black_box(random::get_random_bytes(1 << 20));
        },
        "print" => {
            let out = stdout::get_stdout();
            loop {
                drop(out.write(&long.as_bytes()[..1 << 16]));
            }
        }
        "handles" => loop {
            mem::forget(stdout::get_stdout());
        },
        "much random" => random::get_random_bytes((1 << 20) + 1).len() as i64,
        "much print" => i64::from(stdout::get_stdout().write(long.as_bytes()).is_ok()),
        _ => 0,
    }
}

/// A text of as many letters as it is asked for.
#[scalar(result = "text")]
pub fn text(n: i64) -> String {
    "x".repeat(n as usize)
}

/// As many rows as it is asked for.
#[table(result = "row")]
pub fn many(n: i64) -> Vec<i64> {
    (0..n).collect()
}

/// How many bytes a text has.
#[scalar(result = "length")]
pub fn length(text: &str) -> i64 {
    text.len() as i64
}

/// Each text twice, or rather how long it is.
#[table(result = "twin")]
pub fn twins(text: &str) -> Vec<i64> {
    vec![text.len() as i64; 2]
}

/// The bytes of all texts.
#[derive(Debug, Default, State)]
pub struct Bytes {
    bytes: i64,
}

#[aggregate]
impl Aggregate for Bytes {
    type Input = String;
    type Output = i64;

    fn update(&mut self, text: String) {
        self.bytes += text.len() as i64;
    }

    fn merge(&mut self, other: Self) {
        self.bytes += other.bytes;
    }

    fn finish(&self) -> i64 {
        self.bytes
    }
}

/// Adds up the bytes of texts as they come.
#[process(result = "running")]
pub fn running_bytes(bytes: &mut Bytes, text: &str) -> Option<i64> {
    bytes.bytes += text.len() as i64;
    Some(bytes.bytes)
}

/// The bytes of the longest text.
#[holistic(result = "longest")]
pub fn longest(texts: &[&str]) -> i64 {
    let lengths = texts.iter().map(|text| text.len() as i64);
    lengths.max().unwrap_or_default()
}

library!(
    wall,
    monotonic,
    draw,
    seed,
    variable,
    look,
    storm,
    text,
    many,
    length,
    twins,
    Bytes,
    running_bytes,
    longest
);
