//! Results of jobs with checkpoints: what was staged before a checkpoint, is made visible after it.
//!
//! A checkpoint holds the names of all files that are to be visible once it is complete and may not be
//! yet, those of checkpoints before it that never were completed among them. As long as a job has not made
//! anything visible, it also holds the names of the files of a former job, which go when there is
//! something to take their place.

use std::path::Path;

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use super::{
    directory::{Directory, HiddenFile},
    names::{self, Part},
};
use crate::connector::{Staged, Transaction, position::WAY_OUT};

/// What was staged and not committed, and what a former job has left.
#[derive(Debug, Default)]
pub(super) struct Transactions {
    pending: Vec<StagedFile>,
    former: Vec<String>,
    /// The last checkpoint.
    last: u64,
}

/// A file that is whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct StagedFile {
    /// What it is called when it may be read.
    name: String,
    bytes: u64,
}

/// What it takes to commit.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Content {
    files: Vec<StagedFile>,
    /// Where they are, for a pipeline that has no such sink any more; nothing if it cannot be written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    directory: Option<String>,
    /// Files of a former job.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    replaces: Vec<String>,
}

impl Transactions {
    /// Starts over in `directory`, or goes on from a checkpoint: what belongs to it is made visible, what
    /// came after it is removed.
    ///
    /// # Errors
    ///
    /// If a file of the checkpoint is gone; nothing has changed then.
    pub(super) fn recover(directory: &Directory, from: Option<Staged<'_>>) -> anyhow::Result<Self> {
        let Some(from) = from else {
            remove_staged(directory)?;
            return Ok(Self {
                former: directory.names(|name| Part::of(name).is_some())?,
                ..Self::default()
            });
        };
        let content = from.transaction.map(read).transpose()?.unwrap_or_default();
        for file in &content.files {
            find(directory, file).with_context(|| {
                format!(
                    "cannot go on from checkpoint {} in `{}`",
                    from.checkpoint,
                    directory.shown()
                )
            })?;
        }
        let replaced = |name: &String| content.replaces.contains(name);
        let mut plain = directory.names(|name| Part::of(name) == Some(Part::Plain))?;
        plain.retain(|name| !replaced(name));
        if let Some(name) = plain.first() {
            bail!(
                "cannot go on from checkpoint {} in `{}`: another job has left its result there since, \
                 `{name}`: move it away, or start over with `--fresh`, which replaces it",
                from.checkpoint,
                directory.shown()
            );
        }
        let mut transactions = Self {
            pending: Vec::new(),
            former: content.replaces.clone(),
            last: from.checkpoint,
        };
        transactions.make_visible(directory, &content)?;
        remove_staged(directory)?;
        for name in directory.names(|name| Part::of(name).is_some())? {
            let later = matches!(Part::of(&name), Some(Part::Of(of)) if of > from.checkpoint);
            if later && !transactions.former.contains(&name) {
                directory.remove(&name)?;
            }
        }
        directory.sync()?;
        Ok(transactions)
    }

    /// Stages files that are whole.
    pub(super) fn stage(
        &mut self,
        directory: &Directory,
        checkpoint: u64,
        files: impl IntoIterator<Item = HiddenFile>,
    ) -> anyhow::Result<Option<Transaction>> {
        self.last = checkpoint;
        let before = self.pending.len();
        for (index, mut file) in files.into_iter().enumerate() {
            let name = names::visible(Some(checkpoint), index, directory.extension);
            let hidden = names::staged(&name);
            file.rename(&directory.join(&hidden))?;
            let bytes = directory.size(&hidden)?.unwrap_or_default();
            self.pending.push(StagedFile { name, bytes });
        }
        if self.pending.len() > before {
            directory.sync()?;
        }
        // Once it is visible, a file of the same name is ours.
        let is_ours = |name: &String| self.pending.iter().any(|file| file.name == *name);
        let former = self.former.iter().filter(|name| !is_ours(name));
        let content = Content {
            files: self.pending.clone(),
            directory: directory.path().to_str().map(str::to_owned),
            replaces: former.cloned().collect(),
        };
        Ok(Some(Transaction(serde_json::to_value(content)?)))
    }

