//! Feeding rows back: how a file must be so that a source reads the rows of a stage from it, and who else would get them.

use std::sync::Arc;

use anyhow::Context;
use arrow::array::{ArrayRef, RecordBatch, TimestampMicrosecondArray};

use super::{
    row::{event_time_column, is_timed},
    source::decoding_of,
};
use crate::{
    batch::{Batch, DataType, Field, Schema},
    connector::{Decoding, EventTime, EventTimeUnit, Format},
    operator::Work,
    pipeline::{Node, Plan, StagePlan},
};

/// How the rows of a source or a stage are written so that a source can read them.
#[derive(Debug)]
pub struct Feed {
    /// How the source decodes them.
    pub decoding: Decoding,
    /// The source of the pipeline that leads to where the rows were refused, if there is one with their columns.
    pub source: Option<String>,
    /// The other stages and sinks that this source leads to, by name: they have had these rows already.
    pub also_fed: Vec<String>,
    /// Whether the event time is a column that the stage does not have.
    adds_time: bool,
}

impl Feed {
    /// For the rows of the source or stage called `name`; `None` if there is no such, or it reads no rows.
    pub fn of(plan: &Plan, name: &str) -> Option<Self> {
        if let Some(source) = plan.sources.iter().find(|source| source.name == name) {
            return Some(Self {
                decoding: decoding_of(&source.config)?.clone(),
                source: Some(source.name.clone()),
                // None of them has seen a row that could not be decoded.
                also_fed: Vec::new(),
                adds_time: false,
            });
        }
        let place = plan.stages.iter().position(|stage| stage.name == name)?;
        let stage = &plan.stages[place];
        match source_of(plan, stage) {
            Some((source, path)) => Some(Self {
                decoding: decoding_of(&plan.sources[source].config)?.clone(),
                source: Some(plan.sources[source].name.clone()),
                also_fed: also_fed(plan, source, &path, place),
                adds_time: false,
            }),
            None => Some(Self::by_itself(plan, stage)),
        }
    }

    /// For a source of its own, which the pipeline does not have.
    fn by_itself(plan: &Plan, stage: &StagePlan) -> Self {
        let mut fields = stage.input_schema.fields().to_vec();
        let is_timed = is_timed(plan, stage);
        let kept = event_time_column(plan, stage);
        let adds_time = is_timed && kept.is_none();
        let column = kept.unwrap_or(fields.len());
        if adds_time {
            let mut name = "event_time".to_owned();
            while stage.input_schema.find(&name).is_some() {
                name.push('_');
            }
            fields.push(Field::required(name, DataType::Timestamp));
        }
        let event_time = EventTime {
            column,
            unit: EventTimeUnit::Rfc3339,
        };
        Self {
            decoding: Decoding {
                format: Format::Json,
                schema: Schema::new(fields).expect("the added name is another one"),
                event_time: is_timed.then_some(event_time),
                max_ahead: None,
                batch_rows: 1,
            },
            source: None,
            also_fed: Vec::new(),
            adds_time,
        }
    }

    /// A row that has passed, with the columns of the file.
    ///
    /// # Errors
    ///
    /// If it has no event time, where one is needed.
    pub fn row(&self, row: &Batch) -> anyhow::Result<RecordBatch> {
        if !self.adds_time {
            return Ok(row.record().clone());
        }
        let times = row.times().context("the row has no event time")?;
        let times = TimestampMicrosecondArray::new(times.clone(), None).with_timezone("UTC");
        let mut columns = row.record().columns().to_vec();
        columns.push(Arc::new(times) as ArrayRef);
        let schema = self.decoding.schema.to_arrow();
        Ok(RecordBatch::try_new(schema, columns)?)
    }

    /// The keys of a section of a pipeline file that reads such a file.
    pub fn keys(&self) -> String {
        let fields = self.decoding.schema.fields().iter();
        let columns = fields.map(|field| format!("{} = \"{}\"", key(&field.name), field.data_type));
        let columns = columns.collect::<Vec<_>>().join(", ");
        let mut keys = format!("format = \"json\"\ncolumns = {{ {columns} }}\n");
        if let Some(time) = &self.decoding.event_time {
            let field = &self.decoding.schema.fields()[time.column];
            let name = quoted(&field.name);
            keys.push_str(&format!(
                "event_time = {{ column = {name}, unit = \"rfc3339\" }}\n"
            ));
        }
        keys
    }
}

/// A name as a key of TOML.
fn key(name: &str) -> String {
    let is_bare = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
    match !name.is_empty() && name.chars().all(is_bare) {
        true => name.to_owned(),
        false => quoted(name),
    }
}

/// A text as TOML has it, which takes all that JSON knows.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The source whose rows come to a stage as they are, and the filters on their way. Of what comes together in a union,
/// nobody knows where it is from, so no source would give it the same event time.
fn source_of(plan: &Plan, stage: &StagePlan) -> Option<(usize, Vec<usize>)> {
    let [input] = stage.inputs[..] else {
        return None;
    };
    match input {
        // Some make their rows up.
        Node::Source(source) => {
            let is_read = decoding_of(&plan.sources[source].config).is_some();
            is_read.then(|| (source, Vec::new()))
        }
        Node::Stage(before) => {
            let filter = &plan.stages[before];
            let Work::Filter(_) = filter.work else {
                return None;
            };
            let (source, mut path) = source_of(plan, filter)?;
            path.push(before);
            Some((source, path))
        }
    }
}

/// Who reads what a row passes on its way from a source to the stage at the place `to`, by way of the filters of
/// `path`, but for those and the stage.
fn also_fed(plan: &Plan, source: usize, path: &[usize], to: usize) -> Vec<String> {
    let passes = |node: &Node| match node {
        Node::Source(place) => *place == source,
        Node::Stage(place) => path.contains(place),
    };
    let stages = plan.stages.iter().enumerate();
    let stages = stages.filter(|(place, stage)| {
        let mut inputs = stage.inputs.iter().chain(&stage.right_inputs);
        *place != to && !path.contains(place) && inputs.any(passes)
    });
    let sinks = plan.sinks.iter();
    let sinks = sinks.filter(|sink| sink.inputs.iter().any(passes));
    stages
        .map(|(_, stage)| stage.name.clone())
        .chain(sinks.map(|sink| sink.name.clone()))
        .collect()
}
