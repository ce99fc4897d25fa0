//! Other components than those that a pipeline file names, stage by stage.
//!
//! Nothing is rewritten: mistakes that come of it are shown at the place in the file that names the component
//! which was to be replaced.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::{
    Diagnostic, LibraryRef,
    diagnostic::Spanned,
    reader::Context,
    spec::{CallSpec, Spec},
    suggestion::{did_you_mean, list},
};

/// Which components are used in the place of those that the file names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides(BTreeMap<String, StageOverrides>);

/// What is replaced in a stage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct StageOverrides {
    /// For the one library that is the stage's own.
    own: Option<LibraryRef>,
    /// For libraries by the names that the file calls them. They come before `own`.
    named: BTreeMap<String, LibraryRef>,
}

impl Overrides {
    /// Lets the calls of `stage` go to the component in the file `path`. If the stage calls functions of
    /// several libraries, those that go to the standard library stay, and it is a mistake if several are
    /// left.
    #[must_use]
    pub fn component(mut self, stage: &str, path: &Path) -> Self {
        self.of(stage).own = Some(LibraryRef::File(path.to_owned()));
        self
    }

    /// Lets the calls of `stage` that go to `library`, as the file calls it, go to `reference`.
    #[must_use]
    pub fn library(mut self, stage: &str, library: &str, reference: LibraryRef) -> Self {
        self.of(stage).named.insert(library.to_owned(), reference);
        self
    }

    /// Both; `other` counts for the stages that it has something for.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Whether something is replaced in `stage`.
    pub fn replaces(&self, stage: &str) -> bool {
        self.0.contains_key(stage)
    }

    /// The files of the components that are used instead.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let stages = self.0.values();
        let all = stages.flat_map(|stage| stage.own.iter().chain(stage.named.values()));
        all.filter_map(|reference| match reference {
            LibraryRef::File(path) => Some(path.as_path()),
            LibraryRef::Std | LibraryRef::Kept(_) => None,
        })
    }

    /// Whether everything stays as the file says.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn of(&mut self, stage: &str) -> &mut StageOverrides {
        self.0.entry(stage.to_owned()).or_default()
    }

    /// Changes where the calls of a pipeline go. Reports what is to be replaced and is not there.
    pub(super) fn apply(&self, spec: &mut Spec, context: &Context<'_>) {
        for (name, overrides) in &self.0 {
            let stages = spec.stages.iter_mut();
            let Some(stage) = stages.into_iter().find(|stage| stage.name.value == *name) else {
                let message = format!("there is no stage `{name}` to replace a component of");
                let names = spec.stages.iter().map(|stage| stage.name.value.as_str());
                let help = did_you_mean(name, "there are", names);
                context.report(Diagnostic::new(spec.start, message).help(help));
                continue;
            };
            // What is broken has been reported.
            if let Some(work) = &mut stage.work {
                overrides.apply(&stage.name, work.calls_mut(), context);
            }
        }
    }
}

impl StageOverrides {
    fn apply(&self, stage: &Spanned<String>, calls: Vec<&mut CallSpec>, context: &Context<'_>) {
        let called = calls.iter().map(|call| call.library.name.clone());
        let called: BTreeSet<String> = called.collect();
        let name = &stage.value;
        let mistake = |message: String| Diagnostic::new(stage.span, message);
        if called.is_empty() {
            let message = format!("stage `{name}` calls no function: it has no component");
            return context.report(mistake(message).label("one is to be replaced here"));
        }
        let names = || called.iter().map(String::as_str);
        for library in self.named.keys().filter(|name| !called.contains(*name)) {
            let message =
                format!("stage `{name}` does not call `{library}`, which is to be replaced");
            let help = format!("it calls functions of {}", list(names()));
            context.report(mistake(message).help(help));
        }
        let own = match self.own {
            None => BTreeSet::new(),
            Some(_) => own(&calls),
        };
        if own.len() > 1 {
            let message = format!("stage `{name}` calls several libraries: say which to replace");
            let help = format!("it calls functions of {}", list(names()));
            context.report(mistake(message).help(help));
        }
        for call in calls {
            let library = &mut call.library;
            let by_itself = self.own.as_ref().filter(|_| own.contains(&library.name));
            if let Some(reference) = self.named.get(&library.name).or(by_itself) {
                library.replaced_by = Some(reference.to_string());
                library.reference = reference.clone();
            }
        }
    }
}

/// The libraries that are a stage's own: all but the standard one, unless it calls no other.
fn own(calls: &[&mut CallSpec]) -> BTreeSet<String> {
    let is_own = |call: &&&mut CallSpec| call.library.reference != LibraryRef::Std;
    let names = |call: &&mut CallSpec| call.library.name.clone();
    let own: BTreeSet<String> = calls.iter().filter(is_own).map(names).collect();
    match own.is_empty() {
        true => calls.iter().map(names).collect(),
        false => own,
    }
}
