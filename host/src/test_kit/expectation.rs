//! Whether what a script expects is so.

use std::collections::BTreeMap;

use anyhow::{Context, bail};

use super::{
    Expectation, ExpectedRow, Row, TestJob, Unit,
    difference::difference,
    look::Looked,
    matching::{in_any_order, in_order},
    run::source,
};
use crate::{
    connector::{EventTimeUnit, SourceConfig},
    operator::DeadLetter,
    pipeline::Plan,
};

/// What is to be known of a pipeline to check what is expected of it.
pub(super) struct Expectations {
    /// The unit of numbers that stand for instants.
    unit: Unit,
    /// The sinks that take more than late rows.
    main: Vec<usize>,
    /// The sinks that take only late rows.
    late: Vec<usize>,
}

impl Expectations {
    pub(super) fn of(plan: &Plan) -> Self {
        let sinks = plan.sinks.iter().enumerate();
        let (late, main): (Vec<_>, Vec<_>) = sinks.partition(|(_, sink)| sink.inputs.is_empty());
        let places = |sinks: Vec<(usize, _)>| sinks.into_iter().map(|(place, _)| place).collect();
        Self {
            unit: unit(plan),
            main: places(main),
            late: places(late),
        }
    }

    /// Says what is otherwise than expected, in lines, each ended by a line break; nothing if all is as
    /// expected.
    pub(super) fn check(
        &self,
        expectation: &Expectation,
        job: &mut TestJob,
        looked: &mut Looked,
    ) -> anyhow::Result<Option<String>> {
        let name = expectation.name();
        let count = |expected: u64, found: u64, what: &str| {
            (expected != found)
                .then(|| format!("{name}: expected {expected} {what}, found {found}\n"))
        };
        Ok(match expectation {
            Expectation::New {
                sink,
                rows,
                ordered,
            } => {
                let sinks = sinks(job.plan(), sink.as_deref(), &self.main)?;
                check_columns(job.plan(), &sinks, rows)?;
                let found = looked.new_rows(job, &sinks)?;
                self.compare(name, rows, &found, *ordered)
            }
            Expectation::All { sink, rows } => {
                let sinks = sinks(job.plan(), sink.as_deref(), &self.main)?;
                check_columns(job.plan(), &sinks, rows)?;
                let found = everything(job, &sinks)?;
                self.compare(name, rows, &found, false)
            }
            Expectation::SideOutput { sink, rows } => {
                let sinks = sinks(job.plan(), sink.as_deref(), &self.late)?;
                check_columns(job.plan(), &sinks, rows)?;
                let found = looked.new_rows(job, &sinks)?;
                self.compare(name, rows, &found, false)
            }
            Expectation::DeadLetters { rows } => {
                let schema = DeadLetter::schema();
                let columns = schema.fields().iter().map(|field| field.name.as_str());
                check_names("the dead letters have", &columns.collect::<Vec<_>>(), rows)?;
                let found = looked.new_dead_letters(job)?;
                self.compare(name, rows, &found, false)
            }
            Expectation::Dropped(rows) => count(*rows, looked.new_late_rows(job), "late rows"),
            Expectation::DuplicatesDropped(rows) => {
                let found = job.kept_of_last_batch();
                count(*rows, found, "rows that nothing was handed on for")
            }
            Expectation::StateRows(rows) => count(*rows, job.state_rows()?, "rows of state"),
            Expectation::Watermark {
                stream,
                sink,
                watermark,
            } => {
                let found = match (stream, sink) {
                    (Some(_), Some(_)) => bail!("name a `stream` or a `sink`, not both"),
                    (None, None) => job.source_watermark(None),
                    (Some(_), None) => {
                        job.source_watermark(Some(source(job.plan(), stream.as_deref())?))
                    }
                    (None, Some(name)) => {
                        let sink = sinks(job.plan(), Some(name), &[])?;
                        sink.first().and_then(|&sink| job.sink_watermark(sink))
                    }
                };
                let found = found.unwrap_or_default();
                (found != *watermark)
                    .then(|| format!("{name}: expected {watermark}, found {found}\n"))
            }
            // Whoever runs the script knows.
            Expectation::Failure { .. } => None,
        })
    }

