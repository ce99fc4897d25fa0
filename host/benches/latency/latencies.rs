//! Latencies, all of them kept, and what they come to.

use std::time::Duration;

use super::job::Job;

/// What was measured, in microseconds.
#[derive(Default)]
pub(crate) struct Latencies(Vec<u32>);

impl Latencies {
    /// The head of the table of which [`tell`](Self::tell) prints the rows.
    pub(crate) const HEADER: &str = "job  load     rows/s in   rows out        p50        p99      p99.9        max  processors";

    /// Notes how long something took.
    pub(crate) fn note(&mut self, latency: Duration) {
        let micros = u32::try_from(latency.as_micros());
        self.0.push(micros.unwrap_or(u32::MAX));
    }

    /// Prints a row of a table, and the same for programs.
    pub(crate) fn tell(mut self, job: Job, load: &str, rate: u64, processors: f64) {
        self.0.sort_unstable();
        let rows = self.0.len();
        let quantiles = [0.5, 0.99, 0.999, 1.0].map(|share| {
            let place = (rows.saturating_sub(1) as f64 * share).round() as usize;
            self.0.get(place).copied().unwrap_or_default()
        });
        let [p50, p99, p999, max] = quantiles.map(|micros| f64::from(micros) / 1e3);
        println!(
            "{job:<4} {load:<8} {rate:>9} {rows:>10} {p50:>7.2} ms {p99:>7.2} ms {p999:>7.2} ms {max:>7.2} ms {processors:>11.2}"
        );
        let [p50, p99, p999, max] = quantiles;
        let line = serde_json::json!({
            "bench": "latency", "job": job.to_string(), "load": load, "rows_per_second": rate, "rows_out": rows,
            "p50_us": p50, "p99_us": p99, "p999_us": p999, "max_us": max, "processors": processors,
        });
        println!("{line}");
    }
}
