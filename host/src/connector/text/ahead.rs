//! A text whose rows are decoded ahead of their being read, by threads of its own, and given in their order. One thread
//! cuts rows off, for that is cheap and needs all that comes before; what it cuts off can be decoded by any.

use std::collections::VecDeque;

use anyhow::Context as _;

use super::{
    Bytes, Piece, TextPartition,
    decoder::{Cut, TextDecoder},
    resume::Place,
};
use crate::connector::{Decoded, Partition, Read, ReadPosition, ahead::Workers, position};

/// A thread has a block in hand, another one to go on with, and a third that is done and waits for its turn to be taken.
const BLOCKS_OF_A_THREAD: usize = 3;

/// A read cuts off no more blocks than this, so that it gives rows soon however slow a disk is: it takes some reads until
/// as many are ahead as may be.
const BLOCKS_OF_A_READ: usize = 2;

/// Nothing more is cut off while blocks of so many bytes wait to be decoded or taken.
const MAX_AHEAD_BYTES: usize = 16 * 1024 * 1024;

/// A row of more bytes than this may take many times as many while it is decoded, and its decoder keeps them: no two such
/// rows are decoded side by side, and one thread decodes them all.
const LARGE_ROW_BYTES: usize = 1024 * 1024;

/// Buffers of more bytes than this are not used again.
const MAX_SPARE_BYTES: usize = 4 * 1024 * 1024;

/// A text that is decoded ahead.
pub(in crate::connector) struct AheadText<B> {
    text: TextPartition<B>,
    threads: usize,
    /// Started with the first rows, for until then a partition may wait for long.
    workers: Workers<Block, (anyhow::Result<Decoded>, Block)>,
    /// What has been cut off and not been read, in order.
    waiting: VecDeque<Waiting>,
    /// How many bytes that has, or counts as.
    waiting_bytes: usize,
    /// Blocks that have been decoded, for their room.
    spare: Vec<Block>,
    /// Behind what has been read.
    place: Place,
}

/// Rows with their bytes.
struct Block {
    bytes: Vec<u8>,
    cut: Cut,
}

impl Block {
    /// How many bytes it has, with those of rows that were bad before they could be decoded.
    fn size(&self) -> usize {
        let rejected = self.cut.rejected.iter();
        let rejected = rejected.map(|row| row.row.len() + row.raw.as_ref().map_or(0, Vec::len));
        self.bytes.len() + rejected.sum::<usize>()
    }

    fn is_large(&self) -> bool {
        let mut rows = self.cut.rows.iter();
        rows.any(|row| row.bytes.len() > LARGE_ROW_BYTES)
    }
}

/// What a read will give.
struct Waiting {
    next: Next,
    /// Behind it.
    place: Place,
}

enum Next {
    /// Rows, of which a worker has so many bytes, or which count as so many.
    Block {
        worker: usize,
        bytes: usize,
    },
    Idle,
    End,
    Failed(anyhow::Error),
}

impl<B: Bytes> AheadText<B> {
    /// Has the rows of a text decoded by so many threads. It must never have to wait for its bytes.
    pub(in crate::connector) fn new(text: TextPartition<B>, threads: usize) -> Self {
        Self {
            place: text.place(),
            text,
            threads,
            workers: Workers::none(),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            spare: Vec::new(),
        }
    }

    /// Cuts off what may be.
    fn look_ahead(&mut self) -> anyhow::Result<()> {
        for _ in 0..BLOCKS_OF_A_READ {
            if !self.may_look_ahead() {
                break;
            }
            let piece = self.text.cut();
            let place = self.text.place();
            let next = match piece {
                Ok(Piece::Rows(cut)) => self.hand_over(cut)?,
                Ok(Piece::Idle) => Next::Idle,
                Ok(Piece::End) => Next::End,
                Err(error) => Next::Failed(error),
            };
            self.waiting.push_back(Waiting { next, place });
        }
        Ok(())
    }

