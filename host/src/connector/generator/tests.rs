//! Readings that are the same every time.

use arrow::array::AsArray as _;
use arrow::datatypes::Float64Type;

use super::*;
use crate::connector::harness::{listing, read_all};

fn config() -> GeneratorConfig {
    GeneratorConfig {
        seed: 7,
        rows: Some(1000),
        rate: None,
        sensors: 20,
        start_millis: 1_704_067_200_000,
        step_millis: 100,
        disorder: 0.1,
        max_disorder: crate::time::Duration::from_secs(5),
        batch_rows: 300,
    }
}

fn rows(config: GeneratorConfig) -> Vec<String> {
    let source = GeneratorSource::new(config).expect("a generator");
    let mut partition = source
        .next_partition()
        .expect("a partition")
        .expect("the first");
    assert!(source.next_partition().expect("none").is_none());
    listing(&read_all(partition.as_mut()).expect("readings"))
}

#[test]
fn readings_do_not_depend_on_the_batches() {
    let expected = rows(config());
    assert_eq!(expected.len(), 1000);
    for batch_rows in [1, 7, 1000, 5000] {
        assert_eq!(
            rows(GeneratorConfig {
                batch_rows,
                ..config()
            }),
            expected
        );
    }
    assert_ne!(
        rows(GeneratorConfig {
            seed: 8,
            ..config()
        }),
        expected
    );
}

#[test]
fn the_same_seed_gives_the_same_readings_in_every_release() {
    let config = GeneratorConfig {
        rows: Some(3),
        disorder: 0.5,
        ..config()
    };
    assert_eq!(
        rows(config),
        [
            "1: 2024-01-01T00:00:00|s003|90.62435892494598|97.09121943055644",
            "2: 2024-01-01T00:00:00.100|s001|41.67470637848455|6.858555124481058",
            "3: 2023-12-31T23:59:55.726|s006|53.63275499442233|78.03019718227814",
        ]
    );
}

#[test]
fn readings_are_spread_evenly() {
    let readings = Readings::new(GeneratorConfig {
        sensors: 4,
        ..config()
    });
    let batch = readings.make(0, 100_000).expect("readings");
    let mut counts = [0; 4];
    for name in batch.column(1).as_string::<i32>().iter().flatten() {
        let sensor: usize = name[1..].parse().expect("a number");
        counts[sensor] += 1;
    }
    assert!(
        counts.iter().all(|count| (24_000..26_000).contains(count)),
        "{counts:?}"
    );
    for column in [2, 3] {
        let values = batch.column(column).as_primitive::<Float64Type>().values();
        assert!(values.iter().all(|value| (0.0..100.0).contains(value)));
        let mean = values.iter().sum::<f64>() / 100_000.0;
        assert!((49.5..50.5).contains(&mean), "{mean}");
    }
    assert_ne!(batch.column(2), batch.column(3));
}

#[test]
fn a_share_of_readings_is_out_of_order() {
    let readings = Readings::new(config());
    let times = readings.make(0, 100_000).expect("readings");
    let times = times.times().expect("event times");
    let late: Vec<_> = (0..)
        .zip(times.iter())
        .map(|(i, &time)| (config().start_millis + 100 * i) * 1_000 - time)
        .filter(|&late| late != 0)
        .collect();
    assert!((9_500..10_500).contains(&late.len()), "{}", late.len());
    assert!(late.iter().all(|late| (1_000..=5_000_000).contains(late)));
}

#[test]
fn sensors_have_names_of_one_length() {
    for (sensors, length) in [(1, 4), (1000, 4), (1001, 5), (u32::MAX, 11)] {
        let readings = Readings::new(GeneratorConfig {
            sensors,
            ..config()
        });
        let batch = readings.make(0, 10).expect("readings");
        for name in batch.column(1).as_string::<i32>().iter().flatten() {
            assert!(name.starts_with('s') && name.len() == length, "{name}");
        }
    }
}

#[test]
fn a_rate_is_kept() {
    assert_eq!(due_after(Duration::ZERO, 10), 1);
    assert_eq!(due_after(Duration::from_millis(999), 10), 10);
    assert_eq!(due_after(Duration::from_millis(1000), 10), 11);
    for (i, rate) in [(0, 1), (9, 10), (12_345, 1_000), (7, 1_000_000)] {
        assert_eq!(due_after(due_at(i, rate), rate), i + 1, "{i} at {rate}");
    }
    let started = Instant::now();
    let rows = rows(GeneratorConfig {
        rows: Some(101),
        rate: Some(1000),
        ..config()
    });
    assert_eq!(rows.len(), 101);
    assert!(started.elapsed() >= Duration::from_millis(100));
}

#[track_caller]
fn check_error(config: GeneratorConfig, expected: &str) {
    let error = GeneratorSource::new(config).err().expect("an error");
    assert_eq!(error.to_string(), expected);
}

#[test]
fn nonsense_is_refused() {
    check_error(
        GeneratorConfig {
            sensors: 0,
            ..config()
        },
        "a generator needs at least one sensor",
    );
    check_error(
        GeneratorConfig {
            rate: Some(0),
            ..config()
        },
        "the rate of a generator must not be 0",
    );
    check_error(
        GeneratorConfig {
            disorder: f64::NAN,
            ..config()
        },
        "the disorder of a generator must be from 0 to 1, not NaN",
    );
}
