//! Compressed files, read as a stream; the ending of the name tells how they are compressed.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek as _, SeekFrom},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::Context as _;

use super::archives::{Archives, Gzip, Zstd};

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    /// The compression that the ending of a file name stands for.
    pub(super) fn of(path: &Path) -> Self {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some(ending) if ending.eq_ignore_ascii_case("gz") => Self::Gzip,
            Some(ending) if ending.eq_ignore_ascii_case("gzip") => Self::Gzip,
            Some(ending) if ending.eq_ignore_ascii_case("zst") => Self::Zstd,
            Some(ending) if ending.eq_ignore_ascii_case("zstd") => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// How much of a compressed file is skipped at once.
const SKIP_BYTES: usize = 256 * 1024;

/// The uncompressed bytes of a file, and how many bytes of the file they took.
pub(super) struct FileReader {
    file: Arc<File>,
    bytes: Box<dyn Read + Send>,
    compression: Compression,
    taken: Arc<AtomicU64>,
    /// How many bytes the file had when it was opened, as stored; `None` if it is no file that can be read
    /// again, such as a named pipe.
    size: Option<u64>,
}

impl FileReader {
    /// Opens a file.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let context = || format!("cannot open `{}`", path.display());
        let file = Arc::new(File::open(path).with_context(context)?);
        let metadata = file.metadata();
        let metadata = metadata.with_context(|| format!("cannot look at `{}`", path.display()))?;
        let size = metadata.is_file().then_some(metadata.len());
        let taken = Arc::new(AtomicU64::new(0));
        let counted = Counted {
            file: Arc::clone(&file),
            taken: Arc::clone(&taken),
        };
        let compression = Compression::of(path);
        let bytes: Box<dyn Read + Send> = match compression {
            // What is read of it is counted where it is read: only a file can fill a buffer that has no
            // zeroes in it yet.
            Compression::None => Box::new(Arc::clone(&file)),
            Compression::Gzip => {
                Box::new(Archives::<Gzip<_>>::open(buffered(counted)).with_context(context)?)
            }
            Compression::Zstd => {
                Box::new(Archives::<Zstd<_>>::open(buffered(counted)).with_context(context)?)
            }
        };
        Ok(Self {
            file,
            bytes,
            compression,
            taken,
            size,
        })
    }

    /// How many bytes of the file, as stored, have been read.
    pub(super) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// How many bytes the file had when it was opened, as stored; `None` for a named pipe.
    pub(super) const fn first_size(&self) -> Option<u64> {
        self.size
    }

    /// How many bytes the file has by now, as stored; `None` if it is no file that can be read again,
    /// such as a named pipe.
    pub(super) fn size(&self) -> Option<u64> {
        let size = self.size?;
        // A file that cannot be looked at any more still has what was there before.
        let now = self.file.metadata().map(|metadata| metadata.len());
        Some(now.unwrap_or_else(|_| size.max(self.taken())))
    }

    /// Skips the first `bytes` bytes, uncompressed, and returns the last `wanted` of them; fewer if the
    /// file ends before. Called before anything is read.
    pub(super) fn skip(&mut self, bytes: u64, wanted: usize) -> io::Result<Vec<u8>> {
        let mut last = Vec::new();
        if self.compression == Compression::None {
            let mut file = &*self.file;
            file.seek(SeekFrom::Start(bytes - wanted as u64))?;
            file.take(wanted as u64).read_to_end(&mut last)?;
            return Ok(last);
        }
        let mut left = bytes;
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(SKIP_BYTES).min(SKIP_BYTES);
            let read = self.fill(&mut last, most)?;
            if read == 0 {
                return Ok(Vec::new());
            }
            left -= read as u64;
            last.drain(..last.len().saturating_sub(wanted));
        }
        Ok(last)
    }

    /// Appends at most `most` bytes to `buffer`; none at the end of the file.
    pub(super) fn fill(&mut self, buffer: &mut Vec<u8>, most: usize) -> io::Result<usize> {
        let before = buffer.len();
        // Unlike `read`, this needs no zeroes in the buffer first.
        let read = (&mut self.bytes).take(most as u64).read_to_end(buffer);
        if self.compression == Compression::None {
            let read = (buffer.len() - before) as u64;
            self.taken.fetch_add(read, Ordering::Relaxed);
        }
        read.map_err(|error| self.explain(error))
    }

    /// Reads what has come, waiting for the first byte only.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.bytes.read(buffer).map_err(|error| self.explain(error))
    }

    fn explain(&self, error: io::Error) -> io::Error {
        let archive = match self.compression {
            Compression::None => return error,
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
        };
        let reason = if error.kind() == io::ErrorKind::UnexpectedEof {
            format!("the file ends in the middle of its {archive} data")
        } else {
            format!("the file is not valid {archive} data: {error}")
        };
        io::Error::new(error.kind(), reason)
    }
}

