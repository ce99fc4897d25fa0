//! What swapping a component costs a job that runs.
//!
//! Cost model: at the barrier of a swap a stage exchanges its functions and keeps its state where it is, so
//! the pause does not grow with the state. Loading, checking and trying what is new happens beside the stream
//! and costs it nothing but processor time.
//!
//! Axes: a mean and a count of a million keys, between two versions of the standard library that keep the same
//! state. Pauses: a swap every 100 ms, with components that have been compiled before. Throughput: a swap every
//! two seconds, with a component that was compiled before and with one that was not; each second in which it is
//! done against the one after it (the baseline), in the same run. Latency: from the writing of a file to the first row that goes
//! through what is in it, the watcher, compiling and all.

#![expect(
    clippy::print_stdout,
    reason = "a benchmark tells what it has measured"
)]

#[path = "support/guests.rs"]
mod guests;

#[path = "support/progress.rs"]
mod progress;
use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tidemill::{
    connector::{GeneratorConfig, resolve_paths},
    metrics::NodeMetrics,
    operator::Fault,
    pipeline::{Environment, Overrides, Registry, load_with},
    reload::{Audience, Load, Report, Request, Service, Swapper, Watcher},
    runtime::{Beginning, Failpoints, Loaded, NoFailpoints, Session},
    time::{Clock, SystemClock},
    wasm::{Aside, Engine, EngineOptions},
};

use self::progress::Progress;

const KEYS: u64 = 1_000_000;

const ROWS: u64 = 20_000_000;

/// How often a job is run for each measurement.
const TURNS: usize = 4;

/// How often the latency is measured.
const SAVES: usize = 15;

fn main() {
    // `cargo test --benches` wants to know that it starts, not what it measures.
    if !env::args().any(|argument| argument == "--bench") {
        return;
    }
    let bench = Bench::new();
    bench.pauses();
    bench.throughput("compiled before", false);
    bench.throughput("not compiled before", true);
    let path = bench.path(0).display().to_string();
    let of_file = averages().replace("std#", &format!("{path}#"));
    bench.latency("the standard library", &bench.component, &of_file);
    let warm = format!(
        "[stage.warm]\nfrom = \"readings\"\nmap = \"{path}#to_fahrenheit\"\nargs = [\"temperature\"]\n"
    );
    let averages = averages();
    let (source, _) = averages.split_once("[stage.").expect("a stage");
    let mapped = format!("{source}{warm}[sink.out]\nfrom = \"warm\"\nconnector = \"blackhole\"\n");
    bench.latency("`udfs/weather`", &guests::component("weather"), &mapped);
}

struct Bench {
    folder: TempDir,
    engine: Engine,
    component: Vec<u8>,
}

