//! `[stage.NAME]`.

use super::{CallSpec, From, window::window};
use crate::{
    operator::OnError,
    pipeline::{
        Span, StageLimits,
        diagnostic::Spanned,
        reader::{Keys, Table, Value, all},
        suggestion::list,
    },
    window::WindowKind,
};

/// What stands under `[stage.NAME]`.
#[derive(Debug)]
pub(in crate::pipeline) struct StageSpec {
    pub(in crate::pipeline) name: Spanned<String>,
    pub(in crate::pipeline) from: From,
    /// `None` if something of it is broken.
    pub(in crate::pipeline) work: Option<WorkSpec>,
    pub(in crate::pipeline) late: Option<Spanned<String>>,
    pub(in crate::pipeline) on_error: OnError,
    pub(in crate::pipeline) limits: StageLimits,
}

/// What a stage does.
#[derive(Debug)]
pub(in crate::pipeline) enum WorkSpec {
    Filter(CallSpec),
    Map {
        call: CallSpec,
        keep: Option<Vec<Spanned<String>>>,
    },
    FlatMap {
        call: CallSpec,
        keep: Option<Vec<Spanned<String>>>,
    },
    Process {
        key: Vec<Spanned<String>>,
        call: CallSpec,
        keep: Option<Vec<Spanned<String>>>,
    },
    Aggregate {
        key: Vec<Spanned<String>>,
        window: Spanned<WindowKind>,
        calls: Vec<AggregateCall>,
    },
}

/// One of the calls of an `aggregate` stage.
#[derive(Debug)]
pub(in crate::pipeline) struct AggregateCall {
    pub(in crate::pipeline) call: CallSpec,
    /// What `as` says.
    pub(in crate::pipeline) name: Option<Spanned<String>>,
}

/// The keys that say what a stage does, and the others that go with each.
const KINDS: [(&str, &[&str]); 5] = [
    ("filter", &["args", "config"]),
    ("map", &["args", "config", "keep"]),
    ("flat_map", &["args", "config", "keep"]),
    ("process", &["args", "config", "keep", "key"]),
    (
        "aggregate",
        &["key", "window", "late", "emit", "allowed_lateness"],
    ),
];

/// The keys of every stage.
const COMMON: [&str; 3] = ["from", "on_error", "limits"];

/// Keys, and kinds of stages, of a later version.
const LATER: [&str; 3] = ["ttl", "join", "lookup"];

impl StageSpec {
    pub(super) fn read(name: Spanned<String>, table: &Table<'_>) -> Self {
        let help = "`from = \"NAME\"`, a source or a stage";
        let from = From::read(table.require("from", help));
        let kind = kind(table);
        check_keys(table, kind);
        let late = table.get("late").filter(|_| kind == Some("aggregate"));
        Self {
            name,
            from,
            work: kind.and_then(|kind| WorkSpec::read(kind, table)),
            late: late.and_then(|value| value.name("the name of a sink")),
            on_error: on_error(table),
            limits: limits(table),
        }
    }
}

