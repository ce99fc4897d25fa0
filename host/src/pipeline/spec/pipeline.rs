//! The file as a whole.

use super::{
    BuildSpec, CheckpointSpec, RestartSpec, SinkSpec, SourceSpec, StageSpec, TableSpec,
    build::builds, sink::Output,
};
use crate::pipeline::{
    Diagnostic,
    diagnostic::Spanned,
    reader::{Keys, Table, Value},
};

const KEYS: Keys<'_> = Keys {
    known: &[
        "name",
        "parallelism",
        "max_dead_letters",
        "source",
        "stage",
        "sink",
        "table",
        "dead_letters",
        "checkpoint",
        "restart",
        "build",
    ],
    elsewhere: &[],
    later: &[],
};

/// What a pipeline file says.
#[derive(Debug)]
pub(in crate::pipeline) struct Spec {
    pub(in crate::pipeline) name: Option<String>,
    pub(in crate::pipeline) parallelism: Option<usize>,
    pub(in crate::pipeline) max_dead_letters: u64,
    pub(in crate::pipeline) sources: Vec<SourceSpec>,
    pub(in crate::pipeline) stages: Vec<StageSpec>,
    pub(in crate::pipeline) sinks: Vec<SinkSpec>,
    pub(in crate::pipeline) tables: Vec<TableSpec>,
    pub(in crate::pipeline) dead_letters: Option<Output>,
    pub(in crate::pipeline) checkpoint: Option<CheckpointSpec>,
    /// Whether there is a section `[checkpoint]`, however broken.
    pub(in crate::pipeline) has_checkpoint: bool,
    pub(in crate::pipeline) restart: Option<RestartSpec>,
    pub(in crate::pipeline) builds: Vec<BuildSpec>,
    /// Where it is reported that something is missing altogether.
    pub(in crate::pipeline) start: crate::pipeline::Span,
}

impl Spec {
    /// Reads a document.
    pub(in crate::pipeline) fn read(root: &Table<'_>) -> Self {
        root.check_sections(KEYS);
        let parallelism = root
            .get("parallelism")
            .and_then(|value| value.integer(1..=1024));
        let max_dead_letters = root
            .get("max_dead_letters")
            .and_then(|value| value.integer(0..=i64::MAX));
        Self {
            name: root
                .require(
                    "name",
                    "a name for the pipeline: its state is kept under it",
                )
                .and_then(|value| pipeline_name(&value)),
            parallelism: parallelism.and_then(|number| usize::try_from(number).ok()),
            max_dead_letters: max_dead_letters.map_or(1000, i64::unsigned_abs),
            sources: section(root, "source", SourceSpec::read),
            stages: section(root, "stage", StageSpec::read),
            sinks: section(root, "sink", SinkSpec::read),
            tables: section(root, "table", TableSpec::read),
            dead_letters: root.get("dead_letters").and_then(|value| {
                let table = value.table("a section", "`[dead_letters]`".to_owned())?;
                Output::read_dead_letters(&table)
            }),
            checkpoint: root.get("checkpoint").and_then(|value| {
                let table = value.table("a section", "`[checkpoint]`".to_owned())?;
                CheckpointSpec::read(&table)
            }),
            has_checkpoint: root.has("checkpoint"),
            restart: root.get("restart").and_then(|value| {
                let table = value.table("a section", "`[restart]`".to_owned())?;
                RestartSpec::read(&table)
            }),
            builds: builds(root),
            start: root.span,
        }
    }
}

fn pipeline_name(value: &Value<'_>) -> Option<String> {
    let name = value.name("a name")?;
    is_name(value, &name).then_some(name.value)
}

/// Reads the tables `[kind.NAME]`.
fn section<T>(
    root: &Table<'_>,
    kind: &str,
    read: impl Fn(Spanned<String>, &Table<'_>) -> T,
) -> Vec<T> {
    let Some(value) = root.get(kind) else {
        return Vec::new();
    };
    let what = format!("sections such as `[{kind}.NAME]`");
    let Some(table) = value.table(&what, kind.to_owned()) else {
        return Vec::new();
    };
    let mut members = Vec::new();
    for (name, value) in table.entries() {
        let name = Spanned {
            value: name.value.to_owned(),
            span: name.span,
        };
        is_name(&value, &name);
        let title = format!("{kind} `{}`", name.value);
        if let Some(table) = value.table(&format!("a section `[{kind}.NAME]`"), title) {
            let title = table.name.clone();
            members.push(read(name.clone(), &table.named(title, name.span)));
        }
    }
    members
}

/// Whether `name` can be the name of something; notes a mistake if not.
fn is_name(value: &Value<'_>, name: &Spanned<String>) -> bool {
    let letter = |char: char| char.is_ascii_alphanumeric() || char == '_' || char == '-';
    let start = |char: char| char.is_ascii_alphabetic() || char == '_';
    if name.value.starts_with(start) && name.value.chars().all(letter) {
        return true;
    }
    let help = "a name starts with a letter or `_` and goes on with letters, digits, `_` and `-`";
    value.context.report(
        Diagnostic::new(name.span, format!("`{}` cannot be a name", name.value))
            .help(help.to_owned()),
    );
    false
}
