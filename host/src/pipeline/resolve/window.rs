//! Whether a window fits the rows that go into it.

use super::stream::Stream;
use crate::{
    batch::{DataType, Schema},
    operator::TimeDomain,
    pipeline::{Diagnostic, reader::Context, spec::WindowSpec},
    window::WindowKind,
};

/// The columns that hold the bounds of a window.
pub(super) const BOUNDS: [&str; 2] = ["window_start", "window_end"];

/// Reports a window that needs what the rows of `stream` do not have; `whose` says whose they are.
pub(super) fn check(window: &WindowSpec, stream: &Stream, whose: &str, context: &Context<'_>) {
    if window.kind == WindowKind::Inherited {
        check_bounds(window, &stream.schema, whose, context);
    }
    let by_event_time = window.kind.needs_time() && window.time == TimeDomain::Event;
    if by_event_time && !stream.event_time {
        let message = format!("a window needs event time, and the rows of {whose} have none");
        let mut help = "set `event_time = { column = …, unit = … }` on the source".to_owned();
        if window.can_go_by_clock {
            help.push_str(", or `time = \"processing\"` in the window");
        }
        context.report(Diagnostic::new(window.span, message).help(help));
    }
}

/// Reports the first of the bounds that is not there.
fn check_bounds(window: &WindowSpec, input: &Schema, whose: &str, context: &Context<'_>) {
    let mistake = BOUNDS.iter().find_map(|name| match input.find(name) {
        None => Some(format!("the rows of {whose} have no column `{name}`")),
        Some((_, field)) if field.data_type != DataType::Timestamp => Some(format!(
            "column `{name}` of the rows of {whose} is {}",
            field.data_type
        )),
        Some(_) => None,
    });
    if let Some(message) = mistake {
        let help = "`inherited` windows are those of an `aggregate` stage before: their bounds are in \
                    the columns `window_start` and `window_end`, of type timestamp";
        context.report(Diagnostic::new(window.span, message).help(help.to_owned()));
    }
}

/// The places of the columns with the bounds of the windows of the input.
pub(super) fn bounds(input: &Schema) -> Option<[usize; 2]> {
    let [start, end] = BOUNDS.map(|name| input.find(name).map(|(place, _)| place));
    Some([start?, end?])
}
