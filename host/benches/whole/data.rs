//! The readings, made once by the product and kept below `target/`.
//!
//! Ten files follow each other in time, with a seed each. The one file of text is made of the ten, so that it has the same rows.

use std::{
    fs::{self, File},
    io::{self, BufRead as _, BufReader, BufWriter, Write as _},
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context as _, ensure};

use super::{
    case::Case,
    job::Format,
    product::{self, Product},
};

/// How many files there are, if it is not one.
const FILES: u64 = 10;

/// The event time of the first reading: 2024-04-13 08:00, UTC.
pub(crate) const START_MILLIS: u64 = 1_712_995_200_000;

/// In how many files the readings are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Files {
    Ten,
    One,
}

/// So many readings, in all formats that were asked for.
pub(crate) struct Data<'a> {
    product: &'a Product,
    folder: PathBuf,
    rows: u64,
}

impl<'a> Data<'a> {
    pub(crate) fn new(product: &'a Product, folder: &Path, rows: u64) -> Self {
        Self {
            product,
            folder: folder.join(rows.to_string()),
            rows,
        }
    }

    /// Where the data is, and pipelines beside it.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder with the files, as pipelines name it.
    pub(crate) fn folder_of(format: Format, files: Files) -> String {
        match files {
            Files::Ten => format.to_string(),
            Files::One => format!("{format}-one"),
        }
    }

    /// The files, in the order of their names.
    pub(crate) fn paths(&self, format: Format, files: Files) -> anyhow::Result<Vec<PathBuf>> {
        let folder = self.folder.join(Self::folder_of(format, files));
        let entries = fs::read_dir(&folder)
            .with_context(|| format!("cannot read the folder `{}`", folder.display()))?;
        let paths: io::Result<Vec<_>> = entries.map(|entry| Ok(entry?.path())).collect();
        let mut paths = paths?;
        paths.sort_unstable();
        Ok(paths)
    }

    /// Sees to it that there is all that is read, and tells what there is.
    pub(crate) fn make(&self, cases: &[Case]) -> anyhow::Result<()> {
        if !cases.is_empty() {
            println!("{} readings in `{}`:", self.rows, self.folder.display());
        }
        let mut made = Vec::new();
        for case in cases {
            let set = (case.format, case.files);
            if !made.contains(&set) {
                let seconds = self.make_set(case.format, case.files)?;
                let paths = self.paths(case.format, case.files)?;
                let sizes = paths.iter().map(|path| Ok(fs::metadata(path)?.len()));
                let bytes = sizes.sum::<io::Result<u64>>()?;
                println!(
                    "  {}: {} file{}, {:.0} MB, {}",
                    case.format,
                    paths.len(),
                    if paths.len() == 1 { "" } else { "s" },
                    bytes as f64 / 1e6,
                    seconds.map_or_else(
                        || "kept".to_owned(),
                        |seconds| format!("made in {seconds:.0} s")
                    ),
                );
                made.push(set);
            }
        }
        Ok(())
    }

    /// Makes files that are not there, and tells how many seconds it took.
    fn make_set(&self, format: Format, files: Files) -> anyhow::Result<Option<f64>> {
        let folder = self.folder.join(Self::folder_of(format, files));
        if folder.exists() {
            return Ok(None);
        }
        if files == Files::One {
            self.make_set(format, Files::Ten)?;
        }
        let started = Instant::now();
        // What has its name is complete.
        let making = self.folder.join("making");
        if making.exists() {
            fs::remove_dir_all(&making)?;
        }
        fs::create_dir_all(&making)?;
        match files {
            Files::Ten => self.generate(format, &making)?,
            Files::One => self.join(format, &making)?,
        }
        fs::rename(&making, &folder)?;
        Ok(Some(started.elapsed().as_secs_f64()))
    }

    fn generate(&self, format: Format, folder: &Path) -> anyhow::Result<()> {
        let rows = self.rows / FILES;
        for file in 0..FILES {
            let text = product::readings(rows, file, file * rows, format, "making/part");
            let output = self
                .product
                .run(&self.folder.join("readings.toml"), &text)?
                .output()?;
            let said = String::from_utf8_lossy(&output.stderr);
            ensure!(
                output.status.success(),
                "readings cannot be generated:\n{said}"
            );
            let extension = format.extension();
            let part = folder.join("part");
            let to = folder.join(format!("readings-{file}.{extension}"));
            fs::rename(part.join(format!("part-00000.{extension}")), to)?;
            fs::remove_dir_all(part)?;
        }
        Ok(())
    }

    /// Joins the ten files to one; a header is there only once.
    fn join(&self, format: Format, folder: &Path) -> anyhow::Result<()> {
        let path = folder.join(format!("readings.{}", format.extension()));
        let mut to = BufWriter::new(File::create(path)?);
        for (i, path) in self.paths(format, Files::Ten)?.iter().enumerate() {
            let mut from = BufReader::new(File::open(path)?);
            if i > 0 && format == Format::Csv {
                from.skip_until(b'\n')?;
            }
            io::copy(&mut from, &mut to)?;
        }
        Ok(to.flush()?)
    }
}
