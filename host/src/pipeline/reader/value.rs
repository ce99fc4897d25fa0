//! A value of a document, and the types that can be read from it.

use std::{fmt, ops::RangeInclusive};

use toml::de::DeValue;

use super::{Context, Size, Table, Text, size::NoSize};
use crate::{
    pipeline::{
        Diagnostic, Span,
        diagnostic::Spanned,
        suggestion::{did_you_mean, list},
    },
    time::{Duration, ParseDurationError},
};

/// A value. Each method that reads it notes a mistake when it gives nothing.
#[derive(Clone, Copy)]
pub(in crate::pipeline) struct Value<'a> {
    pub(in crate::pipeline) context: &'a Context<'a>,
    value: &'a DeValue<'a>,
    pub(in crate::pipeline) span: Span,
}

impl<'a> Value<'a> {
    /// A value of the document.
    pub(super) fn new(context: &'a Context<'a>, value: &'a toml::Spanned<DeValue<'a>>) -> Self {
        Self {
            context,
            value: value.get_ref(),
            span: value.span().into(),
        }
    }

    /// The value itself.
    pub(in crate::pipeline) fn raw(&self) -> &'a DeValue<'a> {
        self.value
    }

    /// Notes that the value should be `what`.
    pub(in crate::pipeline) fn expected<T>(&self, what: &str) -> Option<T> {
        let found = self.value.type_str();
        self.refuse(what, found)
    }

    /// Notes that the value should be `what` and is `found`.
    fn refuse<T>(&self, what: &str, found: impl fmt::Display) -> Option<T> {
        let message = format!("expected {what}, found {found}");
        self.context.error(self.span, message);
        None
    }

    /// A string.
    pub(in crate::pipeline) fn text(&self, what: &str) -> Option<Spanned<Text>> {
        let DeValue::String(string) = self.value else {
            return self.expected(what);
        };
        let value = Text::expand(self.context, string, self.span)?;
        Some(self.with(value))
    }

    /// A string that is not empty and names something.
    pub(in crate::pipeline) fn name(&self, what: &str) -> Option<Spanned<String>> {
        let text = self.text(what)?.value;
        if text.value().is_empty() {
            return self.refuse(what, "an empty string");
        }
        if text.is_secret() {
            // Names are shown everywhere, values of the environment nowhere.
            return self.refuse(
                what,
                format_args!("a reference to the environment, `{text}`"),
            );
        }
        Some(self.with(text.value().to_owned()))
    }

    /// Notes that the value of `key` is `found`, and should be in a range.
    fn outside<T>(
        &self,
        key: &str,
        least: impl fmt::Display,
        most: impl fmt::Display,
        found: &Text,
    ) -> Option<T> {
        let message = format!("`{key}` goes from {least} to {most}, found {found}");
        self.context.error(self.span, message);
        None
    }

    /// A string and the duration that it is; [none](Option::None) if that is longer than any.
    fn length(&self) -> Option<(Text, Option<Duration>)> {
        let what = "a duration such as `20s`";
        let text = self.text(what)?.value;
        match text.value().parse() {
            Ok(duration) => Some((text, Some(duration))),
            Err(ParseDurationError::TooLong) => Some((text, None)),
            Err(ParseDurationError::NoDuration) => self.refuse(what, format_args!("`{text}`")),
        }
    }

    /// A duration.
    pub(in crate::pipeline) fn duration(&self) -> Option<Spanned<Duration>> {
        self.duration_up_to(Duration::MAX)
    }

    /// A duration in a range; `key` is what messages call it.
    pub(in crate::pipeline) fn duration_in(
        &self,
        key: &str,
        range: RangeInclusive<Duration>,
    ) -> Option<Spanned<Duration>> {
        let (text, found) = self.length()?;
        match found.filter(|found| range.contains(found)) {
            Some(found) => Some(self.with(found)),
            None => self.outside(key, range.start(), range.end(), &text),
        }
    }

    /// A duration that is not zero.
    pub(in crate::pipeline) fn positive_duration(&self) -> Option<Spanned<Duration>> {
        let duration = self.duration()?;
        if duration.value.is_zero() {
            return self.refuse("a duration above zero", "no time at all");
        }
        Some(duration)
    }

