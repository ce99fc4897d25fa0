//! What a watcher is told by others: what has been touched, and what it shall do.
//!
//! It holds so much and no more, however much happens in a folder: from some number of paths on, it
//! only says that anything may have been touched.

use std::{
    collections::HashSet,
    mem,
    path::PathBuf,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::look::{Digest, Look};

/// From how many paths on they are no longer told apart.
const MOST_PATHS: usize = 1024;

/// A file to be watched: how it looked before it was read, and what was in it.
pub(super) type Baseline = (PathBuf, Option<Look>, Option<Digest>);

/// What there is to be known.
#[derive(Debug, Default)]
pub(super) struct Mail {
    /// Paths that somebody has been at.
    pub(super) touched: HashSet<PathBuf>,
    /// Whether there were more than could be kept.
    pub(super) lost: bool,
    /// The files to be watched from now on.
    pub(super) files: Option<Vec<Baseline>>,
    /// Whether the watcher shall end.
    pub(super) stop: bool,
}

impl Mail {
    /// Asks to watch exactly these files. What was known of them when that was asked before counts still.
    pub(super) fn watch(&mut self, mut files: Vec<Baseline>) {
        for known in self.files.take().unwrap_or_default() {
            if let Some(file) = files.iter_mut().find(|file| file.0 == known.0) {
                *file = known;
            }
        }
        self.files = Some(files);
    }
}

/// Where mail is put until the watcher takes it.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    mail: Mutex<Mail>,
    bell: Condvar,
}

impl Inbox {
    /// Puts something in, and wakes the watcher.
    pub(super) fn put(&self, put: impl FnOnce(&mut Mail)) {
        put(&mut self.lock());
        self.bell.notify_one();
    }

    /// Takes note of paths that somebody has been at.
    pub(super) fn touch(&self, paths: impl IntoIterator<Item = PathBuf>) {
        self.put(|mail| {
            mail.touched.extend(paths);
            if mail.touched.len() > MOST_PATHS {
                mail.touched.clear();
                mail.lost = true;
            }
        });
    }

    /// Takes what there is; waits for it no longer than `longest`.
    pub(super) fn take(&self, longest: Duration) -> Mail {
        let is_empty = |mail: &mut Mail| {
            mail.touched.is_empty() && !mail.lost && mail.files.is_none() && !mail.stop
        };
        let waited = self.bell.wait_timeout_while(self.lock(), longest, is_empty);
        let (mut mail, _) = waited.unwrap_or_else(PoisonError::into_inner);
        mem::take(&mut mail)
    }

    /// Mail is whole between any two statements, so a thread that panics leaves nothing broken.
    fn lock(&self) -> MutexGuard<'_, Mail> {
        self.mail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_known_first_of_a_file_counts() {
        let (one, other) = (PathBuf::from("one"), PathBuf::from("other"));
        let inbox = Inbox::default();
        inbox.put(|mail| mail.watch(vec![(one.clone(), None, Some([1; 32]))]));
        let files = vec![
            (one.clone(), None, Some([2; 32])),
            (other.clone(), None, None),
        ];
        inbox.put(|mail| mail.watch(files));
        let known = [(one, None, Some([1; 32])), (other, None, None)];
        assert_eq!(inbox.take(Duration::ZERO).files.expect("files"), known);
    }

    #[test]
    fn an_inbox_holds_so_many_paths_and_no_more() {
        let inbox = Inbox::default();
        for number in 0..10_000 {
            inbox.touch([PathBuf::from(number.to_string())]);
        }
        let mail = inbox.take(Duration::ZERO);
        assert!(mail.lost && mail.touched.len() <= MOST_PATHS);
        let mail = inbox.take(Duration::ZERO);
        assert!(!mail.lost && mail.touched.is_empty());
    }
}
