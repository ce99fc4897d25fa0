//! In which order a sink writes rows that several subtasks of one windowed stage make.

use crate::{
    batch::Schema,
    operator::{AggregateWork, Emit, JoinBound, JoinColumn, JoinWork, Reorder, TopWork, Work},
    pipeline::{Node, Plan, SinkPlan},
    window::WindowKind,
};

/// What puts the rows of a sink in order if they are those of one stage with windows that leave when
/// they close.
pub(super) fn reorder(plan: &Plan, sink: &SinkPlan) -> anyhow::Result<Option<Reorder>> {
    let [Node::Stage(stage)] = sink.inputs[..] else {
        return Ok(None);
    };
    match order(&plan.stages[stage].work, &sink.schema) {
        Some(order) => Reorder::new(&sink.schema, order.end, &order.then).map(Some),
        None => Ok(None),
    }
}

/// What the rows of complete windows are ordered by.
struct RowOrder {
    /// The place of the window's end; `None` for a global window.
    end: Option<usize>,
    /// The places of the columns that come after it.
    then: Vec<usize>,
}

fn order(work: &Work, schema: &Schema) -> Option<RowOrder> {
    match work {
        Work::Aggregate(work) => aggregate_order(work),
        Work::Top(work) => top_order(work, schema),
        Work::Join(work) => join_order(work, schema),
        Work::Filter(_)
        | Work::Map { .. }
        | Work::FlatMap { .. }
        | Work::Process(_)
        | Work::Lookup(_) => None,
    }
}

/// Key columns come first, then the window's start and end if it has them.
fn aggregate_order(work: &AggregateWork) -> Option<RowOrder> {
    let keys = work.key.len();
    let end = match work.window {
        window if window.has_bounds() => Some(keys + 1),
        WindowKind::Global => None,
        _ => return None,
    };
    (work.emit == Emit::Final).then(|| RowOrder {
        end,
        then: (0..keys).collect(),
    })
}

/// The columns are those of the input, and the rank. The bounds of a window that is made here are not
/// among them, so its rows cannot be put in order.
fn top_order(work: &TopWork, schema: &Schema) -> Option<RowOrder> {
    let end = match work.window {
        WindowKind::Inherited => Some(window_end(schema)?),
        WindowKind::Global => None,
        _ => return None,
    };
    let rank = schema.fields().len().checked_sub(1)?;
    (work.emit == Emit::Final).then(|| RowOrder {
        end,
        then: work.key.iter().copied().chain([rank]).collect(),
    })
}

/// Rows of a key come from one subtask, which has put them in order.
fn join_order(work: &JoinWork, schema: &Schema) -> Option<RowOrder> {
    let JoinBound::Window(window) = work.bound else {
        return None;
    };
    let end = match window {
        WindowKind::Global => None,
        _ => Some(window_end(schema)?),
    };
    let bounds = schema.fields().len() - work.output.len();
    let is_key = |place: usize| {
        let column = JoinColumn::Key(place);
        let left = JoinColumn::Left(work.left_key[place]);
        let places = work.output.iter();
        let mut places = places.enumerate();
        let found = places.find(|(_, other)| **other == column || **other == left);
        found.map(|(place, _)| bounds + place)
    };
    let keys = (0..work.left_key.len()).filter_map(is_key).collect();
    Some(RowOrder { end, then: keys })
}

fn window_end(schema: &Schema) -> Option<usize> {
    schema.find("window_end").map(|(place, _)| place)
}
