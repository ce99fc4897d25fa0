//! A job whose components can be swapped while it runs: by files that change and by people who ask.

use std::{
    collections::BTreeSet,
    io::{self, IsTerminal},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError, mpsc},
};

use super::{setup, talk::say};
use crate::{
    batch::{visible, visible_line},
    operator::Fault,
    pipeline::{LibraryRef, Overrides, Plan},
    reload::{Audience, Load, Report, Request, Service, Swapper, Watcher},
    runtime::{Loaded, Swaps},
    wasm::Aside,
};

/// What keeps a job open to swaps. They end when it is dropped.
pub(super) struct Live {
    // In the order in which they are to end: who asks, then who answers.
    #[cfg(unix)]
    _control: Option<crate::reload::Control>,
    requests: mpsc::Sender<Request>,
    _service: Service,
}

/// How much people want to know of swaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Show {
    /// That they happen: in the log.
    Log,
    /// What they change, too, on standard error.
    Differences,
}

/// A job that is to be kept open to swaps.
pub(super) struct Job<'a> {
    pub(super) file: &'a Path,
    pub(super) loaded: Loaded,
    /// What the files hold, which may be something else.
    pub(super) present: &'a Plan,
    /// The components that it runs with in the place of those that the file names.
    pub(super) overrides: Overrides,
    pub(super) swaps: Swaps,
}

impl Live {
    /// Keeps a job open to swaps: by people who ask through a socket, and, if `watch` is set, by files
    /// that change.
    pub(super) fn start(job: Job<'_>, watch: bool, show: Show) -> anyhow::Result<Self> {
        let watched = Arc::new(Watched::default());
        watched.add([job.file.to_owned()]);
        watched.add(components(job.present));
        watched.add(components(&job.loaded.plan));
        let load = loader(job.file, Arc::clone(&watched))?;
        #[cfg(unix)]
        let swaps = job.swaps.clone();
        let swapper = Swapper::new(job.swaps, job.loaded, job.overrides, load);
        let service = Service::start(swapper, Teller { show })?;
        let requests = service.requests();
        if watch {
            watched.start(service.requests())?;
        }
        Ok(Self {
            #[cfg(unix)]
            _control: control(job.file, &service.requests(), &swaps),
            requests,
            _service: service,
        })
    }

    /// Goes over to what the files hold, if that is something else than what runs.
    pub(super) fn reload(&self) {
        // Nobody is there to be asked only when the job is over.
        let _ = self.requests.send(Request::Reload);
    }
}

/// The socket of a job. It runs without one, too.
#[cfg(unix)]
fn control(
    file: &Path,
    requests: &mpsc::Sender<Request>,
    job: &Swaps,
) -> Option<crate::reload::Control> {
    match crate::reload::Control::start(file, requests, job) {
        Ok(control) => Some(control),
        Err(error) => {
            tracing::warn!("`tidemill swap` and `rollback` cannot reach this job: {error:#}");
            None
        }
    }
}

/// The files of the components of a plan.
fn components(plan: &Plan) -> impl Iterator<Item = PathBuf> {
    let libraries = plan.libraries.iter();
    libraries.filter_map(|library| match &library.reference {
        LibraryRef::File(path) => Some(path.clone()),
        LibraryRef::Std | LibraryRef::Kept(_) => None,
    })
}

/// Loads the pipeline anew, and its components with it.
fn loader(file: &Path, watched: Arc<Watched>) -> anyhow::Result<Load> {
    let file = file.to_owned();
    let aside = Aside::start()?;
    Ok(Box::new(move |overrides, current, is_wanted| {
        let registry = current.fresh();
        // Before they are read: what is missing, broken or written meanwhile is a change later.
        watched.add(overrides.files().map(Path::to_owned));
        // A file that has mistakes is told when it is loaded.
        if let Ok(outline) = setup::outline(&file, &registry) {
            watched.add(outline.components.into_iter().map(|(path, _)| path));
        }
        let libraries = registry.while_wanted(is_wanted);
        let plan = aside.run(|| setup::load_with(&file, &libraries, overrides))?;
        Ok(Loaded::new(&plan, &registry))
    }))
}

/// The files that matter to a job, and who watches them if somebody does.
#[derive(Default)]
struct Watched {
    /// All that were ever named: what is not named now may be again.
    files: Mutex<BTreeSet<PathBuf>>,
    /// Nothing in it if files are not watched.
    watcher: OnceLock<Watcher>,
}

impl Watched {
    /// Watches these files, too. What happens to them from now on is told.
    fn add(&self, files: impl IntoIterator<Item = PathBuf>) {
        let mut known = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let before = known.len();
        known.extend(files);
        if let Some(watcher) = self.watcher.get().filter(|_| known.len() > before) {
            watcher.set_files(known.iter().cloned().collect());
        }
    }

    /// Starts to watch, and asks for what the files hold when one has changed.
    fn start(&self, requests: mpsc::Sender<Request>) -> anyhow::Result<()> {
        let known = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let files = known.iter().cloned().collect();
        let changed = move |_| drop(requests.send(Request::Reload));
        let watcher = Watcher::start(files, changed)?;
        self.watcher.get_or_init(|| watcher);
        Ok(())
    }
}

/// Tells people of swaps.
struct Teller {
    show: Show,
}

impl Teller {
    fn show(&self, report: &Report) {
        if self.show == Show::Log {
            return;
        }
        let is_terminal = io::stderr().is_terminal();
        let width = terminal_size::terminal_size_of(io::stderr());
        let width = width.map_or(100, |(width, _)| usize::from(width.0));
        for stage in &report.stages {
            // It was not tried, or no rows had come.
            let Some(difference) = &stage.difference else {
                continue;
            };
            let text = difference.render(width, is_terminal);
            say(format_args!(
                "stage `{}`, on the rows that came last:\n{text}",
                stage.name
            ));
        }
    }
}

impl Audience for Teller {
    fn swapped(&mut self, report: &Report) {
        for stage in &report.stages {
            tracing::info!(
                target: "swap",
                stage = %stage.name,
                barrier = report.number,
                pause_us = report.pause.as_micros() as u64,
                took_ms = report.took.as_millis() as u64,
                "swapped: {}", visible_line(&stage.to_string()),
            );
        }
        self.show(report);
    }

    fn refused(&mut self, reason: &anyhow::Error) {
        tracing::error!(target: "swap", "not swapped, the job goes on as it was: {}", visible(&format!("{reason:#}")));
    }

    fn taken_back(&mut self, fault: &Fault, report: &anyhow::Result<Report>) {
        let Fault {
            stage,
            component,
            error,
        } = fault;
        let component = crate::pipeline::short_digest(component);
        match report {
            Ok(report) => tracing::error!(
                target: "swap",
                %stage, component, barrier = report.number,
                "taken back: it fails on rows with which the version before it is fine: {error}",
            ),
            Err(reason) => tracing::error!(
                target: "swap",
                %stage, component,
                "it fails on rows with which the version before it is fine, and cannot be taken back \
                 ({reason:#}): {error}",
            ),
        }
    }
}
