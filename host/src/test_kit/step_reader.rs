//! From a line of a script to a step.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use serde::de::IgnoredAny;
use serde_json::{Deserializer, Value as Json};

use super::{
    Expectation, ExpectedRow, Step,
    instant::{Unit, instant},
};
use crate::time::{Duration, Timestamp, Watermark};

/// Reads one line.
///
/// # Errors
///
/// What is wrong with it, and what was expected.
pub(super) fn read_step(line: &str) -> Result<Step, String> {
    let object: Result<BTreeMap<String, IgnoredAny>, _> = serde_json::from_str(line);
    object.map_err(|error| format!("expected one JSON object: {}", without_place(&error)))?;
    let mut fields = Fields {
        op: String::new(),
        fields: texts(line).ok_or("expected one JSON object")?,
        known: vec!["op", "note"],
    };
    fields.op = fields.text("op")?.ok_or("expected an `op`")?;
    fields.take("note");
    let step = read(&mut fields)?;
    fields.finish()?;
    Ok(step)
}

/// Every step.
const OPS: [&str; 22] = [
    "row",
    "flush",
    "watermark",
    "clock",
    "advance_clock",
    "reset_clock",
    "restart",
    "checkpoint",
    "crash",
    "swap",
    "end",
    "ref_upsert",
    "ref_delete",
    "expect_new",
    "expect_all",
    "expect_side_output",
    "expect_dead_letters",
    "expect_dropped",
    "expect_duplicates_dropped",
    "expect_state_rows",
    "expect_watermark",
    "expect_failure",
];

fn read(fields: &mut Fields) -> Result<Step, String> {
    Ok(match fields.op.as_str() {
        "row" => Step::Row {
            stream: fields.text("stream")?,
            partition: fields.partition()?,
            data: fields.object("data")?,
        },
        "flush" => Step::Flush,
        "watermark" => Step::Watermark {
            stream: fields.text("stream")?,
            watermark: fields.watermark()?,
        },
        "clock" => Step::Clock(fields.clock()?),
        "advance_clock" => Step::AdvanceClock(fields.millis()?),
        "reset_clock" => Step::Clock(Timestamp::EPOCH),
        "restart" => Step::Restart {
            parallelism: fields.parallelism()?,
        },
        "checkpoint" => Step::Checkpoint,
        "crash" => Step::Crash,
        "swap" => Step::Swap {
            component: fields.component()?,
        },
        "end" => Step::End,
        op @ ("ref_upsert" | "ref_delete") => {
            let delete = op == "ref_delete";
            Step::Reference {
                table: fields.text("table")?,
                data: fields.object("data")?,
                delete,
            }
        }
        op if op.starts_with("expect_") => Step::Expect(read_expectation(fields)?),
        op => return Err(unknown(op)),
    })
}

fn read_expectation(fields: &mut Fields) -> Result<Expectation, String> {
    Ok(match fields.op.as_str() {
        "expect_new" => Expectation::New {
            sink: fields.text("sink")?,
            rows: fields.rows()?,
            ordered: fields.flag("ordered")?,
        },
        "expect_all" => Expectation::All {
            sink: fields.text("sink")?,
            rows: fields.rows()?,
        },
        "expect_side_output" => Expectation::SideOutput {
            sink: fields.text("sink")?,
            rows: fields.rows()?,
        },
        "expect_dead_letters" => Expectation::DeadLetters {
            rows: fields.rows()?,
        },
        "expect_dropped" => Expectation::Dropped(fields.count()?),
        "expect_duplicates_dropped" => Expectation::DuplicatesDropped(fields.count()?),
        "expect_state_rows" => Expectation::StateRows(fields.count()?),
        "expect_watermark" => Expectation::Watermark {
            stream: fields.text("stream")?,
            sink: fields.text("sink")?,
            watermark: fields.watermark()?,
        },
        "expect_failure" => Expectation::Failure {
            reason: fields.text("reason")?,
        },
        op => return Err(unknown(op)),
    })
}

fn unknown(op: &str) -> String {
    format!("there is no step `{op}`; there are {}", OPS.join(", "))
}

