//! Made-up readings of sensors, as many and as fast as asked for.
//!
//! The i-th reading depends on the seed and on i alone, so every run with the same seed reads the
//! same, whatever the batches, and a job that goes on makes what the one before would have made. Batches
//! are not kept back to look like real ones: without a rate they come as fast as they can be made, with
//! one as if they came through a socket when they are due.

mod resume;

pub(super) use resume::made;

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::ensure;
use arrow::{
    array::{ArrayRef, Float64Array, StringArray, TimestampMicrosecondArray},
    buffer::{Buffer, OffsetBuffer, ScalarBuffer},
    datatypes::SchemaRef,
};

use super::{
    Decoded, Gathering, GeneratorConfig, Partition, Read, ReadPosition, Source, SourceProgress,
    gathering::Decision, position,
};
use crate::{
    batch::{Batch, DataType, Field, Origin, Schema},
    time::Timestamp,
};

/// A read waits no longer than this for readings: whoever reads has other duties.
const MAX_WAIT: Duration = Duration::from_millis(10);

impl GeneratorConfig {
    /// The columns of a reading: `ts`, its event time; `sensor`, one of `s000`, `s001`, … with
    /// equal probability; `temperature` and `humidity`, uniform from 0 to 100.
    pub fn schema() -> Schema {
        let fields = vec![
            Field::required("ts", DataType::Timestamp),
            Field::required("sensor", DataType::Utf8),
            Field::required("temperature", DataType::Float64),
            Field::required("humidity", DataType::Float64),
        ];
        Schema::new(fields).expect("the names are different")
    }
}

/// The generator; its readings are one partition.
pub(super) struct GeneratorSource {
    readings: Mutex<Option<Readings>>,
}

impl GeneratorSource {
    /// A generator of such readings.
    ///
    /// # Errors
    ///
    /// If there are no sensors, or the share of disorder is not one.
    pub(super) fn new(config: GeneratorConfig) -> anyhow::Result<Self> {
        ensure!(config.sensors > 0, "a generator needs at least one sensor");
        ensure!(
            config.rate != Some(0),
            "the rate of a generator must not be 0"
        );
        ensure!(config.batch_rows > 0, "a batch must hold at least one row");
        ensure!(
            jiff::Timestamp::from_millisecond(config.start_millis).is_ok(),
            "a generator cannot start outside {}",
            Timestamp::PRINTABLE
        );
        ensure!(
            (0.0..=1.0).contains(&config.disorder),
            "the disorder of a generator must be from 0 to 1, not {}",
            config.disorder
        );
        Ok(Self {
            readings: Mutex::new(Some(Readings::new(config))),
        })
    }
}

impl Source for GeneratorSource {
    fn resume(&mut self, before: &SourceProgress) -> anyhow::Result<()> {
        let readings = self
            .readings
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(fresh) = readings else {
            return Ok(());
        };
        let is_it = |name: &Arc<str>| *name == fresh.name;
        if before.finished.iter().any(is_it) {
            *readings = None;
        } else if let Some((name, position)) = before.open.iter().find(|(name, _)| is_it(name)) {
            fresh.go_on(&position::read(name, position)?)?;
        }
        Ok(())
    }

    fn partitions(&self) -> usize {
        1
    }

    fn next_partition(&self) -> anyhow::Result<Option<Box<dyn Partition>>> {
        let mut readings = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
        let readings = readings.take();
        Ok(readings.map(|readings| Box::new(readings) as Box<dyn Partition>))
    }
}

/// The readings that are still to come.
struct Readings {
    name: Arc<str>,
    config: GeneratorConfig,
    schema: SchemaRef,
    made: u64,
    /// How many readings had been made when an earlier job ended: the rate does not make up for the
    /// time since.
    made_before: u64,
    /// When the first reading of this job was due.
    started: Option<Instant>,
    gathering: Gathering,
}

impl Readings {
    fn new(config: GeneratorConfig) -> Self {
        Self {
            name: "generator".into(),
            schema: GeneratorConfig::schema().to_arrow(),
            config,
            made: 0,
            made_before: 0,
            started: None,
            gathering: Gathering::default(),
        }
    }

    /// How many readings the next batch has, after waiting for them to be due.
    fn due(&mut self, most: u64) -> u64 {
        let Some(rate) = self.config.rate else {
            return most;
        };
        let started = *self.started.get_or_insert_with(Instant::now);
        let made = self.made - self.made_before;
        let first = due_at(made, rate).saturating_sub(started.elapsed());
        thread::sleep(first.min(MAX_WAIT));
        let deadline = Instant::now() + MAX_WAIT;
        loop {
            let now = Instant::now();
            let due = due_after(now - started, rate).saturating_sub(made);
            if due == 0 || due >= most || self.gathering.is_over(now) {
                return due.min(most);
            }
            match self.gathering.decide(due as usize, now) {
                Decision::HandOn => return due,
                Decision::Wait(_) if now >= deadline => return 0,
                Decision::Wait(longer) => thread::sleep(longer),
            }
        }
    }