/// A job that runs, for those who swap.
struct Running<'a> {
    swapper: Swapper,
    stage: &'a Arc<NodeMetrics>,
    stop: Arc<AtomicBool>,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let engine = Engine::new(&EngineOptions {
            cache_dir: Some(folder.path().join("cache")),
            ..EngineOptions::default()
        });
        let bench = Self {
            engine: engine.expect("this machine runs WebAssembly"),
            component: guests::component("std"),
            folder,
        };
        bench.run(&readings(), |_| ());
        bench
    }

    /// Swaps all the time.
    fn pauses(&self) {
        let mut pauses = Vec::new();
        let mut tooks = Vec::new();
        for _ in 0..TURNS {
            for version in [0, 1] {
                self.save(version);
            }
            self.run(&averages(), |mut job| {
                job.wait_for_all_keys();
                for turn in 0.. {
                    let version = turn % 2;
                    let to = Overrides::default().component("average", &self.path(version));
                    match job.swapper.swap(to) {
                        Ok(report) => {
                            let report = report.expect("another version");
                            pauses.push(report.pause.as_secs_f64() * 1e6);
                            tooks.push(report.took.as_secs_f64() * 1e3);
                        }
                        // The job has come to its end.
                        Err(_) => break,
                    }
                    thread::sleep(Duration::from_millis(100));
                }
            });
        }
        let swaps = pauses.len();
        println!(
            "1,000,000 keys, {swaps} swaps: a pause takes {:.0} us (p50), {:.0} us (p99), {:.0} us at most; \
             a swap takes {:.0} ms (p50), {:.0} ms (p99) beside the stream",
            quantile(&mut pauses, 0.5),
            quantile(&mut pauses, 0.99),
            quantile(&mut pauses, 1.0),
            quantile(&mut tooks, 0.5),
            quantile(&mut tooks, 0.99),
        );
        let mut bound = 1.0;
        while bound < 2.0 * pauses[swaps - 1] {
            let within = |pause: &&f64| {
                (bound / 2.0..bound).contains(*pause) || **pause < bound && bound == 1.0
            };
            let count = pauses.iter().filter(within).count();
            if count > 0 {
                println!("  below {bound:>7.0} us: {count}");
            }
            bound *= 2.0;
        }
    }

    /// Compares each second in which a component is swapped with the second after it.
    fn throughput(&self, what: &str, is_new: bool) {
        let mut ratios = Vec::new();
        let mut tooks = Vec::new();
        let mut version = 100;
        for _ in 0..TURNS {
            let (begins, progress) = self.run(&averages(), |mut job| {
                job.wait_for_all_keys();
                let watching = Progress::watch(Arc::clone(job.stage));
                let mut begins = Vec::new();
                loop {
                    version += 1;
                    let path = self.save(if is_new { version } else { version % 2 });
                    let begin = Instant::now();
                    let to = Overrides::default().component("average", &path);
                    if job.swapper.swap(to).is_err() {
                        return (begins, watching.end());
                    }
                    tooks.push(begin.elapsed().as_secs_f64() * 1e3);
                    begins.push(begin);
                    thread::sleep(Duration::from_secs(2).saturating_sub(begin.elapsed()));
                }
            });
            ratios.extend(begins.into_iter().filter_map(|begin| {
                let rows = progress.rows_at(begin)?;
                let middle = progress.rows_at(begin + Duration::from_secs(1))?;
                let end = progress.rows_at(begin + Duration::from_secs(2))?;
                Some((middle - rows) / (end - middle) * 100.0)
            }));
        }
        println!(
            "1,000,000 keys, a component {what}: seconds with a swap have {:.1} % of the rows of the seconds \
             after them (median of {}; quarters {:.1} and {:.1} %); a swap takes {:.0} ms (p50)",
            quantile(&mut ratios.clone(), 0.5),
            ratios.len(),
            quantile(&mut ratios.clone(), 0.25),
            quantile(&mut ratios, 0.75),
            quantile(&mut tooks, 0.5),
        );
    }

    /// Writes a component to a file that is watched, and waits for rows that go through it.
    fn latency(&self, what: &str, component: &[u8], pipeline: &str) {
        let mut swaps = Vec::new();
        let mut rows = Vec::new();
        let path = self.path(0);
        fs::write(&path, version(component, 1000)).expect("written");
        let mut number = 1000;
        // A job may end before it was measured often enough.
        while rows.len() < SAVES {
            self.run(pipeline, |job| {
                job.wait_for_all_keys();
                let stage = Arc::clone(job.stage);
                let (told, reports) = mpsc::channel();
                let service = Service::start(job.swapper, Told(told)).expect("a thread");
                let requests = service.requests();
                let changed = move |_| drop(requests.send(Request::Reload));
                let watcher = Watcher::start(vec![path.clone()], changed).expect("a thread");
                for _ in 0..5 {
                    thread::sleep(Duration::from_millis(300));
                    number += 1;
                    let bytes = version(component, number);
                    let begin = Instant::now();
                    fs::write(&path, bytes).expect("written");
                    let Ok(swapped) = reports.recv_timeout(Duration::from_secs(5)) else {
                        break;
                    };
                    let before = stage.rows_in.get();
                    while stage.rows_in.get() == before && begin.elapsed() < Duration::from_secs(5)
                    {
                        thread::sleep(Duration::from_micros(50));
                    }
                    swaps.push((swapped - begin).as_secs_f64() * 1e3);
                    rows.push(begin.elapsed().as_secs_f64() * 1e3);
                }
                job.stop.store(true, Ordering::Relaxed);
                drop(watcher);
                drop(service);
            });
        }
        println!(
            "{what}, {} KB: from the writing of the file to the end of its swap {:.0} ms, to the first rows after \
             it {:.0} ms (medians of {}; {:.0} ms at most)",
            component.len() / 1000,
            quantile(&mut swaps, 0.5),
            quantile(&mut rows.clone(), 0.5),
            rows.len(),
            quantile(&mut rows, 1.0),
        );
    }

    /// Runs a pipeline to its end while `act` does something to it.
    fn run<T: Send>(&self, text: &str, act: impl FnOnce(Running<'_>) -> T + Send) -> T {
        let file = self.folder.path().join("pipeline.toml");
        fs::write(&file, text).expect("written");
        let load = loader(file);
        let overrides = Overrides::default();
        let loaded = load(&overrides, &Registry::new(self.engine.clone()), &|| true)
            .unwrap_or_else(|error| panic!("{error:#}"));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let failpoints: Arc<dyn Failpoints> = Arc::new(NoFailpoints);
        let session = Session::open(&loaded, &clock, Beginning::Newest, &failpoints);
        let session = session.expect("it can begin");
        let metrics = session.metrics().clone();
        let none = Arc::default();
        let job = Running {
            swapper: Swapper::new(session.swaps().clone(), loaded, overrides, load),
            stage: metrics.stages.first().unwrap_or(&none),
            stop: session.stop_switch(),
        };
        thread::scope(|scope| {
            let acting = scope.spawn(move || act(job));
            session.run().expect("the job runs");
            acting.join().expect("it is done")
        })
    }

    fn path(&self, number: usize) -> PathBuf {
        self.folder.path().join(format!("{number}.wasm"))
    }

    fn save(&self, number: usize) -> PathBuf {
        fs::write(self.path(number), version(&self.component, number)).expect("written");
        self.path(number)
    }
}

