//! What else ran on the machine while something was measured.

use std::{fmt, fs, thread, time::Instant};

/// Linux counts processor time in hundredths of a second, whatever its own clock does.
const TICKS_PER_SECOND: f64 = 100.0;

/// What the processors had done by some instant.
pub(crate) struct Machine {
    at: Instant,
    /// Seconds in which they were busy, and in which something else had them that runs on the same host.
    busy: Option<(f64, f64)>,
    /// Seconds that this process and its children had of that.
    ours: f64,
}

/// What the processors have done since.
pub(crate) struct Load {
    cores: usize,
    /// How many of them others kept busy: those on this machine, and those on its host.
    others: Option<(f64, f64)>,
}

impl Machine {
    pub(crate) fn look() -> Self {
        Self {
            at: Instant::now(),
            busy: read("/proc/stat").and_then(|text| busy(&text)),
            ours: read("/proc/self/stat")
                .and_then(|text| ours(&text))
                .unwrap_or_default(),
        }
    }

    pub(crate) fn since(&self) -> Load {
        let now = Self::look();
        let seconds = (now.at - self.at).as_secs_f64();
        let others = now.busy.zip(self.busy).map(|(now_busy, busy)| {
            let here = (now_busy.0 - busy.0) - (now.ours - self.ours);
            let host = now_busy.1 - busy.1;
            (here.max(0.0) / seconds, host / seconds)
        });
        Load {
            cores: thread::available_parallelism().map_or(1, usize::from),
            others,
        }
    }
}

/// Reads the first line of `/proc/stat`: user, nice, system, idle, waiting, interrupts (two), stolen.
fn busy(text: &str) -> Option<(f64, f64)> {
    let ticks = numbers(text.lines().next()?.strip_prefix("cpu ")?);
    let [user, nice, system, _, _, hard, soft, stolen, ..] = *ticks else {
        return None;
    };
    let busy = user + nice + system + hard + soft;
    Some((busy / TICKS_PER_SECOND, stolen / TICKS_PER_SECOND))
}

/// Reads `/proc/self/stat`: behind the name in parentheses, the 12th to 15th field are user and system, both
/// again of children that have ended.
fn ours(text: &str) -> Option<f64> {
    let (_, fields) = text.rsplit_once(") ")?;
    let (_, numeric) = fields.split_once(' ')?;
    let times = numbers(numeric);
    Some(times.get(10..14)?.iter().sum::<f64>() / TICKS_PER_SECOND)
}

fn numbers(text: &str) -> Vec<f64> {
    text.split_whitespace()
        .map_while(|field| field.parse().ok())
        .collect()
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok()
}

impl fmt::Display for Load {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cores = self.cores;
        match self.others {
            Some((here, host)) => write!(
                formatter,
                "{cores} cores; other processes had {here:.2} of them meanwhile, other machines on the host {host:.2}"
            ),
            None => write!(formatter, "{cores} cores; what else ran is not known"),
        }
    }
}
