//! What an `aggregate` stage says.

use super::{
    CallSpec,
    emission::Emission,
    keep::{Keep, keep},
    window::{Owner, WindowSpec, window},
};
use crate::pipeline::{
    Diagnostic,
    diagnostic::Spanned,
    reader::{Keys, Table, Value, all},
};

/// Rows of a key and window, made into one.
#[derive(Debug)]
pub(in crate::pipeline) struct AggregateSpec {
    pub(in crate::pipeline) key: Vec<Spanned<String>>,
    pub(in crate::pipeline) window: WindowSpec,
    pub(in crate::pipeline) emission: Emission,
    pub(in crate::pipeline) calls: Vec<AggregateCall>,
    pub(in crate::pipeline) keep: Option<Keep>,
}

/// One of the calls of an `aggregate` stage.
#[derive(Debug)]
pub(in crate::pipeline) struct AggregateCall {
    pub(in crate::pipeline) call: CallSpec,
    /// What `as` says.
    pub(in crate::pipeline) name: Option<Spanned<String>>,
}

impl AggregateSpec {
    pub(super) fn read(value: &Value<'_>, table: &Table<'_>) -> Option<Self> {
        let key = super::work::names(table, "key");
        let window = window(table, Owner::Aggregate);
        let calls = calls(value);
        let emission = Emission::of_aggregate(table, window.as_ref());
        let keep = keep(table);
        if let (Some(Some(keep)), Some(window)) = (&keep, &window) {
            check_keep(keep, window, table)?;
        }
        Some(Self {
            key: key?.unwrap_or_default(),
            window: window?,
            emission: emission?,
            calls: calls?,
            keep: keep?,
        })
    }
}

/// Only rows of rolling windows are rows of the input.
fn check_keep(keep: &Keep, window: &WindowSpec, table: &Table<'_>) -> Option<()> {
    if window.kind.is_rolling() {
        return Some(());
    }
    let message = format!(
        "there is nothing to `keep`: a row of a `{}` window is made of many",
        window.word()
    );
    let help = "remove `keep`, which goes with `rolling` and `rolling_rows`; columns of the `key` \
                stay by themselves";
    let mistake = Diagnostic::new(keep.span, message).help(help.to_owned());
    table.context.report(mistake);
    None
}

fn calls(value: &Value<'_>) -> Option<Vec<AggregateCall>> {
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
