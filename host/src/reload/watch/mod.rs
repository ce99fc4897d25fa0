//! Watches files, and tells when what is in them has changed.
//!
//! A change is a change of content. A file that is half written, taken away for a moment, replaced,
//! reached through another symbolic link, or in a folder that is deleted and made anew is looked at
//! again and again until it stands still, and then read ([`debouncer`]). The operating system's
//! notes ([`ears`]) make that fast; looking at all files once a second makes it certain.

mod debouncer;
mod ears;
mod inbox;
mod look;
mod trail;

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::Context;

use debouncer::{Debouncer, STILL};
use ears::Ears;
use inbox::{Baseline, Inbox, Mail};
use look::{Look, digest, trouble};
use trail::Trail;

use crate::batch::visible_line;

/// How often all files are looked at, whatever was heard.
const POLL: Duration = Duration::from_secs(1);

/// How often at most files are looked at while much happens around them.
const BREATH: Duration = Duration::from_millis(10);

/// Watches files on a thread of its own until it is dropped.
#[derive(Debug)]
pub struct Watcher {
    inbox: Arc<Inbox>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    /// Starts to watch `files`, whether or not they are there. `on_change` is called on the watcher's
    /// thread with the files whose content is another than when the watcher was started, or than it
    /// was told of last, as they were named here. What one build writes is told in one call where that
    /// is to be seen. A file that is gone is not a change; one that comes back different is.
    ///
    /// To miss nothing, start the watcher before the files are read.
    ///
    /// # Errors
    ///
    /// If there can be no thread.
    pub fn start(
        files: Vec<PathBuf>,
        on_change: impl FnMut(Vec<PathBuf>) + Send + 'static,
    ) -> anyhow::Result<Self> {
        Self::start_with(files, on_change, STILL, true)
    }

    fn start_with(
        files: Vec<PathBuf>,
        on_change: impl FnMut(Vec<PathBuf>) + Send + 'static,
        still: Duration,
        listen: bool,
    ) -> anyhow::Result<Self> {
        let inbox = Arc::new(Inbox::default());
        let ears = if listen {
            Ears::new(&inbox)
        } else {
            Ears::deaf()
        };
        let mut watch = Watch {
            inbox: Arc::clone(&inbox),
            started: Instant::now(),
            debouncer: Debouncer::new(still),
            ears,
            steps: BTreeMap::new(),
            unreadable: BTreeMap::new(),
            on_change,
        };
        watch.replace(baselines(files));
        let thread = thread::Builder::new()
            .name("watch".to_owned())
            .spawn(move || watch.run())
            .context("cannot start the thread that watches files")?;
        Ok(Self {
            inbox,
            thread: Some(thread),
        })
    }

    /// Watches these files from now on, and no others. Of a file that is watched already, nothing that
    /// has changed so far is forgotten. How the others are now is read before this returns: what happens to
    /// them afterwards is told.
    pub fn set_files(&self, files: Vec<PathBuf>) {
        let files = baselines(files);
        self.inbox.put(|mail| mail.watch(files));
    }
}

/// Waits for a call of `on_change` to return, unless it is that which drops the watcher.
impl Drop for Watcher {
    fn drop(&mut self) {
        self.inbox.put(|mail| mail.stop = true);
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != thread::current().id()
        {
            // A panic of `on_change` has been printed where it happened.
            let _ = thread.join();
        }
    }
}

/// How files are at the moment.
fn baselines(files: Vec<PathBuf>) -> Vec<Baseline> {
    let baseline = |file: PathBuf| {
        let look = Look::at(&file);
        let content = look.and_then(|_| digest(&file).ok());
        (file, look, content)
    };
    files.into_iter().map(baseline).collect()
}

/// What the thread of a watcher works with.
struct Watch<F> {
    inbox: Arc<Inbox>,
    started: Instant,
    debouncer: Debouncer,
    ears: Ears,
    /// Which files lead through a path.
    steps: BTreeMap<PathBuf, Vec<PathBuf>>,
    /// Files that cannot be read, with the reason that was told.
    unreadable: BTreeMap<PathBuf, String>,
    on_change: F,
}

