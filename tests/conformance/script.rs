//! Makes the steps of our test kit from a case: from its script, or from its inputs if it has none.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use crate::{
    adapter::{Adapter, Expected},
    expected_row::Row,
    known_answers::KnownAnswer,
};

/// The steps of a case. `sinks` are those of the pipeline that take main output.
pub fn translate(
    answer: &KnownAnswer,
    adapter: &Adapter,
    sinks: &[String],
) -> anyhow::Result<Vec<Value>> {
    let mut steps = Vec::new();
    for (table, reference) in &adapter.reference {
        let rows = answer.reference(reference)?;
        let upsert = |row| json!({"op": "ref_upsert", "table": table, "data": row});
        steps.extend(rows.into_iter().map(upsert));
    }
    match answer.steps()? {
        Some(script) => {
            for step in &script {
                steps.extend(translate_step(step, &adapter.expected, sinks)?);
            }
        }
        None => {
            steps.extend(feed(answer, adapter)?);
            steps.push(json!({"op": "end"}));
            let rows = answer.expected(&adapter.expected)?;
            let look = json!({"op": "expect_all", "rows": rows});
            steps.extend(translate_step(&look, &adapter.expected, sinks)?);
        }
    }
    Ok(steps)
}

/// Rows for the sources of a case without a script, a batch for each in turn.
fn feed(answer: &KnownAnswer, adapter: &Adapter) -> anyhow::Result<Vec<Value>> {
    let mut inputs = Vec::new();
    for (stream, input) in &adapter.input {
        let rows = answer.input(input)?.into_iter();
        inputs.push((stream, input.batch_rows.max(1), rows));
    }
    let mut steps = Vec::new();
    loop {
        let before = steps.len();
        for (stream, batch_rows, rows) in &mut inputs {
            let row = |data| json!({"op": "row", "stream": stream, "data": data});
            let batch: Vec<Value> = rows.by_ref().take(*batch_rows).map(row).collect();
            if !batch.is_empty() {
                steps.extend(batch);
                steps.push(json!({"op": "flush"}));
            }
        }
        if steps.len() == before {
            return Ok(steps);
        }
    }
}

/// A step of a script in the words of our test kit.
fn translate_step(
    step: &Value,
    expected: &Expected,
    sinks: &[String],
) -> anyhow::Result<Vec<Value>> {
    let op = step.get("op").and_then(Value::as_str);
    match op.context("a step without `op`")? {
        "expect_new" | "expect_all" => translate_look(step, expected, sinks),
        "row"
        | "flush"
        | "watermark"
        | "clock"
        | "advance_clock"
        | "reset_clock"
        | "restart"
        | "end"
        | "expect_side_output"
        | "expect_dropped"
        | "expect_duplicates_dropped"
        | "expect_state_rows"
        | "expect_watermark"
        | "expect_failure"
        | "ref_upsert"
        | "ref_delete" => Ok(vec![step.clone()]),
        other => bail!("the step `{other}` has no counterpart in our test kit"),
    }
}

/// A look at the output: one for each sink, if a column of the rows names it.
fn translate_look(
    look: &Value,
    expected: &Expected,
    sinks: &[String],
) -> anyhow::Result<Vec<Value>> {
    let rows = look.get("rows").and_then(Value::as_array);
    let mut by_sink: BTreeMap<Option<String>, Vec<Row>> = BTreeMap::new();
    if expected.sink_column.is_none() {
        by_sink.insert(None, Vec::new());
    } else if !expected.mentioned_only {
        let empty = |sink: &String| (Some(sink.clone()), Vec::new());
        by_sink.extend(sinks.iter().map(empty));
    }
    for row in rows.context("a look without `rows`")? {
        let (sink, row) = expected.adapt(row)?;
        by_sink.entry(sink).or_default().push(row);
    }
    let look_at = |(sink, rows): (Option<String>, Vec<Row>)| {
        let mut look = look.clone();
        look["rows"] = json!(rows);
        if let Some(sink) = sink {
            look["sink"] = Value::from(sink);
        }
        look
    };
    Ok(by_sink.into_iter().map(look_at).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expected: &str, step: &Value, translated: &[Value]) {
        let adapter = Adapter::parse(&format!("[expected]\n{expected}")).expect("an adapter");
        let sinks = ["a".to_owned(), "b".to_owned()];
        let found = translate_step(step, &adapter.expected, &sinks).expect("a step that fits");
        assert_eq!(found, translated);
    }

    #[test]
    fn a_look_is_at_each_sink_that_a_row_could_name() {
        let step = json!({"op": "expect_new", "rows": [{"q": "b", "n": 1}]});
        let at = |sink: &str, rows| json!({"op": "expect_new", "sink": sink, "rows": rows});
        let (a, b) = (at("a", json!([])), at("b", json!([{"n": 1}])));
        check("sink_column = \"q\"", &step, &[a, b.clone()]);
        check("sink_column = \"q\"\nmentioned_only = true", &step, &[b]);
    }

    #[test]
    fn other_steps_stay_as_they_are() {
        let watermark = json!({"op": "watermark", "ms": 7});
        check("", &watermark, std::slice::from_ref(&watermark));
    }

    #[test]
    fn unknown_steps_are_refused() {
        let step = json!({"op": "dance"});
        assert!(translate_step(&step, &Expected::default(), &[]).is_err());
    }
}