/// The one key that says what the stage does.
fn kind(table: &Table<'_>) -> Option<&'static str> {
    let kinds: Vec<_> = KINDS.iter().filter(|(kind, _)| table.has(kind)).collect();
    match kinds[..] {
        [(kind, _)] => return Some(kind),
        [] if table.has("join") || table.has("lookup") => {}
        [] => {
            let known = list(KINDS.iter().map(|(kind, _)| *kind));
            let message = format!("{} does nothing", table.name);
            let mistake = crate::pipeline::Diagnostic::new(table.span, message);
            table
                .context
                .report(mistake.help(format!("add one of {known}")));
        }
        [.., (last, _)] => {
            let given = list(kinds.iter().map(|(kind, _)| *kind));
            let message = format!("{} can do one thing only, and has {given}", table.name);
            let span = key_span(table, last);
            let mistake = crate::pipeline::Diagnostic::new(span, message);
            table
                .context
                .report(mistake.help("make a stage of each".to_owned()));
        }
    }
    None
}

fn key_span(table: &Table<'_>, key: &str) -> Span {
    let entries = table.entries();
    let entry = entries.iter().find(|(name, _)| name.value == key);
    entry.map_or(table.span, |(name, _)| name.span)
}

fn check_keys(table: &Table<'_>, kind: Option<&str>) {
    let kinds = KINDS.map(|(kind, _)| kind);
    let others = KINDS.map(|(_, keys)| keys).concat();
    let every = [&COMMON[..], &kinds, &others].concat();
    let Some(kind) = kind else {
        return table.check(Keys {
            known: &every,
            elsewhere: &[],
            later: &LATER,
        });
    };
    let own = KINDS.iter().find(|(name, _)| *name == kind);
    let own = own.map_or(&[][..], |(_, keys)| keys);
    let name = match kind {
        "aggregate" => "an `aggregate` stage".to_owned(),
        kind => format!("a `{kind}` stage"),
    };
    table.clone().named(name, table.span).check(Keys {
        known: &[&COMMON[..], &[kind], own].concat(),
        elsewhere: &every,
        later: &LATER,
    });
}

impl WorkSpec {
    fn read(kind: &str, table: &Table<'_>) -> Option<Self> {
        let names = |key: &str, what: &str| match table.get(key) {
            None => Some(None),
            Some(value) => value.names(what).map(Some),
        };
        if kind == "aggregate" {
            let key = names("key", "a list of columns");
            let window = window(table);
            let calls = table.get(kind).and_then(|value| aggregate_calls(&value));
            check_emission(table);
            return Some(Self::Aggregate {
                key: key?.unwrap_or_default(),
                window: window?,
                calls: calls?,
            });
        }
        let call = CallSpec::read(table.get(kind), table);
        let keep = names("keep", "a list of columns");
        let key = names("key", "a list of columns");
        let (call, keep) = (call?, keep?);
        Some(match kind {
            "filter" => Self::Filter(call),
            "map" => Self::Map { call, keep },
            "flat_map" => Self::FlatMap { call, keep },
            _ => Self::Process {
                key: key?.unwrap_or_default(),
                call,
                keep,
            },
        })
    }
}

fn aggregate_calls(value: &Value<'_>) -> Option<Vec<AggregateCall>> {
    let what = "a list of calls such as `{ call = \"std#mean\", args = [\"temperature\"] }`";
    let calls = value.list(what)?;
    if calls.is_empty() {
        let message = format!("expected {what}, found an empty list");
        value.context.error(value.span, message);
        return None;
    }
    all(calls.iter().map(|value| {
        let what = "a call such as `{ call = \"std#mean\", args = [\"temperature\"] }`";
        let table = value.table(what, "a call".to_owned())?;
        table.check(Keys {
            known: &["call", "args", "as", "config"],
            ..Keys::default()
        });
        let reference = table.require("call", "the function, as in `call = \"std#mean\"`");
        let name = table.get("as").map(|value| value.name("a name"));
        Some(AggregateCall {
            call: CallSpec::read(reference, &table)?,
            name: name.map_or(Some(None), |name| name.map(Some))?,
        })
    }))
}

/// Looks at what says when a window's rows leave: once, when it closes, is all there is as yet.
fn check_emission(table: &Table<'_>) {
    if let Some(emit) = table.get("emit") {
        if emit.raw().is_table() {
            emit.not_yet::<()>("`emit` at an interval");
        } else {
            emit.word("emit", &[("final", ())], &["update"]);
        }
    }
    if let Some(value) = table.get("allowed_lateness")
        && let Some(lateness) = value.duration()
        && !lateness.value.is_zero()
    {
        value.not_yet::<()>("`allowed_lateness` above `0s`");
    }
}

/// What `on_error` says.
pub(super) fn on_error(table: &Table<'_>) -> OnError {
    let words =
        [OnError::DeadLetter, OnError::Skip, OnError::Fail].map(|word| (word.to_string(), word));
    let words: Vec<_> = words
        .iter()
        .map(|(name, word)| (name.as_str(), *word))
        .collect();
    table
        .get("on_error")
        .and_then(|value| value.word("on_error", &words, &[]))
        .map_or(OnError::default(), |word| word.value)
}

fn limits(table: &Table<'_>) -> StageLimits {
    let mut limits = StageLimits::default();
    let what = "a table such as `{ memory = \"64MiB\", deadline = \"1s\" }`";
    let Some(value) = table.get("limits") else {
        return limits;
    };
    let Some(table) = value.table(what, "`limits`".to_owned()) else {
        return limits;
    };
    table.check(Keys {
        known: &["memory", "deadline"],
        ..Keys::default()
    });
    if let Some(memory) = table.get("memory").and_then(|value| value.size()) {
        limits.memory = memory.value.0;
    }
    if let Some(deadline) = table
        .get("deadline")
        .and_then(|value| value.positive_duration())
    {
        limits.deadline = deadline.value;
    }
    limits
}
