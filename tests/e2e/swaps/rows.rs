//! What comes out of jobs that are swapped, and what must.

use std::collections::{BTreeMap, HashMap};

use super::feed::KEYS;

/// A row that has been marked: its key, its number, the version that marked it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Marked {
    pub(super) key: String,
    pub(super) n: u64,
    pub(super) version: i64,
}

/// Reads CSV with columns of these names, in any order among others.
fn columns<const N: usize>(csv: &str, names: [&str; N]) -> Vec<[String; N]> {
    let mut lines = csv.lines();
    let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let places = names.map(|name| {
        let mut columns = header.iter();
        let place = columns.position(|column| *column == name);
        place.unwrap_or_else(|| panic!("no column `{name}` in {header:?}"))
    });
    let row = |line: &str| {
        let values: Vec<&str> = line.split(',').collect();
        places.map(|place| values[place].to_owned())
    };
    // A file of another part begins with the same header.
    let lines = lines.filter(|line| *line != header.join(","));
    lines.map(row).collect()
}

/// The rows of CSV with columns `k`, `n` and `version`.
pub(super) fn marked(csv: &str) -> Vec<Marked> {
    let rows = columns(csv, ["k", "n", "version"]).into_iter();
    rows.map(|[key, n, version]| Marked {
        key,
        n: n.parse().expect("a number"),
        version: version.parse().expect("a version"),
    })
    .collect()
}

/// By feed the versions of the rows, in the order in which they were read. None may be missing, none may be
/// there twice.
#[track_caller]
pub(super) fn versions<'a>(
    rows: &[Marked],
    counts: &[(&'a str, u64)],
) -> BTreeMap<&'a str, Vec<i64>> {
    let mut found: BTreeMap<&str, Vec<Option<i64>>> = counts
        .iter()
        .map(|&(feed, count)| (feed, vec![None; count as usize]))
        .collect();
    for row in rows {
        let feed = row
            .key
            .trim_end_matches(|letter: char| letter.is_ascii_digit());
        assert_eq!(row.key, format!("{feed}{}", row.n % KEYS), "the row itself");
        let rows = found.get_mut(feed).expect("a feed");
        let seen = rows.get_mut(row.n as usize);
        let seen = seen.unwrap_or_else(|| panic!("row {row:?} was never sent"));
        assert_eq!(*seen, None, "row {row:?} has come twice");
        *seen = Some(row.version);
    }
    let found = found.into_iter().map(|(feed, rows)| {
        let rows = rows.into_iter().enumerate();
        let whole = |(n, row): (usize, Option<i64>)| {
            row.unwrap_or_else(|| panic!("row {n} of `{feed}` is lost"))
        };
        (feed, rows.map(whole).collect())
    });
    found.collect()
}

/// How often the version changes along rows.
pub(super) fn changes(versions: &[i64]) -> usize {
    versions.windows(2).filter(|two| two[0] != two[1]).count()
}

/// Asserts that the rows of each key were numbered from 1 in the order in which they came, by CSV with columns
/// `k`, `n` and `number`.
#[track_caller]
pub(super) fn assert_numbered(csv: &str, count: u64) {
    let rows = columns(csv, ["k", "n", "number"]);
    assert_eq!(rows.len() as u64, count, "rows that are numbered");
    for [key, n, number] in rows {
        let n: u64 = n.parse().expect("a number");
        assert_eq!(number, (n / KEYS + 1).to_string(), "row {n} of key `{key}`");
    }
}

/// Asserts that there is one row for each key and window of so many milliseconds, with the number of the
/// rows in it, by CSV with columns `k`, `window_start` and `rows`. Returns the results as they are, less than
/// `beyond` and more.
#[track_caller]
pub(super) fn assert_tallied(
    csv: &str,
    window: u64,
    counts: &[(&str, u64)],
    beyond: i64,
) -> (usize, usize) {
    let mut expected: HashMap<String, Vec<i64>> = HashMap::new();
    for &(feed, count) in counts {
        for n in 0..count {
            let windows = expected.entry(format!("{feed}{}", n % KEYS)).or_default();
            let window = (n / window) as usize;
            if windows.len() <= window {
                windows.resize(window + 1, 0);
            }
            windows[window] += 1;
        }
    }
    let mut found: HashMap<String, Vec<(String, i64)>> = HashMap::new();
    for [key, start, rows] in columns(csv, ["k", "window_start", "rows"]) {
        let rows: i64 = rows.parse().expect("a number");
        found.entry(key).or_default().push((start, rows));
    }
    let (mut below, mut above) = (0, 0);
    assert_eq!(found.len(), expected.len(), "keys");
    for (key, mut rows) in found {
        // Times of one form sort as text.
        rows.sort();
        let rows = rows.into_iter().map(|(_, rows)| {
            let is_above = rows >= beyond;
            below += usize::from(!is_above);
            above += usize::from(is_above);
            if is_above { rows - beyond } else { rows }
        });
        assert_eq!(rows.collect::<Vec<_>>(), expected[&key], "key `{key}`");
    }
    (below, above)
}
