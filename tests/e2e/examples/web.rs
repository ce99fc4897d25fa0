//! The jobs of `udfs/web`.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    thread,
};

use super::{Example, Row, micros, text};

const MINUTE: i64 = 60_000_000;

/// A view of a page.
#[derive(Clone, Debug)]
struct View {
    ts: i64,
    visitor: String,
    page: String,
}

/// An hour around the one in which everybody talks about the eclipse.
#[track_caller]
fn requests() -> Example {
    Example::with_data("web", "72_000", "2024-04-15T09:40:00Z")
}

/// The views of pages, in the order of arrival.
fn views(example: &Example) -> Vec<View> {
    let view = |row: &serde_json::Value| {
        let page = text(row, "page")?.to_lowercase();
        let page = page.split('?').next()?;
        if row.get("status")?.as_i64() != Some(200) || page.starts_with("/static") {
            return None;
        }
        let page = match page {
            "" => return None,
            "/" => "/",
            page => page.trim_end_matches('/'),
        };
        Some(View {
            ts: micros(text(row, "ts")?)?,
            visitor: text(row, "visitor")?.to_owned(),
            page: page.to_owned(),
        })
    };
    example.json("views").iter().filter_map(view).collect()
}

/// Counts in the order of a list of leaders: the most views first, then by name.
fn leaders(counts: BTreeMap<String, i64>, n: usize) -> Vec<(String, i64)> {
    let mut pages: Vec<(String, i64)> = counts.into_iter().collect();
    pages.sort_by_key(|(page, views)| (-views, page.clone()));
    pages.truncate(n);
    pages
}

fn number(row: &Row, column: &str) -> i64 {
    row[column].parse().expect("a number")
}

#[test]
fn the_pages_with_the_most_views_are_those_with_the_most_views() {
    let example = requests();
    let run = example.run("top");
    assert_eq!(run.count("counted", "late"), 0, "{}", run.stderr);
    let mut windows: BTreeMap<i64, BTreeMap<String, i64>> = BTreeMap::new();
    for view in views(&example) {
        let first = view.ts.div_euclid(5 * MINUTE) * 5 * MINUTE;
        for end in [first + 5 * MINUTE, first + 10 * MINUTE] {
            let window = windows.entry(end).or_default();
            *window.entry(view.page.clone()).or_default() += 1;
        }
    }
    let mut expected = Vec::new();
    for (end, counts) in windows {
        for (rank, (page, views)) in (1..).zip(leaders(counts, 3)) {
            expected.push((end, rank, page, views));
        }
    }
    let row = |row: &Row| {
        let end = micros(&row["window_end"]).expect("a timestamp");
        let rank: i64 = number(row, "rank");
        (end, rank, row["page"].clone(), number(row, "views"))
    };
    let found: Vec<(i64, i64, String, i64)> = example.csv("top").iter().map(row).collect();
    assert_eq!(found, expected);
    let talked_about =
        |(_, rank, page, _): &&(i64, i64, String, i64)| *rank == 1 && page == "/news/eclipse";
    assert!(found.iter().filter(talked_about).count() > 3, "{found:?}");
}

#[test]
fn running_counts_end_where_they_should() {
    let example = requests();
    let run = example.run("running");
    let mut expected: BTreeMap<String, i64> = BTreeMap::new();
    for view in views(&example) {
        *expected.entry(view.page).or_default() += 1;
    }
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    let rows = example.csv("counts");
    for row in &rows {
        let views = number(row, "views");
        let before = counts.insert(row["page"].clone(), views);
        assert!(before.is_none_or(|before| before < views), "{row:?}");
    }
    assert_eq!(counts, expected);
    assert!(rows.len() > 2 * counts.len(), "{}", run.stderr);
    let mut ranks: BTreeMap<i64, (String, i64)> = BTreeMap::new();
    for row in example.csv("leaders") {
        let page = (row["page"].clone(), number(&row, "views"));
        ranks.insert(number(&row, "rank"), page);
    }
    let ranks: Vec<(String, i64)> = ranks.into_values().collect();
    assert_eq!(ranks, leaders(expected, 5));
}

#[test]
fn visits_end_when_nothing_comes_for_ten_minutes() {
    let example = requests();
    let run = example.run("visits");
    assert_eq!(run.count("sessions", "late"), 0, "{}", run.stderr);
    let mut visitors: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for view in views(&example) {
        visitors.entry(view.visitor).or_default().push(view.ts);
    }
    let mut expected = BTreeSet::new();
    for (visitor, mut times) in visitors {
        times.sort_unstable();
        for visit in times.chunk_by(|earlier, later| later - earlier <= 10 * MINUTE) {
            let (start, end) = (visit[0], visit[visit.len() - 1]);
            let end = end + 10 * MINUTE;
            expected.insert((end, visitor.clone(), start, visit.len() as i64));
        }
    }
    let row = |row: &Row| {
        let bound = |column: &str| micros(&row[column]).expect("a timestamp");
        (
            bound("window_end"),
            row["visitor"].clone(),
            bound("window_start"),
            number(row, "views"),
        )
    };
    let found: Vec<(i64, String, i64, i64)> = example.csv("visits").iter().map(row).collect();
    assert!(
        found.is_sorted(),
        "in the order of window end, then visitor"
    );
    assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
}

/// The lines of the log that have an error, and those of them that have a form.
fn errors(log: &str) -> (usize, Vec<String>) {
    let has_error =
        |line: &&str| line.contains("ERROR") || line.contains("error") && !line.contains("errors");
    let lines: Vec<&str> = log.lines().filter(has_error).collect();
    let messages = lines.iter().filter(|line| !line.starts_with("--"));
    let messages = messages.filter_map(|line| Some(line.split_once(": ")?.1.to_owned()));
    (lines.len(), messages.collect())
}

#[test]
fn errors_are_found_in_the_log() {
    let example = requests();
    let run = example.run("errors");
    let log = example.workspace.read("target/demo/web/log/part-00000.csv");
    let (lines, messages) = errors(&log);
    assert!(lines > messages.len() && !messages.is_empty());
    let message = |row: &serde_json::Value| text(row, "message").map(str::to_owned);
    let found: Vec<String> = example.json("errors").iter().filter_map(message).collect();
    assert_eq!(found, messages);
    assert_eq!(run.count("entries", "in"), lines as u64);
    let dead = example.json("errors-dead-letters");
    assert_eq!(dead.len(), lines - messages.len());
}

#[test]
fn errors_leave_a_socket_while_it_is_open() {
    let example = Example::new("web");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let server = thread::spawn(move || listener.accept().expect("a connection").0);
    let mut job = example
        .workspace
        .tidemill(&["run", "udfs/web/live.toml"])
        .env("LOG_ADDRESS", address)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the binary runs");
    let mut connection = server.join().expect("the server runs");
    let mut screen = BufReader::new(job.stdout.take().expect("a pipe"));
    for number in 0..2 {
        writeln!(connection, "08:00 INFO shop: order {number} placed").expect("sent");
        writeln!(connection, "08:00 ERROR mail: {number} lost").expect("sent");
        let mut line = String::new();
        screen.read_line(&mut line).expect("a line");
        assert!(line.contains(&format!("{number} lost")), "{line}");
    }
    drop(connection);
    assert!(job.wait().expect("an end").success());
}
