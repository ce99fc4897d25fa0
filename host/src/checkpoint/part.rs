//! What single subtasks contribute to a checkpoint, and how that is put together.

use std::{collections::BTreeSet, sync::Arc};

use super::{JobSnapshot, PartitionSnapshot, SinkSnapshot};
use crate::{
    state::Snapshot,
    time::{InputProgress, Watermark},
};

/// What a subtask contributes to a checkpoint.
#[derive(Clone, Debug)]
pub enum Part {
    /// Of a subtask that reads a source.
    Source(SourcePart),
    /// Of a subtask of a stage.
    Stage(StagePart),
    /// Of the subtask of a sink.
    Sink(SinkSnapshot),
}

/// What a subtask that reads a source knows.
#[derive(Clone, Debug)]
pub struct SourcePart {
    /// How far those behind it have been told that event time is.
    pub progress: InputProgress,
    /// The partitions that it reads.
    pub open: Vec<PartitionSnapshot>,
    /// The names of those that it, or a job before, has read to their end.
    pub finished: Vec<Arc<str>>,
    /// Partitions that a job before had open. What a subtask says of one of them counts more: it has been
    /// opened again since then.
    pub earlier: Vec<PartitionSnapshot>,
}

/// What a subtask of a stage knows.
#[derive(Clone, Debug)]
pub struct StagePart {
    /// How far its input has come.
    pub watermark: Watermark,
    /// What its operator knows; nothing if it knows nothing, and several snapshots if it knows much.
    pub state: Vec<Snapshot>,
}

impl JobSnapshot {
    /// Puts together what all subtasks know, each by the name of its source, stage or sink.
    pub fn of_parts(parts: &[(&Arc<str>, &Part)]) -> Self {
        let mut job = Self::default();
        for &(name, part) in parts {
            let name = Arc::clone(name);
            match part {
                Part::Source(_) => drop(job.sources.entry(name).or_default()),
                Part::Stage(part) => {
                    let stage = job.stages.entry(name);
                    // Where subtasks differ (inputs that are idle may be seen in different orders), nobody
                    // is told more than all of them know.
                    let stage = stage
                        .and_modify(|stage| stage.watermark = stage.watermark.min(part.watermark))
                        .or_insert_with(|| super::StageSnapshot {
                            watermark: part.watermark,
                            subtasks: Vec::new(),
                        });
                    stage.subtasks.extend(part.state.clone());
                }
                Part::Sink(part) => drop(job.sinks.insert(name, part.clone())),
            }
        }
        for (name, source) in &mut job.sources {
            let subtasks = parts.iter().filter_map(|&(of, part)| match part {
                Part::Source(part) if of == name => Some(part),
                _ => None,
            });
            let subtasks: Vec<&SourcePart> = subtasks.collect();
            let progress = InputProgress::of_all(subtasks.iter().map(|part| part.progress));
            source.watermark = progress.map_or(Watermark::START, |progress| progress.watermark);
            let finished = subtasks.iter().flat_map(|part| &part.finished);
            let finished: BTreeSet<_> = finished.cloned().collect();
            let mut known = finished.clone();
            let open = subtasks.iter().flat_map(|part| &part.open);
            let earlier = subtasks.iter().flat_map(|part| &part.earlier);
            for partition in open.chain(earlier) {
                if known.insert(Arc::clone(&partition.name)) {
                    source.partitions.push(partition.clone());
                }
            }
            source.finished = finished.into_iter().collect();
        }
        job
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        connector::ReadPosition,
        time::{PartitionProgress, Timestamp},
    };

    fn at(micros: i64) -> Watermark {
        Watermark::at(Timestamp::from_micros(micros))
    }

    fn partition(name: &str, position: u64) -> PartitionSnapshot {
        PartitionSnapshot {
            name: name.into(),
            progress: PartitionProgress {
                watermark: at(0),
                told: false,
                idle: false,
                quiet: crate::time::Duration::ZERO,
            },
            position: Some(ReadPosition(position.into())),
        }
    }

    fn source(watermark: i64, open: &[(&str, u64)], finished: &[&str]) -> Part {
        Part::Source(SourcePart {
            progress: InputProgress {
                watermark: at(watermark),
                idle: false,
            },
            open: open.iter().map(|(name, at)| partition(name, *at)).collect(),
            finished: finished.iter().map(|&name| name.into()).collect(),
            earlier: ["a", "b", "c"].map(|name| partition(name, 1)).to_vec(),
        })
    }

    #[test]
    fn partitions_that_were_not_opened_again_yet_stay_where_they_were() {
        let name = Arc::from("in");
        let parts = [
            source(20, &[("a", 7)], &["0"]),
            source(10, &[("d", 3)], &["0", "c"]),
        ];
        let parts: Vec<_> = parts.iter().map(|part| (&name, part)).collect();
        let job = JobSnapshot::of_parts(&parts);
        let source = &job.sources["in"];
        assert_eq!(source.watermark, at(10));
        let finished: Vec<&str> = source.finished.iter().map(|name| &**name).collect();
        assert_eq!(finished, ["0", "c"]);
        let open = source.partitions.iter().map(|partition| {
            let position = partition.position.as_ref().expect("a position");
            (&*partition.name, position.0.as_u64().expect("a number"))
        });
        assert_eq!(open.collect::<Vec<_>>(), [("a", 7), ("d", 3), ("b", 1)]);
    }

    #[test]
    fn nobody_is_told_more_than_all_subtasks_know() {
        let name = Arc::from("stage");
        let part = |micros| {
            Part::Stage(StagePart {
                watermark: at(micros),
                state: Vec::new(),
            })
        };
        let parts = [part(5), part(3), part(9)];
        let parts: Vec<_> = parts.iter().map(|part| (&name, part)).collect();
        let job = JobSnapshot::of_parts(&parts);
        assert_eq!(job.stages["stage"].watermark, at(3));
    }
}
