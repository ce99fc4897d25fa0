//! What a `join` stage says.

use super::{
    From,
    keep::{Keep, keep},
    on::On,
    window::{self, Owner, WindowSpec},
};
use crate::{
    operator::JoinKind,
    pipeline::{
        Diagnostic, Span,
        reader::{Keys, Table, Value},
    },
    time::Duration,
};

/// Rows of two inputs, put together. What stands in `with` is [`super::StageSpec::with`].
#[derive(Debug)]
pub(in crate::pipeline) struct JoinSpec {
    /// The columns that must be equal; `None` if all rows meet.
    pub(in crate::pipeline) on: Option<On>,
    pub(in crate::pipeline) bound: Bound,
    pub(in crate::pipeline) kind: JoinKind,
    pub(in crate::pipeline) keep: Option<Keep>,
}

/// Which rows may meet.
#[derive(Clone, Copy, Debug)]
pub(in crate::pipeline) enum Bound {
    Within {
        before: Duration,
        after: Duration,
        span: Span,
    },
    Window(WindowSpec),
}

const WHAT: &str = "a table such as `{ with = \"other\", on = [\"sensor\"], within = \"5s\" }`";

/// Reads whose rows are on the right side of a join.
pub(super) fn with(value: &Value<'_>) -> From {
    // What is wrong with the table is reported by `JoinSpec::read`.
    let with = match value.raw() {
        toml::de::DeValue::Table(_) => value.table(WHAT, "`join`".to_owned()),
        _ => None,
    };
    let help = "`with = \"NAME\"`, a source or a stage";
    match with.and_then(|join| join.require("with", help)) {
        None => From::Broken,
        Some(with) => From::read(Some(with)),
    }
}

impl JoinSpec {
    pub(super) fn read(value: &Value<'_>, table: &Table<'_>) -> Option<Self> {
        let keep = keep(table);
        let join = value.table(WHAT, "`join`".to_owned())?;
        join.check(Keys {
            known: &["with", "on", "within", "window", "kind"],
            elsewhere: &["from", "keep", "late"],
            later: &[],
        });
        let on = match join.get("on") {
            None => Some(None),
            Some(value) => On::read(&value).map(Some),
        };
        let kind = match join.get("kind") {
            None => Some(JoinKind::Inner),
            Some(value) => kind(&value),
        };
        let bound = bound(&join);
        Some(Self {
            on: on?,
            bound: bound?,
            kind: kind?,
            keep: keep?,
        })
    }
}

fn kind(value: &Value<'_>) -> Option<JoinKind> {
    let words = [
        ("inner", JoinKind::Inner),
        ("left", JoinKind::Left),
        ("right", JoinKind::Right),
        ("full", JoinKind::Full),
    ];
    let word = value.word("kind of join", &words, &[]);
    word.map(|word| word.value)
}

/// Reads `within` or `window`.
fn bound(join: &Table<'_>) -> Option<Bound> {
    match (join.get("within"), join.get("window")) {
        (Some(within), None) => self::within(&within),
        (None, Some(window)) => window::read(&window, Owner::Join).map(Bound::Window),
        (None, None) => {
            let message = "it is not said which rows of the two sides may meet";
            let help = "add `within = \"5s\"` for those with a near event time, or `window = { tumbling \
                        = \"1m\" }` for those in one window, or `window = { global = true }` for all";
            let mistake = Diagnostic::new(join.span, message).help(help.to_owned());
            join.context.report(mistake);
            None
        }
        (Some(within), Some(window)) => {
            let message = "a join has either `within` or a `window`";
            let mistake = Diagnostic::new(window.span, message).and(within.span, "the other one");
            join.context.report(mistake);
            None
        }
    }
}

fn within(value: &Value<'_>) -> Option<Bound> {
    let (before, after) = if value.raw().is_table() {
        let what = "a table such as `{ before = \"0s\", after = \"10s\" }`";
        let table = value.table(what, "`within`".to_owned())?;
        table.check(Keys {
            known: &["before", "after"],
            ..Keys::default()
        });
        let read = |key: &str, help: &str| {
            let value = table.require(key, help)?;
            value.duration().map(|duration| duration.value)
        };
        let before = read(
            "before",
            "how much earlier the right row may be, as in `before = \"0s\"`",
        );
        let after = read(
            "after",
            "how much later the right row may be, as in `after = \"10s\"`",
        );
        (before?, after?)
    } else {
        let both = value.duration()?.value;
        (both, both)
    };
    Some(Bound::Within {
        before,
        after,
        span: value.span,
    })
}
