//! Which function is called, with what.

use toml::de::DeValue;

use super::config::config;
use crate::pipeline::{
    LibraryRef, Span,
    diagnostic::Spanned,
    reader::{Table, Value, all},
};

/// A call of a function.
#[derive(Debug)]
pub(in crate::pipeline) struct CallSpec {
    pub(in crate::pipeline) library: Library,
    /// `None` if there is only one that fits.
    pub(in crate::pipeline) function: Option<Spanned<String>>,
    /// All of the reference.
    pub(in crate::pipeline) span: Span,
    /// `None` if `args` is broken.
    pub(in crate::pipeline) arguments: Option<Arguments>,
    /// A JSON object, and the place of it if it is there; `None` if it is broken.
    pub(in crate::pipeline) config: Option<(String, Option<Span>)>,
}

/// The library in a reference.
#[derive(Clone, Debug)]
pub(in crate::pipeline) struct Library {
    pub(in crate::pipeline) reference: LibraryRef,
    /// As it is written.
    pub(in crate::pipeline) name: String,
    pub(in crate::pipeline) span: Span,
    /// What `reference` is in the words of who has replaced it; `None` if it is what is written.
    pub(in crate::pipeline) replaced_by: Option<String>,
}

/// What `args` says.
#[derive(Debug)]
pub(in crate::pipeline) enum Arguments {
    /// It is not there.
    Absent,
    /// Columns, by the position of the parameter.
    Listed {
        columns: Vec<Spanned<String>>,
        span: Span,
    },
    /// Parameters and columns.
    Named(Vec<(Spanned<String>, Spanned<String>)>),
}

impl Library {
    /// What messages call the library: what is used, whatever is written.
    pub(in crate::pipeline) fn shown(&self) -> &str {
        self.replaced_by.as_deref().unwrap_or(&self.name)
    }
}

impl CallSpec {
    /// Reads a reference to a function, and `args` and `config` beside it.
    pub(super) fn read(reference: Option<Value<'_>>, beside: &Table<'_>) -> Option<Self> {
        let arguments = Arguments::read(beside.get("args"));
        let config = match beside.get("config") {
            None => Some(("{}".to_owned(), None)),
            Some(value) => config(&value).map(|json| (json, Some(value.span))),
        };
        let (library, function, span) = read_reference(&reference?)?;
        Some(Self {
            library,
            function,
            span,
            arguments,
            config,
        })
    }
}

/// Reads `library#function` or `library`.
fn read_reference(value: &Value<'_>) -> Option<(Library, Option<Spanned<String>>, Span)> {
    let what = "a function such as `library.wasm#function` or `std#mean`";
    let text = value.text(what)?.value;
    let (library, function) = match text.value().rsplit_once('#') {
        None => (text.value(), None),
        Some((library, function)) => (library, Some(function)),
    };
    if library.is_empty() || function.is_some_and(str::is_empty) {
        let message = format!("expected {what}, found `{text}`");
        value.context.error(value.span, message);
        return None;
    }
    let hash = text.written().rfind('#').unwrap_or(text.written().len());
    let place = |start, end| value.context.inside(value.span, text.written(), start, end);
    let reference = match library {
        "std" => LibraryRef::Std,
        path => LibraryRef::File(value.context.path(path)),
    };
    let library = Library {
        reference,
        name: text.written()[..hash].to_owned(),
        span: place(0, hash),
        replaced_by: None,
    };
    let function = function.map(|name| Spanned {
        value: name.to_owned(),
        span: place(hash + 1, text.written().len()),
    });
    Some((library, function, value.span))
}

impl Arguments {
    fn read(value: Option<Value<'_>>) -> Option<Self> {
        let Some(value) = value else {
            return Some(Self::Absent);
        };
        let what = "columns, as in `{ parameter = \"column\" }` or `[\"column\"]`";
        if let DeValue::Array(_) = value.raw() {
            let columns = value.names(what)?;
            let span = value.span;
            return Some(Self::Listed { columns, span });
        }
        let table = value.table(what, "`args`".to_owned())?;
        let pairs = table.entries().into_iter().map(|(parameter, value)| {
            let parameter = Spanned {
                value: parameter.value.to_owned(),
                span: parameter.span,
            };
            Some((parameter, value.name("the name of a column")?))
        });
        all(pairs).map(Self::Named)
    }
}
