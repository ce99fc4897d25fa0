//! Writes the state of stages and sinks: tables in pieces.

use std::sync::Arc;

use arrow::array::RecordBatch;

use super::{
    StageSnapshot, cut,
    entries::micros,
    manifest::{PackEntry, PieceEntry, StateEntry, SubtaskEntry, TableEntry},
    pack::{Packer, Pieces},
    piece,
};

/// What writing the state of a checkpoint gives.
pub(super) struct WrittenState {
    /// The packs that entries refer to by their place.
    pub(super) packs: Vec<PackEntry>,
    /// What the next checkpoint can refer to.
    pub(super) pieces: Pieces,
    /// The bytes of the new pack.
    pub(super) bytes: u64,
}

/// Writes state to the pack of a checkpoint.
pub(super) struct StateWriter<'a> {
    packer: Packer<'a>,
    packs: Vec<Arc<str>>,
}

impl<'a> StateWriter<'a> {
    /// A writer that hands pieces to `packer`.
    pub(super) const fn new(packer: Packer<'a>) -> Self {
        Self {
            packer,
            packs: Vec::new(),
        }
    }

    /// Writes the state of a stage or a sink.
    pub(super) fn state(&mut self, state: &StageSnapshot) -> anyhow::Result<StateEntry> {
        let mut subtasks = Vec::new();
        for subtask in &state.subtasks {
            let tables = subtask.tables.iter().map(|table| self.table(table));
            subtasks.push(SubtaskEntry {
                watermark: micros(subtask.watermark),
                tables: tables.collect::<anyhow::Result<_>>()?,
            });
        }
        Ok(StateEntry {
            watermark: micros(state.watermark),
            subtasks,
        })
    }

    fn table(&mut self, table: &RecordBatch) -> anyhow::Result<TableEntry> {
        let pieces = cut::pieces(table).into_iter().map(|rows| {
            let rows = table.slice(rows.start, rows.len());
            self.piece(&piece::encode(&rows)?)
        });
        Ok(TableEntry {
            rows: table.num_rows(),
            pieces: pieces.collect::<anyhow::Result<_>>()?,
        })
    }

    fn piece(&mut self, bytes: &[u8]) -> anyhow::Result<PieceEntry> {
        let (digest, place) = self.packer.put(bytes)?;
        let known = self.packs.iter().position(|name| *name == place.pack);
        let pack = known.unwrap_or_else(|| {
            self.packs.push(place.pack);
            self.packs.len() - 1
        });
        Ok(PieceEntry(pack, place.offset, place.length, digest))
    }

    /// Makes what was written durable.
    pub(super) fn finish(self) -> anyhow::Result<WrittenState> {
        let (pieces, bytes) = self.packer.finish()?;
        let packs = self.packs.iter().map(|name| PackEntry {
            name: name.to_string(),
            bytes: pieces.packs().get(name).copied().unwrap_or_default(),
        });
        Ok(WrittenState {
            packs: packs.collect(),
            pieces,
            bytes,
        })
    }
}
