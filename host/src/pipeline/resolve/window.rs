//! Whether a window fits the rows that go into it.

use super::stream::Stream;
use crate::{
    batch::DataType,
    operator::TimeDomain,
    pipeline::{Diagnostic, reader::Context, spec::WindowSpec},
    window::WindowKind,
};

/// The columns that hold the bounds of a window.
pub(super) const BOUNDS: [&str; 2] = ["window_start", "window_end"];

/// Reports a window that needs what the rows of `stream` do not have; `whose` says whose they are.
pub(super) fn check(window: &WindowSpec, stream: &Stream, whose: &str, context: &Context<'_>) {
    if window.kind == WindowKind::Inherited && bounds(window, stream, whose, context).is_none() {
        return;
    }
    let by_event_time = window.kind.needs_time() && window.time == TimeDomain::Event;
    if by_event_time && !stream.event_time {
        let message = format!("a window needs event time, and the rows of {whose} have none");
        let help = "set `event_time = { column = …, unit = … }` on the source".to_owned();
        context.report(Diagnostic::new(window.span, message).help(help));
    }
}

/// The places of the bounds of the windows of the input; reports that there are none.
pub(super) fn bounds(
    window: &WindowSpec,
    stream: &Stream,
    whose: &str,
    context: &Context<'_>,
) -> Option<[usize; 2]> {
    let find = |name: &str| {
        let mistake = match stream.schema.find(name) {
            Some((place, field)) if field.data_type == DataType::Timestamp => return Some(place),
            Some((_, field)) => format!("column `{name}` of {whose} is {}", field.data_type),
            None => format!("there is no column `{name}` in the rows of {whose}"),
        };
        let help = "`inherited` windows are those of an `aggregate` stage with windows in time: their \
                    bounds are in the columns `window_start` and `window_end`, of type `timestamp`";
        let mistake = Diagnostic::new(window.span, mistake).help(help.to_owned());
        context.report(mistake);
        None
    };
    let [start, end] = BOUNDS.map(find);
    Some([start?, end?])
}
