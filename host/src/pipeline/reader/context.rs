//! What accompanies the reading of a file: the mistakes so far, the secrets seen, the world outside.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
};

use crate::pipeline::{Diagnostic, Environment, Span};

/// Collects mistakes while a file is read and resolved.
pub(in crate::pipeline) struct Context<'a> {
    source: &'a str,
    base: &'a Path,
    pub(in crate::pipeline) environment: &'a Environment<'a>,
    mistakes: RefCell<Vec<Diagnostic>>,
    /// Values of environment variables with their names.
    secrets: RefCell<Vec<(String, String)>>,
}

impl<'a> Context<'a> {
    /// The start of reading `source`, whose paths are relative to `base`.
    pub(in crate::pipeline) fn new(
        source: &'a str,
        base: &'a Path,
        environment: &'a Environment<'a>,
    ) -> Self {
        Self {
            source,
            base,
            environment,
            mistakes: RefCell::default(),
            secrets: RefCell::default(),
        }
    }

    /// Notes a mistake.
    pub(in crate::pipeline) fn report(&self, mistake: Diagnostic) {
        self.mistakes.borrow_mut().push(mistake);
    }

    /// Notes a mistake that needs no more than a sentence.
    pub(in crate::pipeline) fn error(&self, span: Span, message: impl Into<String>) {
        self.report(Diagnostic::new(span, message));
    }

    /// The mistakes that were noted.
    pub(in crate::pipeline) fn into_mistakes(self) -> Vec<Diagnostic> {
        self.mistakes.into_inner()
    }

    /// The path that `path` stands for in the file.
    pub(in crate::pipeline) fn path(&self, path: &str) -> PathBuf {
        self.base.join(path)
    }

    /// The value of an environment variable, which is a secret from now on.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        let value = (self.environment.variable)(name)?;
        if !value.is_empty() {
            let secret = (value.clone(), name.to_owned());
            self.secrets.borrow_mut().push(secret);
        }
        Some(value)
    }

    /// `text`, which comes from outside, with the names of secrets in place of their values.
    pub(in crate::pipeline) fn redact(&self, text: &str) -> String {
        let mut secrets = self.secrets.borrow().clone();
        // The longest first: one secret may be a part of another.
        secrets.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        secrets.iter().fold(text.to_owned(), |text, (value, name)| {
            text.replace(value, &format!("${{{name}}}"))
        })
    }

    /// The piece of a string's text that `start..end` is of its value; all of the string if it is
    /// spelled with escapes.
    pub(in crate::pipeline) fn inside(
        &self,
        string: Span,
        value: &str,
        start: usize,
        end: usize,
    ) -> Span {
        let spelled = self.source.get(string.start..string.end).unwrap_or("");
        let quoted = spelled
            .strip_prefix(['"', '\''])
            .and_then(|rest| rest.strip_suffix(['"', '\'']));
        if quoted == Some(value) && start < end {
            Span::from(string.start + 1 + start..string.start + 1 + end)
        } else {
            string
        }
    }
}