    fn make(&self, first: u64, rows: u64) -> anyhow::Result<Batch> {
        let (values, offsets) = self.sensors(first, rows);
        let times: ScalarBuffer<i64> = (first..first + rows).map(|i| self.micros(i)).collect();
        let column = TimestampMicrosecondArray::new(times.clone(), None).with_timezone("UTC");
        let measure = |salt| -> ArrayRef {
            let values = (first..first + rows).map(|i| 100.0 * fraction(self.random(i, salt)));
            Arc::new(Float64Array::from_iter_values(values))
        };
        let columns: Vec<ArrayRef> = vec![
            Arc::new(column),
            Arc::new(StringArray::try_new(offsets, values, None)?),
            measure(TEMPERATURE),
            measure(HUMIDITY),
        ];
        let origin = Origin::consecutive(Arc::clone(&self.name), first + 1);
        let schema = SchemaRef::clone(&self.schema);
        let rows = usize::try_from(rows)?;
        Ok(Batch::new(schema, columns, rows, Some(times), origin)?)
    }

    /// The names of the sensors, all equally long: `s` and at least three digits.
    fn sensors(&self, first: u64, rows: u64) -> (Buffer, OffsetBuffer<i32>) {
        let sensors = u64::from(self.config.sensors);
        let digits = (sensors - 1)
            .checked_ilog10()
            .map_or(1, |log| log as usize + 1)
            .max(3);
        let mut names = vec![b's'; rows as usize * (digits + 1)];
        for (i, name) in (first..).zip(names.chunks_exact_mut(digits + 1)) {
            let mut sensor = below(self.random(i, SENSOR), sensors);
            for digit in name[1..].iter_mut().rev() {
                *digit = b'0' + (sensor % 10) as u8;
                sensor /= 10;
            }
        }
        let lengths = std::iter::repeat_n(digits + 1, rows as usize);
        (names.into(), OffsetBuffer::from_lengths(lengths))
    }

    /// The event time of the i-th reading.
    fn micros(&self, i: u64) -> i64 {
        let config = &self.config;
        let passed = i64::try_from(i)
            .unwrap_or(i64::MAX)
            .saturating_mul(i64::from(config.step_millis));
        let mut millis = config.start_millis.saturating_add(passed);
        let most = config.max_disorder.as_micros().unsigned_abs() / 1_000;
        if most > 0 && fraction(self.random(i, IS_LATE)) < config.disorder {
            let back = 1 + below(self.random(i, HOW_LATE), most);
            millis = millis.saturating_sub_unsigned(back);
        }
        millis.saturating_mul(1_000)
    }

    /// A random number that depends on the seed, the reading and what it is for.
    const fn random(&self, i: u64, salt: u64) -> u64 {
        mix(mix(self.config.seed ^ salt).wrapping_add(i.wrapping_mul(GOLDEN)))
    }
}

impl Partition for Readings {
    fn name(&self) -> &Arc<str> {
        &self.name
    }

    fn gather(&mut self, gathering: Gathering) {
        self.gathering = gathering;
    }

    fn read(&mut self) -> anyhow::Result<Read> {
        let left = self.config.rows.map_or(u64::MAX, |rows| rows - self.made);
        let most = left.min(self.config.batch_rows as u64);
        if most == 0 {
            return Ok(Read::End);
        }
        let rows = self.due(most);
        if rows == 0 {
            return Ok(Read::Idle);
        }
        self.gathering.end(Instant::now());
        let batch = self.make(self.made, rows)?;
        self.made += rows;
        let columns = batch.record().columns().iter();
        let bytes = columns
            .map(|column| column.get_buffer_memory_size() as u64)
            .sum();
        Ok(Read::Rows(Decoded {
            batch,
            rejected: Vec::new(),
            bytes,
        }))
    }

    fn position(&self) -> Option<ReadPosition> {
        position::write(&self.place())
    }
}

/// When, after the first, the i-th reading is due.
fn due_at(i: u64, rate: u64) -> Duration {
    let nanos = u128::from(i) * 1_000_000_000 / u128::from(rate);
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// How many readings are due after some time.
fn due_after(elapsed: Duration, rate: u64) -> u64 {
    let due = elapsed.as_nanos() * u128::from(rate) / 1_000_000_000;
    u64::try_from(due).unwrap_or(u64::MAX).saturating_add(1)
}

const SENSOR: u64 = 1;
const TEMPERATURE: u64 = 2;
const HUMIDITY: u64 = 3;
const IS_LATE: u64 = 4;
const HOW_LATE: u64 = 5;

/// 2^64 divided by the golden ratio, odd.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finalizer of SplitMix64 (Steele, Lea and Flood, 2014): every bit of the result depends on
/// every bit of the argument.
const fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// A number from 0 up to but not 1.
const fn fraction(random: u64) -> f64 {
    (random >> 11) as f64 / (1_u64 << 53) as f64
}

/// A number below `limit`.
const fn below(random: u64, limit: u64) -> u64 {
    ((random as u128 * limit as u128) >> 64) as u64
}

#[cfg(test)]
mod tests;
