//! Opens the tables of reference data that a plan names.

use std::sync::Arc;

use super::connectors::Connectors;
use crate::{connector::Table, operator::Work, pipeline::Plan, time::Clock};

/// The tables of a job, by their place in the plan: opened once, shared by all subtasks.
pub(super) fn open_tables(
    plan: &Plan,
    clock: &Arc<dyn Clock>,
    connectors: &dyn Connectors,
) -> anyhow::Result<Arc<[Arc<Table>]>> {
    let tables = plan.tables.iter().enumerate();
    let tables = tables.map(|(place, table)| connectors.table(table, keys(plan, place), clock));
    tables.collect()
}

/// The keys by which rows of a table are looked up, each once.
fn keys(plan: &Plan, table: usize) -> Vec<Vec<usize>> {
    let mut keys: Vec<Vec<usize>> = Vec::new();
    for stage in &plan.stages {
        if let Work::Lookup(work) = &stage.work
            && work.table == table
            && !keys.contains(&work.table_key)
        {
            keys.push(work.table_key.clone());
        }
    }
    keys
}
