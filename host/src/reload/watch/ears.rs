//! Hears of what happens in folders, from the operating system.
//!
//! What is heard is a hint and no more: a folder that cannot be listened at, or something that is
//! not told, is made up for by looking at the files once in a while.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _,
    event::{AccessKind, AccessMode},
};

use super::{inbox::Inbox, look::Identity};

/// The folders that are listened at.
pub(super) struct Ears {
    /// `None` if the operating system tells nothing.
    notify: Option<RecommendedWatcher>,
    folders: BTreeMap<PathBuf, Identity>,
    /// Folders that cannot be listened at, and have been complained about.
    deaf: BTreeSet<PathBuf>,
}

impl Ears {
    /// Listens at no folder yet; what is heard goes to `inbox`.
    pub(super) fn new(inbox: &Arc<Inbox>) -> Self {
        let inbox = Arc::clone(inbox);
        let hear = move |heard: notify::Result<Event>| match heard {
            Ok(event) if event.need_rescan() => inbox.put(|mail| mail.lost = true),
            Ok(event) if is_reading(event.kind) => {}
            Ok(event) => inbox.touch(event.paths),
            Err(_) => inbox.put(|mail| mail.lost = true),
        };
        let notify = notify::recommended_watcher(hear);
        if let Err(error) = &notify {
            tracing::warn!(%error, "the system tells nothing of files; they are looked at once a second");
        }
        Self {
            notify: notify.ok(),
            folders: BTreeMap::new(),
            deaf: BTreeSet::new(),
        }
    }

    /// Hears nothing, ever.
    pub(super) const fn deaf() -> Self {
        Self {
            notify: None,
            folders: BTreeMap::new(),
            deaf: BTreeSet::new(),
        }
    }

    /// Listens at exactly these folders. One that has been deleted and made anew is another folder.
    pub(super) fn listen(&mut self, folders: &BTreeSet<PathBuf>) {
        let Some(notify) = &mut self.notify else {
            return;
        };
        let wanted = folders.iter().filter_map(|folder| {
            let identity = Identity::of_folder(folder)?;
            Some((folder.as_path(), identity))
        });
        let wanted: BTreeMap<&Path, Identity> = wanted.collect();
        self.folders.retain(|folder, identity| {
            let stays = wanted.get(folder.as_path()) == Some(identity);
            if !stays {
                // It may be gone, and what listened at it with it.
                let _already_gone = notify.unwatch(folder);
            }
            stays
        });
        for (folder, identity) in wanted {
            if self.folders.contains_key(folder) {
                continue;
            }
            match notify.watch(folder, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    self.folders.insert(folder.to_owned(), identity);
                }
                Err(error) if self.deaf.insert(folder.to_owned()) => {
                    let folder = folder.display();
                    tracing::warn!(%folder, %error, "the folder is looked at once a second only");
                }
                Err(_) => {}
            }
        }
    }
}

/// Whether something was only read. Reading is what a watcher does itself.
fn is_reading(kind: EventKind) -> bool {
    let written = AccessKind::Close(AccessMode::Write);
    matches!(kind, EventKind::Access(kind) if kind != written)
}
