//! The files that a sink of dead letters has written, of this version or an earlier one.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, bail, ensure};
use thiserror::Error;

use crate::{
    batch::{Position, Schema},
    connector::{Decoded, Decoding, Format, Partition, Read, open_long_rows, resolve_paths},
    operator::DeadLetter,
    time::SystemClock,
};

/// Files of dead letters, one after the other.
pub struct DeadLetterFiles {
    /// The last one first.
    left: Vec<PathBuf>,
    open: Option<(PathBuf, OpenFile)>,
}

/// A file that is being read, and what was read of it to find out what it is.
struct OpenFile {
    partition: Box<dyn Partition>,
    first: Option<Decoded>,
    /// Whether there was a letter in it.
    is_known: bool,
}

/// What comes next in files of dead letters.
#[derive(Debug, Default)]
pub struct Letters {
    /// The letters.
    pub read: Vec<DeadLetter>,
    /// What stands between them and is none.
    pub unreadable: Vec<Unreadable>,
}

/// A row of a file of dead letters that is no letter.
#[derive(Debug)]
pub struct Unreadable {
    /// Where it stands.
    pub position: Position,
    /// What is wrong with it.
    pub reason: String,
}

/// Something is not a file of dead letters.
#[derive(Debug, Error)]
#[error("`{}` is no file of dead letters", path.display())]
pub struct LetterError {
    path: PathBuf,
    source: anyhow::Error,
}

/// Letters that are handled together.
const BATCH_ROWS: usize = 1024;

impl DeadLetterFiles {
    /// The files that `paths` mean: files, folders and globs.
    ///
    /// # Errors
    ///
    /// If there are none.
    pub fn new(paths: &[PathBuf]) -> anyhow::Result<Self> {
        let mut left = Vec::new();
        for path in paths {
            left.extend(resolve_paths(path)?);
        }
        left.reverse();
        Ok(Self { left, open: None })
    }

    /// The next letters, in the order of the files; `None` if there are no more.
    ///
    /// # Errors
    ///
    /// A [`LetterError`] if a file cannot be read, or begins with something else.
    pub fn more(&mut self) -> Result<Option<Letters>, LetterError> {
        loop {
            if self.open.is_none() {
                let Some(path) = self.left.pop() else {
                    return Ok(None);
                };
                let file = OpenFile::new(&path);
                let file = file.map_err(|source| LetterError {
                    path: path.clone(),
                    source,
                })?;
                self.open = Some((path, file));
            }
            let Some((path, file)) = &mut self.open else {
                continue;
            };
            let letters = file.next().map_err(|source| LetterError {
                path: path.clone(),
                source,
            })?;
            match letters {
                Some(letters) => return Ok(Some(letters)),
                None => self.open = None,
            }
        }
    }
}

impl OpenFile {
    /// Opens a file with all columns that letters have, or as many of the first ones as it has.
    fn new(path: &Path) -> anyhow::Result<Self> {
        // It may be opened more than once, and nobody may ever write to a pipe.
        ensure!(fs::metadata(path)?.is_file(), "it is not a regular file");
        let fields = DeadLetter::schema().fields().to_vec();
        let least = DeadLetter::first_columns().len();
        let mut refusal = None;
        for columns in (least..=fields.len()).rev() {
            let schema = Schema::new(fields[..columns].to_vec());
            let schema = schema.map_err(|name| anyhow::anyhow!("two columns are called `{name}`"));
            match Self::with_columns(path, schema?) {
                Ok(file) => return Ok(file),
                // The least is what makes it letters, so that is what is told.
                Err(error) => refusal = Some(error),
            }
        }
        Err(refusal.unwrap_or_else(|| anyhow::anyhow!("letters have no columns")))
    }

    fn with_columns(path: &Path, schema: Schema) -> anyhow::Result<Self> {
        let decoding = Decoding {
            format: format_of(path),
            schema,
            event_time: None,
            max_ahead: None,
            batch_rows: BATCH_ROWS,
        };
        let mut file = Self {
            partition: open_long_rows(path, &decoding, Arc::new(SystemClock))?,
            first: None,
            is_known: false,
        };
        // Which columns there are may be found out by reading only.
        file.first = file.read()?;
        Ok(file)
    }

