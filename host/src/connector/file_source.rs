//! Files: each is a partition, handed out in order and read to its end.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context as _;

use super::{
    Decoding, Format, Partition, Source,
    compression::FileReader,
    format::{Columns, ParquetPartition},
    text::{Bytes, Fill, TextPartition},
};
use crate::time::Clock;

/// How much of a file is read at once.
const CHUNK_BYTES: usize = 1024 * 1024;

/// A list of files.
pub(super) struct FileSource {
    paths: Vec<PathBuf>,
    next: Mutex<usize>,
    decoding: Decoding,
    clock: Arc<dyn Clock>,
}

impl FileSource {
    /// The rows of these files, in this order.
    pub(super) const fn new(
        paths: Vec<PathBuf>,
        decoding: Decoding,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            paths,
            next: Mutex::new(0),
            decoding,
            clock,
        }
    }

    fn open(&self, path: &Path) -> anyhow::Result<Box<dyn Partition>> {
        let clock = Arc::clone(&self.clock);
        if self.decoding.format == Format::Parquet {
            let columns = Columns::new(&self.decoding, clock);
            return Ok(Box::new(ParquetPartition::open(
                path,
                &self.decoding,
                columns,
            )?));
        }
        let bytes = FileBytes::open(path, CHUNK_BYTES)?;
        let name = Arc::clone(&bytes.name);
        Ok(Box::new(TextPartition::new(
            name,
            bytes,
            &self.decoding,
            clock,
        )))
    }
}

impl Source for FileSource {
    fn partitions(&self) -> usize {
        self.paths.len()
    }

    fn next_partition(&self) -> anyhow::Result<Option<Box<dyn Partition>>> {
        let path = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let path = self.paths.get(*next);
            *next += 1;
            path
        };
        path.map(|path| self.open(path)).transpose()
    }
}

/// The bytes of a file, uncompressed.
pub(super) struct FileBytes {
    name: Arc<str>,
    reader: FileReader,
    chunk: usize,
}

impl FileBytes {
    /// Opens a file, to be read `chunk` bytes at a time.
    pub(super) fn open(path: &Path, chunk: usize) -> anyhow::Result<Self> {
        Ok(Self {
            name: path.display().to_string().into(),
            reader: FileReader::open(path)?,
            chunk,
        })
    }
}

impl Bytes for FileBytes {
    fn fill(&mut self, buffer: &mut Vec<u8>, _wait: Duration) -> anyhow::Result<Fill> {
        let read = self
            .reader
            .fill(buffer, self.chunk)
            .with_context(|| format!("cannot read `{}`", self.name))?;
        Ok(if read == 0 { Fill::End } else { Fill::Some })
    }

    fn taken(&self) -> u64 {
        self.reader.taken()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{
        connector::{
            EventTimeUnit, SourceConfig,
            harness::{NOW, decoding, listing, read_all},
            open_source, resolve_paths,
        },
        time::ManualClock,
    };

    fn open(paths: Vec<PathBuf>, decoding: Decoding) -> anyhow::Result<Box<dyn Source>> {
        let config = SourceConfig::File { paths, decoding };
        open_source(&config, Arc::new(ManualClock::new(NOW)))
    }

    #[test]
    fn files_are_handed_out_in_order() {
        let directory = tempfile::tempdir().expect("a directory");
        for name in ["b.txt", "a.txt", "c.txt"] {
            fs::write(directory.path().join(name), format!("in {name}\n")).expect("a file");
        }
        let paths = resolve_paths(directory.path()).expect("files");
        let lines = decoding(Format::Lines, "line: utf8", None);
        let source = open(paths, lines).expect("a source");
        assert_eq!(source.partitions(), 3);
        for name in ["a.txt", "b.txt", "c.txt"] {
            let mut partition = source.next_partition().expect("a file").expect("one more");
            let path = directory.path().join(name).display().to_string();
            assert_eq!(&**partition.name(), path);
            let all = read_all(partition.as_mut()).expect("rows");
            assert_eq!(listing(&all), [format!("1: in {name}")]);
        }
        assert!(source.next_partition().expect("none").is_none());
        assert!(source.next_partition().expect("none").is_none());
    }

    #[test]
    fn a_rejected_row_tells_where_it_is_from() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a.jsonl");
        fs::write(&path, "{\"n\":1}\n\n{\"n\":\"x\"} \r\n").expect("a file");
        let json = decoding(Format::Json, "n: int64", None);
        let source = open(vec![path.clone()], json).expect("a source");
        let mut partition = source.next_partition().expect("a file").expect("the first");
        let all = read_all(partition.as_mut()).expect("rows");
        let [bad] = all[0].rejected.as_slice() else {
            panic!("one bad row, not {:?}", all[0].rejected);
        };
        assert_eq!(bad.position.to_string(), format!("{}:3", path.display()));
        assert_eq!(bad.reason, "column `n`: expected int64, found \"x\"");
        assert_eq!(bad.row, "{\"n\":\"x\"} ");
        assert_eq!(all[0].bytes, 21);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let directory = tempfile::tempdir().expect("a directory");
        let missing = directory.path().join("missing.json");
        let broken = directory.path().join("broken.json.gz");
        fs::write(&broken, "not compressed at all").expect("a file");
        let json = decoding(Format::Json, "n: int64", None);
        let source = open(vec![missing.clone(), broken.clone()], json).expect("a source");
        let error = source.next_partition().err().expect("an error");
        assert_eq!(
            error.to_string(),
            format!("cannot open `{}`", missing.display())
        );
        let mut partition = source.next_partition().expect("a file").expect("one more");
        let error = partition.read().expect_err("an error");
        assert_eq!(
            format!("{error:#}"),
            format!(
                "cannot read `{}`: the file is not valid gzip data: invalid gzip header",
                broken.display()
            )
        );
    }

    #[track_caller]
    fn check_refused(decoding: Decoding, expected: &str) {
        let error = open(vec!["a".into()], decoding).err().expect("an error");
        assert_eq!(format!("{error:#}"), expected);
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        check_refused(
            decoding(Format::Lines, "line: int64", None),
            "lines have one column, `line`, of type utf8",
        );
        check_refused(
            decoding(Format::Json, "ts: int64", Some(EventTimeUnit::Millis)),
            "the event time must be a column of type timestamp",
        );
        check_refused(
            decoding(
                Format::Json,
                "ts: timestamp",
                Some(EventTimeUnit::Pattern("%H".to_owned())),
            ),
            "pattern `%H` does not tell year, month and day",
        );
        check_refused(
            Decoding {
                batch_rows: 0,
                ..decoding(Format::Json, "n: int64", None)
            },
            "a batch must hold at least one row",
        );
        let parquet = SourceConfig::Stdin {
            decoding: decoding(Format::Parquet, "n: int64", None),
        };
        let error = open_source(&parquet, Arc::new(ManualClock::new(NOW)))
            .err()
            .expect("an error");
        assert_eq!(error.to_string(), "parquet can only be read from files");
    }
}
