//! The manifest of a checkpoint: the file that makes it complete. It says what the job knew, and where
//! the pieces of its state are.
//!
//! Two lines of JSON. The first has the version of the format and the digest of the second, so that a
//! manifest is known to be whole before anything of it is believed.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::{
    damage::{Damage, NewerFormat},
    piece::Digest,
};
use crate::connector::{ReadPosition, Transaction};

/// The version of the format that is written. All older ones can be read.
///
/// 2: components have the names of libraries.
pub(super) const FORMAT: u32 = 2;

/// The first line. It is the same in all versions, so that each can tell a manifest that is of a newer one from
/// one that was damaged.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    format: u32,
    digest: Digest,
}

/// The second line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) job: String,
    pub(super) number: u64,
    /// Microseconds.
    pub(super) created_at: i64,
    pub(super) is_complete: bool,
    pub(super) stages: BTreeMap<String, String>,
    pub(super) components: BTreeMap<String, ComponentsEntry>,
    pub(super) sources: BTreeMap<String, SourceEntry>,
    pub(super) states: BTreeMap<String, StateEntry>,
    pub(super) sinks: BTreeMap<String, SinkEntry>,
    pub(super) packs: Vec<PackEntry>,
    pub(super) bytes_total: u64,
    pub(super) bytes_written: u64,
}

/// The components of a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum ComponentsEntry {
    /// Digests by the names of libraries.
    Named(BTreeMap<String, String>),
    /// Digests, separated by commas: what format 1 has.
    Nameless(String),
}

/// How far a source has come. Times are in microseconds, here and below.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct SourceEntry {
    pub(super) watermark: i64,
    pub(super) partitions: Vec<PartitionEntry>,
    pub(super) finished: Vec<String>,
}

/// How far a partition has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct PartitionEntry {
    pub(super) name: String,
    pub(super) watermark: i64,
    pub(super) told: bool,
    pub(super) idle: bool,
    pub(super) quiet: i64,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    pub(super) position: Option<ReadPosition>,
}

/// What a sink knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct SinkEntry {
    pub(super) held: StateEntry,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    pub(super) staged: Option<Transaction>,
}

/// The state of a stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct StateEntry {
    pub(super) watermark: i64,
    pub(super) subtasks: Vec<SubtaskEntry>,
}

/// The state of a subtask.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct SubtaskEntry {
    pub(super) watermark: i64,
    pub(super) tables: Vec<TableEntry>,
}

/// A table: the pieces of its rows, one after the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct TableEntry {
    pub(super) rows: usize,
    /// Arrow IPC streams; one at least.
    pub(super) pieces: Vec<PieceEntry>,
}

/// Where a piece is: the place of its pack in the list, its first byte there, its length, its digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PieceEntry(
    pub(super) usize,
    pub(super) u64,
    pub(super) u64,
    pub(super) Digest,
);

/// A pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PackEntry {
    pub(super) name: String,
    pub(super) bytes: u64,
}

/// What is there is not nothing, even if it is null.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    value: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(value).map(Some)
}

impl Manifest {
    /// The manifest as the bytes of a file.
    pub(super) fn to_bytes(&self) -> anyhow::Result<Vec<u8>> {
        let mut body = serde_json::to_vec(self)?;
        body.push(b'\n');
        let header = Header {
            format: FORMAT,
            digest: digest(FORMAT, &body),
        };
        let mut bytes = serde_json::to_vec(&header)?;
        bytes.push(b'\n');
        bytes.extend(body);
        Ok(bytes)
    }

    /// The manifest in the bytes of the file `file`.
    ///
    /// # Errors
    ///
    /// [`Damage`] if it is not what was written, [`NewerFormat`] if it cannot be understood yet.
    pub(super) fn from_bytes(file: &str, bytes: &[u8]) -> anyhow::Result<Self> {
        let damaged = |what: &str| Damage::new(file, what);
        let end = bytes.iter().position(|&byte| byte == b'\n');
        let (header, body) = end
            .and_then(|end| bytes.split_at_checked(end + 1))
            .ok_or_else(|| damaged("is cut off"))?;
        let header: Header =
            serde_json::from_slice(header).map_err(|_| damaged("is not a manifest"))?;
        if digest(header.format, body) != header.digest {
            let is_whole = body.ends_with(b"}\n");
            let what = match is_whole {
                true => "was changed since it was written",
                false => "is cut off",
            };
            return Err(damaged(what).into());
        }
        if header.format > FORMAT {
            let file = file.to_owned();
            let format = header.format;
            return Err(NewerFormat { file, format }.into());
        }
        let understood = serde_json::from_slice(body);
        Ok(understood.map_err(|error| damaged(&format!("cannot be understood: {error}")))?)
    }

    /// The bytes of a file with this second line, whatever it is.
    #[cfg(any(test, fuzzing))]
    pub(super) fn with_digest(body: &[u8]) -> Vec<u8> {
        let header = Header {
            format: FORMAT,
            digest: digest(FORMAT, body),
        };
        let mut bytes = serde_json::to_vec(&header).expect("a digest is text");
        bytes.push(b'\n');
        bytes.extend_from_slice(body);
        bytes
    }

    /// The state of every stage and every sink.
    pub(super) fn all_states(&self) -> impl Iterator<Item = &StateEntry> {
        let held = self.sinks.values().map(|sink| &sink.held);
        self.states.values().chain(held)
    }

    /// Every piece, some of them more than once.
    pub(super) fn all_pieces(&self) -> impl Iterator<Item = PieceEntry> {
        let subtasks = self.all_states().flat_map(|state| &state.subtasks);
        let tables = subtasks.flat_map(|subtask| &subtask.tables);
        tables.flat_map(|table| table.pieces.iter().copied())
    }
}

/// The digest of a manifest's second line, of this format.
fn digest(format: u32, body: &[u8]) -> Digest {
    let mut all = format!("tidemill checkpoint {format}\n").into_bytes();
    all.extend_from_slice(body);
    Digest::of(&all)
}
