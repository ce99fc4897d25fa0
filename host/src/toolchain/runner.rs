//! Runs the commands of builds, so that they can be ended with all that they have started.

use std::{
    io::{self, PipeReader, Read, pipe},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, Receiver},
    },
    thread,
    time::Duration,
};

use anyhow::{Context, bail};

/// More of what a command says is not kept.
pub(super) const MOST_SAID: usize = 256 << 10;

/// More of what Cargo tells programs is not kept.
const MOST_TOLD: usize = 16 << 20;

/// How often it is looked whether a command has ended.
const POLL: Duration = Duration::from_millis(10);

/// How long is waited for the last words of a command that has ended. What it has left running may hold its
/// pipe for ever.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// Runs commands until it is stopped. Clones are stopped together.
#[derive(Clone, Debug, Default)]
pub struct Runner(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    child: Option<Child>,
    is_stopped: bool,
}

/// What a command has said, and how it has ended.
#[derive(Debug)]
pub(super) struct Spoken {
    pub(super) status: ExitStatus,
    /// On standard output; the first of it.
    pub(super) output: Vec<u8>,
    /// On standard error, if that was to be kept apart; the first of it.
    pub(super) errors: Vec<u8>,
}

impl Runner {
    /// Ends the command that runs, with all processes of its group, and lets no other one begin.
    pub fn stop(&self) {
        let mut state = self.lock();
        state.is_stopped = true;
        if let Some(child) = &mut state.child {
            end(child);
        }
    }

    /// Whether it was stopped.
    pub fn is_stopped(&self) -> bool {
        self.lock().is_stopped
    }

    /// Runs `command`. What it says on standard output and standard error is in one piece, in order.
    ///
    /// # Errors
    ///
    /// If it cannot be run, or the runner was stopped.
    pub(super) fn run(&self, mut command: Command) -> anyhow::Result<Spoken> {
        let (said, speaker) = pipe()?;
        command.stdout(speaker.try_clone()?).stderr(speaker);
        let said = listen(said, MOST_SAID)?;
        let status = self.wait(command)?;
        Ok(Spoken {
            status,
            output: last_words(&said),
            errors: Vec::new(),
        })
    }

    /// Runs `command`, which tells programs something on standard output and people on standard error.
    ///
    /// # Errors
    ///
    /// If it cannot be run, or the runner was stopped.
    pub(super) fn run_apart(&self, mut command: Command) -> anyhow::Result<Spoken> {
        let ((told, teller), (said, speaker)) = (pipe()?, pipe()?);
        command.stdout(teller).stderr(speaker);
        let told = listen(told, MOST_TOLD)?;
        let said = listen(said, MOST_SAID)?;
        let status = self.wait(command)?;
        Ok(Spoken {
            status,
            output: last_words(&told),
            errors: last_words(&said),
        })
    }

    /// Starts a command, and waits for its end.
    fn wait(&self, mut command: Command) -> anyhow::Result<ExitStatus> {
        command.stdin(Stdio::null());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        {
            let mut state = self.lock();
            if state.is_stopped {
                bail!("nothing is built any more");
            }
            state.child = Some(command.spawn()?);
        }
        // Until our own ends of its pipes are closed, reading them does not end.
        drop(command);
        loop {
            {
                let mut state = self.lock();
                let child = state.child.as_mut().context("another command runs")?;
                if let Some(status) = child.try_wait()? {
                    // While it is locked: the number may belong to another process from now on.
                    state.child = None;
                    return Ok(status);
                }
            }
            thread::sleep(POLL);
        }
    }

    /// The state is whole between any two statements, so a thread that panics leaves nothing broken.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Kills a command that has not been waited for, and what it has started.
fn end(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(child.id())
        .ok()
        .and_then(rustix::process::Pid::from_raw)
    {
        // It may have ended by itself.
        let _gone = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _gone = child.kill();
}

/// Reads all that is said, so that who speaks never waits, and keeps the first `most` bytes.
fn listen(mut said: PipeReader, most: usize) -> io::Result<Heard> {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let (over, is_over) = mpsc::channel();
    let heard = Heard {
        kept: Arc::clone(&kept),
        is_over,
    };
    // Nobody joins it: it reads as long as somebody may speak.
    thread::Builder::new()
        .name("build output".to_owned())
        .spawn(move || {
            let mut some = [0; 8192];
            loop {
                let count = match said.read(&mut some) {
                    Ok(0) => break,
                    Ok(count) => count,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(_) => break,
                };
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                // One byte more shows that something is left out.
                let room = (most + 1).saturating_sub(kept.len()).min(count);
                kept.extend_from_slice(&some[..room]);
            }
            let _nobody_waits = over.send(());
        })?;
    Ok(heard)
}

/// What somebody has said so far.
struct Heard {
    kept: Arc<Mutex<Vec<u8>>>,
    is_over: Receiver<()>,
}

/// What somebody has said who has just ended.
fn last_words(heard: &Heard) -> Vec<u8> {
    // If it is not over after that, it never may be.
    let _may_go_on = heard.is_over.recv_timeout(LAST_WORDS);
    std::mem::take(&mut *heard.kept.lock().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(all(test, unix))]
mod tests {
    use std::{sync::mpsc::channel, time::Instant};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    fn shell(line: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", line]);
        command
    }

    #[test]
    fn what_a_command_leaves_running_is_not_waited_for() {
        let started = Instant::now();
        let spoken = Runner::default().run(shell("echo one; echo two >&2; sleep 100 & exit 3"));
        let spoken = spoken.expect("it runs");
        assert_eq!(spoken.output, b"one\ntwo\n");
        assert_eq!(spoken.status.code(), Some(3));
        assert!(started.elapsed() < PATIENCE);
    }

    #[test]
    fn so_much_is_kept_and_no_more() {
        let spoken = Runner::default().run(shell("head -c 10000000 /dev/zero; echo end"));
        let spoken = spoken.expect("it runs");
        assert_eq!(spoken.output.len(), MOST_SAID + 1);
        assert!(spoken.status.success());
    }

    #[test]
    fn standard_error_is_kept_apart_if_that_is_wanted() {
        let spoken = Runner::default().run_apart(shell("echo one; echo two >&2"));
        let spoken = spoken.expect("it runs");
        assert_eq!(
            (&spoken.output[..], &spoken.errors[..]),
            (&b"one\n"[..], &b"two\n"[..])
        );
    }

    #[test]
    fn a_runner_that_is_stopped_ends_what_runs_with_its_children() {
        let folder = tempfile::tempdir().expect("a folder");
        let alive = folder.path().join("alive");
        // A child of the shell that would go on without it.
        let line = format!(
            "(while :; do date +%N > '{}'; sleep 0.01; done) & wait",
            alive.display()
        );
        let runner = Runner::default();
        let (sender, ended) = channel();
        let running = runner.clone();
        thread::spawn(move || sender.send(running.run(shell(&line)).map(|spoken| spoken.status)));
        let until = Instant::now() + PATIENCE;
        while !alive.exists() {
            assert!(Instant::now() < until, "it does not run");
            thread::sleep(POLL);
        }
        runner.stop();
        let status = ended.recv_timeout(PATIENCE).expect("it ends");
        assert!(!status.expect("it ran").success());
        let error = runner.run(shell("true")).expect_err("it is stopped");
        assert_eq!(error.to_string(), "nothing is built any more");
        // Killed together: nobody writes any more.
        std::fs::remove_file(&alive).expect("a file");
        thread::sleep(Duration::from_millis(200));
        assert!(!alive.exists());
    }
}
