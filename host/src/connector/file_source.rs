//! Files: each is a partition, handed out in order and read to its end.

mod places;

use std::{
    collections::HashSet,
    fs, io,
    num::NonZero,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context as _, bail};

use self::places::Places;
use super::{
    Decoding, Format, Partition, Source, SourceProgress,
    ahead::WORTHWHILE_BYTES,
    compression::FileReader,
    file_bytes::FileBytes,
    format::{Columns, ParquetPartition},
    pipe::Pipe,
    position::{TextPosition, Unread, WAY_OUT},
    text::{AheadText, TextPartition},
};
use crate::time::Clock;

/// How much of a file is read at once: so little that what a batch leaves in the buffer is soon moved.
const CHUNK_BYTES: usize = 256 * 1024;

/// A list of files.
pub(super) struct FileSource {
    files: Vec<Unread>,
    /// The folder that their names are relative to.
    base: PathBuf,
    next: Mutex<usize>,
    decoding: Decoding,
    chunk: usize,
    clock: Arc<dyn Clock>,
    /// How many threads decode a file, if it has so many bytes.
    threads: usize,
    worthwhile: u64,
}

impl FileSource {
    /// The rows of these files, in this order.
    pub(super) fn new(paths: Vec<PathBuf>, decoding: Decoding, clock: Arc<dyn Clock>) -> Self {
        Self {
            files: paths.into_iter().map(Unread::whole).collect(),
            base: PathBuf::new(),
            next: Mutex::new(0),
            decoding,
            chunk: CHUNK_BYTES,
            clock,
            threads: 1,
            worthwhile: WORTHWHILE_BYTES,
        }
    }

    /// Calls the files as a pipeline in the folder `base` does, from wherever the job is run: by their names
    /// it is known what has been read of them.
    pub(super) fn in_folder(mut self, base: PathBuf) -> Self {
        for file in &mut self.files {
            let name = file.path.strip_prefix(&base).unwrap_or(&file.path);
            file.name = name.display().to_string().into();
        }
        self.base = base;
        self
    }

    /// Reads so many bytes at once.
    #[cfg(test)]
    pub(super) fn in_chunks_of(self, chunk: usize) -> Self {
        Self { chunk, ..self }
    }

    /// Decodes files ahead that have so many bytes.
    #[cfg(test)]
    pub(super) fn ahead_from(self, worthwhile: u64) -> Self {
        Self { worthwhile, ..self }
    }

    fn open(&self, file: &Unread) -> anyhow::Result<Box<dyn Partition>> {
        let clock = Arc::clone(&self.clock);
        // What is not there is for whoever opens it to tell.
        let is_stream = fs::metadata(&file.path)
            .is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
        if is_stream && self.decoding.format != Format::Parquet {
            return self.open_stream(file);
        }
        if self.decoding.format == Format::Parquet {
            let columns = Columns::new(&self.decoding, clock);
            let partition = ParquetPartition::open(file, &self.decoding, columns)?;
            let threads = NonZero::new(self.threads);
            let threads = threads.filter(|_| self.is_worthwhile(Some(partition.bytes())));
            return Ok(Box::new(match threads {
                Some(threads) => partition.ahead(threads),
                None => partition,
            }));
        }
        let open = || FileBytes::open(&file.path, Arc::clone(&file.name), self.chunk);
        let name = Arc::clone(&file.name);
        let whole = TextPartition::new(name, open()?, &self.decoding, clock);
        let text = match file.position::<TextPosition>()? {
            Some(position) if position.offset > 0 => {
                let mut rest = open()?;
                let proof = rest.skip_to(&position)?;
                whole.resume(&position, rest, proof)?
            }
            _ => whole,
        };
        Ok(match self.is_worthwhile(text.size()) {
            true => Box::new(AheadText::new(text, self.threads)),
            false => Box::new(text),
        })
    }

    /// Whether a file of so many bytes, as stored, is decoded ahead.
    fn is_worthwhile(&self, bytes: Option<u64>) -> bool {
        self.threads > 1 && bytes.is_some_and(|bytes| bytes >= self.worthwhile)
    }

    /// A named pipe, or a device: nobody knows when it has bytes, and a job that waits for them has other duties.
    fn open_stream(&self, file: &Unread) -> anyhow::Result<Box<dyn Partition>> {
        if file
            .position::<TextPosition>()?
            .is_some_and(|position| position.offset > 0)
        {
            bail!(
                "cannot go on in `{}`: a part of it has been read, and it cannot be read again: {WAY_OUT}",
                file.name
            );
        }
        let input = OpenedLate {
            path: file.path.clone(),
            reader: None,
        };
        // Nobody can wake a thread that waits for a pipe, so nobody waits for it either.
        let (pipe, _thread) = Pipe::start(format!("`{}`", file.name).into(), input)?;
        Ok(Box::new(TextPartition::new(
            Arc::clone(&file.name),
            pipe,
            &self.decoding,
            Arc::clone(&self.clock),
        )))
    }
}

/// A file that is opened by whoever reads it first: opening a pipe takes until somebody writes to it.
struct OpenedLate {
    path: PathBuf,
    reader: Option<FileReader>,
}

