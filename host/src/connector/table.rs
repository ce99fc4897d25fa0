//! Reference data: a table that is read as a whole, found by key, and read again when it has changed.
//!
//! Rows are looked up in a [`TableContent`], which never changes. It is replaced as a whole; whoever
//! looks up rows holds a [`TableView`] and takes a lock only when there is another one.

mod content;
mod files;
mod index;
mod script;

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use anyhow::{Context as _, bail};

pub use self::{content::TableContent, index::TableIndex};
use self::{files::Files, script::Script};
use super::TableConfig;
use crate::time::{Clock, Duration, Timestamp};

/// A table of reference data.
pub struct Table {
    name: Arc<str>,
    source: Source,
    clock: Arc<dyn Clock>,
    /// The number of `content`.
    version: AtomicU64,
    content: Mutex<Arc<TableContent>>,
}

/// Where the rows come from.
enum Source {
    Files {
        files: Mutex<Files>,
        refresh: Duration,
        /// When somebody last looked whether the files have changed, in microseconds.
        looked: AtomicI64,
    },
    Script(Mutex<Script>),
}

impl Table {
    /// Opens a table and reads it. `keys` are the lists of columns that rows will be looked up by; no
    /// two rows may be alike in all columns of one.
    ///
    /// # Errors
    ///
    /// If a file cannot be read, a row of it cannot be decoded, or two rows have one key.
    pub fn open(
        name: &str,
        config: &TableConfig,
        keys: Vec<Vec<usize>>,
        clock: &Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        let (source, content) = match config {
            TableConfig::File {
                path,
                decoding,
                refresh,
            } => {
                let mut files = Files::new(path.clone(), decoding.clone(), keys, clock);
                let looked = AtomicI64::new(clock.now().as_micros());
                let content = files.read()?;
                let source = Source::Files {
                    files: Mutex::new(files),
                    refresh: *refresh,
                    looked,
                };
                (source, content)
            }
            TableConfig::Test { decoding } => {
                let script = Script::new(decoding.clone(), keys, clock);
                let content = script.content()?;
                (Source::Script(Mutex::new(script)), content)
            }
        };
        Ok(Self {
            name: name.into(),
            source,
            clock: Arc::clone(clock),
            version: AtomicU64::new(0),
            content: Mutex::new(Arc::new(content)),
        })
    }

    /// What the pipeline calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A view for one subtask.
    pub fn view(self: &Arc<Self>) -> TableView {
        let content = lock(&self.content);
        TableView {
            version: self.version.load(Ordering::Relaxed),
            content: Arc::clone(&content),
            table: Arc::clone(self),
        }
    }

    /// Puts in the row of a JSON object, in the place of the one with its key if there is one. For the
    /// tables of scripted cases; the key is the one that the first stage looks up.
    ///
    /// # Errors
    ///
    /// If the row cannot be decoded, or the table is not one of a scripted case.
    pub fn upsert(&self, row: &str) -> anyhow::Result<()> {
        self.change(|script| script.upsert(row))
    }

    /// Takes out the row with the key of a JSON object, if there is one; as [`upsert`](Self::upsert).
    ///
    /// # Errors
    ///
    /// If the object cannot be decoded, or the table is not one of a scripted case.
    pub fn delete(&self, row: &str) -> anyhow::Result<()> {
        self.change(|script| script.delete(row))
    }

    fn change(
        &self,
        change: impl FnOnce(&mut Script) -> anyhow::Result<TableContent>,
    ) -> anyhow::Result<()> {
        let Source::Script(script) = &self.source else {
            bail!("table `{}` is read from files", self.name);
        };
        let content = change(&mut lock(script));
        let content =
            content.with_context(|| format!("table `{}` cannot be changed", self.name))?;
        self.replace(content);
        Ok(())
    }

    fn replace(&self, content: TableContent) {
        let mut current = lock(&self.content);
        *current = Arc::new(content);
        // Under the lock, so that a view never takes new content for old.
        self.version.fetch_add(1, Ordering::Release);
    }

    /// Looks whether the files have changed if it is time to, unless somebody else is doing it.
    fn look(&self) {
        let Source::Files {
            files,
            refresh,
            looked,
        } = &self.source
        else {
            return;
        };
        let now = self.clock.now();
        let last = looked.load(Ordering::Relaxed);
        let since = Timestamp::from_micros(last);
        // A clock that was set back must not keep anybody from looking.
        if since <= now && now < since.saturating_add(*refresh) {
            return;
        }
        let now = now.as_micros();
        let exchanged = looked.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed);
        if exchanged.is_err() {
            return;
        }
        match lock(files).read_again() {
            Ok(None) => {}
            Ok(Some(content)) => {
                tracing::info!(table = %self.name, rows = content.rows().num_rows(), "table was read again");
                self.replace(content);
            }
            Err(error) => tracing::warn!(
                table = %self.name,
                "the table has changed and cannot be read again; its old content stays: {error:#}",
            ),
        }
    }
}

/// What one subtask sees of a table.
pub struct TableView {
    table: Arc<Table>,
    version: u64,
    content: Arc<TableContent>,
}

impl TableView {
    /// The table as it is now. Called once a batch.
    pub fn current(&mut self) -> &Arc<TableContent> {
        self.table.look();
        if self.table.version.load(Ordering::Acquire) != self.version {
            let content = lock(&self.table.content);
            self.version = self.table.version.load(Ordering::Relaxed);
            self.content = Arc::clone(&content);
        }
        &self.content
    }
}

/// What is behind these locks is replaced as a whole, so a panic cannot leave it half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
