//! `[build."NAME"]`.

use std::path::PathBuf;

use crate::pipeline::{
    Diagnostic, ShellCommand,
    diagnostic::Spanned,
    reader::{Keys, Table, Text, Value},
};

const KEYS: Keys<'_> = Keys {
    known: &["command", "watch"],
    elsewhere: &[],
    later: &[],
};

/// What stands under `[build."NAME"]`.
#[derive(Debug)]
pub(in crate::pipeline) struct BuildSpec {
    /// As it is written.
    pub(in crate::pipeline) name: Spanned<String>,
    pub(in crate::pipeline) component: PathBuf,
    pub(in crate::pipeline) command: ShellCommand,
    pub(in crate::pipeline) watch: Vec<String>,
}

/// Reads the tables `[build."NAME"]`.
pub(super) fn builds(root: &Table<'_>) -> Vec<BuildSpec> {
    let what = "sections such as `[build.\"library.wasm\"]`";
    let table = root
        .get("build")
        .and_then(|value| value.table(what, "build".to_owned()));
    let entries = table.map_or(Vec::new(), |table| table.entries());
    let read = |(name, value)| BuildSpec::read(name, &value);
    entries.into_iter().filter_map(read).collect()
}

impl BuildSpec {
    fn read(name: Spanned<&str>, value: &Value<'_>) -> Option<Self> {
        let title = format!("the build of `{}`", name.value);
        let table = value.table("a section `[build.\"library.wasm\"]`", title)?;
        let table = table.clone().named(table.name.clone(), name.span);
        if !table.has("command") && table.has("wasm") {
            let message = format!("`{}` is not the file of a component", name.value);
            let help = format!("put it in quotes: `[build.\"{}.wasm\"]`", name.value);
            value
                .context
                .report(Diagnostic::new(name.span, message).help(help));
            return None;
        }
        table.check(KEYS);
        let help = "what the shell is told, as in `command = \"make weather\"`";
        let command = table
            .require("command", help)
            .and_then(|value| command(&value));
        let watch = match table.get("watch") {
            None => Some(Vec::new()),
            Some(value) => watch(&value),
        };
        let path = Text::expand(value.context, name.value, name.span)?;
        Some(Self {
            name: Spanned {
                value: name.value.to_owned(),
                span: name.span,
            },
            component: value.context.path(path.value()),
            command: command?,
            watch: watch?,
        })
    }
}

fn command(value: &Value<'_>) -> Option<ShellCommand> {
    let text = value.text("a command")?.value;
    if text.value().trim().is_empty() {
        value
            .context
            .error(value.span, "expected a command, found an empty string");
        return None;
    }
    Some(ShellCommand::new(text.value(), text.written()))
}

fn watch(value: &Value<'_>) -> Option<Vec<String>> {
    let what = "a list of files, folders and globs such as `[\"src\", \"*.toml\"]`";
    let names = value.names(what)?;
    if names.is_empty() {
        let message = format!("expected {what}, found an empty list");
        value.context.error(value.span, message);
        return None;
    }
    let mut whole = true;
    for name in &names {
        if let Err(error) = glob::Pattern::new(&name.value) {
            whole = false;
            let message = format!("`{}` is not a pattern of file names: {error}", name.value);
            value.context.error(name.span, message);
        }
    }
    whole.then(|| names.into_iter().map(|name| name.value).collect())
}
