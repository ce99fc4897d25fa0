//! What `window` says.

use std::num::NonZeroU64;

use crate::{
    operator::TimeDomain,
    pipeline::{
        Diagnostic, Span,
        diagnostic::Spanned,
        reader::{Keys, Table, Value},
        suggestion::list,
    },
    time::Duration,
    window::WindowKind,
};

/// A window, as far as it can be told without the input.
#[derive(Clone, Copy, Debug)]
pub(in crate::pipeline) struct WindowSpec {
    pub(in crate::pipeline) kind: WindowKind,
    pub(in crate::pipeline) time: TimeDomain,
    /// Whether it could go by the clock.
    pub(in crate::pipeline) can_go_by_clock: bool,
    pub(in crate::pipeline) span: Span,
}

impl WindowSpec {
    /// The key that says what kind it is.
    pub(in crate::pipeline) const fn word(&self) -> &'static str {
        match self.kind {
            WindowKind::Tumbling { .. } => "tumbling",
            WindowKind::Sliding { .. } => "sliding",
            WindowKind::Cumulate { .. } => "cumulate",
            WindowKind::Session { .. } => "session",
            WindowKind::Inherited => "inherited",
            WindowKind::Count(_) => "count",
            WindowKind::RollingRows { .. } => "rolling_rows",
            WindowKind::Rolling { .. } => "rolling",
            WindowKind::Global => "global",
        }
    }
}

/// The keys that say what kind a window is, and the others that go with each.
const KINDS: [(&str, &[&str]); 9] = [
    ("tumbling", &["offset", "time"]),
    ("sliding", &["slide", "offset", "time"]),
    ("cumulate", &["step", "offset", "time"]),
    ("session", &["time"]),
    ("count", &[]),
    ("rolling_rows", &["following", "time"]),
    ("rolling", &["time"]),
    ("global", &[]),
    ("inherited", &[]),
];

/// All of the others.
const OTHERS: [&str; 5] = ["offset", "slide", "step", "following", "time"];

/// The kinds for stages that rank or join rows: of a window with bounds, or one over everything.
const SHARED: [&str; 5] = ["tumbling", "sliding", "cumulate", "global", "inherited"];

/// Who has a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Aggregate,
    Top,
    Join,
}

impl Owner {
    /// What messages call it.
    const fn name(self) -> &'static str {
        match self {
            Self::Aggregate => "an `aggregate` stage",
            Self::Top => "a `top` stage",
            Self::Join => "a `join` stage",
        }
    }

    /// The kinds of windows it can have.
    fn kinds(self) -> Vec<&'static str> {
        match self {
            Self::Aggregate => KINDS.map(|(kind, _)| kind).to_vec(),
            Self::Top | Self::Join => SHARED.to_vec(),
        }
    }

    /// What to write.
    const fn help(self) -> &'static str {
        match self {
            Self::Aggregate => {
                "`window = { tumbling = \"1m\" }`, or `{ sliding = \"20s\", slide = \"5s\" }`, or \
                 `{ global = true }` for one result at the end"
            }
            Self::Top | Self::Join => {
                "`window = { tumbling = \"1m\" }`, or `{ inherited = true }` for the windows of the \
                 input, or `{ global = true }` for one over everything"
            }
        }
    }
}

/// Reads the window of a stage, which it must have.
pub(super) fn window(table: &Table<'_>, owner: Owner) -> Option<WindowSpec> {
    let value = table.require("window", owner.help())?;
    read(&value, owner)
}

/// Reads a window.
pub(super) fn read(value: &Value<'_>, owner: Owner) -> Option<WindowSpec> {
    let what = "a table such as `{ tumbling = \"1m\" }`";
    let table = value.table(what, "a window".to_owned())?;
    let kinds: Vec<_> = KINDS.iter().filter(|(kind, _)| table.has(kind)).collect();
    let [(kind, others)] = kinds[..] else {
        refuse_kinds(&table, owner);
        return None;
    };
    let titled = table
        .clone()
        .named(format!("a `{kind}` window"), value.span);
    titled.check(Keys {
        known: &[&[*kind], *others].concat(),
        elsewhere: &[&KINDS.map(|(kind, _)| kind)[..], &OTHERS].concat(),
        later: &[],
    });
    if !owner.kinds().contains(kind) {
        let message = format!("{} cannot have a `{kind}` window", owner.name());
        let kinds = owner.kinds();
        let help = format!("its windows are {}", list(kinds));
        let mistake = Diagnostic::new(value.span, message).help(help);
        value.context.report(mistake);
        return None;
    }
    let kind = of_kind(kind, &titled);
    let time = time(&titled, owner);
    Some(WindowSpec {
        kind: kind?,
        time: time?,
        can_go_by_clock: owner == Owner::Aggregate && others.contains(&"time"),
        span: value.span,
    })
}

