//! What a `top` stage says.

use std::num::NonZeroU64;

use toml::de::DeValue;

use super::{
    emission::Emission,
    window::{Owner, WindowSpec, number, window},
};
use crate::pipeline::{
    diagnostic::Spanned,
    reader::{Keys, Table, Value, all},
};

/// The first rows of each key and window.
#[derive(Debug)]
pub(in crate::pipeline) struct TopSpec {
    pub(in crate::pipeline) key: Vec<Spanned<String>>,
    pub(in crate::pipeline) window: WindowSpec,
    pub(in crate::pipeline) emission: Emission,
    pub(in crate::pipeline) n: NonZeroU64,
    /// Columns, and whether the greatest value comes first.
    pub(in crate::pipeline) by: Vec<(Spanned<String>, bool)>,
}

const WHAT: &str = "a table such as `{ n = 10, by = [\"count\"] }`";

impl TopSpec {
    pub(super) fn read(value: &Value<'_>, table: &Table<'_>) -> Option<Self> {
        let key = super::work::names(table, "key");
        let window = window(table, Owner::Top);
        let emission = Emission::of_top(table, window.as_ref());
        let top = value.table(WHAT, "`top`".to_owned())?;
        top.check(Keys {
            known: &["n", "by", "order"],
            elsewhere: &["key", "window", "emit", "late"],
            later: &[],
        });
        let n = top
            .require("n", "how many rows there are at most, as in `n = 10`")
            .and_then(|value| number(&value));
        let by = by(&top);
        Some(Self {
            key: key?.unwrap_or_default(),
            window: window?,
            emission: emission?,
            n: n?,
            by: by?,
        })
    }
}

/// Reads `by` and `order`.
fn by(top: &Table<'_>) -> Option<Vec<(Spanned<String>, bool)>> {
    let help = "the columns that decide, the most important first, as in `by = [\"count\"]`";
    let columns = top.require("by", help).and_then(|value| {
        let what = "a list of columns";
        let columns = value.names(what)?;
        if columns.is_empty() {
            let message = format!("expected {what}, found an empty list");
            value.context.error(value.span, message);
            return None;
        }
        Some(columns)
    });
    let order = match top.get("order") {
        None => Some(None),
        Some(value) => order(&value).map(Some),
    };
    let (columns, order) = (columns?, order?);
    let descending = match order {
        None => vec![true; columns.len()],
        Some(Order::Same(descending)) => vec![descending; columns.len()],
        Some(Order::Each(list)) if list.value.len() == columns.len() => list.value,
        Some(Order::Each(list)) => {
            let message = format!(
                "`order` has {}, and `by` has {}",
                counted(list.value.len(), "direction"),
                counted(columns.len(), "column")
            );
            let help = "give one for each column, or one word for all".to_owned();
            let mistake = crate::pipeline::Diagnostic::new(list.span, message).help(help);
            top.context.report(mistake);
            return None;
        }
    };
    Some(columns.into_iter().zip(descending).collect())
}

/// Which values come first.
enum Order {
    Same(bool),
    Each(Spanned<Vec<bool>>),
}

fn order(value: &Value<'_>) -> Option<Order> {
    let direction = |value: &Value<'_>| {
        let words = [("desc", true), ("asc", false)];
        let word = value.word("order", &words, &[]);
        word.map(|word| word.value)
    };
    match value.raw() {
        DeValue::Array(_) => {
            let words = value.list("a list of `asc` and `desc`")?;
            let list = all(words.iter().map(direction))?;
            Some(Order::Each(Spanned {
                value: list,
                span: value.span,
            }))
        }
        _ => direction(value).map(Order::Same),
    }
}

/// As in `2 columns`.
fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
