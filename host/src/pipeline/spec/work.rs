//! What a stage does with its rows: one kind of work, and the keys that go with it.

use super::{
    AggregateSpec, CallSpec, JoinSpec, LookupSpec, TopSpec,
    keep::{Keep, keep},
};
use crate::{
    pipeline::{
        Diagnostic, Span,
        diagnostic::Spanned,
        reader::{Keys, Table},
        suggestion::list,
    },
    time::Duration,
};

/// What a stage does.
#[derive(Debug)]
pub(in crate::pipeline) enum WorkSpec {
    Filter(CallSpec),
    Map {
        call: CallSpec,
        keep: Option<Keep>,
    },
    FlatMap {
        call: CallSpec,
        keep: Option<Keep>,
    },
    Process {
        key: Vec<Spanned<String>>,
        call: CallSpec,
        keep: Option<Keep>,
        ttl: Option<Duration>,
    },
    Aggregate(AggregateSpec),
    Top(TopSpec),
    Join(JoinSpec),
    Lookup(LookupSpec),
}

/// The keys that say what a stage does, and the others that go with each.
const KINDS: [(&str, &[&str]); 8] = [
    ("filter", &["args", "config", "on_error", "limits", "allow"]),
    (
        "map",
        &["args", "config", "keep", "on_error", "limits", "allow"],
    ),
    (
        "flat_map",
        &["args", "config", "keep", "on_error", "limits", "allow"],
    ),
    (
        "process",
        &[
            "args", "config", "keep", "key", "ttl", "on_error", "limits", "allow",
        ],
    ),
    (
        "aggregate",
        &[
            "key",
            "window",
            "emit",
            "allowed_lateness",
            "late",
            "keep",
            "on_error",
            "limits",
            "allow",
        ],
    ),
    ("top", &["key", "window", "emit", "late"]),
    ("join", &["keep", "late"]),
    ("lookup", &["keep"]),
];

/// The keys of every stage.
const COMMON: [&str; 1] = ["from"];

/// The one key that says what the stage does.
pub(super) fn kind(table: &Table<'_>) -> Option<&'static str> {
    let kinds: Vec<_> = KINDS.iter().filter(|(kind, _)| table.has(kind)).collect();
    let mistake = match kinds[..] {
        [(kind, _)] => return Some(kind),
        [] => {
            let known = list(KINDS.iter().map(|(kind, _)| *kind));
            Diagnostic::new(table.span, format!("{} does nothing", table.name))
                .help(format!("add one of {known}"))
        }
        [.., (last, _)] => {
            let given = list(kinds.iter().map(|(kind, _)| *kind));
            let message = format!("{} can do one thing only, and has {given}", table.name);
            Diagnostic::new(key_span(table, last), message).help("make a stage of each".to_owned())
        }
    };
    table.context.report(mistake);
    None
}

fn key_span(table: &Table<'_>, key: &str) -> Span {
    let entries = table.entries();
    let entry = entries.iter().find(|(name, _)| name.value == key);
    entry.map_or(table.span, |(name, _)| name.span)
}

/// Notes the keys that do not go with what the stage does.
pub(super) fn check_keys(table: &Table<'_>, kind: Option<&str>) {
    let kinds = KINDS.map(|(kind, _)| kind);
    let others = KINDS.map(|(_, keys)| keys).concat();
    let every = [&COMMON[..], &kinds, &others].concat();
    let Some(kind) = kind else {
        return table.check(Keys {
            known: &every,
            ..Keys::default()
        });
    };
    let own = KINDS.iter().find(|(name, _)| *name == kind);
    let own = own.map_or(&[][..], |(_, keys)| keys);
    let name = match kind {
        "aggregate" => "an `aggregate` stage".to_owned(),
        kind => format!("a `{kind}` stage"),
    };
    let known = [&COMMON[..], &[kind], own].concat();
    let is_join = kind == "join";
    if is_join {
        check_inside(table);
    }
    let inside: &[&str] = if is_join { &INSIDE_JOIN } else { &[] };
    table.clone().named(name, table.span).check(Keys {
        known: &[&known[..], inside].concat(),
        elsewhere: &every,
        later: &[],
    });
}

/// What stands in `join = { … }` and not beside it.
const INSIDE_JOIN: [&str; 5] = ["with", "on", "within", "window", "kind"];

fn check_inside(table: &Table<'_>) {
    for key in INSIDE_JOIN.iter().filter(|key| table.has(key)) {
        let message = format!("`{key}` belongs into `join = {{ … }}`");
        table.context.error(key_span(table, key), message);
    }
}

impl WorkSpec {
    pub(super) fn read(kind: &str, table: &Table<'_>) -> Option<Self> {
        let value = table.get(kind)?;
        Some(match kind {
            "aggregate" => Self::Aggregate(AggregateSpec::read(&value, table)?),
            "top" => Self::Top(TopSpec::read(&value, table)?),
            "join" => Self::Join(JoinSpec::read(&value, table)?),
            "lookup" => Self::Lookup(LookupSpec::read(&value, table)?),
            _ => return Self::of_call(kind, table),
        })
    }

    /// The calls of functions, in order, to be changed.
    pub(in crate::pipeline) fn calls_mut(&mut self) -> Vec<&mut CallSpec> {
        match self {
            Self::Filter(call)
            | Self::Map { call, .. }
            | Self::FlatMap { call, .. }
            | Self::Process { call, .. } => vec![call],
            Self::Aggregate(spec) => spec.calls.iter_mut().map(|call| &mut call.call).collect(),
            Self::Top(_) | Self::Join(_) | Self::Lookup(_) => Vec::new(),
        }
    }

    /// The calls of functions.
    pub(in crate::pipeline) fn calls(&self) -> Vec<&CallSpec> {
        match self {
            Self::Filter(call)
            | Self::Map { call, .. }
            | Self::FlatMap { call, .. }
            | Self::Process { call, .. } => vec![call],
            Self::Aggregate(aggregate) => {
                let calls = aggregate.calls.iter();
                calls.map(|aggregate| &aggregate.call).collect()
            }
            Self::Top(_) | Self::Join(_) | Self::Lookup(_) => Vec::new(),
        }
    }

    /// Reads work that is one call.
    fn of_call(kind: &str, table: &Table<'_>) -> Option<Self> {
        let call = CallSpec::read(table.get(kind), table);
        let keep = keep(table);
        let key = names(table, "key");
        let ttl = match table.get("ttl") {
            Some(value) if kind == "process" => value.positive_duration().map(Some),
            _ => Some(None),
        };
        let (call, keep) = (call?, keep?);
        Some(match kind {
            "filter" => Self::Filter(call),
            "map" => Self::Map { call, keep },
            "flat_map" => Self::FlatMap { call, keep },
            _ => Self::Process {
                key: key?.unwrap_or_default(),
                call,
                keep,
                ttl: ttl?.map(|ttl| ttl.value),
            },
        })
    }
}

/// A list of columns; `Some(None)` if there is no `key`.
pub(super) fn names(table: &Table<'_>, key: &str) -> Option<Option<Vec<Spanned<String>>>> {
    match table.get(key) {
        None => Some(None),
        Some(value) => value.names("a list of columns").map(Some),
    }
}
