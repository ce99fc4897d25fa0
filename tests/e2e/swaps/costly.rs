//! Jobs that are to be swapped to what is expensive to compile: it costs them nothing, and nobody waits for it but
//! who has asked for it.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use super::{
    feed::Feed,
    live::{Live, assert_done, assert_refused},
    versions::{Wrong, marked, marks},
};
use crate::support::{Costly, Pipeline, Workspace, compilers, is_running, wait_until};

/// Long for what is at once, and short for what is compiled meanwhile.
const AT_ONCE: Duration = Duration::from_secs(5);

fn pipeline(feed: &Feed) -> String {
    Pipeline::new("costly")
        .with(&feed.source("in"))
        .with(
            r#"
[stage.marked]
from = "in"
map = "marks.wasm#mark"
limits = { deadline = "10m" }
[sink.screen]
from = "marked"
connector = "stdout"
format = "csv"
"#,
        )
        .text()
}

/// Waits for the process that compiles for a job.
#[track_caller]
fn compiler(job: u32) -> u32 {
    wait_until(|| !compilers(job).is_empty());
    compilers(job)[0]
}

/// What Ctrl-C does.
#[track_caller]
fn interrupt(process: u32) {
    let process = process.to_string();
    let signal = Command::new("kill").args(["-INT", &process]).status();
    assert!(signal.expect("kill runs").success());
}

#[test]
fn what_is_expensive_to_compile_is_refused_and_holds_up_nobody() {
    let workspace = Workspace::new();
    workspace.write("marks.wasm", marks(1));
    let good = workspace.write("good.wasm", marks(2));
    let large = workspace.write("large.wasm", Costly::Memory.put_into(&marks(3)));
    workspace.write("slow.wasm", Costly::Time.put_into(&marks(4)));
    let feed = Feed::start("f");
    let mut live = Live::start(&workspace, &pipeline(&feed), &[]);
    let job = live.process();
    feed.allow(100);
    live.wait_for_rows(100);

    let answer = live.swap(&[("marked", &large)]);
    assert_refused(&answer, &["large.wasm", "compiling it takes more than"]);
    feed.allow(200);
    live.wait_for_rows(200);

    // Who has asked goes away. The rows that come meanwhile wait for nothing.
    let ask = || {
        let mut asking = workspace.tidemill(&["swap", "pipeline.toml", "marked=slow.wasm"]);
        let asking = asking.stdout(Stdio::null()).stderr(Stdio::null());
        asking.spawn().expect("the binary runs")
    };
    let mut asker = ask();
    let first = compiler(job);
    feed.allow(300);
    live.wait_for_rows(300);
    assert!(is_running(first), "it compiles for long");
    asker.kill().expect("a child");
    asker.wait().expect("an end");
    let asked = Instant::now();
    assert_done(&live.swap(&[("marked", &good)]), "swapped at barrier");
    assert!(asked.elapsed() < AT_ONCE, "{:?}", asked.elapsed());
    assert!(!is_running(first));
    feed.allow(400);
    live.wait_for_rows(400);

    // The job is asked to stop.
    let mut asker = ask();
    let second = compiler(job);
    let stopped = Instant::now();
    interrupt(job);
    assert_eq!(live.wait(), Some(130), "{}", live.log());
    assert!(stopped.elapsed() < AT_ONCE, "{:?}", stopped.elapsed());
    wait_until(|| !is_running(second));
    assert!(!asker.wait().expect("an end").success());
    assert!(!live.log().contains("compiling it"), "{}", live.log());
}

#[test]
fn a_job_that_is_stopped_does_not_wait_for_what_is_tried() {
    let workspace = Workspace::new();
    workspace.write("marks.wasm", marks(1));
    workspace.write("spin.wasm", marked(2, Wrong::Spin));
    let feed = Feed::start("f");
    let mut live = Live::start(&workspace, &pipeline(&feed), &[]);
    feed.allow(100);
    live.wait_for_rows(100);
    let asked = Instant::now();
    let mut asker = workspace
        .tidemill(&["swap", "pipeline.toml", "marked=spin.wasm"])
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut said = BufReader::new(asker.stderr.take().expect("a pipe")).lines();
    let waits = said.next().expect("it waits").expect("a line");
    assert!(waits.starts_with("waiting for the job"), "{waits}");
    interrupt(live.process());
    assert_eq!(live.wait(), Some(130), "{}", live.log());
    // By itself, a trial ends after five seconds.
    assert!(asked.elapsed() < AT_ONCE, "{:?}", asked.elapsed());
    assert!(!asker.wait().expect("an end").success());
}
