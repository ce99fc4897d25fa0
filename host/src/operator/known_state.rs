//! What the tables of a stage's state are, for people who look at a checkpoint. Operators take their state up
//! by the places of columns and do not need it.

use super::{AggregateWork, Call, ProcessWork, Work};
use crate::{
    batch::Schema,
    wasm::Kind,
    window::{Slicing, WindowKind},
};

/// A table of a stage's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownTable {
    /// What its rows are.
    pub title: String,
    /// Its columns after the key; it may have more that nothing is known of.
    pub columns: Vec<KnownColumn>,
}

/// A column of a stage's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownColumn {
    /// What it is called.
    pub name: String,
    /// What its values are.
    pub meaning: Meaning,
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// What they look like.
    Value,
    /// Microseconds since the epoch.
    Time,
    /// The numbers of slices.
    Slice(Slicing),
}

/// The tables of the state of one subtask of a stage, in their order; the last one stands for all behind it, too.
pub fn known_state(work: &Work, input: &Schema, output: &Schema) -> Vec<KnownTable> {
    match work {
        Work::Filter(_) | Work::Map { .. } | Work::FlatMap { .. } | Work::Lookup(_) => Vec::new(),
        Work::Aggregate(work) if work.window.is_rolling() => rolling(work, input, output),
        Work::Aggregate(work) => aggregate(work, input, output),
        Work::Process(work) => vec![process(work)],
        Work::Top(_) => top(input),
        Work::Join(_) => vec![reached(), joined()],
    }
}

fn aggregate(work: &AggregateWork, input: &Schema, output: &Schema) -> Vec<KnownTable> {
    let slicing = Slicing::new(work.window);
    let ahead = match (slicing, work.window) {
        (_, WindowKind::Global) => vec![value("slice")],
        (Some(slicing), _) => vec![column("slice from", Meaning::Slice(slicing))],
        (None, WindowKind::Session { .. }) => {
            vec![time("first row"), time("last row"), value("fired")]
        }
        (None, WindowKind::Count(_)) => vec![value("rows"), value("has a time"), time("last row")],
        (None, _) => vec![time("window_start"), time("window_end")],
    };
    let rows = match slicing {
        Some(_) => "accumulators of slices",
        None => "accumulators of windows",
    };
    let mut tables = vec![table(rows, &ahead, &accumulators(&work.calls, output))];
    for call in work.calls.iter().filter(|call| is_holistic(call)) {
        let mut columns = vec![time("event time")];
        columns.extend(arguments(call, input));
        let title = format!("values for `{}`", call.function.name);
        tables.push(table(&title, &ahead, &columns));
    }
    if slicing.is_some() {
        let unsent = "what has changed since early results left";
        tables.push(table(unsent, &ahead, &[]));
    }
    tables
}

fn rolling(work: &AggregateWork, input: &Schema, output: &Schema) -> Vec<KnownTable> {
    let ahead = [
        value("number"),
        time("time"),
        value("arrival"),
        value("fired"),
    ];
    let mut columns: Vec<KnownColumn> = names(&work.keep, input);
    columns.push(time("event time"));
    columns.extend(accumulators(&work.calls, output));
    for call in work.calls.iter().filter(|call| is_holistic(call)) {
        columns.extend(arguments(call, input));
    }
    vec![table("rows that are kept", &ahead, &columns), reached()]
}

fn process(work: &ProcessWork) -> KnownTable {
    let fields = work.call.function.state.iter();
    let fields: Vec<KnownColumn> = fields.map(|field| value(&field.name)).collect();
    table("state of keys", &[time("last row")], &fields)
}

fn top(input: &Schema) -> Vec<KnownTable> {
    let ahead = [
        time("window_end"),
        time("window_start"),
        value("arrival"),
        value("version"),
    ];
    let mut columns: Vec<KnownColumn> = names(&Vec::from_iter(0..input.fields().len()), input);
    columns.push(time("event time"));
    vec![table("rows that are kept", &ahead, &columns), reached()]
}

fn joined() -> KnownTable {
    let columns = vec![value("right"), time("let go at"), value("matched")];
    table("rows that are kept", &[], &columns)
}

fn reached() -> KnownTable {
    table("how far the input had come", &[], &[time("time")])
}

/// The accumulators of all functions, each by the first column that it makes of the output.
fn accumulators(calls: &[Call], output: &Schema) -> Vec<KnownColumn> {
    let results: usize = calls.iter().map(|call| call.function.results.len()).sum();
    let mut place = output.fields().len().saturating_sub(results);
    let mut columns = Vec::new();
    for call in calls {
        let result = output.fields().get(place);
        place += call.function.results.len();
        if is_holistic(call) {
            continue;
        }
        let result = result.map_or(call.function.name.as_str(), |result| &result.name);
        columns.extend(call.function.state.iter().map(|field| {
            match call.function.state.len() == 1 && field.name == result {
                true => value(result),
                false => value(&format!("{result}.{}", field.name)),
            }
        }));
    }
    columns
}

fn is_holistic(call: &Call) -> bool {
    call.function.kind == Kind::Holistic
}

fn arguments(call: &Call, input: &Schema) -> Vec<KnownColumn> {
    let places: Vec<usize> = call
        .arguments
        .iter()
        .map(|argument| argument.column)
        .collect();
    names(&places, input)
}

/// Columns of the input.
fn names(places: &[usize], input: &Schema) -> Vec<KnownColumn> {
    let fields = places.iter().filter_map(|&place| input.fields().get(place));
    fields.map(|field| value(&field.name)).collect()
}

fn table(title: &str, ahead: &[KnownColumn], columns: &[KnownColumn]) -> KnownTable {
    KnownTable {
        title: title.to_owned(),
        columns: [ahead, columns].concat(),
    }
}

fn column(name: &str, meaning: Meaning) -> KnownColumn {
    KnownColumn {
        name: name.to_owned(),
        meaning,
    }
}

fn value(name: &str) -> KnownColumn {
    column(name, Meaning::Value)
}

fn time(name: &str) -> KnownColumn {
    column(name, Meaning::Time)
}
