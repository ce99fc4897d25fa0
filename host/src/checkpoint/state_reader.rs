//! Reads the state of stages and sinks back. Nothing is believed whose digest is not the one that was
//! written down.

use std::collections::{BTreeMap, HashMap};

use arrow::array::RecordBatch;

use super::{
    StageSnapshot,
    damage::Damage,
    entries::watermark,
    manifest::{Manifest, PieceEntry, StateEntry, TableEntry},
    piece::{self, Digest},
    storage::{ReadError, Storage},
};
use crate::state::Snapshot;

/// Bytes that are read at once at most, unless a piece is larger.
const AT_ONCE: u64 = 8 << 20;

/// The pieces of a checkpoint.
pub(super) struct StateReader<'a> {
    /// The file that refers to them.
    manifest: &'a str,
    pieces: HashMap<Digest, RecordBatch>,
}

impl<'a> StateReader<'a> {
    /// Reads all pieces that the manifest in the file `file` refers to.
    ///
    /// # Errors
    ///
    /// [`Damage`] if one of them is not what was written.
    pub(super) fn open(
        storage: &dyn Storage,
        file: &'a str,
        manifest: &Manifest,
    ) -> anyhow::Result<Self> {
        let mut wanted = BTreeMap::new();
        for piece in manifest.all_pieces() {
            wanted.insert((piece.0, piece.1), piece);
        }
        let wanted: Vec<_> = wanted.into_values().collect();
        let mut pieces = HashMap::new();
        for run in runs(&wanted) {
            let PieceEntry(pack, start, ..) = run[0];
            let end = run.iter().map(|piece| piece.1.saturating_add(piece.2));
            let end = end.max().unwrap_or(start);
            let pack = manifest.packs.get(pack);
            let pack = &pack
                .ok_or_else(|| Damage::new(file, "names no such pack"))?
                .name;
            let bytes = storage.read(pack, Some(start..end));
            let bytes = bytes.map_err(|error| damage(pack, error))?;
            for &PieceEntry(_, offset, length, digest) in run {
                let bytes = part(&bytes, offset - start, length)
                    .ok_or_else(|| Damage::new(pack, "is cut off"))?;
                if Digest::of(bytes) != digest {
                    let what = format!(
                        "was changed since it was written, in the {length} bytes after byte {offset}"
                    );
                    return Err(Damage::new(pack, what).into());
                }
                let piece = piece::decode(bytes).map_err(|error| {
                    let what = format!("cannot be understood after byte {offset}: {error:#}");
                    Damage::new(pack, what)
                })?;
                pieces.insert(digest, piece);
            }
        }
        Ok(Self {
            manifest: file,
            pieces,
        })
    }

    /// The state of a stage or a sink.
    pub(super) fn state(&self, entry: &StateEntry) -> anyhow::Result<StageSnapshot> {
        let mut subtasks = Vec::new();
        for subtask in &entry.subtasks {
            let tables = subtask.tables.iter().map(|table| self.table(table));
            subtasks.push(Snapshot {
                watermark: watermark(subtask.watermark),
                tables: tables.collect::<anyhow::Result<_>>()?,
            });
        }
        Ok(StageSnapshot {
            watermark: watermark(entry.watermark),
            subtasks,
        })
    }

    fn table(&self, entry: &TableEntry) -> anyhow::Result<RecordBatch> {
        let wrong = || Damage::new(self.manifest, "does not fit to the state it refers to");
        let pieces = entry.pieces.iter();
        let pieces = pieces.map(|piece| self.pieces.get(&piece.3).cloned());
        let pieces: Vec<RecordBatch> = pieces.collect::<Option<_>>().ok_or_else(wrong)?;
        let rows = piece::join(&pieces).map_err(|_| wrong())?;
        if rows.num_rows() != entry.rows {
            return Err(wrong().into());
        }
        Ok(rows)
    }
}

/// So many bytes behind the first `start`.
fn part(bytes: &[u8], start: u64, length: u64) -> Option<&[u8]> {
    let start = usize::try_from(start).ok()?;
    let end = start.checked_add(usize::try_from(length).ok()?)?;
    bytes.get(start..end)
}

/// Pieces that follow each other closely in one pack, to be read at once.
fn runs(pieces: &[PieceEntry]) -> Vec<&[PieceEntry]> {
    let mut runs = Vec::new();
    let mut start = 0;
    for next in 1..=pieces.len() {
        let first = &pieces[start];
        let belongs = pieces.get(next).is_some_and(|piece| {
            let end = piece.1.saturating_add(piece.2);
            piece.0 == first.0 && end.saturating_sub(first.1) <= AT_ONCE
        });
        if !belongs {
            runs.push(&pieces[start..next]);
            start = next;
        }
    }
    runs
}

/// What a file that cannot be read says of a checkpoint.
pub(super) fn damage(file: &str, error: ReadError) -> anyhow::Error {
    match error {
        ReadError::Failed(error) => error,
        error => Damage::new(file, error.to_string()).into(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, StringArray};

    use super::*;

    #[test]
    fn pieces_that_do_not_fit_together_are_damage() {
        let rows = |column: ArrayRef| RecordBatch::try_from_iter([("a", column)]).expect("rows");
        let number = Digest::of(b"number");
        let text = Digest::of(b"text");
        let reader = StateReader {
            manifest: "the manifest",
            pieces: HashMap::from([
                (number, rows(Arc::new(Int64Array::from(vec![1])))),
                (text, rows(Arc::new(StringArray::from(vec!["a"])))),
            ]),
        };
        for pieces in [vec![number, text], vec![number, number, number], vec![]] {
            let pieces = pieces.into_iter().map(|digest| PieceEntry(0, 0, 1, digest));
            let entry = TableEntry {
                rows: 2,
                pieces: pieces.collect(),
            };
            let error = reader.table(&entry).expect_err("an error");
            assert!(error.is::<Damage>(), "{error:#}");
        }
    }

    #[test]
    fn parts_that_are_not_there_are_nothing() {
        assert_eq!(part(b"abcd", 1, 2), Some(&b"bc"[..]));
        assert_eq!(part(b"abcd", 2, 3), None);
        assert_eq!(part(b"abcd", 1, u64::MAX), None);
        assert_eq!(part(b"abcd", u64::MAX, 1), None);
    }
}
