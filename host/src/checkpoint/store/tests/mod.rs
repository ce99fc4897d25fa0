//! Stores of checkpoints, their faults and their damages.

mod buckets;
mod damaged;
mod durable;
mod faults;
mod fenced;
mod formats;
mod growth;
mod round_trip;
mod served;
mod server;
mod timelines;

use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc};

use arrow::{
    array::{ArrayRef, BinaryArray, Int64Array, RecordBatch},
    datatypes::{DataType, Field, Schema},
};
use serde_json::json;

use super::*;
use crate::{
    checkpoint::{
        Checkpoint, JobSnapshot, PartitionSnapshot, SinkSnapshot, SourceSnapshot, StageSnapshot,
        UsedComponent,
    },
    connector::{ReadPosition, Transaction},
    pipeline::Location,
    state::Snapshot,
    time::{Duration, PartitionProgress, Timestamp, Watermark},
};

/// A place for the checkpoints of the job `job`.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    fn location(&self) -> Location {
        Location::directory(self.0.path())
    }

    fn open(&self) -> CheckpointStore {
        CheckpointStore::open(&self.location(), "job").expect("nobody else has it")
    }

    /// Another place with the same files.
    fn copy(&self) -> Self {
        let copy = Self::new();
        let folder = copy.0.path().join("job");
        fs::create_dir(&folder).expect("a directory");
        for path in self.files() {
            let name = path.file_name().expect("a name");
            fs::copy(&path, folder.join(name)).expect("a file");
        }
        copy
    }

    /// All files but the lock.
    fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.0.path().join("job")).expect("a directory");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        let mut paths: Vec<PathBuf> = paths.filter(|path| !path.ends_with("lock")).collect();
        paths.sort();
        paths
    }

    /// The file whose name begins so.
    fn file(&self, start: &str) -> PathBuf {
        let name = |path: &PathBuf| {
            path.file_name()
                .map(|name| name.to_string_lossy().into_owned())
        };
        let found = self.files().into_iter();
        found
            .into_iter()
            .find(|path| name(path).is_some_and(|name| name.starts_with(start)))
            .expect("such a file")
    }

    fn names(&self) -> Vec<String> {
        let names = self.files().into_iter();
        names
            .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
            .collect()
    }
}

/// A table with a key and a number in each row.
fn table(rows: impl IntoIterator<Item = (u32, i64)>) -> RecordBatch {
    let (keys, numbers): (Vec<u32>, Vec<i64>) = rows.into_iter().unzip();
    let keys = keys.into_iter().map(u32::to_be_bytes);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(BinaryArray::from_iter_values(keys)),
        Arc::new(Int64Array::from(numbers)),
    ];
    let fields = vec![
        Field::new("0", DataType::Binary, true),
        Field::new("1", DataType::Int64, true),
    ];
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).expect("columns of one length")
}

/// State of one subtask.
fn state(tables: Vec<RecordBatch>) -> StageSnapshot {
    StageSnapshot {
        watermark: Watermark::at(Timestamp::from_micros(17)),
        subtasks: vec![Snapshot {
            watermark: Watermark::START,
            tables,
        }],
    }
}

fn used(library: Option<&str>, digest: &str) -> UsedComponent {
    UsedComponent {
        library: library.map(str::to_owned),
        digest: digest.to_owned(),
    }
}

fn checkpoint(number: u64, tables: Vec<RecordBatch>) -> Checkpoint {
    let partition = PartitionSnapshot {
        name: "a.csv".into(),
        progress: PartitionProgress {
            watermark: Watermark::at(Timestamp::from_micros(-5)),
            told: false,
            idle: true,
            quiet: Duration::from_millis(3),
        },
        position: Some(ReadPosition(json!({ "byte": number }))),
    };
    let source = SourceSnapshot {
        watermark: Watermark::END,
        partitions: vec![partition],
        finished: vec!["b.csv".into()],
    };
    let sink = SinkSnapshot {
        held: state(vec![table([(1, 1)])]),
        staged: Some(Transaction(json!([number, "part"]))),
    };
    Checkpoint {
        number,
        job: "job".to_owned(),
        created_at: Timestamp::from_micros(1_000_000),
        is_complete: false,
        stages: BTreeMap::from([("stage".into(), "key: a".to_owned())]),
        components: BTreeMap::from([("stage".into(), vec![used(Some("std"), "0123")])]),
        snapshot: JobSnapshot {
            sources: BTreeMap::from([("source".into(), source)]),
            stages: BTreeMap::from([("stage".into(), state(tables))]),
            sinks: BTreeMap::from([("sink".into(), sink)]),
        },
    }
}

/// Everything that a checkpoint holds, to be compared.
fn told(checkpoint: &Checkpoint) -> String {
    format!("{checkpoint:?}")
}

#[track_caller]
fn check_same(found: Option<&Checkpoint>, expected: &Checkpoint) {
    let found = found.expect("a checkpoint");
    assert!(
        told(found) == told(expected),
        "{} is not {}",
        found.number,
        expected.number
    );
}

fn numbers(store: &CheckpointStore) -> Vec<u64> {
    let listed = store.list().expect("a list");
    let whole = listed.into_iter().filter(|listed| listed.contents.is_ok());
    whole.map(|listed| listed.number).collect()
}
