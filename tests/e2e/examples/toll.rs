//! The jobs of `udfs/toll`.

use std::collections::{BTreeMap, HashMap};

use super::{Example, Row, micros, text};

/// A good crossing, cleaned, as the jobs should see it.
#[derive(Clone, Debug)]
struct Crossing {
    ts: i64,
    number: String,
    station: String,
    plate: String,
    axles: i64,
    top_up: i64,
}

const QUARTER: i64 = 15 * 60 * 1_000_000;

/// Three hours of the morning.
#[track_caller]
fn morning() -> Example {
    Example::with_data("toll", "40_000", "2024-04-15T05:00:00Z")
}

/// The good crossings, each once, in the order of arrival.
fn crossings(example: &Example) -> Vec<Crossing> {
    let mut last: HashMap<String, String> = HashMap::new();
    let crossing = |row: &serde_json::Value| {
        let plate: String = text(row, "plate")?
            .to_uppercase()
            .replace([' ', '-', '?'], "");
        Some(Crossing {
            ts: micros(text(row, "ts")?)?,
            number: text(row, "crossing")?.to_owned(),
            station: text(row, "station")?.to_owned(),
            plate: (!plate.is_empty()).then_some(plate)?,
            axles: row.get("axles")?.as_i64().filter(|&axles| axles > 0)?,
            top_up: row.get("top_up")?.as_i64().unwrap_or_default(),
        })
    };
    let rows = example.json("crossings");
    let good = rows.iter().filter_map(crossing);
    good.filter(|crossing| {
        let before = last.insert(crossing.plate.clone(), crossing.number.clone());
        before.as_ref() != Some(&crossing.number)
    })
    .collect()
}

/// The rows of a table of the folder, by the values of its first `key` columns.
fn table(example: &Example, name: &str, key: usize) -> BTreeMap<Vec<String>, Vec<String>> {
    let text = example.workspace.read(&format!("udfs/toll/{name}.csv"));
    let rows = text.lines().skip(1).map(|line| {
        let mut values: Vec<String> = line.split(',').map(str::to_owned).collect();
        let rest = values.split_off(key);
        (values, rest)
    });
    rows.collect()
}

#[test]
fn the_warehouse_gets_each_good_crossing_once_with_its_station() {
    let example = morning();
    let run = example.run("warehouse");
    example.workspace.succeed(
        r#"
name = "show"
[source.warehouse]
connector = "file"
path = "target/demo/toll/warehouse"
format = "parquet"
[sink.rows]
from = "warehouse"
connector = "file"
path = "target/demo/toll/rows"
"#,
    );
    let stations = table(&example, "stations", 1);
    let describe = |crossing: &Crossing| {
        let station = stations.get(&vec![crossing.station.clone()]);
        let name = station.and_then(|columns| columns.first().cloned());
        (crossing.number.clone(), crossing.plate.clone(), name)
    };
    let mut expected: Vec<_> = crossings(&example).iter().map(describe).collect();
    let row = |row: &serde_json::Value| {
        let column = |name| text(row, name).map(str::to_owned);
        let plate = column("plate").expect("a plate");
        (column("crossing").expect("a number"), plate, column("name"))
    };
    let mut found: Vec<_> = example.json("rows").iter().map(row).collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
    assert!(run.count("crossings", "dead letters") > 0, "{}", run.stderr);
    assert!(run.count("cleaned", "dead letters") > 0, "{}", run.stderr);
    let once = run.count("once", "in") - run.count("once", "out");
    assert!(once > 0, "some crossings are sent twice: {}", run.stderr);
}

