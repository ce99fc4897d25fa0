//! Ends the process at a step of a checkpoint, for tests: as if it was killed there.

use std::{
    env,
    num::NonZeroUsize,
    process,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use anyhow::{Context, bail};

use crate::runtime::{CheckpointStep, Failpoints, NoFailpoints};

/// Names the step, and how often it is come to: `staged`, `written:3`.
const VARIABLE: &str = "TIDEMILL_FAILPOINT";

/// Ends the process when the step is come to for the last of so many times.
struct AbortAt {
    step: CheckpointStep,
    left: AtomicUsize,
}

impl Failpoints for AbortAt {
    fn reach(&self, step: CheckpointStep) -> anyhow::Result<()> {
        if step == self.step && self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            process::abort();
        }
        Ok(())
    }
}

/// What the environment asks for; nothing in production.
pub(super) fn failpoints() -> anyhow::Result<Arc<dyn Failpoints>> {
    match env::var(VARIABLE) {
        Ok(text) => Ok(Arc::new(abort_at(&text)?)),
        Err(_) => Ok(Arc::new(NoFailpoints)),
    }
}

fn abort_at(text: &str) -> anyhow::Result<AbortAt> {
    let (name, count) = text.split_once(':').unwrap_or((text, "1"));
    let mut steps = CheckpointStep::ALL.into_iter();
    let Some(step) = steps.find(|step| step.name() == name) else {
        let names = CheckpointStep::ALL.map(CheckpointStep::name);
        bail!("{VARIABLE} names no step; there are {}", names.join(", "));
    };
    let times: NonZeroUsize = count
        .parse()
        .with_context(|| format!("{VARIABLE} counts from 1"))?;
    let left = AtomicUsize::new(times.get());
    Ok(AbortAt { step, left })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_counted_from_one() {
        let times = |text| abort_at(text).map(|abort| abort.left.into_inner()).ok();
        assert_eq!(times("begin"), Some(1));
        assert_eq!(times("staged:3"), Some(3));
        for text in ["begin:0", "begin:", "begin:-1", "nowhere"] {
            assert_eq!(times(text), None, "{text}");
        }
    }
}
