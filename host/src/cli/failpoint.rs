//! Ends the process at a step of a checkpoint, for tests, as if it was killed there; or lets it hang there.

use std::{
    env,
    num::NonZeroUsize,
    process,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use anyhow::{Context, bail};

use super::talk::say_line;
use crate::runtime::{CheckpointStep, Failpoints, NoFailpoints};

/// Names the step, how often it is come to, and whether the thread is to hang there: `staged`, `written:3`,
/// `data:stall`, `data:2:stall`.
const VARIABLE: &str = "TIDEMILL_FAILPOINT";

/// What happens when the step is come to for the last of so many times.
struct FailAt {
    step: CheckpointStep,
    left: AtomicUsize,
    stalls: bool,
}

impl Failpoints for FailAt {
    fn reach(&self, step: CheckpointStep) -> anyhow::Result<()> {
        if step != self.step || self.left.fetch_sub(1, Ordering::SeqCst) != 1 {
            return Ok(());
        }
        if !self.stalls {
            process::abort();
        }
        say_line(format_args!("stalls at step `{step}`"));
        loop {
            thread::park();
        }
    }
}

/// What the environment asks for; nothing in production.
pub(super) fn failpoints() -> anyhow::Result<Arc<dyn Failpoints>> {
    match env::var(VARIABLE) {
        Ok(text) => Ok(Arc::new(fail_at(&text)?)),
        Err(_) => Ok(Arc::new(NoFailpoints)),
    }
}

fn fail_at(text: &str) -> anyhow::Result<FailAt> {
    let mut parts = text.split(':');
    let name = parts.next().unwrap_or_default();
    let mut steps = CheckpointStep::ALL.into_iter();
    let Some(step) = steps.find(|step| step.name() == name) else {
        let names = CheckpointStep::ALL.map(CheckpointStep::name);
        bail!("{VARIABLE} names no step; there are {}", names.join(", "));
    };
    let (mut times, mut stalls) = (NonZeroUsize::MIN, false);
    for part in parts {
        if part == "stall" {
            stalls = true;
        } else {
            let count = part.parse();
            times = count.with_context(|| format!("{VARIABLE} counts from 1"))?;
        }
    }
    let left = AtomicUsize::new(times.get());
    Ok(FailAt { step, left, stalls })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_counted_from_one() {
        let times = |text| fail_at(text).map(|fail| fail.left.into_inner()).ok();
        assert_eq!(times("begin"), Some(1));
        assert_eq!(times("staged:3"), Some(3));
        assert_eq!(times("staged:3:stall"), Some(3));
        for text in ["begin:0", "begin:", "begin:-1", "nowhere"] {
            assert_eq!(times(text), None, "{text}");
        }
    }
}
