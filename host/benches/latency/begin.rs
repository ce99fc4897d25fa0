//! How long a job takes from its start to its first row.

use std::{
    fs,
    io::Read as _,
    path::Path,
    time::{Duration, Instant},
};

use super::{job::Job, rows::Rows, running::spawn};

/// How often each job is started.
const STARTS: usize = 21;

/// Starts a job over a small file again and again, with code that is compiled already, and tells how long it
/// took from the start of the process to the first byte that it wrote.
pub(crate) fn measure(job: Job, folder: &Path) {
    let mut rows = Vec::new();
    Rows::new().make(10, &mut rows);
    fs::write(folder.join("few.jsonl"), rows).expect("written");
    let pipeline = job.pipeline("connector = \"file\"\npath = \"few.jsonl\"");
    let mut times: Vec<Duration> = (0..STARTS).map(|_| first_row(&pipeline, folder)).collect();
    times.sort_unstable();
    let (least, median) = (times[0], times[STARTS / 2]);
    println!(
        "job {job}: {:.1} ms from its start to the first row ({:.1} ms at least, {:.1} ms at most, {STARTS} starts)",
        median.as_secs_f64() * 1e3,
        least.as_secs_f64() * 1e3,
        times[STARTS - 1].as_secs_f64() * 1e3,
    );
    let line = serde_json::json!({
        "bench": "start", "job": job.to_string(), "starts": STARTS, "median_us": median.as_micros() as u64,
        "least_us": least.as_micros() as u64, "most_us": times[STARTS - 1].as_micros() as u64,
    });
    println!("{line}");
}

fn first_row(pipeline: &str, folder: &Path) -> Duration {
    let start = Instant::now();
    let mut child = spawn(pipeline, folder);
    let mut output = child.stdout.take().expect("a pipe");
    output.read_exact(&mut [0]).expect("a row");
    let time = start.elapsed();
    output.read_to_end(&mut Vec::new()).expect("the rest");
    assert!(child.wait().expect("an end").success(), "the job failed");
    time
}
