//! Writes the state of stages and sinks: tables in pieces.

use std::sync::Arc;

use arrow::{
    array::{RecordBatch, UInt32Array},
    compute,
};

use super::{
    StageSnapshot,
    deal::{PIECE_ROWS, deal},
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
        let dealt = deal(table);
        let mut pieces = Vec::new();
        if let [all] = &dealt.buckets[..] {
            let starts = (0..all.len().max(1)).step_by(PIECE_ROWS);
            for start in starts {
                let rows = table.slice(start, PIECE_ROWS.min(all.len() - start));
                pieces.push(self.piece(&piece::encode(&rows)?)?);
            }
        } else {
            for bucket in &dealt.buckets {
                for rows in bucket.chunks(PIECE_ROWS) {
                    let rows = UInt32Array::from(rows.to_vec());
                    let rows = compute::take_record_batch(table, &rows)?;
                    pieces.push(self.piece(&piece::encode(&rows)?)?);
                }
            }
        }
        let order = dealt.order.chunks(PIECE_ROWS);
        let order = order.map(|bytes| self.piece(bytes));
        Ok(TableEntry {
            order: order.collect::<anyhow::Result<_>>()?,
            buckets: dealt.buckets.iter().map(Vec::len).collect(),
            pieces,
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
