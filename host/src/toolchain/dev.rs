//! Builds components again when what they are made of changes.
//!
//! It only builds: whoever runs the component watches its file.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::Context;

use super::{BuildResult, ComponentBuild};
use crate::reload::Watcher;

/// How often the files of folders are listed again: a watcher knows nothing of files that are new.
const LIST: Duration = Duration::from_secs(1);

/// Changes that wait for a build to end. When there are more, the watcher waits, and forgets none.
const WAITING: usize = 64;

/// Something that happens to a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuildEvent {
    /// It has been started.
    Started,
    /// It has ended.
    Ended {
        /// What has become of it.
        result: BuildResult,
        /// How long it took.
        took: Duration,
    },
}

/// Builds components on a thread of its own until it is dropped.
#[derive(Debug)]
pub struct Dev {
    sender: SyncSender<Note>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread is told.
enum Note {
    Changed(Vec<PathBuf>),
    Stop,
}

impl Dev {
    /// Starts to watch the sources of `builds`. What is there already is not built. One component is
    /// built at a time; a change while it is built builds it once more. `on_event` is called on the
    /// thread that builds; `colour` says whether compilers may use colours.
    ///
    /// # Errors
    ///
    /// If there can be no thread.
    pub fn start(
        builds: Vec<ComponentBuild>,
        colour: bool,
        on_event: impl FnMut(&ComponentBuild, &BuildEvent) + Send + 'static,
    ) -> anyhow::Result<Self> {
        let (sender, notes) = sync_channel(WAITING);
        let listed: Vec<Vec<PathBuf>> = builds.iter().map(ComponentBuild::sources).collect();
        let teller = sender.clone();
        let tell = move |files| {
            // Nobody listens any more: the thread is about to drop the watcher.
            let _ = teller.send(Note::Changed(files));
        };
        let watcher = Watcher::start(all(&listed), tell)?;
        let bench = Bench {
            builds,
            listed,
            watcher,
            notes,
            colour,
            on_event,
        };
        let thread = thread::Builder::new()
            .name("dev".to_owned())
            .spawn(move || bench.run())
            .context("cannot start the thread that builds components")?;
        Ok(Self {
            sender,
            thread: Some(thread),
        })
    }
}

/// Waits for a build that is under way.
impl Drop for Dev {
    fn drop(&mut self) {
        // If the thread is gone, there is nothing to stop.
        let _ = self.sender.send(Note::Stop);
        if let Some(thread) = self.thread.take() {
            // A panic of `on_event` has been printed where it happened.
            let _ = thread.join();
        }
    }
}

/// What the thread works with.
struct Bench<F> {
    builds: Vec<ComponentBuild>,
    /// The sources of each build, as they were listed last.
    listed: Vec<Vec<PathBuf>>,
    watcher: Watcher,
    notes: Receiver<Note>,
    colour: bool,
    on_event: F,
}

impl<F: FnMut(&ComponentBuild, &BuildEvent)> Bench<F> {
    fn run(mut self) {
        let mut stale = BTreeSet::new();
        loop {
            let note = match stale.is_empty() {
                true => self.notes.recv_timeout(LIST),
                // What has changed meanwhile is known before the next build starts.
                false => self.notes.try_recv().map_err(|error| match error {
                    TryRecvError::Empty => RecvTimeoutError::Timeout,
                    TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
                }),
            };
            match note {
                Ok(Note::Changed(files)) => {
                    stale.extend(self.made_of(&files));
                    continue;
                }
                Ok(Note::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            stale.extend(self.list());
            if let Some(place) = stale.pop_first() {
                self.build(place);
            }
        }
        // The watcher may wait for room; with nobody to read, it does not.
        drop(self.notes);
    }

    /// The builds that one of `files` is a source of.
    fn made_of(&self, files: &[PathBuf]) -> Vec<usize> {
        let is_source = |place: &usize| files.iter().any(|file| self.listed[*place].contains(file));
        (0..self.builds.len()).filter(is_source).collect()
    }

    /// Lists all sources again; the builds that have others than before.
    fn list(&mut self) -> Vec<usize> {
        let listed: Vec<Vec<PathBuf>> = self.builds.iter().map(ComponentBuild::sources).collect();
        let others = (0..listed.len()).filter(|place| listed[*place] != self.listed[*place]);
        let others: Vec<usize> = others.collect();
        if !others.is_empty() {
            self.watcher.set_files(all(&listed));
            self.listed = listed;
        }
        others
    }

    fn build(&mut self, place: usize) {
        let build = &self.builds[place];
        (self.on_event)(build, &BuildEvent::Started);
        let started = Instant::now();
        let result = build.run(self.colour);
        let took = started.elapsed();
        (self.on_event)(build, &BuildEvent::Ended { result, took });
    }
}

/// Every file once.
fn all(listed: &[Vec<PathBuf>]) -> Vec<PathBuf> {
    let files: BTreeSet<&PathBuf> = listed.iter().flatten().collect();
    files.into_iter().cloned().collect()
}

impl BuildEvent {
    /// What is said of it, with a line break at the end, or nothing. On a terminal, mistakes are shown
    /// as the compiler shows them; elsewhere each build is one line.
    pub fn text(&self, build: &ComponentBuild, terminal: bool) -> String {
        let name = &build.name;
        match self {
            Self::Started if terminal => format!("{name}: building…\n"),
            Self::Started => String::new(),
            Self::Ended { result, took } => match result {
                BuildResult::Built { changed: true } => {
                    format!("{name}: built in {:.1} s\n", took.as_secs_f64())
                }
                BuildResult::Built { changed: false } => {
                    format!("{name}: built, and is the same as before\n")
                }
                BuildResult::Failed { errors } if terminal => {
                    let errors = errors.trim_end();
                    format!("{name}: the build failed; the version before stays\n{errors}\n")
                }
                BuildResult::Failed { errors } => {
                    format!("{name}: the build failed: {}\n", first_error(errors))
                }
            },
        }
    }
}

/// The first mistake of a compiler's output in one line, with its place if that is told.
fn first_error(errors: &str) -> String {
    let mut lines = errors.lines().map(str::trim);
    let Some(error) = lines.clone().find(|line| line.starts_with("error")) else {
        // Of another tool's words, the last are the likeliest to say what was wrong.
        return lines
            .rfind(|line| !line.is_empty())
            .unwrap_or("no reason")
            .to_owned();
    };
    lines.find(|line| *line == error);
    match lines.find_map(|line| line.strip_prefix("--> ")) {
        Some(place) => format!("{error} ({place})"),
        None => error.to_owned(),
    }
}

#[cfg(test)]
mod tests;
