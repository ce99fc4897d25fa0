//! What outlives a simulated job: its input, what its sinks have written, its checkpoints. All of it in
//! memory, all of it slow or failing at times.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use anyhow::{Context, bail, ensure};
use arrow::{
    array::{ArrayRef, Int64Array, StringArray, TimestampMicrosecondArray},
    compute::cast,
    datatypes::DataType,
    util::display::{ArrayFormatter, FormatOptions},
};
use serde_json::json;
use tidemill::{
    batch::{Batch, Origin, Position, Schema},
    checkpoint::{Checkpoint, WriteSummary},
    connector::{
        Decoded, Partition, Read, ReadPosition, RejectedRow, Sink, SinkConfig, Source,
        SourceProgress, Staged, Table, Transaction,
    },
    pipeline::{SinkPlan, SourcePlan, TablePlan},
    runtime::{CheckpointStep, Connectors, Failpoints, MemoryStorage, Storage},
    time::Clock,
};

use crate::semantics::random::Random;

/// A row of a source: event time in microseconds, key, value. One without a time cannot be decoded.
#[derive(Clone, Debug)]
pub(crate) struct InRow {
    pub(crate) time: Option<i64>,
    pub(crate) key: String,
    pub(crate) value: i64,
}

/// The input of a source: partitions of batches.
pub(crate) type Input = Vec<Vec<Vec<InRow>>>;

/// What outlives a job.
pub(crate) struct World {
    /// By the name of the source.
    pub(crate) inputs: BTreeMap<String, Arc<Input>>,
    /// By the name of the sink.
    disks: Mutex<BTreeMap<String, Disk>>,
    faults: Faults,
}

/// Fails at times, the same times for a seed.
#[derive(Clone, Default)]
pub(crate) struct Faults(Option<Arc<Mutex<Random>>>);

impl Faults {
    pub(crate) fn drawn(seed: u64) -> Self {
        Self(Some(Arc::new(Mutex::new(Random::new(seed)))))
    }

    /// Fails once in so many times.
    fn strike(&self, once_in: i64, what: &str) -> anyhow::Result<()> {
        let struck = self.0.as_ref().map(|random| lock(random).below(once_in));
        ensure!(struck != Some(0), "{what} fails");
        Ok(())
    }
}

/// What a sink has written, by the number of the checkpoint.
#[derive(Clone, Default)]
struct Disk(Arc<Mutex<Files>>);

#[derive(Default)]
struct Files {
    staged: BTreeMap<u64, Vec<String>>,
    committed: BTreeMap<u64, Vec<String>>,
}

impl World {
    pub(crate) fn new(inputs: BTreeMap<String, Arc<Input>>, faults: Faults) -> Self {
        Self {
            inputs,
            disks: Mutex::default(),
            faults,
        }
    }

    /// What each sink has made visible, in order.
    pub(crate) fn committed(&self) -> BTreeMap<String, Vec<String>> {
        let disks = lock(&self.disks);
        let committed = disks.iter().map(|(name, disk)| {
            let files = lock(&disk.0);
            let rows = files.committed.values().flatten().cloned().collect();
            (name.clone(), rows)
        });
        committed.collect()
    }

    fn open(&self, name: &str) -> Box<dyn Sink> {
        let disk = lock(&self.disks)
            .entry(name.to_owned())
            .or_default()
            .clone();
        Box::new(SimulatedSink {
            disk,
            unstaged: Vec::new(),
            faults: self.faults.clone(),
        })
    }
}

impl Connectors for World {
    fn source(&self, plan: &SourcePlan, _: &Arc<dyn Clock>) -> anyhow::Result<Box<dyn Source>> {
        self.faults.strike(40, "opening a source")?;
        let input = self.inputs.get(&plan.name).context("an input")?;
        Ok(Box::new(SimulatedSource {
            name: plan.name.clone(),
            schema: plan.schema.clone(),
            input: Arc::clone(input),
            before: SourceProgress::default(),
            next: AtomicUsize::new(0),
        }))
    }

