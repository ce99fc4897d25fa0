//! Builds components: once, and again when what they are made of changes.
//!
//! It only builds: whoever runs the component watches its file. Which components there are, and how they are
//! built, is asked again when the pipeline file changes.

mod entry;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, channel, sync_channel},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::Context;

use super::{BuildResult, Builds, ComponentBuild, Runner, sources::MOST_FILES};
use crate::{batch::visible_line, reload::Watcher};
use entry::Entry;

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
        /// Whether none before it went well: there is no version before.
        is_first: bool,
    },
}

/// How the components are built that the pipeline file names now; `None` if nobody can tell, for it has mistakes.
pub type Find = Box<dyn FnMut() -> anyhow::Result<Option<Builds>> + Send>;

/// Builds components on a thread of its own until it is dropped.
#[derive(Debug)]
pub struct Dev {
    sender: SyncSender<Note>,
    runner: Runner,
    /// Is told, once, that all have been built.
    ready: Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread is told.
enum Note {
    Changed(Vec<PathBuf>),
    Stop,
}

impl Dev {
    /// Starts to build `builds`, one after the other, and again what changes from now on; a change while a
    /// component is built builds it once more. `find` is asked when the pipeline in `file` has changed.
    /// `on_event` is called on the thread that builds, whose commands `runner` runs; `colour` says whether
    /// compilers may use colours.
    ///
    /// # Errors
    ///
    /// If there can be no thread.
    pub fn start(
        file: &Path,
        builds: Builds,
        find: Find,
        runner: Runner,
        colour: bool,
        on_event: impl FnMut(&ComponentBuild, &BuildEvent) + Send + 'static,
    ) -> anyhow::Result<Self> {
        let (sender, notes) = sync_channel(WAITING);
        let (teller, ready) = channel();
        let mut bench = Bench {
            file: file.to_owned(),
            find,
            entries: Vec::new(),
            remarks: BTreeSet::new(),
            notes,
            runner: runner.clone(),
            colour,
            on_event,
        };
        bench.take_over(builds);
        let changes = sender.clone();
        let tell = move |files| {
            // Nobody listens any more: the thread is about to drop the watcher.
            let _ = changes.send(Note::Changed(files));
        };
        // Before anything is built: nothing that is changed meanwhile is missed.
        let watcher = Watcher::start(bench.files(), tell)?;
        let thread = thread::Builder::new()
            .name("dev".to_owned())
            .spawn(move || {
                bench.run(&watcher, || {
                    // Nobody waits for it twice.
                    let _ = teller.send(());
                });
                // The watcher may wait for room; with nobody to read, it does not.
                drop(bench.notes);
            })
            .context("cannot start the thread that builds components")?;
        Ok(Self {
            sender,
            runner,
            ready,
            thread: Some(thread),
        })
    }

