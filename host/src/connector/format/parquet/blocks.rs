//! Bytes of a file by their place, for several threads at once: a place of their own each, and one file.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    sync::Arc,
};

use bytes::Bytes;
use parquet::{
    errors::{ParquetError, Result},
    file::reader::{ChunkReader, Length},
};

/// How much is read to find the header of a page.
const HEADER_BYTES: usize = 1024;

/// Room is made for so many bytes before it is known whether there are as many.
const CREDIBLE_BYTES: usize = 1024 * 1024;

/// A file whose bytes are asked for by their place.
#[derive(Clone)]
pub(super) struct Blocks(Arc<File>);

impl Blocks {
    pub(super) fn new(file: File) -> Self {
        Self(Arc::new(file))
    }

    /// How many bytes there are.
    pub(super) fn size(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    /// Up to `length` bytes from the byte `at` on: fewer only at the end of the file.
    pub(super) fn read(&self, at: u64, length: usize) -> io::Result<Vec<u8>> {
        let length = match length {
            0..=CREDIBLE_BYTES => length,
            // If it is a lie, it costs no more than the file has.
            _ => {
                let left = self.size()?.saturating_sub(at);
                usize::try_from(left).map_or(length, |left| left.min(length))
            }
        };
        let mut bytes = Vec::with_capacity(length);
        let from = From {
            file: Arc::clone(&self.0),
            at,
        };
        from.take(length as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl Length for Blocks {
    fn len(&self) -> u64 {
        self.size().unwrap_or_default()
    }
}

impl ChunkReader for Blocks {
    type T = BufReader<From>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        let from = From {
            file: Arc::clone(&self.0),
            at: start,
        };
        Ok(BufReader::with_capacity(HEADER_BYTES, from))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let bytes = self.read(start, length)?;
        if bytes.len() < length {
            return Err(ParquetError::EOF(format!(
                "expected {length} bytes at byte {start}, found {}",
                bytes.len()
            )));
        }
        Ok(bytes.into())
    }
}

/// The bytes of a file from a place on.
pub(super) struct From {
    file: Arc<File>,
    at: u64,
}

impl Read for From {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = read_at(&self.file, buffer, self.at)?;
        self.at += bytes as u64;
        Ok(bytes)
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn bytes_are_read_by_their_place_whoever_reads_beside() {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(b"0123456789").expect("bytes");
        let blocks = Blocks::new(file);
        let mut from = blocks.get_read(2).expect("a place");
        let mut other = blocks.get_read(7).expect("a place");
        let (mut two, mut rest) = ([0; 2], Vec::new());
        from.read_exact(&mut two).expect("bytes");
        other.read_to_end(&mut rest).expect("bytes");
        assert_eq!((&two, &*rest), (b"23", &b"789"[..]));
        from.read_exact(&mut two).expect("bytes");
        assert_eq!(&two, b"45");
        assert_eq!(&blocks.get_bytes(8, 2).expect("bytes")[..], b"89");
        assert_eq!(blocks.read(8, 100).expect("bytes"), b"89");
        assert_eq!(blocks.read(80, usize::MAX).expect("bytes"), b"");
        let error = blocks.get_bytes(8, 3).expect_err("too few").to_string();
        assert_eq!(error, "EOF: expected 3 bytes at byte 8, found 2");
    }
}
