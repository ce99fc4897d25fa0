//! `[checkpoint]`.

use crate::{
    pipeline::{
        CheckpointConfig, Diagnostic, Location, Span,
        reader::{Keys, Table, Value},
    },
    time::Duration,
};

const KEYS: Keys<'_> = Keys {
    known: &["path", "interval", "keep"],
    elsewhere: &[],
    later: &[],
};

/// The object stores that there are, by the beginning of their URLs.
const SCHEMES: [&str; 1] = ["s3"];

/// What stands under `[checkpoint]`.
#[derive(Debug)]
pub(in crate::pipeline) struct CheckpointSpec {
    pub(in crate::pipeline) config: CheckpointConfig,
    /// The place of its path.
    pub(in crate::pipeline) path: Span,
}

impl CheckpointSpec {
    pub(super) fn read(table: &Table<'_>) -> Option<Self> {
        table.check(KEYS);
        let help = "a directory such as `path = \"state/\"`, or the URL of an object store";
        let path = table.require("path", help);
        let location = path.and_then(|value| Some((location(&value)?, value.span)));
        let interval = match table.get("interval") {
            None => Some(Duration::from_secs(10)),
            Some(value) => value.positive_duration().map(|interval| interval.value),
        };
        let keep = match table.get("keep") {
            None => Some(3),
            Some(value) => value.integer(1..=1000),
        };
        let (location, path) = location?;
        Some(Self {
            config: CheckpointConfig {
                location,
                interval: interval?,
                keep: usize::try_from(keep?).ok()?,
            },
            path,
        })
    }
}

/// A directory, or the URL of a bucket.
fn location(value: &Value<'_>) -> Option<Location> {
    let text = value.text("a directory or a URL")?.value;
    let context = value.context;
    let Some((scheme, rest)) = text.value().split_once("://") else {
        if text.value().is_empty() {
            context.error(
                value.span,
                "expected a directory or a URL, found an empty string",
            );
            return None;
        }
        let directory = Location::directory(context.path(text.value()));
        return Some(match text.is_secret() {
            true => directory.shown_as(text.written()),
            false => directory,
        });
    };
    if !SCHEMES.contains(&scheme) {
        let message = format!("checkpoints cannot be kept in `{text}`");
        let help = "they are kept in a directory, or an object store such as `s3://bucket/folder`";
        context.report(Diagnostic::new(value.span, message).help(help.to_owned()));
        return None;
    }
    let bucket = rest.split('/').next().unwrap_or_default();
    if bucket.is_empty() {
        let mistake = Diagnostic::new(value.span, format!("`{text}` names no bucket"));
        context.report(mistake.help("write it as in `s3://bucket/folder`".to_owned()));
        return None;
    }
    Some(Location::url(text.value()).shown_as(text.written()))
}
