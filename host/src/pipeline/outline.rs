//! Which components a pipeline names, and how they are built: what can be told of a pipeline whose
//! components are not there yet.

use std::path::{Path, PathBuf};

use super::{
    BuildConfig, Diagnostics, Environment, LibraryRef, Plan,
    load::{read_source, with_spec},
    resolve::builds,
};

/// The components of a pipeline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// Each file once, with what the pipeline calls it first.
    pub components: Vec<(PathBuf, String)>,
    /// How they are built, as far as the pipeline says.
    pub builds: Vec<BuildConfig>,
}

impl Outline {
    /// The components of a pipeline that can run.
    pub fn of(plan: &Plan) -> Self {
        let mut outline = Self {
            components: Vec::new(),
            builds: plan.builds.clone(),
        };
        for library in &plan.libraries {
            outline.add(&library.reference, &library.name);
        }
        outline
    }

    fn add(&mut self, reference: &LibraryRef, name: &str) {
        if let LibraryRef::File(path) = reference
            && !self.components.iter().any(|(other, _)| other == path)
        {
            self.components.push((path.clone(), name.to_owned()));
        }
    }
}

/// Reads which components the pipeline in the file `path` names. They are not loaded, and nothing else
/// of the pipeline is resolved.
///
/// # Errors
///
/// If the file cannot be read, or has mistakes that show without its components.
pub fn outline(path: &Path, environment: &Environment<'_>) -> Result<Outline, Diagnostics> {
    let source = read_source(path)?;
    with_spec(path, &source, environment, |spec, context| {
        let mut outline = Outline {
            components: Vec::new(),
            builds: builds(spec, context),
        };
        let works = spec.stages.iter().filter_map(|stage| stage.work.as_ref());
        for call in works.flat_map(|work| work.calls()) {
            outline.add(&call.library.reference, &call.library.name);
        }
        Some(outline)
    })
}