    fn next(&mut self) -> anyhow::Result<Option<Letters>> {
        let decoded = match self.first.take() {
            Some(first) => Some(first),
            None => self.read()?,
        };
        let Some(decoded) = decoded else {
            return Ok(None);
        };
        let mut letters = Letters::default();
        let record = decoded.batch.record();
        for row in 0..record.num_rows() {
            match DeadLetter::of_record(&record.slice(row, 1)) {
                Ok(letter) => letters.read.extend(letter),
                Err(error) => {
                    let position = decoded.batch.origin().position(row);
                    letters.unreadable.push(Unreadable {
                        position: position.context("a row that was read has no position")?,
                        reason: format!("{error:#}"),
                    });
                }
            }
        }
        self.is_known |= !letters.read.is_empty();
        // What does not begin with a letter is something else.
        if !self.is_known {
            if let Some(row) = decoded.rejected.first() {
                bail!("line {}: {}", row.position.number, row.reason);
            }
            if let Some(row) = letters.unreadable.first() {
                bail!("{}", row.reason);
            }
        }
        let rejected = decoded.rejected.into_iter().map(|row| Unreadable {
            position: row.position,
            reason: row.reason,
        });
        letters.unreadable.extend(rejected);
        letters.unreadable.sort_by_key(|row| row.position.number);
        Ok(Some(letters))
    }

    fn read(&mut self) -> anyhow::Result<Option<Decoded>> {
        loop {
            match self.partition.read()? {
                Read::Rows(decoded) => return Ok(Some(decoded)),
                Read::Idle | Read::Watermark(_) => {}
                Read::End => return Ok(None),
            }
        }
    }
}

/// The format that a file's name tells. What is printed has none, and is JSON unless somebody wants something else.
fn format_of(path: &Path) -> Format {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut endings = name.rsplit('.');
    match endings.find(|ending| !["gz", "zst"].contains(ending)) {
        Some("csv") => Format::Csv,
        Some("parquet") => Format::Parquet,
        _ => Format::Json,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &Path) -> Result<Vec<DeadLetter>, String> {
        let mut files =
            DeadLetterFiles::new(&[path.to_path_buf()]).map_err(|error| error.to_string())?;
        let mut letters = Vec::new();
        loop {
            match files.more() {
                Ok(Some(more)) => letters.extend(more.read),
                Ok(None) => return Ok(letters),
                Err(error) => return Err(format!("{:#}", anyhow::Error::from(error))),
            }
        }
    }

    #[track_caller]
    fn check(name: &str, text: &str, expected: Result<&str, &str>) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        fs::write(&path, text).expect("written");
        let found = read(&path).map(|letters| {
            let letters = letters.iter();
            let told = letters.map(|letter| format!("{}: {}", letter.stage, letter.row));
            told.collect::<Vec<_>>().join(", ")
        });
        let shown = format!("`{}`", path.display());
        let found = found.map_err(|error| error.replace(&shown, "FILE"));
        assert_eq!(found.as_deref().map_err(String::as_str), expected);
    }

    #[test]
    fn letters_of_the_first_version_are_read() {
        let json = "{\"stage\":\"a\",\"reason\":\"r\",\"component\":null,\"source\":\"f\",\"number\":1,\"row\":\"x\"}\n";
        check("part-00000.jsonl", json, Ok("a: x"));
        check("letters", json, Ok("a: x"));
        let csv = "stage,reason,component,source,number,row\na,r,,f,1,\"x\ny\"\nb,r,,f,2,\n";
        check("part-00000.csv", csv, Ok("a: x\ny, b: "));
    }

    #[test]
    fn what_is_something_else_is_refused() {
        let refused = Err("FILE is no file of dead letters: it has no `stage`");
        check("a.jsonl", "{\"ts\":1}\n", refused);
        let refused =
            "FILE is no file of dead letters: line 1: not a JSON object: found something else";
        check("a.jsonl", "hello\n", Err(refused));
        let refused = "FILE is no file of dead letters: cannot read FILE as csv: column `stage` is missing in the header: a,b";
        check("a.csv", "a,b\n1,2\n", Err(refused));
        check("a.jsonl", "", Ok(""));
    }

    #[test]
    fn letters_longer_than_any_row_are_read() {
        // A hole in a file of text: six bytes in a letter for one in the row.
        let row = "\\u0000".repeat(3 << 20);
        let json = format!(
            "{{\"stage\":\"a\",\"reason\":\"r\",\"component\":null,\"source\":\"f\",\"number\":1,\"row\":\"{row}\"}}\n"
        );
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.jsonl");
        fs::write(&path, json).expect("written");
        let letters = read(&path).expect("a letter");
        assert_eq!(letters.len(), 1);
        assert!(letters[0].row == "\0".repeat(3 << 20));
    }

    #[cfg(unix)]
    #[test]
    fn pipes_are_not_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe.jsonl");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.expect("mkfifo runs").success());
        let error = read(&pipe).expect_err("no file");
        assert!(
            error.ends_with("is no file of dead letters: it is not a regular file"),
            "{error}"
        );
    }
}
