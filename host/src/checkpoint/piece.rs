//! A piece of state: some rows of a table as bytes, and what they are known by.

use std::{fmt, io::Cursor};

use anyhow::{Context, ensure};
use arrow::{
    array::RecordBatch,
    compute,
    ipc::{reader::StreamReader, writer::StreamWriter},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// The BLAKE3 digest of some bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Digest(blake3::Hash);

impl Digest {
    /// The digest of `bytes`.
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(blake3::hash(bytes))
    }

    /// The digest that is spelled `text`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digest = blake3::Hash::from_hex(text).ok().map(Self);
        // There is one spelling, so that a bit that has flipped is seen.
        digest.filter(|digest| digest.to_string() == text)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.to_hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_hex())
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("expected a digest"))
    }
}

/// The rows of a piece as an Arrow IPC stream: the same bytes for the same rows.
pub(super) fn encode(rows: &RecordBatch) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut writer = StreamWriter::try_new(&mut bytes, &rows.schema())?;
    writer.write(rows)?;
    writer.finish()?;
    drop(writer);
    Ok(bytes)
}

/// The rows of a piece. Only for bytes whose digest has been checked.
pub(super) fn decode(bytes: &[u8]) -> anyhow::Result<RecordBatch> {
    let reader = StreamReader::try_new(Cursor::new(bytes), None)?;
    let schema = reader.schema();
    let batches = reader.collect::<Result<Vec<_>, _>>()?;
    ensure!(batches.len() <= 1, "a piece is one batch");
    let batch = batches.into_iter().next();
    Ok(batch.unwrap_or_else(|| RecordBatch::new_empty(schema)))
}

/// Puts the pieces of a table together.
pub(super) fn join(pieces: &[RecordBatch]) -> anyhow::Result<RecordBatch> {
    match pieces {
        [piece] => Ok(piece.clone()),
        _ => {
            let first = pieces.first().context("a table has at least one piece")?;
            Ok(compute::concat_batches(&first.schema(), pieces)?)
        }
    }
}
