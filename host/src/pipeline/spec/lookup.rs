//! What a `lookup` stage says.

use super::{
    From,
    keep::{Keep, keep},
    on::On,
};
use crate::{
    operator::Miss,
    pipeline::{
        Diagnostic, Span,
        reader::{Keys, Table, Value},
    },
};

/// Columns of a table, added to rows. What stands in `table` is [`super::StageSpec::table`].
#[derive(Debug)]
pub(in crate::pipeline) struct LookupSpec {
    pub(in crate::pipeline) on: On,
    pub(in crate::pipeline) miss: Miss,
    pub(in crate::pipeline) keep: Option<Keep>,
    /// All of `lookup`.
    pub(in crate::pipeline) span: Span,
}

const WHAT: &str = "a table such as `{ table = \"stations\", on = [\"station\"] }`";

/// Reads which table is looked into.
pub(super) fn table(value: &Value<'_>) -> From {
    // What is wrong with the TOML table is reported by `LookupSpec::read`.
    let lookup = match value.raw() {
        toml::de::DeValue::Table(_) => value.table(WHAT, "`lookup`".to_owned()),
        _ => None,
    };
    let help = "`table = \"NAME\"`, that of a section `[table.NAME]`";
    let name = lookup
        .and_then(|lookup| lookup.require("table", help))
        .and_then(|value| value.name("the name of a table"));
    name.map_or(From::Broken, |name| From::Names(vec![name]))
}

impl LookupSpec {
    pub(super) fn read(value: &Value<'_>, table: &Table<'_>) -> Option<Self> {
        let keep = keep(table);
        let lookup = value.table(WHAT, "`lookup`".to_owned())?;
        lookup.check(Keys {
            known: &["table", "on", "miss"],
            elsewhere: &["from", "keep"],
            later: &[],
        });
        let what = "the columns that must be equal, as in `on = [\"station\"]`";
        let on = lookup
            .require("on", what)
            .and_then(|value| On::read(&value))
            .and_then(|on| {
                if !on.pairs.is_empty() {
                    return Some(on);
                }
                let message = "a row of a table is found by one column at least";
                let mistake = Diagnostic::new(on.span, message).help(format!("add {what}"));
                lookup.context.report(mistake);
                None
            });
        let miss = match lookup.get("miss") {
            None => Some(Miss::default()),
            Some(value) => {
                let words = [("null", Miss::Null), ("drop", Miss::Drop)];
                value.word("miss", &words, &[]).map(|word| word.value)
            }
        };
        Some(Self {
            on: on?,
            miss: miss?,
            keep: keep?,
            span: value.span,
        })
    }
}
