//! Loading a pipeline: the file is read, parsed and resolved, and every mistake reported at once.

use std::path::Path;

use super::{
    Diagnostic, Diagnostics, Environment, Overrides, Plan, RegularFile, Span,
    reader::{Context, Document},
    regular_file::MAX_PIPELINE,
    resolve::resolve,
    spec::Spec,
};

/// What is said of a pipeline without a plan and without a mistake. There is none that we know of.
pub(super) const UNEXPLAINED: &str = "there is no plan for this pipeline; please report it";

/// Loads the pipeline in the file `path`.
///
/// # Errors
///
/// If the file cannot be read or has mistakes: all of them.
pub fn load(path: &Path, environment: &Environment<'_>) -> Result<Plan, Diagnostics> {
    load_with(path, environment, &Overrides::default())
}

/// Loads the pipeline in the file `path`, with other components than those it names for some stages.
///
/// # Errors
///
/// If the file cannot be read or has mistakes, or something is to be replaced that it does not have: all
/// of them.
pub fn load_with(
    path: &Path,
    environment: &Environment<'_>,
    overrides: &Overrides,
) -> Result<Plan, Diagnostics> {
    load_text_with(path, &read_source(path)?, environment, overrides)
}

/// Reads the text of the file `path`.
pub(super) fn read_source(path: &Path) -> Result<String, Diagnostics> {
    let read = RegularFile::open(path, MAX_PIPELINE).and_then(RegularFile::content);
    let bytes = read.map_err(|error| {
        let message = format!("cannot read the pipeline: {error}");
        Diagnostics::new(path, "", vec![Diagnostic::new(Span::default(), message)])
    })?;
    match str::from_utf8(&bytes) {
        Ok(source) => Ok(source.to_owned()),
        Err(error) => {
            // Up to the error, offsets are the same in the text with replacement characters.
            let start = error.valid_up_to();
            let source = String::from_utf8_lossy(&bytes);
            let end = start + char::REPLACEMENT_CHARACTER.len_utf8();
            let mistake = Diagnostic::new(Span { start, end }, "the file is not UTF-8 text");
            Err(Diagnostics::new(path, &source, vec![mistake]))
        }
    }
}

/// Loads the pipeline `source`, which stands in the file `path`; the file itself is not touched.
///
/// # Errors
///
/// If the text has mistakes: all of them.
pub fn load_text(
    path: &Path,
    source: &str,
    environment: &Environment<'_>,
) -> Result<Plan, Diagnostics> {
    load_text_with(path, source, environment, &Overrides::default())
}

/// The same, with other components than those it names for some stages.
///
/// # Errors
///
/// If the text has mistakes, or something is to be replaced that it does not have: all of them.
pub fn load_text_with(
    path: &Path,
    source: &str,
    environment: &Environment<'_>,
    overrides: &Overrides,
) -> Result<Plan, Diagnostics> {
    with_spec(path, source, environment, |spec, context| {
        overrides.apply(spec, context);
        resolve(spec, context)
    })
}

/// What `make` makes of the text `source`, which stands in the file `path`; all mistakes that were noted
/// if there are any.
pub(super) fn with_spec<T>(
    path: &Path,
    source: &str,
    environment: &Environment<'_>,
    make: impl FnOnce(&mut Spec, &Context<'_>) -> Option<T>,
) -> Result<T, Diagnostics> {
    let base = path.parent().unwrap_or(Path::new(""));
    let context = Context::new(source, base, environment);
    let fail = |list| Err(Diagnostics::new(path, source, list));

    // A text with broken syntax means nothing for sure: what else is wrong is seen after that.
    let document = match Document::parse(source) {
        Ok(document) => document,
        Err(mistakes) => return fail(mistakes),
    };
    let mut spec = Spec::read(&document.root(&context));
    let made = make(&mut spec, &context);
    let mut mistakes = context.into_mistakes();
    match made {
        Some(made) if mistakes.is_empty() => return Ok(made),
        None if mistakes.is_empty() => mistakes.push(Diagnostic::new(spec.start, UNEXPLAINED)),
        _ => {}
    }
    fail(mistakes)
}
