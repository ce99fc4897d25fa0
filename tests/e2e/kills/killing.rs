//! Kills a job at random moments and looks at what it leaves.

use std::{
    env,
    fs::{self, File},
    process::Stdio,
    time::{Duration, Instant, SystemTime},
};

use super::seen::{Seen, assert_part, assert_same};
use crate::{
    semantics::random::Random,
    support::{Pipeline, Workspace},
};

/// The tests among which the kills are divided.
const JOBS: usize = 4;

/// A job, and the sinks to look at: folders in `out`.
pub(super) struct Job {
    /// Without its parallelism and its checkpoints.
    pub(super) pipeline: Pipeline,
    pub(super) sinks: &'static [&'static str],
}

impl Job {
    fn checkpointed(&self, parallelism: i64, interval: &str) -> String {
        let pipeline = self.pipeline.clone().parallelism(parallelism as usize);
        pipeline.checkpoints(interval).text()
    }
}

/// Kills a job until it was killed often enough, starting over whenever it has come to its end.
pub(super) fn kill_and_compare(workspace: &Workspace, job: &Job) {
    let number = |name: &str| {
        env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let seed = number("TIDEMILL_SEED").unwrap_or_else(|| {
        let now = SystemTime::UNIX_EPOCH.elapsed().expect("a clock");
        u64::from(now.subsec_nanos())
    });
    let mut random = Random::new(seed);
    let wanted = number("TIDEMILL_KILLS").unwrap_or(200) as usize / JOBS;

    workspace.succeed(&job.pipeline.clone().parallelism(2).text());
    let expected = Seen::default().look(workspace, job.sinks, "undisturbed");
    assert!(expected.values().all(|rows| !rows.is_empty()));
    start_over(workspace);
    let started = Instant::now();
    workspace.succeed(&job.checkpointed(3, "20ms"));
    let undisturbed = started.elapsed();
    let found = Seen::default().look(workspace, job.sinks, "undisturbed");
    assert_same(&found, &expected, "undisturbed, with checkpoints");

    let (mut kills, mut rounds, mut amid) = (0, 0, 0);
    while kills < wanted {
        rounds += 1;
        // Some go over the result of the round before, which stays until there is a new one.
        let is_over_former = rounds > 1 && random.below(3) == 0;
        if !is_over_former {
            start_over(workspace);
        }
        let most = (wanted - kills).min(1 + random.below(12) as usize);
        let told = format!("TIDEMILL_SEED={seed}, round {rounds}");
        let mut seen = Seen::default();
        let mut ended = false;
        for kill in 1..=most {
            // Early more often than late, so that it is killed often before it comes to its end.
            let part = random.choose(&[1, 1, 2, 4]);
            let after = undisturbed.as_micros() as i64 / part;
            let after = Duration::from_micros(random.below(after).unsigned_abs());
            let over = if is_over_former {
                ", over a former result"
            } else {
                ""
            };
            let told = format!("{told}{over}, kill {kill} after {after:?}");
            let option = (is_over_former && kill == 1).then_some("--fresh");
            ended = run_for(workspace, job, option, &mut random, after, &told);
            let visible = seen.look(workspace, job.sinks, &told);
            if is_over_former {
                seen = Seen::default();
            } else {
                for (sink, visible) in &visible {
                    assert_part(visible, &expected[sink], &format!("{told}, sink `{sink}`"));
                }
            }
            if ended {
                break;
            }
            kills += 1;
            let is_amid = !is_over_former && visible.values().any(|rows| !rows.is_empty());
            amid += usize::from(is_amid);
        }
        if !ended {
            let run = workspace.run(&job.checkpointed(1 + random.below(4), "20ms"));
            assert_eq!(run.status, 0, "{told}: {}", run.stderr);
        }
        assert_same(&seen.look(workspace, job.sinks, &told), &expected, &told);
    }
    assert!(
        amid >= wanted / 20,
        "only {amid} of {kills} kills came after a checkpoint"
    );
}

fn start_over(workspace: &Workspace) {
    for folder in ["state", "out"] {
        let path = workspace.path(folder);
        if path.exists() {
            fs::remove_dir_all(path).expect("removed");
        }
    }
}

/// Runs a job at a random parallelism and kills it `after` a while. Returns whether it had ended by then.
fn run_for(
    workspace: &Workspace,
    job: &Job,
    option: Option<&str>,
    random: &mut Random,
    after: Duration,
    told: &str,
) -> bool {
    let (parallelism, interval) = (1 + random.below(4), random.choose(&["1ms", "20ms", "50ms"]));
    workspace.write("pipeline.toml", job.checkpointed(parallelism, interval));
    let log = File::create(workspace.path("log")).expect("a file");
    let mut child = workspace
        .tidemill(&["run", "pipeline.toml"])
        .args(option)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("the binary runs");
    std::thread::sleep(after);
    child.kill().expect("killed, or ended");
    let status = child.wait().expect("an end");
    // One that was killed has no code.
    if let Some(code) = status.code() {
        assert_eq!(code, 0, "{told}: {}", workspace.read("log"));
    }
    status.success()
}