    /// A duration of at most so long.
    pub(in crate::pipeline) fn duration_up_to(&self, most: Duration) -> Option<Spanned<Duration>> {
        let (text, found) = self.length()?;
        match found.filter(|found| *found <= most) {
            Some(found) => Some(self.with(found)),
            None => {
                let what = format!("a duration of at most `{}`", most.min(Duration::MAX_DAYS));
                self.refuse(&what, format_args!("`{text}`"))
            }
        }
    }

    /// A number of bytes in a range; `key` is what messages call it.
    pub(in crate::pipeline) fn size(
        &self,
        key: &str,
        range: RangeInclusive<u64>,
    ) -> Option<Spanned<Size>> {
        let what = "a size such as `64MiB`";
        let text = self.text(what)?.value;
        match text.value().parse::<Size>() {
            Ok(size) if range.contains(&size.0) => Some(self.with(size)),
            Err(NoSize::Other) => self.refuse(what, format_args!("`{text}`")),
            Ok(_) | Err(NoSize::TooLarge) => {
                let [least, most] = [*range.start(), *range.end()].map(Size);
                self.outside(key, least, most, &text)
            }
        }
    }

    /// A whole number in a range.
    pub(in crate::pipeline) fn integer(&self, range: RangeInclusive<i64>) -> Option<i64> {
        let (least, most) = (range.start(), range.end());
        let what = match (*least, *most) {
            (i64::MIN, i64::MAX) => "an integer".to_owned(),
            (_, i64::MAX) => format!("an integer of at least {least}"),
            _ => format!("an integer from {least} to {most}"),
        };
        let DeValue::Integer(integer) = self.value else {
            return self.expected(&what);
        };
        match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) if range.contains(&number) => Some(number),
            _ => self.refuse(&what, format_args!("{integer}")),
        }
    }

    /// A number from 0 to 1.
    pub(in crate::pipeline) fn share(&self) -> Option<f64> {
        let what = "a number from 0 to 1";
        let spelled = match self.value {
            DeValue::Float(float) => float.as_str(),
            DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str(),
            _ => return self.expected(what),
        };
        match spelled.parse() {
            Ok(number) if (0.0..=1.0).contains(&number) => Some(number),
            _ => self.refuse(what, spelled),
        }
    }

    /// One of several words; some of them are for a later version.
    pub(in crate::pipeline) fn word<T: Copy>(
        &self,
        what: &str,
        words: &[(&str, T)],
        later: &[&str],
    ) -> Option<Spanned<T>> {
        let known = list(words.iter().map(|(word, _)| *word));
        let text = self.text(&format!("{what} ({known})"))?.value;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text.value()) {
            return Some(self.with(*value));
        }
        if later.contains(&text.value()) {
            return self.not_yet(&format!("{what} `{text}`"));
        }
        let names = words.iter().map(|(word, _)| *word);
        self.context.report(
            Diagnostic::new(self.span, format!("unknown {what} `{text}`")).help(did_you_mean(
                text.value(),
                "known are",
                names,
            )),
        );
        None
    }

    /// Notes that something is for a later version.
    pub(in crate::pipeline) fn not_yet<T>(&self, what: &str) -> Option<T> {
        let message = format!("{what} is not supported yet");
        self.context.error(self.span, message);
        None
    }

    /// The elements of an array.
    pub(in crate::pipeline) fn list(&self, what: &str) -> Option<Vec<Self>> {
        let DeValue::Array(array) = self.value else {
            return self.expected(what);
        };
        let element = |element| Self::new(self.context, element);
        Some(array.iter().map(element).collect())
    }

    /// An array of names; nothing if one of them is none.
    pub(in crate::pipeline) fn names(&self, what: &str) -> Option<Vec<Spanned<String>>> {
        let elements = self.list(what)?;
        all(elements.iter().map(|element| element.name("a name")))
    }

    /// Keys and values. `name` is what messages call them.
    pub(in crate::pipeline) fn table(&self, what: &str, name: String) -> Option<Table<'a>> {
        match self.value {
            DeValue::Table(table) => Some(Table::new(self.context, table, self.span, name)),
            _ => self.expected(what),
        }
    }

    /// What was read, at the place of the value.
    fn with<T>(&self, value: T) -> Spanned<T> {
        Spanned {
            value,
            span: self.span,
        }
    }
}

/// All of `items`, or nothing; every one of them is looked at.
pub(in crate::pipeline) fn all<T>(items: impl Iterator<Item = Option<T>>) -> Option<Vec<T>> {
    let items: Vec<Option<T>> = items.collect();
    items.into_iter().collect()
}
