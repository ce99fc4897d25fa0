//! Makes the rows of windows that are complete, a batch at a time.

use std::collections::VecDeque;

use crate::{
    operator::{BATCH_ROWS, Outbox, Progress},
    time::{Timestamp, Watermark},
};

/// What can say which of its windows are complete.
pub(in crate::operator) trait Firing {
    /// Windows that are complete and whose rows have not been made, in order.
    fn due(&mut self) -> &mut VecDeque<u32>;

    /// Adds the windows with the next end that `to` closes to those that are [due](Self::due), by key;
    /// whether there were some. Called when none are due.
    fn refill(&mut self, to: Watermark) -> anyhow::Result<bool>;

    /// When a window ends.
    fn end(&self, window: u32) -> Timestamp;

    /// Makes the rows of windows, which have fired with that.
    fn depart(&mut self, windows: &[u32], out: &mut Outbox) -> anyhow::Result<()>;
}

/// Full batches after which the rows of windows are handed on before more are made.
const ENOUGH_BATCHES: usize = 4;

/// Makes the rows of the windows that `to` closes, in the order of their ends, then by key. Stops early
/// when there is much to hand on.
pub(in crate::operator) fn fire(
    stage: &mut impl Firing,
    to: Watermark,
    out: &mut Outbox,
) -> anyhow::Result<Progress> {
    let before = out.batches.len();
    let mut windows = Vec::new();
    loop {
        while windows.len() < BATCH_ROWS {
            if stage.due().is_empty() && !stage.refill(to)? {
                if windows.is_empty() {
                    return Ok(Progress::Done(to));
                }
                // What has just fired may be over by now, so there is another look.
                break;
            }
            let due = stage.due();
            let room = due.len().min(BATCH_ROWS - windows.len());
            windows.extend(due.drain(..room));
        }
        stage.depart(&windows, out)?;
        windows.clear();
        if out.batches.len() >= before + ENOUGH_BATCHES
            && (!stage.due().is_empty() || stage.refill(to)?)
            && let Some(&next) = stage.due().front()
        {
            let end = stage.end(next).as_micros().saturating_sub(1);
            return Ok(Progress::More(Watermark::at(Timestamp::from_micros(end))));
        }
    }
}
