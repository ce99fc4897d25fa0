//! Archives one after the other, as both gzip and zstd have them, read as if they were one. Zeros behind them are passed
//! over, as `gzip` does: what is written in blocks is filled up with them.

use std::io::{self, BufRead, Read};

/// The most zeros that follow an archive: whoever reads cannot be stopped meanwhile.
const MAX_ZEROS: usize = 16 * 1024 * 1024;

/// A reader of one archive.
pub(super) trait Archive: Read + Sized {
    /// What the archive is read from.
    type Source: BufRead;

    /// Begins to read an archive. Called once for each.
    fn open(source: Self::Source) -> io::Result<Self>;

    /// What is behind the archive. Called when it has been read to its end.
    fn into_source(self) -> Self::Source;
}

/// An archive of gzip.
pub(super) struct Gzip<R>(flate2::bufread::GzDecoder<R>);

/// An archive of zstd.
pub(super) struct Zstd<R: BufRead>(zstd::stream::read::Decoder<'static, R>);

impl<R: BufRead> Archive for Gzip<R> {
    type Source = R;

    fn open(source: R) -> io::Result<Self> {
        Ok(Self(flate2::bufread::GzDecoder::new(source)))
    }

    fn into_source(self) -> R {
        self.0.into_inner()
    }
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<R: BufRead> Archive for Zstd<R> {
    type Source = R;

    fn open(source: R) -> io::Result<Self> {
        let decoder = zstd::stream::read::Decoder::with_buffer(source)?;
        Ok(Self(decoder.single_frame()))
    }

    fn into_source(self) -> R {
        self.0.finish()
    }
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

/// Archives one after the other.
pub(super) struct Archives<A> {
    /// The one that is being read; none behind the last one.
    archive: Option<A>,
}

impl<A: Archive> Archives<A> {
    /// Begins to read the first one.
    pub(super) fn open(source: A::Source) -> io::Result<Self> {
        Ok(Self {
            archive: Some(A::open(source)?),
        })
    }
}

impl<A: Archive> Read for Archives<A> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(archive) = &mut self.archive {
            let read = archive.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let source = self.archive.take().map(A::into_source);
            if let Some(mut source) = source
                && has_more(&mut source)?
            {
                self.archive = Some(A::open(source)?);
            }
        }
        Ok(0)
    }
}

/// Whether there is anything but zeros, which are passed over.
fn has_more(source: &mut impl BufRead) -> io::Result<bool> {
    let mut passed = 0_usize;
    while passed <= MAX_ZEROS {
        let bytes = source.fill_buf()?;
        if bytes.is_empty() {
            return Ok(false);
        }
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        if zeros < bytes.len() {
            source.consume(zeros);
            return Ok(true);
        }
        source.consume(zeros);
        passed += zeros;
    }
    let most = MAX_ZEROS / (1024 * 1024);
    let reason = format!("more than {most} MiB of zeros follow it");
    Err(io::Error::new(io::ErrorKind::InvalidData, reason))
}