impl Running<'_> {
    /// Waits until each key has come a few times.
    fn wait_for_all_keys(&self) {
        while self.stage.rows_in.get() < 3 * KEYS {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// A component with a digest of its own: it has one section more, which says nothing.
fn version(component: &[u8], number: usize) -> Vec<u8> {
    let mut bytes = component.to_vec();
    bytes.extend(b"\x00\x0e\x05noted");
    bytes.extend(format!("{number:08}").as_bytes());
    bytes
}

/// Tells when something was swapped.
struct Told(mpsc::Sender<Instant>);

impl Audience for Told {
    fn swapped(&mut self, _: &Report) {
        let _ = self.0.send(Instant::now());
    }

    fn refused(&mut self, reason: &anyhow::Error) {
        println!("refused: {reason:#}");
    }

    fn taken_back(&mut self, fault: &Fault, _: &anyhow::Result<Report>) {
        println!("taken back: {}", fault.error);
    }
}

fn loader(file: PathBuf) -> Load {
    let aside = Aside::start().expect("a thread");
    Box::new(move |overrides, current, _| {
        let registry = current.fresh();
        aside.run(|| {
            let environment = Environment {
                libraries: &registry,
                resolve_paths: &|path: &Path| resolve_paths(path),
                parquet_schema: &|_: &Path| Err("the columns are named".to_owned()),
                generator_schema: GeneratorConfig::schema(),
                variable: &|name: &str| env::var(name).ok(),
                cores: 1,
            };
            let plan = load_with(&file, &environment, overrides)?;
            Ok(Loaded::new(&plan, &registry))
        })
    })
}

fn readings() -> String {
    format!(
        r#"
name = "readings"
[source.sensors]
connector = "generator"
rows = {ROWS}
seed = 7
sensors = {KEYS}
step = "1ms"
[sink.readings]
from = "sensors"
connector = "file"
path = "readings"
format = "parquet"
"#
    )
}

fn averages() -> String {
    r#"
name = "bench"
parallelism = 1
[source.readings]
connector = "file"
path = "readings"
format = "parquet"
columns = { ts = "timestamp", sensor = "utf8", temperature = "float64" }
event_time = { column = "ts", unit = "us" }
watermark = { delay = "10s" }
[stage.average]
from = "readings"
key = ["sensor"]
window = { tumbling = "365d" }
aggregate = [
  { call = "std#mean", args = ["temperature"], as = "temperature" },
  { call = "std#count", as = "readings" },
]
[sink.out]
from = "average"
connector = "blackhole"
"#
    .to_owned()
}

fn quantile(times: &mut [f64], share: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    times[((times.len() - 1) as f64 * share).round() as usize]
}