    fn table(
        &self,
        _: &TablePlan,
        _: Vec<Vec<usize>>,
        _: &Arc<dyn Clock>,
    ) -> anyhow::Result<Arc<Table>> {
        bail!("there are no tables")
    }

    fn sink(&self, plan: &SinkPlan) -> anyhow::Result<Box<dyn Sink>> {
        Ok(self.open(&plan.name))
    }

    fn dead_letters(&self, _: &SinkConfig, _: &Schema) -> anyhow::Result<Box<dyn Sink>> {
        Ok(self.open("dead_letters"))
    }
}

struct SimulatedSource {
    name: String,
    schema: Schema,
    input: Arc<Input>,
    before: SourceProgress,
    next: AtomicUsize,
}

impl Source for SimulatedSource {
    fn resume(&mut self, before: &SourceProgress) -> anyhow::Result<()> {
        self.before = before.clone();
        Ok(())
    }

    fn partitions(&self) -> usize {
        self.input.len()
    }

    fn next_partition(&self) -> anyhow::Result<Option<Box<dyn Partition>>> {
        loop {
            let place = self.next.fetch_add(1, Ordering::Relaxed);
            if place >= self.input.len() {
                return Ok(None);
            }
            let name: Arc<str> = format!("{}/{place}", self.name).into();
            if self.before.finished.contains(&name) {
                continue;
            }
            let open = self.before.open.iter().find(|(open, _)| *open == name);
            let at = open.map_or(Some(0), |(_, position)| position.0.as_u64());
            return Ok(Some(Box::new(SimulatedPartition {
                name,
                schema: self.schema.clone(),
                input: Arc::clone(&self.input),
                place,
                at: at.context("a position")? as usize,
            })));
        }
    }
}

struct SimulatedPartition {
    name: Arc<str>,
    schema: Schema,
    input: Arc<Input>,
    place: usize,
    at: usize,
}

impl Partition for SimulatedPartition {
    fn name(&self) -> &Arc<str> {
        &self.name
    }

    fn read(&mut self) -> anyhow::Result<Read> {
        let Some(rows) = self.input[self.place].get(self.at) else {
            return Ok(Read::End);
        };
        let first = self.input[self.place][..self.at]
            .iter()
            .map(Vec::len)
            .sum::<usize>() as u64
            + 1;
        self.at += 1;
        let good: Vec<&InRow> = rows.iter().filter(|row| row.time.is_some()).collect();
        let times = good.iter().filter_map(|row| row.time);
        let times = TimestampMicrosecondArray::from_iter_values(times);
        let columns: Vec<ArrayRef> = vec![
            Arc::new(times.clone().with_timezone("UTC")),
            Arc::new(StringArray::from_iter_values(
                good.iter().map(|row| &row.key),
            )),
            Arc::new(Int64Array::from_iter_values(
                good.iter().map(|row| row.value),
            )),
        ];
        let batch = Batch::new(
            self.schema.to_arrow(),
            columns,
            good.len(),
            Some(times.values().clone()),
            Origin::Derived,
        )?;
        let bad = (first..).zip(rows).filter(|(_, row)| row.time.is_none());
        let rejected = bad.map(|(number, row)| RejectedRow {
            position: Position {
                partition: Arc::clone(&self.name),
                number,
            },
            reason: "no time".to_owned(),
            row: row.key.clone(),
            raw: None,
            header: None,
        });
        Ok(Read::Rows(Decoded {
            batch,
            rejected: rejected.collect(),
            bytes: 0,
        }))
    }

    fn position(&self) -> Option<ReadPosition> {
        Some(ReadPosition(json!(self.at)))
    }
}

struct SimulatedSink {
    disk: Disk,
    unstaged: Vec<String>,
    faults: Faults,
}

impl Sink for SimulatedSink {
    fn recover(&mut self, from: Option<Staged<'_>>) -> anyhow::Result<()> {
        self.faults.strike(40, "recovering a sink")?;
        if let Some(Staged {
            transaction: Some(transaction),
            ..
        }) = from
        {
            self.commit(transaction)?;
        }
        let mut files = lock(&self.disk.0);
        files.staged.clear();
        match from {
            Some(from) => drop(files.committed.split_off(&(from.checkpoint + 1))),
            None => files.committed.clear(),
        }
        Ok(())
    }

