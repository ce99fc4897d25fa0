//! A mistake in a pipeline file, with its place in the text, and how it is shown.

use std::{error, fmt, ops::Range, path::Path};

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

/// A piece of a text, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte of it.
    pub start: usize,
    /// The first byte after it.
    pub end: usize,
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Self {
            start: range.start,
            end: range.end,
        }
    }
}

/// A value and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spanned<T> {
    pub(super) value: T,
    pub(super) span: Span,
}

/// A mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong, as a sentence.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What stands there; may be empty.
    pub label: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Other places that have to do with it, and what stands there.
    pub secondary: Vec<(Span, String)>,
}

impl Diagnostic {
    /// A mistake at a place.
    pub(super) fn new(span: Span, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            span,
            label: String::new(),
            help: None,
            secondary: Vec::new(),
        }
    }

    /// Says what stands there.
    pub(super) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Says what to do about it.
    pub(super) fn help(mut self, help: impl Into<Option<String>>) -> Self {
        self.help = help.into();
        self
    }

    /// Points at another place.
    pub(super) fn and(mut self, span: Span, label: impl Into<String>) -> Self {
        self.secondary.push((span, label.into()));
        self
    }

    /// The mistake and the lines it is about.
    fn group<'a>(&'a self, path: &'a str, source: &'a str) -> Group<'a> {
        let group = Level::ERROR.primary_title(&self.message);
        let primary = AnnotationKind::Primary.span(self.span.start..self.span.end);
        let label = (!self.label.is_empty()).then_some(&self.label);
        let snippet = Snippet::source(source)
            .path(path)
            .annotation(primary.label(label))
            .annotations(self.secondary.iter().map(|(span, label)| {
                AnnotationKind::Context
                    .span(span.start..span.end)
                    .label(label)
            }));
        let group = if source.is_empty() {
            group.element(Origin::path(path))
        } else {
            group.element(snippet)
        };
        match &self.help {
            None => group,
            Some(help) => group.element(Level::HELP.message(help)),
        }
    }
}

/// All mistakes of a pipeline file, in the order of their places. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostics {
    path: String,
    source: String,
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// The mistakes of the text `source`, which stands in the file `path`.
    pub(super) fn new(path: &Path, source: &str, mut list: Vec<Diagnostic>) -> Self {
        list.sort_by(|one, other| (one.span, &one.message).cmp(&(other.span, &other.message)));
        list.dedup();
        Self {
            path: path.display().to_string(),
            source: source.to_owned(),
            list,
        }
    }

    /// The mistakes, in order.
    pub fn list(&self) -> &[Diagnostic] {
        &self.list
    }

    /// The text they are about; empty if it could not be read.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The mistakes for people, each with the lines it is about, in colours for a terminal if
    /// `colours` is set.
    pub fn render(&self, colours: bool) -> String {
        let renderer = if colours {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let shown: Vec<String> = self
            .list
            .iter()
            .map(|mistake| renderer.render(&[mistake.group(&self.path, &self.source)]))
            .collect();
        shown.join("\n\n")
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.render(false))
    }
}

impl error::Error for Diagnostics {}