    /// Makes visible what was staged.
    pub(super) fn commit(
        &mut self,
        directory: &Directory,
        transaction: &Transaction,
    ) -> anyhow::Result<()> {
        self.make_visible(directory, &read(transaction)?)
    }

    /// The last checkpoint.
    pub(super) const fn last(&self) -> u64 {
        self.last
    }

    /// Whether nothing of this job is visible, nor will be.
    pub(super) fn nothing_to_show(&self, directory: &Directory) -> anyhow::Result<bool> {
        if !self.pending.is_empty() {
            return Ok(false);
        }
        let visible = directory.names(|name| Part::of(name).is_some())?;
        Ok(visible.iter().all(|name| self.former.contains(name)))
    }

    fn make_visible(&mut self, directory: &Directory, content: &Content) -> anyhow::Result<()> {
        if content.files.is_empty() {
            return Ok(());
        }
        for file in &content.files {
            if find(directory, file)? == Place::Hidden {
                directory.rename(&names::staged(&file.name), &file.name)?;
            }
        }
        directory.sync()?;
        // Only now, so that there is never no result at all.
        for name in std::mem::take(&mut self.former) {
            if !content.files.iter().any(|file| file.name == name) {
                directory.remove(&name)?;
            }
        }
        self.pending.retain(|file| !content.files.contains(file));
        Ok(())
    }
}

/// Where a file is that was staged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Hidden,
    Visible,
}

fn find(directory: &Directory, file: &StagedFile) -> anyhow::Result<Place> {
    let hidden = names::staged(&file.name);
    let (place, found) = match directory.size(&hidden)? {
        Some(bytes) => (Place::Hidden, Some(bytes)),
        None => (Place::Visible, directory.size(&file.name)?),
    };
    match found {
        Some(bytes) if bytes == file.bytes => Ok(place),
        Some(bytes) => bail!(
            "`{}` has {bytes} bytes, and not the {} that were written: {WAY_OUT}",
            file.name,
            file.bytes
        ),
        None => bail!("`{}` is gone, and so is `{hidden}`: {WAY_OUT}", file.name),
    }
}

/// Whether [`settle`] can do without the sink that has staged something.
pub(in crate::connector) fn can_settle(transaction: &Transaction) -> bool {
    read(transaction).is_ok_and(|content| content.directory.is_some())
}

/// Makes visible what was staged by a sink that is not there any more, and removes what it was writing when
/// its process died. Once more does no harm. Returns how many files it has made visible.
pub(in crate::connector) fn settle(transaction: &Transaction) -> anyhow::Result<usize> {
    let content = read(transaction)?;
    let path = content.directory.as_deref().map(Path::new);
    let path = path.context("nobody knows where it was staged")?;
    if content.files.is_empty() && !path.exists() {
        return Ok(0);
    }
    let directory = Directory::open(path, "jsonl")?;
    let mut hidden = 0;
    for file in &content.files {
        let found = find(&directory, file);
        let found = found.with_context(|| format!("cannot look into `{}`", directory.shown()))?;
        hidden += usize::from(found == Place::Hidden);
    }
    let mut transactions = Transactions {
        former: content.replaces.clone(),
        ..Transactions::default()
    };
    transactions.make_visible(&directory, &content)?;
    Ok(hidden)
}

fn read(transaction: &Transaction) -> anyhow::Result<Content> {
    Content::deserialize(&transaction.0).context("cannot understand what is to be committed")
}

/// Removes files that were staged for checkpoints which are not gone on from.
fn remove_staged(directory: &Directory) -> anyhow::Result<()> {
    for name in directory.names(names::is_staged)? {
        directory.remove(&name)?;
    }
    Ok(())
}