    fn write(&mut self, batch: &Batch) -> anyhow::Result<()> {
        self.faults.strike(500, "writing to a sink")?;
        let options = FormatOptions::default().with_null("-");
        let columns = batch.record().columns().iter();
        // Without a time zone, which cannot be formatted.
        let columns = columns.map(|column| match column.data_type() {
            DataType::Timestamp(unit, Some(_)) => cast(column, &DataType::Timestamp(*unit, None)),
            _ => Ok(Arc::clone(column)),
        });
        let columns: Vec<ArrayRef> = columns.collect::<Result<_, _>>()?;
        let columns = columns
            .iter()
            .map(|column| ArrayFormatter::try_new(column, &options));
        let columns: Vec<_> = columns.collect::<Result<_, _>>()?;
        for row in 0..batch.rows() {
            let values: Vec<String> = columns
                .iter()
                .map(|column| column.value(row).to_string())
                .collect();
            self.unstaged.push(values.join("|"));
        }
        Ok(())
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        Ok(())
    }

    fn stage(&mut self, checkpoint: u64) -> anyhow::Result<Option<Transaction>> {
        self.faults.strike(100, "staging")?;
        let rows = std::mem::take(&mut self.unstaged);
        let mut files = lock(&self.disk.0);
        files.staged.insert(checkpoint, rows);
        drop(files);
        self.faults.strike(100, "having staged")?;
        Ok(Some(Transaction(json!(checkpoint))))
    }

    fn commit(&mut self, transaction: &Transaction) -> anyhow::Result<()> {
        self.faults.strike(50, "committing")?;
        let number = transaction.0.as_u64().context("a number")?;
        let mut files = lock(&self.disk.0);
        match files.staged.remove(&number) {
            Some(rows) => drop(files.committed.insert(number, rows)),
            None => ensure!(
                files.committed.contains_key(&number),
                "staged rows are gone"
            ),
        }
        drop(files);
        self.faults.strike(50, "having committed")
    }

    fn finish(self: Box<Self>) -> anyhow::Result<()> {
        bail!("a job with checkpoints commits what it has staged")
    }
}

/// Storage that fails at times, before or after it has written.
pub(crate) struct SimulatedStorage {
    inner: MemoryStorage,
    faults: Faults,
}

impl SimulatedStorage {
    pub(crate) fn new(faults: Faults) -> Self {
        let inner = MemoryStorage::default();
        Self { inner, faults }
    }
}

impl Storage for SimulatedStorage {
    fn latest(&self, from: Option<u64>) -> anyhow::Result<Option<Checkpoint>> {
        self.inner.latest(from)
    }

    fn next_number(&self) -> anyhow::Result<u64> {
        self.inner.next_number()
    }

    fn go_on_from(&mut self, number: Option<u64>) -> anyhow::Result<()> {
        self.inner.go_on_from(number)
    }

    fn write(&mut self, checkpoint: &Checkpoint) -> anyhow::Result<WriteSummary> {
        self.faults.strike(5, "writing")?;
        let written = self.inner.write(checkpoint)?;
        self.faults.strike(5, "having written")?;
        Ok(written)
    }

    fn prune(&mut self, keep: usize) -> anyhow::Result<()> {
        self.faults.strike(5, "removing")?;
        self.inner.prune(keep)
    }
}

/// Fails at the n-th step of a checkpoint that comes along.
pub(crate) struct FailOnce(AtomicUsize);

impl FailOnce {
    pub(crate) fn new(after: usize) -> Self {
        Self(AtomicUsize::new(after))
    }
}

impl Failpoints for FailOnce {
    fn reach(&self, step: CheckpointStep) -> anyhow::Result<()> {
        let left = self.0.load(Ordering::Relaxed);
        ensure!(left > 0, "the job fails at step `{step}`");
        self.0.store(left - 1, Ordering::Relaxed);
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
