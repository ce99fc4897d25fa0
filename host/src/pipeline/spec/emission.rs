//! What `emit` and `allowed_lateness` say: when the rows of a window leave, and for how long it is
//! corrected.

use super::window::WindowSpec;
use crate::{
    operator::{Emit, TimeDomain},
    pipeline::{
        Diagnostic, Span,
        reader::{Keys, Table, Value},
        suggestion::list,
    },
    time::Duration,
    window::WindowKind,
};

/// When the rows of a window leave.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::pipeline) struct Emission {
    pub(in crate::pipeline) emit: Emit,
    pub(in crate::pipeline) lateness: Duration,
    /// What makes its rows replace each other, if something does.
    pub(in crate::pipeline) updates: Option<Span>,
}

impl Emission {
    /// Reads when the windows of an `aggregate` stage leave.
    pub(super) fn of_aggregate(table: &Table<'_>, window: Option<&WindowSpec>) -> Option<Self> {
        let emit = emit(table);
        let lateness = match table.get("allowed_lateness") {
            None => Some(None),
            Some(value) => value.duration().map(Some),
        };
        let ((emit, place), lateness) = (emit?, lateness?);
        let mut emission = Self {
            emit,
            lateness: lateness.as_ref().map_or(Duration::ZERO, |late| late.value),
            updates: None,
        };
        if let Some(place) = place.filter(|_| emit != Emit::Final) {
            emission.updates = Some(place);
            check_emit(emit, place, window, table)?;
        }
        if let Some(lateness) = lateness.filter(|lateness| !lateness.value.is_zero()) {
            emission.updates = emission.updates.or(Some(lateness.span));
            check_lateness(lateness.span, window, table)?;
        }
        Some(emission)
    }

    /// Reads when the ranks of a `top` stage leave.
    pub(super) fn of_top(table: &Table<'_>, window: Option<&WindowSpec>) -> Option<Self> {
        let (emit, place) = emit(table)?;
        let Some(place) = place.filter(|_| emit != Emit::Final) else {
            return Some(Self::default());
        };
        if let Emit::Every(_) = emit {
            let message = "a `top` stage cannot emit at an interval";
            let help = "`emit` is \"final\" or \"update\" here".to_owned();
            table
                .context
                .report(Diagnostic::new(place, message).help(help));
            return None;
        }
        if let Some(window) = window
            && !matches!(window.kind, WindowKind::Global | WindowKind::Inherited)
        {
            let message = format!(
                "ranks in `{}` windows cannot be updated: their rows do not say which window they \
                 are of",
                window.word()
            );
            let help = "aggregate in such windows and rank with `window = { inherited = true }`";
            let mistake = Diagnostic::new(place, message).help(help.to_owned());
            table.context.report(mistake);
            return None;
        }
        Some(Self {
            emit,
            updates: Some(place),
            ..Self::default()
        })
    }
}

/// What `emit` says, and where.
fn emit(table: &Table<'_>) -> Option<(Emit, Option<Span>)> {
    let Some(value) = table.get("emit") else {
        return Some((Emit::Final, None));
    };
    let emit = if value.raw().is_table() {
        interval(&value)
    } else {
        let words = [("final", Emit::Final), ("update", Emit::Update)];
        value.word("emit", &words, &[]).map(|word| word.value)
    };
    Some((emit?, Some(value.span)))
}

fn interval(value: &Value<'_>) -> Option<Emit> {
    let what = "a table such as `{ every = \"5s\" }`";
    let table = value.table(what, "`emit`".to_owned())?;
    table.check(Keys {
        known: &["every"],
        ..Keys::default()
    });
    let every = table.require(
        "every",
        "the time between two results, as in `every = \"5s\"`",
    )?;
    Some(Emit::Every(every.positive_duration()?.value))
}

/// The windows that can be looked at before they close.
const EARLY: [&str; 4] = ["tumbling", "sliding", "cumulate", "global"];

fn check_emit(
    emit: Emit,
    place: Span,
    window: Option<&WindowSpec>,
    table: &Table<'_>,
) -> Option<()> {
    let Some(window) = window.filter(|window| !EARLY.contains(&window.word())) else {
        return Some(());
    };
    let word = window.word();
    let early = match emit {
        Emit::Every(_) => "at an interval",
        Emit::Update | Emit::Final => "at every update",
    };
    let message = format!("`{word}` windows cannot emit {early}");
    let help = format!(
        "remove `emit`; it goes with windows that are {}",
        list(EARLY)
    );
    table
        .context
        .report(Diagnostic::new(place, message).help(help));
    None
}

/// The windows that rows can be late for and that take them all the same.
const CORRECTED: [&str; 4] = ["tumbling", "sliding", "cumulate", "session"];

fn check_lateness(place: Span, window: Option<&WindowSpec>, table: &Table<'_>) -> Option<()> {
    let window = match window {
        Some(window) => window,
        None => return Some(()),
    };
    let message = if !CORRECTED.contains(&window.word()) {
        format!("`{}` windows take no late rows", window.word())
    } else if window.time == TimeDomain::Processing {
        "no row is late in processing time".to_owned()
    } else {
        return Some(());
    };
    let help = format!(
        "remove `allowed_lateness`; it goes with windows in event time that are {}",
        list(CORRECTED)
    );
    table
        .context
        .report(Diagnostic::new(place, message).help(help));
    None
}