/// Each fall of a balance under 10.00: plate, station, balance.
fn falls(example: &Example) -> Vec<(i64, String, i64)> {
    let stations = table(example, "stations", 1);
    let mut accounts: HashMap<String, i64> = HashMap::new();
    let mut falls = Vec::new();
    for crossing in crossings(example) {
        let Some(station) = stations.get(&vec![crossing.station]) else {
            continue;
        };
        let price: i64 = station[2].parse().expect("a price");
        let balance = accounts.entry(crossing.plate.clone()).or_insert(5_000);
        let before = *balance;
        *balance += crossing.top_up - price * crossing.axles;
        if *balance < 1_000 && before >= 1_000 {
            falls.push((crossing.ts, crossing.plate, *balance));
        }
    }
    falls.sort();
    falls
}

#[test]
fn each_fall_of_a_balance_is_told_once() {
    let example = morning();
    let expected = falls(&example);
    assert!(expected.len() > 100, "{}", expected.len());
    let text = example.pipeline("balance");
    for parallelism in [1, 3] {
        example.run_as("balance", &format!("parallelism = {parallelism}\n{text}"));
        let fall = |row: &Row| {
            let ts = micros(&row["ts"]).expect("a timestamp");
            let balance = row["balance"].parse().expect("cents");
            (ts, row["plate"].clone(), balance)
        };
        let mut found: Vec<(i64, String, i64)> = example.csv("balance").iter().map(fall).collect();
        found.sort();
        assert_eq!(found, expected);
    }
}

/// Traffic that is more than 40 % off: window start, station, crossings.
fn unusual(example: &Example) -> Vec<(i64, String, i64)> {
    let usual = table(example, "usual", 2);
    let mut counts: BTreeMap<(i64, String), i64> = BTreeMap::new();
    for crossing in crossings(example) {
        let start = crossing.ts.div_euclid(QUARTER) * QUARTER;
        *counts.entry((start, crossing.station)).or_default() += 1;
    }
    let is_unusual = |start: i64, station: &str, count: i64| {
        let segment = match start.div_euclid(4 * QUARTER).rem_euclid(24) {
            0..6 => "night",
            6..9 => "morning",
            9..15 => "midday",
            15..19 => "evening",
            _ => "late",
        };
        let expected = usual.get(&vec![station.to_owned(), segment.to_owned()])?;
        let expected: f64 = expected[0].parse().expect("a number");
        Some((count as f64 / expected - 1.0).abs() > 0.4005)
    };
    let mut rows: Vec<(i64, String, i64)> = counts
        .into_iter()
        .map(|((start, station), count)| (start, station, count))
        .collect();
    rows.retain(|(start, station, count)| is_unusual(*start, station, *count).unwrap_or_default());
    rows
}

#[test]
fn unusual_traffic_is_told() {
    let example = Example::with_data("toll", "30_000", "2024-04-15T15:30:00Z");
    let alerts = |example: &Example| -> Vec<(i64, String, i64)> {
        let alert = |row: &Row| {
            let start = micros(&row["window_start"]).expect("a timestamp");
            let crossings = row["crossings"].parse().expect("a count");
            (start, row["station"].clone(), crossings)
        };
        example.csv("traffic").iter().map(alert).collect()
    };
    let text = example.pipeline("traffic");
    let patient = text.replace("delay = \"1m\"", "delay = \"2h\"");
    let patient_run = example.run_as("traffic", &patient);
    assert_eq!(
        patient_run.count("counted", "late"),
        0,
        "{}",
        patient_run.stderr
    );
    let expected = unusual(&example);
    assert_eq!(alerts(&example), expected);
    let closed = |(start, station, _): &&(i64, String, i64)| {
        let minute = start.div_euclid(60_000_000).rem_euclid(1440);
        station == "E1" && (990..1050).contains(&minute)
    };
    assert_eq!(expected.iter().filter(closed).count(), 4, "{expected:?}");

    let run = example.run_as("traffic", &text);
    let late = run.count("counted", "late");
    assert!(late > 0, "{}", run.stderr);
    assert_eq!(late, example.json("traffic-late").len() as u64);
    let taken = run.count("counted", "in windows");
    assert_eq!(taken + late, crossings(&example).len() as u64);
}
