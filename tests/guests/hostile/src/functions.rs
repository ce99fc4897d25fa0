//! The functions: honest as long as nobody wishes for something else.

use crate::{
    Hostile, UNLUCKY,
    bindings::{
        exports::tidemill::udf::{aggregate, holistic, process, scalar, table},
        tidemill::udf::types::{Batch, Field, RowError},
    },
    columns::{column, errors, numbers, spoil, spoil_batch, spoil_parents, texts},
    deed, deeds,
};

/// The place of the function `text` in the catalog.
const TEXT: u32 = 1;

fn unlucky(numbers: &[i64]) -> Option<usize> {
    numbers.iter().position(|&number| number == UNLUCKY)
}

/// Accumulators or states, after what is wished for at `place` for these numbers.
fn states(place: &str, met: &[i64], states: Vec<i64>) -> Result<Batch, String> {
    let deed = deed(place, met);
    deeds::break_down(deed)?;
    let mut batch = Batch {
        rows: states.len() as u32,
        columns: vec![column(states)],
    };
    spoil_batch(deed, &mut batch);
    Ok(batch)
}

/// States of the version before, as they are. Asked without any, it is asked whether it can.
fn converted(before: &Batch) -> Result<Batch, String> {
    let numbers = numbers(before).to_vec();
    let place = match numbers.is_empty() {
        true => "asked",
        false => "migrate",
    };
    states(place, &[UNLUCKY], numbers)
}

impl scalar::Guest for Hostile {
    fn call(function: u32, arguments: Batch) -> Result<scalar::ScalarResult, String> {
        let numbers = numbers(&arguments);
        let deed = deed("scalar", numbers);
        deeds::break_down(deed)?;
        let result = match function {
            TEXT => {
                let all: Vec<String> = numbers.iter().map(|n| format!("n{n}")).collect();
                texts(&all)
            }
            _ => column(numbers.iter().map(|n| n + 1).collect()),
        };
        let mut columns = vec![result];
        spoil(deed, &mut columns, numbers.len());
        let errors = errors(deed, unlucky(numbers), numbers.len());
        Ok(scalar::ScalarResult { columns, errors })
    }
}

impl table::Guest for Hostile {
    fn call(_: u32, arguments: Batch) -> Result<table::TableResult, String> {
        let numbers = numbers(&arguments);
        let deed = deed("table", numbers);
        deeds::break_down(deed)?;
        let rows = numbers.len();
        let errors = errors(deed, unlucky(numbers), rows);
        let mut parents: Vec<u32> = (0..rows as u32).flat_map(|row| [row, row]).collect();
        let refused = errors.first().filter(|_| deed != "error-and-result");
        parents.retain(|&row| refused.is_none_or(|error| error.row != row));
        let results = parents.iter().map(|&row| numbers[row as usize]);
        let mut columns = vec![column(results.collect())];
        let results = parents.len();
        spoil(deed, &mut columns, results);
        spoil_parents(deed, &mut parents, rows);
        if deed == "parents-million" {
            columns = vec![column(vec![UNLUCKY; parents.len()])];
        }
        Ok(table::TableResult {
            columns,
            parents,
            errors,
        })
    }
}

impl aggregate::Guest for Hostile {
    fn init(_: u32, count: u32) -> Result<Batch, String> {
        states("init", &[UNLUCKY], vec![0; count as usize])
    }

    fn update(
        _: u32,
        accumulators: Batch,
        groups: Vec<u32>,
        arguments: Batch,
    ) -> Result<aggregate::UpdateResult, String> {
        let values = numbers(&arguments);
        let errors = errors(deed("update", values), unlucky(values), values.len());
        let mut sums = numbers(&accumulators).to_vec();
        for (row, (&group, value)) in groups.iter().zip(values).enumerate() {
            if errors.iter().all(|error| error.row as usize != row) {
                sums[group as usize] += value;
            }
        }
        let accumulators = states("update", values, sums)?;
        Ok(aggregate::UpdateResult {
            accumulators,
            errors,
        })
    }

    fn merge(
        _: u32,
        accumulators: Batch,
        groups: Vec<u32>,
        partials: Batch,
    ) -> Result<Batch, String> {
        let mut sums = numbers(&accumulators).to_vec();
        let partials = numbers(&partials);
        for (&group, partial) in groups.iter().zip(partials) {
            sums[group as usize] += partial;
        }
        states("merge", &[UNLUCKY], sums)
    }

    fn finish(_: u32, accumulators: Batch) -> Result<Batch, String> {
        let sums = numbers(&accumulators).to_vec();
        states("finish", &sums.clone(), sums)
    }

    fn migrate(_: u32, _: u32, _: Vec<Field>, accumulators: Batch) -> Result<Batch, String> {
        converted(&accumulators)
    }
}

impl process::Guest for Hostile {
    fn init(_: u32, count: u32) -> Result<Batch, String> {
        states("init", &[UNLUCKY], vec![0; count as usize])
    }

    fn process(
        _: u32,
        state: Batch,
        keys: Vec<u32>,
        arguments: Batch,
    ) -> Result<process::ProcessResult, String> {
        let values = numbers(&arguments);
        let deed = deed("process", values);
        let rows = values.len();
        let errors = errors(deed, unlucky(values), rows);
        let is_refused = |row: u32| errors.iter().any(|error: &RowError| error.row == row);
        let mut sums = numbers(&state).to_vec();
        let mut parents = Vec::new();
        let mut results = Vec::new();
        for (row, (&key, value)) in (0..).zip(keys.iter().zip(values)) {
            if !is_refused(row) {
                sums[key as usize] += value;
            }
            if !is_refused(row) || deed == "error-and-result" {
                parents.push(row);
                results.push(sums[key as usize]);
            }
        }
        let mut columns = vec![column(results)];
        // What is wrong with the states has a name of its own here.
        let state = match deed.strip_prefix("state-") {
            Some(deed) => {
                let mut state = states("nowhere", &[], sums)?;
                spoil_batch(deed, &mut state);
                state
            }
            None => {
                deeds::break_down(deed)?;
                let results = parents.len();
                spoil(deed, &mut columns, results);
                spoil_parents(deed, &mut parents, rows);
                states("nowhere", &[], sums)?
            }
        };
        Ok(process::ProcessResult {
            state,
            columns,
            parents,
            errors,
        })
    }

    fn migrate(_: u32, _: u32, _: Vec<Field>, states: Batch) -> Result<Batch, String> {
        converted(&states)
    }
}

impl holistic::Guest for Hostile {
    fn evaluate(
        _: u32,
        group_count: u32,
        groups: Vec<u32>,
        arguments: Batch,
    ) -> Result<holistic::HolisticResult, String> {
        let values = numbers(&arguments);
        let deed = deed("evaluate", values);
        deeds::break_down(deed)?;
        let mut most = vec![i64::MIN; group_count as usize];
        for (&group, &value) in groups.iter().zip(values) {
            let most = &mut most[group as usize];
            *most = value.max(*most);
        }
        let group = unlucky(values).map(|row| groups[row] as usize);
        let rows = most.len();
        let mut columns = vec![column(most)];
        spoil(deed, &mut columns, rows);
        let errors = errors(deed, group, rows);
        Ok(holistic::HolisticResult { columns, errors })
    }
}