/// Reports a window of no kind, or of several.
fn refuse_kinds(table: &Table<'_>, owner: Owner) {
    let known = [&owner.kinds()[..], &OTHERS].concat();
    table.check(Keys {
        known: &known,
        elsewhere: &[],
        later: &[],
    });
    let is_strange = |key: &str| !known.contains(&key);
    let explained = table.entries().iter().any(|(key, _)| is_strange(key.value));
    if !explained {
        let message = format!("a window is one of {}", list(owner.kinds()));
        let mistake = Diagnostic::new(table.span, message);
        table.context.report(mistake.help(owner.help().to_owned()));
    }
}

/// Whose time windows go by.
fn time(table: &Table<'_>, owner: Owner) -> Option<TimeDomain> {
    let Some(value) = table.get("time") else {
        return Some(TimeDomain::Event);
    };
    let words = [
        ("event", TimeDomain::Event),
        ("processing", TimeDomain::Processing),
    ];
    let time = value.word("time", &words, &[])?.value;
    if time == TimeDomain::Processing && owner != Owner::Aggregate {
        let message = format!("the windows of {} go by event time", owner.name());
        let help = "remove `time`; `aggregate` stages can go by processing time, and their windows \
                    can be `inherited`";
        let mistake = Diagnostic::new(value.span, message);
        value.context.report(mistake.help(help.to_owned()));
        return None;
    }
    Some(time)
}

fn of_kind(kind: &str, table: &Table<'_>) -> Option<WindowKind> {
    let size = table.get(kind)?;
    let window = match kind {
        "tumbling" => {
            let size = size.positive_duration();
            let offset = offset(table);
            let size = size?.value;
            let offset = remainder(offset?, size);
            WindowKind::Tumbling { size, offset }
        }
        "sliding" => sliding(&size, table)?,
        "cumulate" => cumulate(&size, table)?,
        "session" => WindowKind::Session {
            gap: size.positive_duration()?.value,
        },
        "count" => WindowKind::Count(number(&size)?),
        "rolling_rows" => {
            let rows = number(&size);
            let following = match table.get("following") {
                None => Some(0),
                Some(value) => value.integer(0..=i64::MAX).map(i64::unsigned_abs),
            };
            WindowKind::RollingRows {
                rows: rows?,
                following: following?,
            }
        }
        "rolling" => WindowKind::Rolling {
            span: size.positive_duration()?.value,
        },
        flag => match size.raw().as_bool() {
            Some(true) if flag == "global" => WindowKind::Global,
            Some(true) => WindowKind::Inherited,
            _ => return size.expected("`true`"),
        },
    };
    Some(window)
}

fn sliding(size: &Value<'_>, table: &Table<'_>) -> Option<WindowKind> {
    let size = size.positive_duration();
    let offset = offset(table);
    let help = "the time from one window's start to the next, as in `slide = \"5s\"`";
    let slide = table
        .require("slide", help)
        .as_ref()
        .and_then(Value::positive_duration);
    let (size, slide) = (size?.value, slide?);
    check_count(size, &slide, table)?;
    let slide = slide.value;
    Some(WindowKind::Sliding {
        size,
        slide,
        offset: remainder(offset?, slide),
    })
}

fn cumulate(size: &Value<'_>, table: &Table<'_>) -> Option<WindowKind> {
    let size = size.positive_duration();
    let offset = offset(table);
    let help = "the time by which a window is longer than the one before, as in `step = \"5m\"`";
    let step = table
        .require("step", help)
        .as_ref()
        .and_then(Value::positive_duration);
    let (size, step) = (size?.value, step?);
    if !remainder(size, step.value).is_zero() {
        let message = format!(
            "the steps of a `cumulate` window must fill it: {size} is not a multiple of {}",
            step.value
        );
        table.context.error(step.span, message);
        return None;
    }
    check_count(size, &step, table)?;
    Some(WindowKind::Cumulate {
        size,
        step: step.value,
        offset: remainder(offset?, size),
    })
}

/// Windows that a row may be in.
const MOST_WINDOWS: i64 = 10_000_000;

/// Refuses windows that are so many that a job would never be done with the first row.
fn check_count(size: Duration, step: &Spanned<Duration>, table: &Table<'_>) -> Option<()> {
    let count = size.as_micros() / step.value.as_micros();
    if count <= MOST_WINDOWS {
        return Some(());
    }
    let message = format!("each row would be in {count} windows, of at most {MOST_WINDOWS}");
    table.context.error(step.span, message);
    None
}

fn offset(table: &Table<'_>) -> Option<Duration> {
    match table.get("offset") {
        None => Some(Duration::ZERO),
        Some(value) => value.duration().map(|offset| offset.value),
    }
}

/// What is left of `whole` after as many `parts` as fit.
fn remainder(whole: Duration, part: Duration) -> Duration {
    let left = whole.as_micros().checked_rem(part.as_micros());
    left.and_then(Duration::from_micros).unwrap_or_default()
}

/// A number of rows.
pub(super) fn number(value: &Value<'_>) -> Option<NonZeroU64> {
    let number = value.integer(1..=i64::MAX)?;
    NonZeroU64::new(number.unsigned_abs())
}