/// The fields of a JSON object, each as it stands in the text, so that a source sees what the script says.
fn texts(object: &str) -> Option<BTreeMap<String, Arc<str>>> {
    let mut fields = BTreeMap::new();
    let mut rest = object.trim_start().strip_prefix('{')?;
    loop {
        let mut names = Deserializer::from_str(rest).into_iter::<String>();
        // The closing brace.
        let Some(Ok(name)) = names.next() else {
            return Some(fields);
        };
        rest = rest[names.byte_offset()..].trim_start().strip_prefix(':')?;
        let mut values = Deserializer::from_str(rest).into_iter::<IgnoredAny>();
        values.next()?.ok()?;
        let end = values.byte_offset();
        fields.insert(name, rest[..end].trim().into());
        rest = rest[end..].trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
}

/// The fields of a step that have not been read yet.
struct Fields {
    op: String,
    fields: BTreeMap<String, Arc<str>>,
    /// Those that were asked for.
    known: Vec<&'static str>,
}

impl Fields {
    fn take(&mut self, name: &'static str) -> Option<Arc<str>> {
        self.known.push(name);
        self.fields.remove(name)
    }

    fn json(&mut self, name: &'static str) -> Option<Json> {
        // What stands in a JSON object is JSON.
        serde_json::from_str(&self.take(name)?).ok()
    }

    fn text(&mut self, name: &'static str) -> Result<Option<String>, String> {
        match self.json(name) {
            None => Ok(None),
            Some(Json::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong(name, "a text", &other)),
        }
    }

    fn number(&mut self, name: &'static str) -> Result<Option<u64>, String> {
        match self.json(name) {
            None => Ok(None),
            Some(value) => match value.as_u64() {
                Some(number) => Ok(Some(number)),
                None => Err(self.wrong(name, "a whole number from 0", &value)),
            },
        }
    }

    fn flag(&mut self, name: &'static str) -> Result<bool, String> {
        match self.json(name) {
            None => Ok(false),
            Some(Json::Bool(flag)) => Ok(flag),
            Some(other) => Err(self.wrong(name, "true or false", &other)),
        }
    }

    fn partition(&mut self) -> Result<usize, String> {
        match self.number("partition")? {
            None => Ok(0),
            Some(partition @ ..1024) => Ok(partition as usize),
            Some(_) => Err("expected a `partition` from 0 to 1023".to_owned()),
        }
    }

    fn parallelism(&mut self) -> Result<Option<usize>, String> {
        match self.number("parallelism")? {
            None => Ok(None),
            Some(subtasks @ 1..=1024) => Ok(Some(subtasks as usize)),
            Some(_) => Err("expected a `parallelism` from 1 to 1024".to_owned()),
        }
    }

    /// `stage` and `component`; both or neither.
    fn component(&mut self) -> Result<Option<(String, PathBuf)>, String> {
        match (self.text("stage")?, self.text("component")?) {
            (None, None) => Ok(None),
            (Some(stage), Some(component)) => Ok(Some((stage, component.into()))),
            _ => Err(self.missing("both `stage` and `component`, or neither of them")),
        }
    }

    /// `n`.
    fn count(&mut self) -> Result<u64, String> {
        let count = self.number("n")?;
        count.ok_or_else(|| self.missing("`n`, a number of rows"))
    }

    /// `ms`, as a length of time.
    fn millis(&mut self) -> Result<Duration, String> {
        let millis = self.number("ms")?;
        let millis = millis.ok_or_else(|| self.missing("`ms`, a number of milliseconds"))?;
        let micros = i64::try_from(millis).ok();
        let micros = micros.and_then(|millis| millis.checked_mul(1_000));
        let duration = micros.and_then(Duration::from_micros);
        duration.ok_or_else(|| format!("{millis} milliseconds are too many"))
    }

    /// `ts` or `ms`, as an instant.
    fn clock(&mut self) -> Result<Timestamp, String> {
        match self.instants()? {
            (Some(instant), None) | (None, Some(instant)) => Ok(instant),
            _ => Err(self.missing("either `ts` or `ms`")),
        }
    }

    /// `ts`, below which no row will come, or `ms`, the last instant at which one may have.
    fn watermark(&mut self) -> Result<Watermark, String> {
        const MILLISECOND: Duration = Duration::from_millis(1);
        for (word, watermark) in [("start", Watermark::START), ("end", Watermark::END)] {
            if self
                .fields
                .get("ts")
                .is_some_and(|ts| **ts == format!("\"{word}\""))
            {
                self.take("ts");
                return Ok(watermark);
            }
        }
        match self.instants()? {
            (Some(instant), None) => Ok(Watermark::at(instant)),
            (None, Some(last)) => Ok(Watermark::at(last.saturating_add(MILLISECOND))),
            _ => Err(self.missing("either `ts` or `ms`")),
        }
    }

    fn instants(&mut self) -> Result<(Option<Timestamp>, Option<Timestamp>), String> {
        let ts = match self.json("ts") {
            None => None,
            Some(value) => {
                let expected = "a time as in RFC 3339, or a number of milliseconds";
                let found = instant(&value, Unit::Millis);
                Some(found.ok_or_else(|| self.wrong("ts", expected, &value))?)
            }
        };
        let ms = match self.json("ms") {
            None => None,
            Some(value) => {
                let found = value.as_i64().and_then(|_| instant(&value, Unit::Millis));
                Some(found.ok_or_else(|| self.wrong("ms", "a number of milliseconds", &value))?)
            }
        };
        Ok((ts, ms))
    }

    /// The text of an object, as it stands in the script.
    fn object(&mut self, name: &'static str) -> Result<Arc<str>, String> {
        let expected = format!("`{name}`, a JSON object");
        let value = self.take(name).ok_or_else(|| self.missing(&expected))?;
        if !value.starts_with('{') {
            return Err(format!("expected {expected}, found {value}"));
        }
        Ok(value)
    }

    fn rows(&mut self) -> Result<Vec<ExpectedRow>, String> {
        let expected = "`rows`, a list of JSON objects";
        let Some(Json::Array(rows)) = self.json("rows") else {
            return Err(self.missing(expected));
        };
        let objects = rows.into_iter().map(|row| match row {
            Json::Object(columns) => Ok(ExpectedRow::new(columns)),
            other => Err(format!("expected {expected}, found {other} in it")),
        });
        objects.collect()
    }

    fn missing(&self, what: &str) -> String {
        format!("`{}` needs {what}", self.op)
    }

    fn wrong(&self, name: &str, expected: &str, found: &Json) -> String {
        format!(
            "`{name}` of `{}`: expected {expected}, found {found}",
            self.op
        )
    }

    fn finish(&self) -> Result<(), String> {
        let Some(name) = self.fields.keys().next() else {
            return Ok(());
        };
        let known: Vec<String> = self.known.iter().map(|name| format!("`{name}`")).collect();
        let (op, known) = (&self.op, known.join(", "));
        Err(format!("`{op}` has no `{name}`; it has {known}"))
    }
}

/// What a parser says, without the line and column: the line is told already.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.split_once(" at line ") {
        Some((reason, _)) => format!("{reason} at column {}", error.column()),
        None => text,
    }
}