    /// Something must be there to be given. There is no looking behind the end or an error, and whoever reads is not kept
    /// longer by lines that are no rows than if nobody looked ahead.
    fn may_look_ahead(&self) -> bool {
        let Some(last) = self.waiting.back() else {
            return true;
        };
        matches!(last.next, Next::Block { .. })
            && self.waiting.len() < self.most_blocks()
            && self.waiting_bytes < MAX_AHEAD_BYTES
    }

    /// How many blocks are ahead at most, all of which may be with one thread.
    const fn most_blocks(&self) -> usize {
        self.threads * BLOCKS_OF_A_THREAD
    }

    fn hand_over(&mut self, cut: Cut) -> anyhow::Result<Next> {
        while self.workers.len() < self.threads {
            self.start_worker()?;
        }
        let mut room = Vec::new();
        if let Some(spare) = self.spare.pop() {
            room = spare.bytes;
            self.text.reuse(spare.cut.rows);
        }
        let block = self.text.take_block(cut, room);
        let (worker, bytes) = match block.is_large() {
            true => (0, MAX_AHEAD_BYTES),
            false => (self.workers.idlest(), block.size()),
        };
        self.waiting_bytes += bytes;
        self.workers.hand(worker, block);
        Ok(Next::Block { worker, bytes })
    }

    fn start_worker(&mut self) -> anyhow::Result<()> {
        let mut decoder = self.text.take_decoder()?;
        let decode = move |mut block: Block| {
            let decoded = decoder.decode(&block.bytes, &mut block.cut);
            (decoded, block)
        };
        let name = format!("decode {}", self.text.name);
        self.workers.start(name, self.most_blocks(), decode)
    }
}

impl<B: Bytes> Partition for AheadText<B> {
    fn name(&self) -> &std::sync::Arc<str> {
        &self.text.name
    }

    fn read(&mut self) -> anyhow::Result<Read> {
        self.look_ahead()?;
        let Some(Waiting { next, place }) = self.waiting.pop_front() else {
            return Ok(Read::Idle);
        };
        self.place = place;
        match next {
            Next::Block { worker, bytes } => {
                self.waiting_bytes -= bytes;
                let taken = self.workers.take(worker);
                let (decoded, mut block) =
                    taken.with_context(|| format!("cannot decode rows of `{}`", self.text.name))?;
                if block.bytes.capacity() <= MAX_SPARE_BYTES {
                    block.bytes.clear();
                    self.spare.push(block);
                }
                decoded.map(Read::Rows)
            }
            Next::Idle => Ok(Read::Idle),
            Next::End => Ok(Read::End),
            Next::Failed(error) => Err(error),
        }
    }

    fn position(&self) -> Option<ReadPosition> {
        let size = self.text.bytes.size()?;
        position::write(&self.place.position(size))
    }
}

impl<B: Bytes> TextPartition<B> {
    /// The decoder that it would use itself, or another one.
    fn take_decoder(&mut self) -> anyhow::Result<TextDecoder> {
        match self.decoder.take() {
            Some(decoder) => Ok(decoder),
            None => self.decoders.decoder(),
        }
    }

    /// Takes rows that have just been cut off, and their bytes, out of the buffer. Of those bytes and the ones behind
    /// them, the fewer are copied.
    fn take_block(&mut self, mut cut: Cut, mut room: Vec<u8>) -> Block {
        let end = self.splitter.start();
        let first = cut.rows.first().map_or(end, |row| row.bytes.start);
        let (before, behind) = self.buffer.split_at(end);
        if before.len() - first <= behind.len() {
            room.extend_from_slice(&before[first..]);
            for row in &mut cut.rows {
                row.bytes = row.bytes.start - first..row.bytes.end - first;
            }
            return Block { bytes: room, cut };
        }
        let done = self.done();
        room.extend_from_slice(&self.buffer[done..]);
        let bytes = std::mem::replace(&mut self.buffer, room);
        self.forget(done);
        Block { bytes, cut }
    }
}

#[cfg(test)]
mod tests;
