//! Where a text is read on after a restart, and how.

use anyhow::ensure;

use super::{Bytes, MAX_WAIT, TextPartition};
use crate::connector::position::{PROOF_BYTES, TextPosition};

/// Where to read on.
pub(super) struct Place {
    /// How many bytes come before, uncompressed.
    offset: u64,
    /// The number of the line that is read next, and whether the rest of it belongs to a row that was too long.
    line: (u64, bool),
    /// The last bytes before.
    proof: Vec<u8>,
}

impl Place {
    /// The same in a file that by now has `size` bytes.
    pub(super) fn position(&self, size: u64) -> TextPosition {
        TextPosition::new(self.offset, self.line, size, &self.proof)
    }
}

impl<B: Bytes> TextPartition<B> {
    /// Where to read on after what has been given. Rows that have been cut off are none of its business:
    /// a read of a file always gives all of them.
    pub(super) fn place(&self) -> Place {
        if self.at_start || self.decoders.await_header() {
            return Place {
                offset: 0,
                line: (1, false),
                proof: Vec::new(),
            };
        }
        let read = self.buffer.len() - usize::from(self.completed);
        let done = &self.buffer[..self.splitter.start().min(read)];
        Place {
            offset: self.dropped + done.len() as u64,
            line: self.splitter.line(),
            proof: done[done.len().saturating_sub(PROOF_BYTES)..].to_vec(),
        }
    }

    /// Goes on where an earlier partition of the same text was. This one reads the header, if there is
    /// one, and then nothing more: `bytes` are those from the position on, `proof` the last ones before.
    pub(in crate::connector) fn resume(
        mut self,
        position: &TextPosition,
        bytes: B,
        proof: Vec<u8>,
    ) -> anyhow::Result<Self> {
        loop {
            self.split()?;
            if !self.decoders.await_header() {
                break;
            }
            ensure!(
                !self.ended,
                "cannot read `{}` as csv: it has no header",
                self.name
            );
            self.fill(MAX_WAIT)?;
        }
        let place = (position.line, position.dropping);
        self.splitter = self.splitter.resumed(proof.len(), place);
        self.dropped = position.offset - proof.len() as u64;
        self.buffer = proof;
        self.rows.clear();
        self.rejected.clear();
        self.rejected_bytes = 0;
        self.at_start = false;
        self.ended = false;
        self.completed = false;
        self.reported = bytes.taken();
        self.bytes = bytes;
        Ok(self)
    }
}
