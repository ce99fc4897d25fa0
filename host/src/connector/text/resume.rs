//! Where a text is read on after a restart, and how.

use anyhow::ensure;

use super::{Bytes, MAX_WAIT, Stage, TextPartition};
use crate::connector::position::{PROOF_BYTES, TextPosition};

impl<B: Bytes> TextPartition<B> {
    /// Where to read on after what has been given, in a file that by now has `size` bytes. Rows that
    /// have been cut off are none of its business: a read of a file always gives all of them.
    pub(super) fn place(&self, size: u64) -> TextPosition {
        if self.at_start || matches!(self.stage, Stage::Header(_)) {
            return TextPosition::new(0, (1, false), size, &[]);
        }
        let read = self.buffer.len() - usize::from(self.completed);
        let done = &self.buffer[..self.splitter.start().min(read)];
        let proof = &done[done.len().saturating_sub(PROOF_BYTES)..];
        let offset = self.dropped + done.len() as u64;
        TextPosition::new(offset, self.splitter.line(), size, proof)
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
            if !matches!(self.stage, Stage::Header(_)) {
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
