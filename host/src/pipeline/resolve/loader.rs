//! The libraries of a pipeline: each loaded once for each configuration.

use std::{rc::Rc, sync::Arc};

use crate::pipeline::{
    Diagnostic, LibraryError, LibraryRef, LibraryUse, LoadedLibrary, reader::Context,
    spec::CallSpec,
};
use crate::wasm::Allow;

/// A library that was asked for, and its place in the plan.
type Loaded = Result<(usize, Arc<LoadedLibrary>), LibraryError>;

/// What is loaded once: where it is, what it is called, its configuration, and the variables it sees.
type Key = (LibraryRef, String, String, Allow);

/// The libraries asked for so far.
pub(super) struct Loader<'a> {
    context: &'a Context<'a>,
    /// What the stage that calls are resolved for allows.
    allow: Allow,
    loaded: Vec<(Key, Rc<Loaded>)>,
    uses: Vec<LibraryUse>,
    /// Files that cannot be used: one mistake each, however many calls name it.
    broken: Vec<(LibraryRef, Diagnostic)>,
}

impl<'a> Loader<'a> {
    /// None so far.
    pub(super) fn new(context: &'a Context<'a>) -> Self {
        Self {
            context,
            allow: Allow::default(),
            loaded: Vec::new(),
            uses: Vec::new(),
            broken: Vec::new(),
        }
    }

    /// Goes on with the calls of a stage that allows `allow`.
    pub(super) fn allow(&mut self, allow: &Allow) {
        self.allow = allow.only_variables();
    }

    /// The library of a call and its place in the plan; reports one that cannot be had.
    pub(super) fn get(&mut self, call: &CallSpec) -> Option<(usize, Arc<LoadedLibrary>)> {
        let (config, config_span) = call.config.as_ref()?;
        let loaded = self.load(call, config);
        let error = match &*loaded {
            Ok(library) => return Some(library.clone()),
            Err(error) => error,
        };
        let used = call.library.shown();
        let is_replaced = call.library.replaced_by.is_some();
        let text = self.context.redact(&error.to_string());
        let mistake = match error {
            LibraryError::Config(_) => {
                let span = config_span.unwrap_or(call.library.span);
                let message = format!("`{used}` refuses its configuration: {text}");
                let mistake = Diagnostic::new(span, message);
                self.context.report(match config_span {
                    Some(_) => mistake,
                    None => mistake.help("add `config = { … }`".to_owned()),
                });
                return None;
            }
            LibraryError::Missing => {
                let mistake =
                    Diagnostic::new(call.library.span, format!("there is no file `{used}`"));
                mistake.help((!is_replaced).then(|| {
                    "build it, or correct the path: it is relative to this file".to_owned()
                }))
            }
            LibraryError::Unusable(_) => {
                Diagnostic::new(call.library.span, format!("cannot use `{used}`: {text}"))
            }
        };
        let mistake = match is_replaced {
            true => mistake.label("it is to be used in the place of this"),
            false => mistake,
        };
        let reference = &call.library.reference;
        match self.broken.iter_mut().find(|(other, _)| other == reference) {
            Some((_, first)) => first
                .secondary
                .push((call.library.span, "and here".to_owned())),
            None => self.broken.push((reference.clone(), mistake)),
        }
        None
    }

    fn load(&mut self, call: &CallSpec, config: &str) -> Rc<Loaded> {
        let reference = &call.library.reference;
        let name = &call.library.name;
        let allow = &self.allow;
        let key = (
            reference.clone(),
            name.clone(),
            config.to_owned(),
            allow.clone(),
        );
        if let Some((_, loaded)) = self.loaded.iter().find(|(other, _)| *other == key) {
            return Rc::clone(loaded);
        }
        let libraries = self.context.environment.libraries;
        let loaded = libraries.load(reference, config, allow);
        let loaded = loaded.map(|library| {
            self.uses.push(LibraryUse {
                reference: reference.clone(),
                config: config.to_owned(),
                digest: library.digest.clone(),
                name: name.clone(),
                replaced_by: call.library.replaced_by.clone(),
            });
            (self.uses.len() - 1, library)
        });
        let loaded = Rc::new(loaded);
        self.loaded.push((key, Rc::clone(&loaded)));
        loaded
    }

    /// All libraries that are used; reports the files that cannot be.
    pub(super) fn finish(self) -> Vec<LibraryUse> {
        for (_, mistake) in self.broken {
            self.context.report(mistake);
        }
        self.uses
    }
}