    /// Waits until all components have been built, which may take several attempts.
    pub fn wait(&self) {
        // If the thread has ended, there is nothing to wait for.
        let _ = self.ready.recv();
    }
}

/// Ends a build that is under way.
impl Drop for Dev {
    fn drop(&mut self) {
        self.runner.stop();
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
    /// The pipeline file.
    file: PathBuf,
    find: Find,
    entries: Vec<Entry>,
    /// What has been remarked already.
    remarks: BTreeSet<String>,
    notes: Receiver<Note>,
    runner: Runner,
    colour: bool,
    on_event: F,
}

impl<F: FnMut(&ComponentBuild, &BuildEvent)> Bench<F> {
    /// Builds until it is told to stop. Calls `ready` when all has been built once.
    fn run(&mut self, watcher: &Watcher, ready: impl FnOnce()) {
        let mut ready = Some(ready);
        loop {
            let note = match self.entries.iter().any(|entry| entry.is_stale) {
                false => self.notes.recv_timeout(LIST),
                // What has changed meanwhile is known before the next build starts.
                true => self.notes.try_recv().map_err(|error| match error {
                    TryRecvError::Empty => RecvTimeoutError::Timeout,
                    TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
                }),
            };
            match note {
                Ok(Note::Changed(files)) => {
                    self.note(watcher, &files);
                    continue;
                }
                Ok(Note::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {}
            }
            self.list(watcher);
            if let Some(place) = self.entries.iter().position(|entry| entry.is_stale) {
                self.build(place);
            }
            if self.entries.iter().all(|entry| entry.is_built)
                && let Some(ready) = ready.take()
            {
                ready();
            }
        }
    }

    /// Takes note of files that have changed.
    fn note(&mut self, watcher: &Watcher, files: &[PathBuf]) {
        for entry in &mut self.entries {
            for file in files {
                if entry.is_made_of(file) {
                    entry.touch(file);
                }
            }
        }
        if files.contains(&self.file) {
            match (self.find)() {
                Ok(Some(builds)) => self.take_over(builds),
                // What is wrong with the file is told by the job.
                Ok(None) => {}
                Err(error) => self.remark(&format!("{error:#}")),
            }
            watcher.set_files(self.files());
        }
    }

    /// Goes over to other components, or other ways to build them.
    fn take_over(&mut self, builds: Builds) {
        for remark in builds.remarks {
            self.remark(&format!(
                "a component may not be built when its source changes: {remark}"
            ));
        }
        let mut before = std::mem::take(&mut self.entries);
        for build in builds.builds {
            let is_it = |entry: &Entry| entry.build.is_made_like(&build);
            let entry = match before.iter().position(is_it) {
                None => Entry::new(build),
                Some(place) => before.swap_remove(place).called_now(build),
            };
            self.entries.push(entry);
        }
    }

    /// Everything that is watched, each file once.
    fn files(&self) -> Vec<PathBuf> {
        let sources = self.entries.iter().flat_map(|entry| &entry.sources.files);
        let files: BTreeSet<&PathBuf> = sources.chain([&self.file]).collect();
        files.into_iter().cloned().collect()
    }

    /// Lists all sources again, and takes note of what is new or gone.
    fn list(&mut self, watcher: &Watcher) {
        let mut is_other = false;
        let mut remarks = Vec::new();
        for entry in &mut self.entries {
            is_other |= entry.list();
            if entry.sources.is_cut {
                remarks.push(format!(
                    "`{}` is made of more than {MOST_FILES} files; the others are not watched: name fewer in \
                     its `watch`",
                    visible_line(&entry.build.name)
                ));
            }
        }
        for remark in remarks {
            self.remark(&remark);
        }
        if is_other {
            watcher.set_files(self.files());
        }
    }

    /// Says something once.
    fn remark(&mut self, remark: &str) {
        if self.remarks.insert(remark.to_owned()) {
            tracing::warn!("{remark}");
        }
    }

    fn build(&mut self, place: usize) {
        let entry = &mut self.entries[place];
        if let Some(files) = entry.is_in_circle() {
            tracing::warn!(
                "`{}` is not built again until something else changes: each time it is built, what it is made \
                 of changes, as {files}; leave out of its `watch` what its command writes",
                visible_line(&entry.build.name)
            );
            return;
        }
        (self.on_event)(&entry.build, &BuildEvent::Started);
        let started = Instant::now();
        let result = entry.build.run(&self.runner, self.colour);
        if self.runner.is_stopped() {
            return;
        }
        let took = started.elapsed();
        let is_first = !entry.is_built;
        entry.end(&result);
        let ended = BuildEvent::Ended {
            result,
            took,
            is_first,
        };
        (self.on_event)(&entry.build, &ended);
    }
}

impl BuildEvent {
    /// What is said of it, with a line break at the end, or nothing. On a terminal, mistakes are shown
    /// as the compiler shows them; elsewhere each build is one line.
    pub fn text(&self, build: &ComponentBuild, terminal: bool) -> String {
        let name = visible_line(&build.name);
        match self {
            Self::Started if terminal => format!("{name}: building…\n"),
            Self::Started => String::new(),
            Self::Ended {
                result,
                took,
                is_first,
            } => match result {
                BuildResult::Built { changed: true } => {
                    format!("{name}: built in {:.1} s\n", took.as_secs_f64())
                }
                BuildResult::Built { changed: false } => {
                    format!("{name}: built, and is the same as before\n")
                }
                BuildResult::Failed { errors } => {
                    let (then, waiting) = match is_first {
                        true => ("", format!("{name}: waiting for a change\n")),
                        false => ("; the version before stays", String::new()),
                    };
                    match terminal {
                        true => {
                            let errors = errors.trim_end();
                            format!("{name}: the build failed{then}\n{errors}\n{waiting}")
                        }
                        false => {
                            let error = first_error(errors);
                            let error = visible_line(&error);
                            format!("{name}: the build failed: {error}\n{waiting}")
                        }
                    }
                }
            },
        }
    }
}

/// The first mistake of a compiler's output in one line, with its place if that is told.
fn first_error<'a>(errors: &'a str) -> String {
    let mut lines = errors.lines().map(str::trim);
    // As Cargo and the tools of interpreters say it, and as compilers of C do, behind the place.
    let tells = |line: &&str| {
        line.starts_with("error") || line.starts_with("Error") || line.contains(": error:")
    };
    let Some(error) = lines.clone().find(tells) else {
        // Of another tool's words, the last are the likeliest to say what was wrong.
        return lines
            .rfind(|line| !line.is_empty())
            .unwrap_or("no reason")
            .to_owned();
    };
    lines.find(|line| *line == error);
    let place = |line: &'a str| {
        let place = line
            .strip_prefix("--> ")
            .or_else(|| line.strip_prefix("at "));
        place.filter(|_| !error.contains(": error:"))
    };
    match lines.find_map(place) {
        Some(place) => format!("{error} ({place})"),
        None => error.to_owned(),
    }
}

#[cfg(test)]
mod tests;