impl<F: FnMut(Vec<PathBuf>)> Watch<F> {
    fn run(mut self) {
        let mut poll = self.now() + POLL;
        loop {
            let now = self.now();
            let until_poll = poll.saturating_sub(now);
            let wait = self.debouncer.wait(now);
            let mail = self
                .inbox
                .take(wait.map_or(until_poll, |wait| wait.min(until_poll)));
            if mail.stop {
                return;
            }
            if self.now() >= poll {
                poll = self.now() + POLL;
                self.find();
            }
            self.receive(mail);
            self.look();
            let changed = self.changed();
            if !changed.is_empty() {
                (self.on_change)(changed);
            }
            thread::sleep(BREATH);
        }
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Takes over what others say.
    fn receive(&mut self, mail: Mail) {
        if let Some(files) = mail.files {
            self.replace(files);
        }
        let now = self.now();
        if mail.lost {
            self.find();
            let files: Vec<PathBuf> = self.debouncer.files().map(Path::to_owned).collect();
            for file in files {
                self.debouncer.touched(now, &file);
            }
        }
        let touched = mail.touched.iter();
        let files: BTreeSet<PathBuf> = touched
            .filter_map(|path| self.steps.get(path))
            .flatten()
            .cloned()
            .collect();
        if !files.is_empty() {
            self.find();
        }
        for file in &files {
            self.debouncer.touched(now, file);
        }
    }

    fn replace(&mut self, files: Vec<Baseline>) {
        self.debouncer.watch(self.now(), files);
        let debouncer = &self.debouncer;
        self.unreadable.retain(|file, _| debouncer.has(file));
        self.find();
    }

    /// Finds out which folders matter now. Before files are looked at, so that no change falls between.
    fn find(&mut self) {
        let mut folders = BTreeSet::new();
        self.steps.clear();
        for file in self.debouncer.files() {
            // Without a current folder there is nothing to listen at.
            let Ok(trail) = Trail::follow(file) else {
                continue;
            };
            for step in trail.steps {
                self.steps.entry(step).or_default().push(file.to_owned());
            }
            folders.extend(trail.folders);
        }
        self.ears.listen(&folders);
    }

    fn look(&mut self) {
        let files: Vec<PathBuf> = self.debouncer.files().map(Path::to_owned).collect();
        for file in files {
            let look = Look::at(&file);
            self.debouncer.observe(self.now(), &file, look);
            // What stands in its place for a moment only is nobody's business.
            if look.is_none() && self.debouncer.is_still(self.now(), &file) {
                self.note(&file, trouble(&file));
            }
        }
    }

    /// Takes note of whether a file can be read, and tells once if it cannot: nobody would know why nothing
    /// happens. One that is gone may be on its way.
    fn note(&mut self, file: &Path, error: Option<io::Error>) {
        let gone = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
        let Some(error) = error.filter(|error| !gone(error)) else {
            self.unreadable.remove(file);
            return;
        };
        let reason = error.to_string();
        if self.unreadable.get(file) != Some(&reason) {
            let shown = file.display().to_string();
            tracing::warn!(
                target: "swap",
                "`{}` cannot be read, so it changes nothing until it can: {reason}",
                visible_line(&shown),
            );
            self.unreadable.insert(file.to_owned(), reason);
        }
    }

    /// Reads the files that are due.
    fn changed(&mut self) -> Vec<PathBuf> {
        let due = self.debouncer.due(self.now());
        let mut changed = Vec::new();
        for file in due {
            let (content, error) = match digest(&file) {
                Ok(content) => (Some(content), None),
                Err(error) => (None, Some(error)),
            };
            let look = Look::at(&file);
            if look.is_some() {
                self.note(&file, error);
            }
            if self.debouncer.settle(self.now(), &file, look, content) {
                changed.push(file);
            }
        }
        changed
    }
}
