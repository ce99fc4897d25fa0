//! From what a job knows to what stands in a manifest, and back, but for the tables of its state.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    JobSnapshot, PartitionSnapshot, SinkSnapshot, SourceSnapshot, StageSnapshot,
    contents::{Checkpoint, Overview, StageComponents, UsedComponent},
    manifest::{ComponentsEntry, Manifest, PartitionEntry, SinkEntry, SourceEntry, StateEntry},
};
use crate::time::{Duration, PartitionProgress, Timestamp, Watermark};

/// What a watermark is written as.
pub(super) const fn micros(watermark: Watermark) -> i64 {
    watermark.time().as_micros()
}

/// The watermark that was written.
pub(super) const fn watermark(micros: i64) -> Watermark {
    Watermark::at(Timestamp::from_micros(micros))
}

/// Names and texts as they are written.
pub(super) fn texts(map: &BTreeMap<Arc<str>, String>) -> BTreeMap<String, String> {
    let pairs = map.iter();
    pairs
        .map(|(name, text)| (name.to_string(), text.clone()))
        .collect()
}

fn shared(map: &BTreeMap<String, String>) -> BTreeMap<Arc<str>, String> {
    let pairs = map.iter();
    pairs
        .map(|(name, text)| (name.as_str().into(), text.clone()))
        .collect()
}

impl ComponentsEntry {
    /// What is written of the components of a stage.
    pub(super) fn of(components: &[UsedComponent]) -> Self {
        let named = components.iter().map(|used| {
            let library = used.library.clone()?;
            Some((library, used.digest.clone()))
        });
        match named.collect() {
            Some(named) => Self::Named(named),
            None => {
                let digests = components.iter().map(|used| used.digest.as_str());
                Self::Nameless(digests.collect::<Vec<_>>().join(", "))
            }
        }
    }

    fn read(&self) -> Vec<UsedComponent> {
        let used = |library: Option<&String>, digest: &str| UsedComponent {
            library: library.cloned(),
            digest: digest.to_owned(),
        };
        match self {
            Self::Named(named) => {
                let named = named.iter();
                named
                    .map(|(library, digest)| used(Some(library), digest))
                    .collect()
            }
            Self::Nameless(digests) => digests
                .split(", ")
                .map(|digest| used(None, digest))
                .collect(),
        }
    }
}

impl SourceEntry {
    /// What is written of a source.
    pub(super) fn of(source: &SourceSnapshot) -> Self {
        let partitions = source.partitions.iter().map(|partition| {
            let progress = partition.progress;
            PartitionEntry {
                name: partition.name.to_string(),
                watermark: micros(progress.watermark),
                told: progress.told,
                idle: progress.idle,
                quiet: progress.quiet.as_micros(),
                position: partition.position.clone(),
            }
        });
        Self {
            watermark: micros(source.watermark),
            partitions: partitions.collect(),
            finished: source.finished.iter().map(ToString::to_string).collect(),
        }
    }

    fn read(&self) -> SourceSnapshot {
        let partitions = self.partitions.iter().map(|partition| PartitionSnapshot {
            name: partition.name.as_str().into(),
            progress: PartitionProgress {
                watermark: watermark(partition.watermark),
                told: partition.told,
                idle: partition.idle,
                quiet: Duration::from_micros(partition.quiet).unwrap_or_default(),
            },
            position: partition.position.clone(),
        });
        SourceSnapshot {
            watermark: watermark(self.watermark),
            partitions: partitions.collect(),
            finished: self
                .finished
                .iter()
                .map(|name| name.as_str().into())
                .collect(),
        }
    }
}

impl Manifest {
    /// The checkpoint; `tables` gives the state of a stage or a sink.
    pub(super) fn checkpoint(
        &self,
        mut tables: impl FnMut(&StateEntry) -> anyhow::Result<StageSnapshot>,
    ) -> anyhow::Result<Checkpoint> {
        Ok(Checkpoint {
            number: self.number,
            job: self.job.clone(),
            created_at: Timestamp::from_micros(self.created_at),
            is_complete: self.is_complete,
            stages: shared(&self.stages),
            components: self.stage_components(),
            snapshot: self.snapshot(&mut tables)?,
        })
    }

    /// What can be told without the state.
    pub(super) fn overview(&self) -> anyhow::Result<Overview> {
        let without_tables = |state: &StateEntry| {
            Ok(StageSnapshot {
                watermark: watermark(state.watermark),
                subtasks: Vec::new(),
            })
        };
        Ok(Overview {
            created_at: Timestamp::from_micros(self.created_at),
            bytes_total: self.bytes_total,
            bytes_written: self.bytes_written,
            is_complete: self.is_complete,
            components: self.stage_components(),
            snapshot: self.snapshot(without_tables)?,
        })
    }

    /// The components of each stage.
    fn stage_components(&self) -> StageComponents {
        let components = self.components.iter();
        components
            .map(|(stage, entry)| (stage.as_str().into(), entry.read()))
            .collect()
    }

    fn snapshot(
        &self,
        mut tables: impl FnMut(&StateEntry) -> anyhow::Result<StageSnapshot>,
    ) -> anyhow::Result<JobSnapshot> {
        let mut snapshot = JobSnapshot::default();
        for (name, source) in &self.sources {
            snapshot.sources.insert(name.as_str().into(), source.read());
        }
        for (name, state) in &self.states {
            snapshot.stages.insert(name.as_str().into(), tables(state)?);
        }
        for (name, SinkEntry { held, staged }) in &self.sinks {
            let sink = SinkSnapshot {
                held: tables(held)?,
                staged: staged.clone(),
            };
            snapshot.sinks.insert(name.as_str().into(), sink);
        }
        Ok(snapshot)
    }
}
