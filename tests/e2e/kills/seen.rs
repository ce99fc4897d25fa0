//! What can be seen of the sinks of a job, from outside.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::{Path, PathBuf},
};

use parquet::file::reader::SerializedFileReader;

use crate::support::Workspace;

/// The rows of each sink, sorted.
pub(super) type Rows = BTreeMap<&'static str, Vec<String>>;

/// The files that have been seen under their final names, with their contents: they stay as they are.
#[derive(Default)]
pub(super) struct Seen(BTreeMap<PathBuf, Vec<u8>>);

impl Seen {
    /// The rows that can be seen. Each file must be whole.
    pub(super) fn look(
        &mut self,
        workspace: &Workspace,
        sinks: &[&'static str],
        told: &str,
    ) -> Rows {
        let mut rows = Rows::new();
        let mut files = BTreeMap::new();
        for &sink in sinks {
            let rows = rows.entry(sink).or_default();
            // The job may have been killed before it made the folder.
            let entries = fs::read_dir(workspace.path("out").join(sink));
            for entry in entries.into_iter().flatten() {
                let path = entry.expect("an entry").path();
                let name = path.file_name().expect("a name").to_string_lossy();
                if name.starts_with("part-") {
                    rows.extend(rows_of(&path, &format!("{told}: {sink}/{name}")));
                    let content = fs::read(&path).expect("a file");
                    files.insert(path, content);
                }
            }
            rows.sort_unstable();
        }
        for (path, content) in &self.0 {
            let same = files.get(path) == Some(content);
            assert!(same, "{told}: {} has gone or changed", path.display());
        }
        self.0 = files;
        rows
    }
}

/// The rows of a file, as lines, if all of them are whole.
fn rows_of(path: &Path, told: &str) -> Vec<String> {
    let extension = path.extension().expect("an extension");
    if extension == "parquet" {
        let file = File::open(path).expect("a file");
        let reader = SerializedFileReader::new(file);
        let reader = reader.unwrap_or_else(|error| panic!("{told}: {error}"));
        let rows = reader.into_iter();
        return rows
            .map(|row| {
                format!(
                    "{:?}",
                    row.unwrap_or_else(|error| panic!("{told}: {error}"))
                )
            })
            .collect();
    }
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{told}: {error}"));
    assert!(text.is_empty() || text.ends_with('\n'), "{told} is cut off");
    let mut lines = text.lines();
    if extension == "csv" {
        let fields = |line: &str| line.split(',').count();
        let header = fields(lines.next().expect("a header"));
        let mut rows = lines.clone();
        assert!(rows.all(|row| fields(row) == header), "{told}:\n{text}");
    } else {
        let is_object = |row| serde_json::from_str::<serde_json::Value>(row).is_ok();
        assert!(lines.clone().all(is_object), "{told}:\n{text}");
    }
    lines.map(str::to_owned).collect()
}

/// How often each row is there.
fn counted(rows: &[String]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(row.as_str()).or_default() += 1;
    }
    counts
}

/// Expects each row of `found` to be in `expected` at least as often.
#[track_caller]
pub(super) fn assert_part(found: &[String], expected: &[String], told: &str) {
    let expected = counted(expected);
    for (row, count) in counted(found) {
        let expected = expected.get(row).copied().unwrap_or_default();
        assert!(
            count <= expected,
            "{told}: {count} instead of {expected}: {row}"
        );
    }
}

/// Expects no row to be lost and none to be there twice.
#[track_caller]
pub(super) fn assert_same(found: &Rows, expected: &Rows, told: &str) {
    for (sink, expected) in expected {
        let told = format!("{told}, sink `{sink}`");
        assert_part(&found[sink], expected, &told);
        assert_part(expected, &found[sink], &format!("{told}, lost"));
    }
}
