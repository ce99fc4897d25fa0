//! Results of jobs with checkpoints: what was staged before a checkpoint, is made visible after it.
//!
//! A checkpoint holds the names of all files that are to be visible once it is complete and may not be
//! yet, those of checkpoints before it that never were completed among them. As long as a job has not made
//! anything visible, it also holds the names of the files of a former job, which go when there is
//! something to take their place. And it says whose it is, and whether it has shown anything yet: files of
//! another job, which a directory may have got since, are neither removed nor taken for our own.

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use super::{
    directory::{Directory, HiddenFile},
    names::{self, Part},
    owner::{self, Owner},
};
use crate::connector::{Staged, Transaction};

/// What was staged and not committed, and what a former job has left.
#[derive(Debug, Default)]
pub(super) struct Transactions {
    pending: Vec<StagedFile>,
    former: Vec<String>,
    /// The last checkpoint.
    last: u64,
    owner: Owner,
    /// Whose the files of the former job are.
    before: Option<Owner>,
    /// Whether the directory says that its files are the owner's.
    claimed: bool,
    /// Whether something of this job has been made visible.
    shown: bool,
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
    /// Files of a former job.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    replaces: Vec<String>,
    /// Whose files they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<Owner>,
    /// Whose the files of the former job are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<Owner>,
    /// Whether something of the job had been made visible before.
    #[serde(default)]
    shown: bool,
}

impl Content {
    /// The first file in `directory` that another job has left there, and that this one could not tell from
    /// its own.
    fn foreign(&self, directory: &Directory) -> anyhow::Result<Option<String>> {
        let all = directory.names(|name| Part::of(name).is_some())?;
        let mut parts = all.clone();
        parts.retain(|name| !self.replaces.contains(name));
        let Some(found) = Owner::of(directory)? else {
            return Ok(first_plain(parts));
        };
        match &self.owner {
            // A sink that is new in the pipeline has nothing to compare with.
            None => Ok(first_plain(parts)),
            Some(owner) if *owner == found => Ok(first_plain(parts)),
            Some(_) if self.shown || self.before.as_ref() != Some(&found) => {
                let first = all.into_iter().next();
                Ok(first.or_else(|| Some(owner::FILE.to_owned())))
            }
            // Ours are still hidden: the directory says whose they are before they can be seen.
            Some(_) => {
                for file in &self.files {
                    if directory.size(&names::staged(&file.name))?.is_some() {
                        parts.retain(|name| *name != file.name);
                    }
                }
                Ok(parts.into_iter().next())
            }
        }
    }
}

impl Transactions {
    /// Starts over in `directory`, or goes on from a checkpoint: what belongs to it is made visible, what
    /// came after it is removed.
    ///
    /// # Errors
    ///
    /// If a file of the checkpoint is gone, or another job has left its files there; nothing has changed then.
    pub(super) fn recover(directory: &Directory, from: Option<Staged<'_>>) -> anyhow::Result<Self> {
        let Some(from) = from else {
            remove_staged(directory)?;
            return Ok(Self {
                former: directory.names(|name| Part::of(name).is_some())?,
                owner: Owner::new()?,
                before: Owner::of(directory)?,
                ..Self::default()
            });
        };
        let content = from.transaction.map(read).transpose()?.unwrap_or_default();
        if let Some(name) = content.foreign(directory)? {
            bail!(
                "cannot go on from checkpoint {} in `{}`: another job has left its result there since, \
                 `{name}`",
                from.checkpoint,
                directory.shown()
            );
        }
        for file in &content.files {
            find(directory, file).with_context(|| {
                format!(
                    "cannot go on from checkpoint {} in `{}`",
                    from.checkpoint,
                    directory.shown()
                )
            })?;
        }
        let owner = match &content.owner {
            Some(owner) => owner.clone(),
            None => Owner::new()?,
        };
        let mut transactions = Self {
            pending: Vec::new(),
            former: content.replaces.clone(),
            last: from.checkpoint,
            claimed: Owner::of(directory)?.as_ref() == Some(&owner),
            owner,
            before: content.before.clone(),
            shown: content.shown,
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
    ) -> anyhow::Result<Transaction> {
        self.last = checkpoint;
        let before = self.pending.len();
        for (index, mut file) in files.into_iter().enumerate() {
            let name = names::visible(Some(checkpoint), index, directory.extension);
            let hidden = names::staged(&name);
            file.rename(&directory.join(&hidden))?;
            let bytes = directory.size(&hidden)?.with_context(|| {
                format!(
                    "`{hidden}` in `{}` is gone, and was written just now",
                    directory.shown()
                )
            })?;
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
            replaces: former.cloned().collect(),
            owner: Some(self.owner.clone()),
            before: self.before.clone(),
            shown: self.shown,
        };
        Ok(Transaction(serde_json::to_value(content)?))
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
        if self.shown || !self.pending.is_empty() {
            return Ok(false);
        }
        let visible = directory.names(|name| Part::of(name).is_some())?;
        Ok(visible.iter().all(|name| self.former.contains(name)))
    }

    fn make_visible(&mut self, directory: &Directory, content: &Content) -> anyhow::Result<()> {
        if content.files.is_empty() {
            return Ok(());
        }
        if !self.claimed {
            self.owner.claim(directory)?;
            self.claimed = true;
        }
        for file in &content.files {
            if find(directory, file)? == Place::Hidden {
                directory.rename(&names::staged(&file.name), &file.name)?;
            }
        }
        directory.sync()?;
        self.shown = true;
        // Only now, so that there is never no result at all.
        let mut former = std::mem::take(&mut self.former);
        former.retain(|name| !content.files.iter().any(|file| file.name == *name));
        for name in &former {
            directory.remove(name)?;
        }
        if !former.is_empty() {
            directory.sync()?;
        }
        self.pending.retain(|file| !content.files.contains(file));
        Ok(())
    }
}

/// The first of these files that is the result of a job without checkpoints.
fn first_plain(mut parts: Vec<String>) -> Option<String> {
    parts.retain(|name| Part::of(name) == Some(Part::Plain));
    parts.into_iter().next()
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
            "`{}` has {bytes} bytes, and not the {} that were written",
            file.name,
            file.bytes
        ),
        None => bail!("`{}` is gone, and so is `{hidden}`", file.name),
    }
}

/// Whether a transaction has files to make visible. One that is not understood may have some.
pub(in crate::connector) fn has_rows(transaction: &Transaction) -> bool {
    read(transaction).map_or(true, |content| !content.files.is_empty())
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
