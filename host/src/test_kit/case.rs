//! A case on disk or in memory: a pipeline and a script.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{Script, ScriptError};
use crate::{
    connector::{GeneratorConfig, parquet_schema, resolve_paths},
    pipeline::{self, Diagnostics, Environment, Plan, Registry},
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
    /// Reads the case in a directory.
    ///
    /// # Errors
    ///
    /// If the pipeline or the script cannot be read, or has mistakes.
    pub fn read(
        directory: &Path,
        load: impl FnOnce(&Path) -> Result<Plan, Diagnostics>,
    ) -> Result<Self, CaseError> {
        let plan = load(&directory.join(PIPELINE))?;
        let path = directory.join(STEPS);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(source) => return Err(CaseError::Unreadable { path, source }),
        };
        Ok(Self {
            name: directory.display().to_string(),
            plan,
            script: Script::read(path, &text)?,
        })
    }

    /// The case of a pipeline and a script in memory. Nothing in it can refer to the environment.
    ///
    /// # Errors
    ///
    /// If the pipeline or the script has mistakes.
    pub fn from_text(pipeline: &str, steps: &str, registry: &Registry) -> Result<Self, CaseError> {
        Ok(Self {
            name: "case".to_owned(),
            plan: load_text(Path::new(PIPELINE), pipeline, registry)?,
            script: Script::read(STEPS, steps)?,
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
    pipeline::load_text(path, text, &environment)
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
