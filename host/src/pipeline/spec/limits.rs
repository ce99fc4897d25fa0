//! What `limits` says: how much of everything the functions of a stage may use.

use std::ops::RangeInclusive;

use crate::{
    pipeline::{
        StageLimits,
        reader::{Keys, Table},
    },
    time::Duration,
    wasm::{MOST_INSTANCES, MOST_TABLE_ELEMENTS},
};

const KEYS: [&str; 8] = [
    "memory",
    "deadline",
    "output_rows",
    "output_bytes",
    "log_lines",
    "log_bytes",
    "table_elements",
    "instances",
];

/// A page of memory, and all that 32 bits can address.
const MEMORY: RangeInclusive<u64> = 64 << 10..=4 << 30;
/// Deadlines are met to within some milliseconds, and a barrier waits for calls.
const DEADLINE: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(3600);
const OUTPUT_BYTES: RangeInclusive<u64> = 1 << 10..=4 << 30;
const LOG_BYTES: RangeInclusive<u64> = 1..=1 << 30;
/// What a column of Arrow can hold.
const OUTPUT_ROWS: RangeInclusive<i64> = 1..=i32::MAX as i64;
const LOG_LINES: RangeInclusive<i64> = 1..=1_000_000;
const TABLE_ELEMENTS: RangeInclusive<i64> = 1..=MOST_TABLE_ELEMENTS as i64;
const INSTANCES: RangeInclusive<i64> = 1..=MOST_INSTANCES as i64;

/// Reads `limits`; what it does not say is as usual.
pub(super) fn limits(table: &Table<'_>) -> StageLimits {
    let mut limits = StageLimits::default();
    let what = "a table such as `{ memory = \"64MiB\", deadline = \"1s\" }`";
    let Some(value) = table.get("limits") else {
        return limits;
    };
    let Some(table) = value.table(what, "`limits`".to_owned()) else {
        return limits;
    };
    table.check(Keys {
        known: &KEYS,
        ..Keys::default()
    });
    let sizes = [
        ("memory", MEMORY, &mut limits.memory),
        ("output_bytes", OUTPUT_BYTES, &mut limits.output_bytes),
        ("log_bytes", LOG_BYTES, &mut limits.log_bytes),
    ];
    for (key, range, limit) in sizes {
        if let Some(size) = size(&table, key, range) {
            *limit = size;
        }
    }
    let numbers = [
        ("output_rows", OUTPUT_ROWS, &mut limits.output_rows),
        ("table_elements", TABLE_ELEMENTS, &mut limits.table_elements),
        ("instances", INSTANCES, &mut limits.instances),
    ];
    for (key, range, limit) in numbers {
        if let Some(number) = number(&table, key, range) {
            *limit = number;
        }
    }
    if let Some(lines) = number(&table, "log_lines", LOG_LINES) {
        limits.log_lines = lines;
    }
    if let Some(deadline) = deadline(&table) {
        limits.deadline = deadline;
    }
    limits
}

fn number<T: TryFrom<i64>>(table: &Table<'_>, key: &str, range: RangeInclusive<i64>) -> Option<T> {
    let number = table.get(key)?.integer(range)?;
    T::try_from(number).ok()
}

fn size(table: &Table<'_>, key: &str, range: RangeInclusive<u64>) -> Option<u64> {
    let size = table.get(key)?.size(key, range)?;
    Some(size.value.0)
}

fn deadline(table: &Table<'_>) -> Option<Duration> {
    let deadline = table.get("deadline")?.duration_in("deadline", DEADLINE)?;
    Some(deadline.value)
}
