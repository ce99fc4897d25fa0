//! A string of a pipeline, in which environment variables are filled in but never shown.

use std::fmt;

use super::Context;
use crate::pipeline::{Diagnostic, Span};

/// A string. It prints as it is written; only [`Text::value`] has the values of the environment.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::pipeline) struct Text {
    written: String,
    value: String,
    secret: bool,
}

impl Text {
    /// Fills in the variables that `written` refers to as `${NAME}`; `$${` stands for `${`.
    pub(in crate::pipeline) fn expand(
        context: &Context<'_>,
        written: &str,
        span: Span,
    ) -> Option<Self> {
        let mut value = String::new();
        let (mut whole, mut secret) = (true, false);
        let mut rest = written;
        while let Some(dollar) = rest.find("${") {
            let at = written.len() - rest.len() + dollar;
            let (before, reference) = rest.split_at(dollar);
            if let Some(before) = before.strip_suffix('$') {
                value.push_str(before);
                value.push_str("${");
                rest = &reference[2..];
                continue;
            }
            value.push_str(before);
            let Some(end) = reference.find('}') else {
                let place = context.inside(span, written, at, at + 2);
                let help = "close it as in `${NAME}`, or write `$${` for the characters themselves";
                context.report(
                    Diagnostic::new(place, "`${` starts the name of an environment variable")
                        .label("is not closed")
                        .help(help.to_owned()),
                );
                return None;
            };
            let place = context.inside(span, written, at, at + end + 1);
            secret = true;
            match variable(context, &reference[2..end], place) {
                Some(found) => value.push_str(&found),
                None => whole = false,
            }
            rest = &reference[end + 1..];
        }
        value.push_str(rest);
        let written = written.to_owned();
        whole.then_some(Self {
            written,
            value,
            secret,
        })
    }

    /// The string with the values of the environment; not to be shown.
    pub(in crate::pipeline) fn value(&self) -> &str {
        &self.value
    }

    /// Whether something of it comes from the environment.
    pub(in crate::pipeline) fn is_secret(&self) -> bool {
        self.secret
    }

    /// The string as it is written.
    pub(in crate::pipeline) fn written(&self) -> &str {
        &self.written
    }
}

/// The value of the variable `name`, which is referred to at `place`. It is a secret from now on.
pub(in crate::pipeline) fn variable(
    context: &Context<'_>,
    name: &str,
    place: Span,
) -> Option<String> {
    let letter = |char: char| char.is_ascii_alphanumeric() || char == '_';
    if name.is_empty() || !name.chars().all(letter) || name.starts_with(|c: char| c.is_numeric()) {
        let help = "such a name has letters, digits and `_`; write `$${` for the characters `${`";
        context.report(
            Diagnostic::new(place, format!("`{name}` cannot be an environment variable"))
                .help(help.to_owned()),
        );
        return None;
    }
    let value = context.variable(name);
    if value.is_none() {
        context.error(
            place,
            format!("the environment variable `{name}` is not set"),
        );
    }
    value
}

impl fmt::Display for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.written)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.written, formatter)
    }
}