impl io::Read for OpenedLate {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let reader = match &mut self.reader {
            Some(reader) => reader,
            unopened => {
                let reader = FileReader::open(&self.path);
                unopened.insert(reader.map_err(|error| io::Error::other(format!("{error:#}")))?)
            }
        };
        reader.read(buffer)
    }
}

impl Source for FileSource {
    /// Files that are not there any more are missed only if they have not been read to their end. Those
    /// that were not there are read last.
    fn resume(&mut self, before: &SourceProgress) -> anyhow::Result<()> {
        let places = Places::new(&self.files, &self.base, before);
        let find = |name: &str| places.find(name);
        for (name, position) in &before.open {
            let place = find(name).with_context(|| {
                format!(
                    "cannot go on in `{name}`: a part of it has been read, and it is not among the files \
                     of the source any more: {WAY_OUT}"
                )
            })?;
            let file = &mut self.files[place];
            file.name = Arc::clone(name);
            file.position = Some(position.clone());
        }
        let finished: HashSet<_> = before
            .finished
            .iter()
            .filter_map(|name| find(name))
            .collect();
        if finished.is_empty() && !before.finished.is_empty() {
            tracing::warn!(
                finished = before.finished.len(),
                "none of the files that have been read to their end is there any more"
            );
        }
        let mut place = 0..;
        self.files
            .retain(|_| place.next().is_some_and(|place| !finished.contains(&place)));
        self.files.sort_by_key(|file| file.position.is_none());
        Ok(())
    }

    fn decode_ahead(&mut self, threads: usize) {
        self.threads = threads;
    }

    fn partitions(&self) -> usize {
        // Somebody has to find out that there is none.
        self.files.len().max(1)
    }

    fn next_partition(&self) -> anyhow::Result<Option<Box<dyn Partition>>> {
        let file = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let file = self.files.get(*next);
            *next += 1;
            file
        };
        file.map(|file| self.open(file)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{
        connector::{
            EventTimeUnit, Read, SourceConfig,
            harness::{NOW, decoding, listing, read_all},
            open_source, resolve_paths,
        },
        time::ManualClock,
    };

    fn open(paths: Vec<PathBuf>, decoding: Decoding) -> anyhow::Result<Box<dyn Source>> {
        let config = SourceConfig::File {
            paths,
            base: PathBuf::new(),
            decoding,
        };
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
                "the input breaks off in line 1: cannot read `{}`: the file is not valid gzip data: \
                 invalid gzip header",
                broken.display()
            )
        );
    }

    /// What comes out of a file that is changed after its first batch has been read.
    fn read_while(name: &str, change: impl FnOnce(&Path)) -> (Vec<String>, anyhow::Result<()>) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join(name);
        fs::write(&path, "row\n".repeat(3000)).expect("a file");
        let mut lines = decoding(Format::Lines, "line: utf8", None);
        lines.batch_rows = 100;
        let source = FileSource::new(vec![path.clone()], lines, Arc::new(ManualClock::new(NOW)));
        let source = source.in_chunks_of(1000);
        let mut partition = source.next_partition().expect("a file").expect("the first");
        let mut all = Vec::new();
        let mut change = Some(change);
        let end = loop {
            match partition.read() {
                Ok(Read::Rows(decoded)) => all.push(decoded),
                Ok(Read::Idle | Read::Watermark(_)) => {}
                Ok(Read::End) => break Ok(()),
                Err(error) => break Err(error),
            }
            if let Some(change) = change.take() {
                change(&path);
            }
        };
        (listing(&all), end)
    }

    #[test]
    fn a_file_that_is_cut_while_it_is_read_is_an_error() {
        let (rows, end) = read_while("a.txt", |path| {
            let file = fs::File::options().write(true).open(path).expect("a file");
            file.set_len(5000).expect("cut");
        });
        assert_eq!(rows.len(), 1250);
        let error = format!("{:#}", end.expect_err("an error"));
        assert!(
            error.starts_with("the input breaks off in line 1251: `")
                && error.ends_with(
                    "was cut while it was read, to 5000 of 12000 bytes: rows may be lost"
                ),
            "{error}"
        );
    }

    #[test]
    fn a_file_that_is_replaced_or_removed_is_read_to_its_end() {
        let (rows, end) = read_while("a.txt", |path| {
            fs::write(path.with_extension("new"), "other\n").expect("a file");
            fs::rename(path.with_extension("new"), path).expect("replaced");
        });
        end.expect("no error");
        assert_eq!(rows.len(), 3000);
        assert_eq!(rows[2999], "3000: row");
        let (rows, end) = read_while("a.txt", |path| fs::remove_file(path).expect("removed"));
        end.expect("no error");
        assert_eq!(rows.len(), 3000);
    }

    #[test]
    fn a_directory_in_the_place_of_a_file_is_named() {
        let directory = tempfile::tempdir().expect("a directory");
        for format in [Format::Lines, Format::Parquet] {
            let decoding = decoding(format, "line: utf8", None);
            let source = open(vec![directory.path().to_path_buf()], decoding).expect("a source");
            let read = source
                .next_partition()
                .and_then(|partition| partition.expect("the first").read());
            let error = format!("{:#}", read.expect_err("an error"));
            assert!(
                error.contains(&directory.path().display().to_string()),
                "{error}"
            );
            assert!(error.contains("s a directory"), "{error}");
        }
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
