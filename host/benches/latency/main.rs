//! How long it takes from a row's arrival to what comes of it, in a job that is fed all the time.
//!
//! Cost model: a row waits in the source until its batch goes on, in channels while stages are busy, and in
//! the sink until what was written is shown; the rest is work. Waiting grows with how busy the job is.
//!
//! Axes: the job (A filters and converts rows one by one; E has sliding windows of two means for each of 1000
//! sensors, 5 % of the rows out of order) and the load: ten rows a second, then 50 and 80 % of the highest rate that
//! the job takes. The job is the real binary, reads JSON lines from a socket and writes CSV to standard output.
//!
//! Beside that: how long a job takes from its start to its first row, with code that is compiled already.
//!
//! Method: the highest rate is what the job takes from a sender that is held up by it. The loads are open
//! loops: when each row is to be sent is fixed beforehand, and latency counts from then, so that neither a job nor
//! a sender that falls behind makes the figures better. The latency of a window counts from when the row was
//! to be sent that let the watermark pass its end. Sender and reader are threads of this program, on the same
//! machine, and take their share of it.

#![expect(
    clippy::print_stdout,
    reason = "a benchmark tells what it has measured"
)]

#[path = "../support/guests.rs"]
mod guests;
#[path = "../support/stages.rs"]
mod stages;

mod begin;
mod job;
mod latencies;
mod rows;
mod running;
mod shown;

use std::{env, fs, path::Path, time::Duration};

use self::{job::Job, latencies::Latencies, running::Running, shown::Shown};

/// For how long rows are sent before anything counts.
const WARM_UP: Duration = Duration::from_secs(2);

/// For how long they count.
const MEASURED: Duration = Duration::from_secs(10);

/// Rows a second that are a trickle.
const TRICKLE: u64 = 10;

fn main() {
    // `cargo test --benches` wants to know that it starts, not what it measures.
    if !env::args().any(|argument| argument == "--bench") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let library = folder.path().join("weather.wasm");
    fs::write(library, guests::component("weather")).expect("written");
    for job in [Job::Map, Job::Windows] {
        // The first run fills the cache of compiled code.
        highest_rate(job, folder.path(), Duration::ZERO);
        begin::measure(job, folder.path());
        println!("{}", Latencies::HEADER);
        let highest = highest_rate(job, folder.path(), MEASURED);
        if job == Job::Map {
            // The windows of a trickle would take hours to close.
            measure(job, folder.path(), "trickle", TRICKLE);
        }
        measure(job, folder.path(), "50 %", highest / 2);
        measure(job, folder.path(), "80 %", highest / 10 * 8);
    }
}

/// How many rows a second a job takes when it can have as many as it wants, for some `time`.
fn highest_rate(job: Job, folder: &Path, time: Duration) -> u64 {
    let (mut running, output) = Running::start(job, folder);
    // It does what it does when latencies are measured: it takes its share of the machine.
    let state = (Shown::new(job), Latencies::default());
    let reader = shown::read(output, state, |(shown, latencies), chunk| {
        shown.rows(chunk, |_| latencies.note(Duration::ZERO));
    });
    let before = running.send_for(WARM_UP);
    let rows = running.send_for(time) - before;
    running.end();
    reader.join().expect("what is shown can be read");
    match time {
        Duration::ZERO => 0,
        time => (rows as f64 / time.as_secs_f64()) as u64,
    }
}

/// Measures a job at a rate, and tells what came out.
fn measure(job: Job, folder: &Path, load: &str, rate: u64) {
    let (mut running, output) = Running::start(job, folder);
    let start = running.start_time();
    let counts = WARM_UP..WARM_UP + MEASURED;
    let state = (Shown::new(job), Latencies::default());
    let reader = shown::read(output, state, move |(shown, latencies), chunk| {
        let now = start.elapsed();
        shown.rows(chunk, |row| {
            let due = running::due(row, rate);
            if counts.contains(&due) {
                latencies.note(now.saturating_sub(due));
            }
        });
    });
    let busy = running.send_at(rate, WARM_UP, MEASURED);
    running.end();
    let (_, latencies) = reader.join().expect("what is shown can be read");
    latencies.tell(job, load, rate, busy);
}
