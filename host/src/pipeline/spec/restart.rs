//! What `[restart]` says.

use crate::{
    pipeline::{
        Diagnostic, RestartPolicy, Span,
        reader::{Keys, Table},
    },
    time::Duration,
};

const KEYS: Keys<'_> = Keys {
    known: &["attempts", "delay", "max_delay"],
    elsewhere: &[],
    later: &[],
};

/// How often a job that has failed is started again.
#[derive(Clone, Copy, Debug)]
pub(in crate::pipeline) struct RestartSpec {
    pub(in crate::pipeline) policy: RestartPolicy,
    /// Where the section stands.
    pub(in crate::pipeline) place: Span,
}

impl RestartSpec {
    /// Reads the section.
    pub(super) fn read(table: &Table<'_>) -> Option<Self> {
        table.check(KEYS);
        let attempts = match table.get("attempts") {
            None => Some(5),
            Some(value) => value.integer(1..=1000),
        };
        let wait = |key: &str, default| match table.get(key) {
            None => Some((Duration::from_secs(default), None)),
            Some(value) => {
                let wait = value.positive_duration()?;
                Some((wait.value, Some(wait.span)))
            }
        };
        let (delay, longest) = (wait("delay", 1), wait("max_delay", 60));
        let ((delay, delay_place), (max_delay, longest_place)) = (delay?, longest?);
        if let (true, Some(place)) = (delay > max_delay, longest_place.or(delay_place)) {
            let message = format!("`delay` is {delay}, longer than `max_delay`, {max_delay}");
            table.context.report(Diagnostic::new(place, message));
            return None;
        }
        let policy = RestartPolicy {
            attempts: u32::try_from(attempts?).ok()?,
            delay,
            max_delay,
        };
        let place = table.span;
        Some(Self { policy, place })
    }
}
