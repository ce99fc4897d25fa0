//! Which files have changed: decided from looks at them, without a clock and without touching a file.
//!
//! A file that has been written, replaced or taken away is *moving* until it has looked the same for
//! [`STILL`]. Only then it is due: whoever asks reads it, and says what was in it. It has changed if
//! that is not what was in it before. So neither half of a file, nor the gap between a file that is
//! taken away and the one put in its place, is ever a change.
//!
//! Times are counted from any moment the caller likes.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use super::look::{Digest, Look};

/// How long a file must have looked the same before it is read.
pub(super) const STILL: Duration = Duration::from_millis(150);

/// How long files that are due wait for others that are moving: what one build makes belongs together.
const TOGETHER: Duration = Duration::from_secs(1);

/// How long after a file was read it is read once more. Where times of files are coarse, a write right
/// after the reading leaves no trace but the content.
const AGAIN: Duration = Duration::from_secs(2);

/// What is known of each watched file.
pub(super) struct Debouncer {
    still: Duration,
    files: BTreeMap<PathBuf, Watched>,
}

/// What is known of a file.
struct Watched {
    look: Option<Look>,
    /// Since when it looks like that, or was last heard of.
    since: Duration,
    moving: bool,
    /// What was in it when it was last read; `None` if it has never been there.
    content: Option<Digest>,
    /// When it is read once more, to be sure.
    again: Option<Duration>,
}

impl Debouncer {
    /// Watches nothing yet.
    pub(super) const fn new(still: Duration) -> Self {
        Self {
            still,
            files: BTreeMap::new(),
        }
    }

    /// Watches exactly these files from now on. Each comes with how it looked before it was read, and
    /// with what was in it; of a file that is watched already, what is known is kept.
    pub(super) fn watch(
        &mut self,
        now: Duration,
        files: impl IntoIterator<Item = (PathBuf, Option<Look>, Option<Digest>)>,
    ) {
        let mut before = std::mem::take(&mut self.files);
        for (path, look, content) in files {
            let known = before.remove(&path).unwrap_or(Watched {
                look,
                since: now,
                moving: false,
                content,
                again: Some(now + AGAIN),
            });
            self.files.insert(path, known);
        }
    }

    /// The files that are watched.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.keys().map(PathBuf::as_path)
    }

    /// Whether a file is watched.
    pub(super) fn has(&self, path: &Path) -> bool {
        self.files.contains_key(path)
    }

    /// Takes note of how a file looks.
    pub(super) fn observe(&mut self, now: Duration, path: &Path, look: Option<Look>) {
        if let Some(file) = self.files.get_mut(path)
            && file.look != look
        {
            file.look = look;
            file.since = now;
            file.moving = true;
        }
    }

    /// Takes note that somebody has been at a file, whether or not that is to be seen.
    pub(super) fn touched(&mut self, now: Duration, path: &Path) {
        if let Some(file) = self.files.get_mut(path) {
            file.since = now;
            file.moving = true;
        }
    }

    /// Whether a file has looked the same for a while.
    pub(super) fn is_still(&self, now: Duration, path: &Path) -> bool {
        let file = self.files.get(path);
        file.is_some_and(|file| !file.moving || now >= file.since + self.still)
    }

    /// The files to be read now. To be followed by [`Debouncer::settle`] for each.
    pub(super) fn due(&self, now: Duration) -> Vec<PathBuf> {
        let mut due = Vec::new();
        let (mut others_move, mut longest) = (false, Duration::ZERO);
        for (path, file) in &self.files {
            if file.moving && now < file.since + self.still {
                others_move = true;
            } else if file.moving && file.look.is_some() {
                longest = longest.max(now - file.since - self.still);
                due.push(path.clone());
            } else if !file.moving && file.again.is_some_and(|again| again <= now) {
                due.push(path.clone());
            }
        }
        if others_move && longest < TOGETHER {
            due.clear();
        }
        due
    }

    /// Takes note of what was in a file that was due, and how the file looked after it was read;
    /// `None` if it could not be read. Whether it has changed.
    pub(super) fn settle(
        &mut self,
        now: Duration,
        path: &Path,
        look: Option<Look>,
        content: Option<Digest>,
    ) -> bool {
        let Some(file) = self.files.get_mut(path) else {
            return false;
        };
        if file.look != look {
            // Somebody was at it while it was read: what was read may be half of this and that.
            self.observe(now, path, look);
            return false;
        }
        if file.look.is_none() {
            file.again = None;
            return false;
        }
        let was_moving = std::mem::take(&mut file.moving);
        // A file that cannot be read now may be readable later, without anybody touching it.
        file.again = (was_moving || content.is_none()).then_some(now + AGAIN);
        let changed = content.is_some() && content != file.content;
        file.content = content.or(file.content);
        changed
    }

    /// In how long a file may be due; `None` if nothing has to be waited for.
    pub(super) fn wait(&self, now: Duration) -> Option<Duration> {
        let moments = self.files.values().filter_map(|file| match file.moving {
            true if file.look.is_none() && now >= file.since + self.still => None,
            // One that waits for others is asked after as often as those.
            true => Some((file.since + self.still).max(now + self.still / 5)),
            false => file.again,
        });
        moments.min().map(|moment| moment.saturating_sub(now))
    }
}

#[cfg(test)]
mod tests;
