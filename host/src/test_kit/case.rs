//! A case on disk or in memory: a pipeline and a script.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Script, ScriptError};
use crate::{
    connector::{GeneratorConfig, parquet_schema, resolve_paths},
    pipeline::{self, Diagnostics, Environment, Overrides, Plan, Registry},
};

/// The name of the pipeline of a case.
const PIPELINE: &str = "pipeline.toml";
/// The name of the script of a case.
const STEPS: &str = "steps.jsonl";

/// A pipeline and a script.
#[derive(Clone, Debug)]
pub struct Case {
    /// What people call it: its directory.
    pub name: String,
    /// What runs.
    pub plan: Plan,
    /// What is fed to it, and what must come out.
    pub script: Script,
    /// What its paths are relative to.
    pub folder: PathBuf,
    /// Loads the pipeline again.
    pub reload: Reload,
}

/// Loads the pipeline of a case, with other components than it names if so wished.
#[derive(Clone)]
pub struct Reload(Arc<LoadPlan>);

type LoadPlan = dyn Fn(&Registry, &Overrides) -> Result<Plan, Diagnostics> + Send + Sync;

impl Reload {
    fn new(
        load: impl Fn(&Registry, &Overrides) -> Result<Plan, Diagnostics> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(load))
    }

    /// Loads it; `registry` loads its components.
    ///
    /// # Errors
    ///
    /// If it has mistakes.
    pub fn load(&self, registry: &Registry, overrides: &Overrides) -> Result<Plan, Diagnostics> {
        (self.0)(registry, overrides)
    }
}

impl fmt::Debug for Reload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Reload").finish_non_exhaustive()
    }
}

/// A case cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// The pipeline has mistakes.
    #[error(transparent)]
    Pipeline(#[from] Diagnostics),
    /// The script has a mistake.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// A file cannot be read.
    #[error("cannot read `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Case {
    /// Reads the case in a directory. `load` loads the pipeline in a file, now and when its components are
    /// swapped.
    ///
    /// # Errors
    ///
    /// If the pipeline or the script cannot be read, or has mistakes.
    pub fn read(
        directory: &Path,
        registry: &Registry,
        load: impl Fn(&Path, &Registry, &Overrides) -> Result<Plan, Diagnostics> + Send + Sync + 'static,
    ) -> Result<Self, CaseError> {
        let pipeline = directory.join(PIPELINE);
        let reload = Reload::new(move |registry, overrides| load(&pipeline, registry, overrides));
        let plan = reload.load(registry, &Overrides::default())?;
        let path = directory.join(STEPS);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(source) => return Err(CaseError::Unreadable { path, source }),
        };
        Ok(Self {
            name: directory.display().to_string(),
            plan,
            script: Script::read(path, &text)?,
            folder: directory.to_owned(),
            reload,
        })
    }

    /// The case of a pipeline and a script in memory. Nothing in it can refer to the environment.
    ///
    /// # Errors
    ///
    /// If the pipeline or the script has mistakes.
    pub fn from_text(pipeline: &str, steps: &str, registry: &Registry) -> Result<Self, CaseError> {
        let text = pipeline.to_owned();
        let reload = Reload::new(move |registry, overrides| {
            load_text_with(Path::new(PIPELINE), &text, registry, overrides)
        });
        Ok(Self {
            name: "case".to_owned(),
            plan: reload.load(registry, &Overrides::default())?,
            script: Script::read(STEPS, steps)?,
            folder: PathBuf::new(),
            reload,
        })
    }
}

/// Loads a pipeline as it is loaded for tests: with one subtask each unless it says otherwise, and
/// without environment variables. `path` is what it is called, and what its paths are relative to.
///
/// # Errors
///
/// If it has mistakes.
pub fn load_text(path: &Path, text: &str, registry: &Registry) -> Result<Plan, Diagnostics> {
    load_text_with(path, text, registry, &Overrides::default())
}

/// The same, with other components than it names for some stages.
///
/// # Errors
///
/// If it has mistakes.
pub fn load_text_with(
    path: &Path,
    text: &str,
    registry: &Registry,
    overrides: &Overrides,
) -> Result<Plan, Diagnostics> {
    let environment = Environment {
        libraries: registry,
        resolve_paths: &|path| resolve_paths(path),
        parquet_schema: &|path| match parquet_schema(path) {
            Ok(found) => Ok(found.schema),
            Err(error) => Err(format!("{error:#}")),
        },
        generator_schema: GeneratorConfig::schema(),
        variable: &|_| None,
        cores: 1,
    };
    pipeline::load_text_with(path, text, &environment, overrides)
}

/// The directories of the cases in `directory`, in order: itself, or those in it at any depth.
///
/// # Errors
///
/// If a directory cannot be read, or has only one of the two files of a case.
pub fn find_cases(directory: &Path) -> Result<Vec<PathBuf>, CaseError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| CaseError::Unreadable { path, source }
    };
    if directory.join(STEPS).exists() {
        return Ok(vec![directory.to_owned()]);
    }
    let mut inner = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable(directory))? {
        let path = entry.map_err(unreadable(directory))?.path();
        if path.is_dir() {
            inner.push(path);
        }
    }
    inner.sort();
    let mut cases = Vec::new();
    for path in inner {
        cases.extend(find_cases(&path)?);
    }
    Ok(cases)
}
