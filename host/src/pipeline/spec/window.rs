//! What `window` says.

use crate::{
    pipeline::{
        Diagnostic,
        diagnostic::Spanned,
        reader::{Keys, Table, Value},
    },
    time::Duration,
    window::WindowKind,
};

/// The keys that say what kind a window is, and the others that go with each.
const KINDS: [(&str, &[&str]); 3] = [
    ("tumbling", &["offset"]),
    ("sliding", &["slide", "offset"]),
    ("global", &[]),
];

/// The keys of kinds that are for a later version.
const LATER: [&str; 6] = [
    "session",
    "cumulate",
    "step",
    "count",
    "rolling_rows",
    "rolling",
];

const HELP: &str = "`window = { tumbling = \"1m\" }`, or `{ sliding = \"20s\", slide = \"5s\" }`, \
                    or `{ global = true }` for one result at the end";

/// Reads the window of a stage.
pub(super) fn window(stage: &Table<'_>) -> Option<Spanned<WindowKind>> {
    let value = stage.require("window", HELP)?;
    let what = "a table such as `{ tumbling = \"1m\" }`";
    let table = value.table(what, "a window".to_owned())?;
    let kinds: Vec<_> = KINDS.iter().filter(|(kind, _)| table.has(kind)).collect();
    let [(kind, others)] = kinds[..] else {
        let known = [&KINDS.map(|(kind, _)| kind)[..], &["slide", "offset"]].concat();
        table.check(Keys {
            known: &known,
            elsewhere: &[],
            later: &LATER,
        });
        let is_strange = |key: &str| !known.contains(&key);
        let explained = table.entries().iter().any(|(key, _)| is_strange(key.value));
        if !explained {
            let message = "a window is one of `tumbling`, `sliding` and `global`";
            let mistake = Diagnostic::new(value.span, message);
            table.context.report(mistake.help(HELP.to_owned()));
        }
        return None;
    };
    let titled = table
        .clone()
        .named(format!("a `{kind}` window"), value.span);
    titled.check(Keys {
        known: &[&[*kind], *others].concat(),
        elsewhere: &["tumbling", "sliding", "slide", "offset"],
        later: &LATER,
    });
    let window = of_kind(kind, &titled)?;
    Some(Spanned {
        value: window,
        span: value.span,
    })
}

fn of_kind(kind: &str, table: &Table<'_>) -> Option<WindowKind> {
    let size = table.get(kind)?;
    if kind == "global" {
        return match size.raw().as_bool() {
            Some(true) => Some(WindowKind::Global),
            _ => size.expected("`true`"),
        };
    }
    let size = size.positive_duration();
    let offset = match table.get("offset") {
        None => Some(Duration::ZERO),
        Some(value) => value.duration().map(|offset| offset.value),
    };
    if kind == "tumbling" {
        return Some(WindowKind::Tumbling {
            size: size?.value,
            offset: offset?,
        });
    }
    let help = "the time from one window's start to the next, as in `slide = \"5s\"`";
    let slide = table
        .require("slide", help)
        .as_ref()
        .and_then(Value::positive_duration);
    Some(WindowKind::Sliding {
        size: size?.value,
        slide: slide?.value,
        offset: offset?,
    })
}
