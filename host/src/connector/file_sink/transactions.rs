//! Results of jobs with checkpoints: what was staged before a checkpoint, is made visible after it.
//!
//! A checkpoint holds the names of all files that are to be visible once it is complete and may not be
//! yet, those of checkpoints before it that never were completed among them. As long as a job has not made
//! anything visible, it also holds the names of the files of a former job, which go when there is
//! something to take their place. And it says whose it is, and whether it has shown anything yet: files of
//! another job, which a directory may have got since, are neither removed nor taken for our own.

use std::path::{self, Path};

use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize};

use super::{
    directory::{Directory, HiddenFile},
    names::{self, Part},
    owner::{self, Owner},
};
use crate::connector::{Staged, Transaction, position::WAY_OUT};

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
    /// Where they are, for a pipeline that has no such sink any more; nothing if it cannot be written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    directory: Option<String>,
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
    /// Makes sure that no other job has left its files in `directory`, where ours are.
    fn check_ours(&self, directory: &Directory) -> anyhow::Result<()> {
        if let Some(name) = self.foreign(directory)? {
            bail!(
                "another job has left its result in `{}` since, `{name}`: move it away with `{}`, or start \
                 over with `--fresh`",
                directory.shown(),
                owner::FILE
            );
        }
        Ok(())
    }

    /// Whether a directory says that its files are those of another job, which has come after this one.
    fn is_of_others(&self, path: &Path) -> anyhow::Result<bool> {
        let found = Owner::at(path)?;
        let is_ours = found == self.owner || (!self.shown && found == self.before);
        Ok(found.is_some() && !is_ours)
    }

    /// The first file in `directory` that another job has left there, and that this one could not tell from
    /// its own.
    fn foreign(&self, directory: &Directory) -> anyhow::Result<Option<String>> {
        let all = directory.names(|name| Part::of(name).is_some())?;
        let mut parts = all.clone();
        parts.retain(|name| !self.replaces.contains(name));
        let Some(found) = Owner::at(directory.path())? else {
            return Ok(first_plain(parts));
        };
        match &self.owner {
            // A sink that is new in the pipeline.
            None => Ok(parts.into_iter().next()),
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
                before: Owner::at(directory.path())?,
                ..Self::default()
            });
        };
        let content = from.transaction.map(read).transpose()?.unwrap_or_default();
        content
            .check_ours(directory)
            .with_context(|| format!("cannot go on from checkpoint {}", from.checkpoint))?;
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
            claimed: Owner::at(directory.path())?.as_ref() == Some(&owner),
            owner,
            before: match &content.owner {
                Some(_) => content.before.clone(),
                None => Owner::at(directory.path())?,
            },
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
            directory: written(directory.path()),
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
            "`{}` has {bytes} bytes, and not the {} that were written: {WAY_OUT}",
            file.name,
            file.bytes
        ),
        None => bail!("`{}` is gone, and so is `{hidden}`: {WAY_OUT}", file.name),
    }
}

/// Whether a transaction has files to make visible. One that is not understood may have some.
pub(in crate::connector) fn has_rows(transaction: &Transaction) -> bool {
    read(transaction).map_or(true, |content| !content.files.is_empty())
}

/// Whether [`settle`] can do without the sink that has staged something.
pub(in crate::connector) fn can_settle(transaction: &Transaction) -> bool {
    read(transaction).is_ok_and(|content| content.directory.is_some())
}

/// Whether somebody has staged a transaction at `path`.
pub(in crate::connector) fn is_staged_at(transaction: &Transaction, path: &Path) -> bool {
    read(transaction)
        .is_ok_and(|content| content.directory.is_some() && content.directory == written(path))
}

/// Makes visible what was staged by a sink that is not there any more, and removes what it was writing when
/// its process died. Nothing says then whose the directory is. Once more does no harm. Returns how many files
/// it has made visible.
pub(in crate::connector) fn settle(transaction: &Transaction) -> anyhow::Result<usize> {
    let content = read(transaction)?;
    let Some(path) = content.directory.as_deref().map(Path::new) else {
        ensure!(content.files.is_empty(), "nobody knows where it was staged");
        return Ok(0);
    };
    if content.files.is_empty() && (!path.exists() || content.is_of_others(path)?) {
        return Ok(0);
    }
    let directory = Directory::open(path, "jsonl")?;
    if content.files.is_empty() && content.foreign(&directory)?.is_some() {
        return Ok(0);
    }
    content.check_ours(&directory)?;
    let mut hidden = 0;
    for file in &content.files {
        let found = find(&directory, file);
        let found = found.with_context(|| format!("cannot look into `{}`", directory.shown()))?;
        hidden += usize::from(found == Place::Hidden);
    }
    let marked = Owner::at(path)?;
    let mut transactions = Transactions {
        former: content.replaces.clone(),
        // If it says so of a former job, that is not true from now on.
        claimed: marked.is_none() || marked == content.owner,
        owner: content.owner.clone().unwrap_or_default(),
        ..Transactions::default()
    };
    transactions.make_visible(&directory, &content)?;
    if content.owner.is_some() && Owner::at(path)? == content.owner {
        directory.remove(owner::FILE)?;
        directory.sync()?;
    }
    Ok(hidden)
}

/// How a directory is written down, so that it is found from anywhere.
fn written(directory: &Path) -> Option<String> {
    let path = path::absolute(directory).ok()?;
    path.to_str().map(str::to_owned)
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