fn buffered(file: Counted) -> BufReader<Counted> {
    BufReader::with_capacity(128 * 1024, file)
}

/// A file that counts what is read from it.
struct Counted {
    file: Arc<File>,
    taken: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = (&*self.file).read(buffer)?;
        self.taken.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).expect("memory");
        encoder.finish().expect("memory")
    }

    fn zstd(text: &str) -> Vec<u8> {
        zstd::encode_all(text.as_bytes(), 1).expect("memory")
    }

    fn read(name: &str, bytes: &[u8]) -> Result<String, String> {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        let mut reader = FileReader::open(&path).expect("a file");
        let mut buffer = Vec::new();
        while reader
            .fill(&mut buffer, 7)
            .map_err(|error| error.to_string())?
            > 0
        {}
        assert_eq!(reader.taken(), bytes.len() as u64);
        Ok(String::from_utf8(buffer).expect("text"))
    }

    #[test]
    fn the_ending_tells_the_compression() {
        let text = "some text\n".repeat(100);
        assert_eq!(read("a.json", text.as_bytes()), Ok(text.clone()));
        assert_eq!(read("a.json.gz", &gzip(&text)), Ok(text.clone()));
        assert_eq!(read("a.json.ZST", &zstd(&text)), Ok(text));
    }

    #[test]
    fn archives_may_follow_each_other() {
        let both = "one\ntwo\n";
        let bytes = [gzip("one\n"), gzip("two\n")].concat();
        assert_eq!(read("a.gz", &bytes).as_deref(), Ok(both));
        let bytes = [zstd("one\n"), zstd("two\n")].concat();
        assert_eq!(read("a.zst", &bytes).as_deref(), Ok(both));
    }

    #[test]
    fn zeros_behind_archives_are_no_part_of_them() {
        for zeros in [1, 512, 300_000] {
            let zeros = vec![0; zeros];
            for (name, archive) in [("a.gz", gzip("one\n")), ("a.zst", zstd("one\n"))] {
                let bytes = [&archive[..], &zeros].concat();
                assert_eq!(read(name, &bytes).as_deref(), Ok("one\n"));
                let bytes = [&archive[..], &zeros, &archive, &zeros].concat();
                assert_eq!(read(name, &bytes).as_deref(), Ok("one\none\n"));
                let bytes = [&archive[..], &zeros, b"x, and more"].concat();
                let error = read(name, &bytes).expect_err("an error");
                assert!(error.starts_with("the file is not valid"), "{error}");
                let error = read(name, &zeros).expect_err("an error");
                assert!(error.starts_with("the file "), "{error}");
            }
        }
        // Nobody waits for the end of a hole in a file.
        let many = [gzip("one\n"), vec![0; 17 << 20]].concat();
        let expected = "the file is not valid gzip data: more than 16 MiB of zeros follow it";
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a.gz");
        std::fs::write(&path, many).expect("a file");
        let mut reader = FileReader::open(&path).expect("a file");
        let mut buffer = Vec::new();
        let error = reader.fill(&mut buffer, 100).expect_err("an error");
        assert_eq!(
            (buffer.as_slice(), error.to_string().as_str()),
            (&b"one\n"[..], expected)
        );
    }

    #[test]
    fn a_truncated_archive_is_an_error() {
        let text = "some text\n".repeat(100);
        for (name, bytes) in [("gzip", gzip(&text)), ("zstd", zstd(&text))] {
            for length in [3, bytes.len() / 2, bytes.len() - 1] {
                assert_eq!(
                    read(&format!("a.{name}"), &bytes[..length]),
                    Err(format!("the file ends in the middle of its {name} data")),
                );
            }
        }
    }

    #[test]
    fn what_is_no_archive_is_an_error() {
        let error = read("a.gz", b"plain text, not compressed").expect_err("an error");
        assert!(
            error.starts_with("the file is not valid gzip data"),
            "{error}"
        );
        let error = read("a.zst", b"plain text, not compressed").expect_err("an error");
        assert!(
            error.starts_with("the file is not valid zstd data"),
            "{error}"
        );
    }
}
