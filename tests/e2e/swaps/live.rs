//! A job of the real binary that runs while its components are swapped.

use std::{
    collections::BTreeMap,
    fs::File,
    path::Path,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use tidemill::reload::{Answer, Order, ask};

use crate::support::{Run, Workspace, wait_until};

/// A job that runs `pipeline.toml`.
pub(super) struct Live<'a> {
    workspace: &'a Workspace,
    child: Child,
}

impl<'a> Live<'a> {
    /// Starts a job and waits until it can be reached.
    pub(super) fn start(workspace: &'a Workspace, pipeline: &str, options: &[&str]) -> Self {
        let mut live = Self::begin(workspace, pipeline, &[&["run"], options].concat());
        live.wait_until_reached();
        live
    }

    /// Starts a job with these words of the command line before the file.
    pub(super) fn begin(workspace: &'a Workspace, pipeline: &str, words: &[&str]) -> Self {
        workspace.write("pipeline.toml", pipeline);
        let log = File::create(workspace.path("log")).expect("a file");
        let child = workspace
            .tidemill(&[words, &["pipeline.toml"]].concat())
            .stdin(Stdio::null())
            .stdout(File::create(workspace.path("screen")).expect("a file"))
            .stderr(log)
            .spawn()
            .expect("the binary runs");
        Self { workspace, child }
    }

    /// Waits until it can be reached.
    #[track_caller]
    pub(super) fn wait_until_reached(&mut self) {
        let (workspace, live) = (self.workspace, self);
        let until = Instant::now() + Duration::from_secs(60);
        // A rollback of nothing changes nothing.
        while ask(&workspace.path("pipeline.toml"), &Order::Rollback, |_| {}).is_err() {
            let ended = live.child.try_wait().expect("a child");
            let is_late = Instant::now() > until;
            assert!(
                ended.is_none() && !is_late,
                "it cannot be reached: {}",
                live.log()
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// The number of its process.
    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end, however it is. Returns its status.
    #[track_caller]
    pub(super) fn wait(&mut self) -> Option<i32> {
        self.child.wait().expect("an end").code()
    }

    /// What it has said.
    pub(super) fn log(&self) -> String {
        self.workspace.read("log")
    }

    /// Waits until it has said something.
    #[track_caller]
    pub(super) fn wait_for(&self, text: &str) {
        self.wait_for_count(text, 1);
    }

    /// Waits until it has said something so many times.
    #[track_caller]
    pub(super) fn wait_for_count(&self, text: &str, count: usize) {
        let until = Instant::now() + Duration::from_secs(60);
        while self.log().matches(text).count() < count {
            let is_late = Instant::now() > until;
            assert!(!is_late, "it does not say `{text}`:\n{}", self.log());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until it has printed so many rows as CSV.
    #[track_caller]
    pub(super) fn wait_for_rows(&self, count: u64) {
        wait_until(|| self.workspace.read("screen").lines().count() as u64 > count);
    }

    /// Asks it to use other components for stages.
    #[track_caller]
    pub(super) fn swap(&self, components: &[(&str, &Path)]) -> Answer {
        let components = components.iter();
        let components: BTreeMap<_, _> = components
            .map(|&(stage, path)| (stage.to_owned(), path.to_owned()))
            .collect();
        self.ask(&Order::Swap(components))
    }

    /// Asks it to take the latest swap back.
    #[track_caller]
    pub(super) fn roll_back(&self) -> Answer {
        self.ask(&Order::Rollback)
    }

    #[track_caller]
    fn ask(&self, order: &Order) -> Answer {
        let answer = loop {
            let answer = ask(&self.workspace.path("pipeline.toml"), order, |_| {});
            let answer = answer.unwrap_or_else(|error| panic!("{error:#}\n{}", self.log()));
            // It can be reached before it runs.
            if !answer.text.contains("the job does not run") {
                break answer;
            }
            thread::sleep(Duration::from_millis(5));
        };
        let has_ended = answer.text.contains("the job has ended");
        assert!(!has_ended, "{}\n{}", answer.text, self.log());
        answer
    }

    /// Runs a command of the user about it.
    pub(super) fn command(&self, arguments: &[&str]) -> Run {
        self.workspace.output(arguments)
    }

    /// Ends it at once.
    pub(super) fn kill(mut self) {
        self.child.kill().expect("a child");
        self.child.wait().expect("an end");
    }

    /// Waits for its end, which must be a good one. Returns what it has said.
    #[track_caller]
    pub(super) fn end(mut self) -> String {
        let status = self.child.wait().expect("an end");
        assert!(status.success(), "{}", self.log());
        self.log()
    }
}

impl Drop for Live<'_> {
    fn drop(&mut self) {
        // It has ended, or its test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asserts that something was done, and that the answer says so with a text.
#[track_caller]
pub(super) fn assert_done(answer: &Answer, text: &str) {
    assert!(answer.done, "{}", answer.text);
    assert!(
        answer.text.contains(text),
        "no `{text}` in:\n{}",
        answer.text
    );
}

/// Asserts that something was refused, with all of these reasons.
#[track_caller]
pub(super) fn assert_refused(answer: &Answer, texts: &[&str]) {
    assert!(!answer.done, "{}", answer.text);
    for text in texts {
        assert!(
            answer.text.contains(text),
            "no `{text}` in:\n{}",
            answer.text
        );
    }
}
