//! Keys and values of a document, and which keys may stand there.

use toml::de::DeTable;

use super::{Context, Value};
use crate::pipeline::{Diagnostic, Span, diagnostic::Spanned, suggestion::did_you_mean};

/// Keys and values.
#[derive(Clone)]
pub(in crate::pipeline) struct Table<'a> {
    pub(in crate::pipeline) context: &'a Context<'a>,
    table: &'a DeTable<'a>,
    /// Where it is reported that a key is missing.
    pub(in crate::pipeline) span: Span,
    /// What messages call it.
    pub(in crate::pipeline) name: String,
}

/// The keys that may stand in a table.
#[derive(Clone, Copy, Default)]
pub(in crate::pipeline) struct Keys<'a> {
    /// Those that mean something here.
    pub(in crate::pipeline) known: &'a [&'a str],
    /// Those that mean something in a table of another variety.
    pub(in crate::pipeline) elsewhere: &'a [&'a str],
    /// Those that will mean something in a later version.
    pub(in crate::pipeline) later: &'a [&'a str],
}

impl<'a> Table<'a> {
    /// A table of the document.
    pub(super) fn new(
        context: &'a Context<'a>,
        table: &'a DeTable<'a>,
        span: Span,
        name: String,
    ) -> Self {
        Self {
            context,
            table,
            span,
            name,
        }
    }

    /// The same table under another name, or with another place for what is missing.
    pub(in crate::pipeline) fn named(mut self, name: String, span: Span) -> Self {
        self.name = name;
        self.span = span;
        self
    }

    /// Whether `key` is there.
    pub(in crate::pipeline) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// The value of `key`, if it is there.
    pub(in crate::pipeline) fn get(&self, key: &str) -> Option<Value<'a>> {
        let value = self.table.get(key)?;
        Some(Value::new(self.context, value))
    }

    /// The value of `key`; notes a mistake if it is not there. `what` says what it is for.
    pub(in crate::pipeline) fn require(&self, key: &str, what: &str) -> Option<Value<'a>> {
        let value = self.get(key);
        if value.is_none() {
            let message = format!("{} has no `{key}`", self.name);
            self.context
                .report(Diagnostic::new(self.span, message).help(format!("add {what}")));
        }
        value
    }

    /// The entries in the order of the file.
    pub(in crate::pipeline) fn entries(&self) -> Vec<(Spanned<&'a str>, Value<'a>)> {
        let mut entries: Vec<_> = self
            .table
            .iter()
            .map(|(key, value)| {
                let name = Spanned {
                    value: key.get_ref().as_ref(),
                    span: key.span().into(),
                };
                (name, Value::new(self.context, value))
            })
            .collect();
        entries.sort_by_key(|(key, _)| key.span);
        entries
    }

    /// Notes every key that may not stand here.
    pub(in crate::pipeline) fn check(&self, keys: Keys<'_>) {
        for (key, _) in self.entries() {
            self.check_key(key, keys, "key");
        }
    }

    /// Notes every section and every other key that may not stand here.
    pub(in crate::pipeline) fn check_sections(&self, keys: Keys<'_>) {
        for (key, value) in self.entries() {
            let is_section = value.raw().is_table();
            self.check_key(key, keys, if is_section { "section" } else { "key" });
        }
    }

    fn check_key(&self, key: Spanned<&str>, keys: Keys<'_>, kind: &str) {
        let name = key.value;
        if keys.known.contains(&name) {
            return;
        }
        let mistake = if keys.later.contains(&name) {
            Diagnostic::new(key.span, format!("`{name}` is not supported yet"))
        } else if keys.elsewhere.contains(&name) {
            Diagnostic::new(key.span, format!("{} cannot have `{name}`", self.name))
        } else {
            let message = format!("unknown {kind} `{name}` in {}", self.name);
            let known = keys.known.iter().copied();
            Diagnostic::new(key.span, message).help(did_you_mean(name, "known keys are", known))
        };
        self.context.report(mistake);
    }
}