    fn compare(
        &self,
        name: &str,
        expected: &[ExpectedRow],
        found: &[Row],
        ordered: bool,
    ) -> Option<String> {
        let is = |place: usize, row: usize| expected[place].is(&found[row], self.unit);
        let in_any_order = in_any_order(expected.len(), found.len(), is);
        let matching = match in_any_order.is_complete() && ordered {
            true => in_order(expected.len(), found.len(), is),
            false => in_any_order.clone(),
        };
        if matching.is_complete() {
            return None;
        }
        let what = if in_any_order.is_complete() {
            "the rows come in another order".to_owned()
        } else {
            let (missing, unexpected) = (matching.missing().len(), matching.unexpected.len());
            let parts = [
                (missing, expected.len(), "expected rows", "not there"),
                (unexpected, found.len(), "rows", "not expected"),
            ];
            let parts = parts.into_iter().filter(|(count, ..)| *count > 0);
            let parts: Vec<String> = parts
                .map(|(count, all, rows, what)| match count {
                    1 => format!("1 of {all} {rows} is {what}"),
                    _ => format!("{count} of {all} {rows} are {what}"),
                })
                .collect();
            parts.join(", ")
        };
        let difference = difference(expected, found, &matching, self.unit);
        Some(format!("{name}: {what}\n{difference}"))
    }
}

/// What numbers count that stand for instants: what they count in the sources, if that is one unit.
fn unit(plan: &Plan) -> Unit {
    let units = plan
        .sources
        .iter()
        .filter_map(|source| match &source.config {
            SourceConfig::Test { decoding } => decoding.event_time.as_ref(),
            _ => None,
        });
    let mut units = units.map(|time| match time.unit {
        EventTimeUnit::Seconds => Unit::Seconds,
        EventTimeUnit::Micros => Unit::Micros,
        EventTimeUnit::Nanos => Unit::Nanos,
        EventTimeUnit::Millis | EventTimeUnit::Rfc3339 | EventTimeUnit::Pattern(_) => Unit::Millis,
    });
    match units.next() {
        Some(first) if units.all(|unit| unit == first) => first,
        _ => Unit::default(),
    }
}

/// The places of the sinks that are looked at.
fn sinks(plan: &Plan, name: Option<&str>, unnamed: &[usize]) -> anyhow::Result<Vec<usize>> {
    let Some(name) = name else {
        return Ok(unnamed.to_vec());
    };
    let place = plan.sinks.iter().position(|sink| sink.name == name);
    let place = place.with_context(|| {
        let names: Vec<&str> = plan.sinks.iter().map(|sink| sink.name.as_str()).collect();
        format!("there is no sink `{name}`; there are {}", names.join(", "))
    })?;
    Ok(vec![place])
}

/// Refuses rows with columns that no sink has: they could never be there.
fn check_columns(plan: &Plan, sinks: &[usize], rows: &[ExpectedRow]) -> anyhow::Result<()> {
    let sinks = sinks.iter().filter_map(|&sink| plan.sinks.get(sink));
    let names: Vec<String> = sinks
        .clone()
        .map(|sink| format!("`{}`", sink.name))
        .collect();
    let fields = sinks.flat_map(|sink| sink.schema.fields());
    let columns: Vec<&str> = fields.map(|field| field.name.as_str()).collect();
    let who = match names.as_slice() {
        [] => "no sink is looked at; there are".to_owned(),
        [only] => format!("sink {only} has"),
        several => format!("the sinks {} have", several.join(", ")),
    };
    check_names(&who, &columns, rows)
}

fn check_names(who: &str, columns: &[&str], rows: &[ExpectedRow]) -> anyhow::Result<()> {
    let mut named = rows.iter().flat_map(ExpectedRow::columns);
    let Some(unknown) = named.find(|name| !columns.contains(name)) else {
        return Ok(());
    };
    let mut known: Vec<&str> = Vec::new();
    for column in columns {
        if !known.contains(column) {
            known.push(column);
        }
    }
    bail!("there is no column `{unknown}`; {who} {}", known.join(", "))
}

/// The rows that are there when those that replace others have done so.
fn everything(job: &TestJob, sinks: &[usize]) -> anyhow::Result<Vec<Row>> {
    let mut all = Vec::new();
    for &sink in sinks {
        let rows = job.rows_since(sink, 0)?;
        let Some(key) = &job.plan().sinks[sink].upsert_key else {
            all.extend(rows);
            continue;
        };
        let mut latest: BTreeMap<String, Row> = BTreeMap::new();
        for row in rows {
            latest.insert(format!("{:?}", row.at(key)), row);
        }
        all.extend(latest.into_values());
    }
    Ok(all)
}
