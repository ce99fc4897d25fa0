//! Who opens the sources, tables and sinks of a job.

use std::sync::Arc;

use anyhow::Context;

use crate::{
    batch::Schema,
    connector::{self, Sink, SinkConfig, Source, Table},
    pipeline::{SinkPlan, SourcePlan, TablePlan},
    time::Clock,
};

/// Opens the sources, tables and sinks of a job. A job that runs has those that its plan says, a scripted case
/// has its own.
pub trait Connectors {
    /// Opens a source. Called once for each when a job starts, before anything else is opened.
    ///
    /// # Errors
    ///
    /// If it cannot be opened; the job does not start.
    fn source(&self, plan: &SourcePlan, clock: &Arc<dyn Clock>) -> anyhow::Result<Box<dyn Source>>;

    /// Opens a table of reference data, in which rows will be looked up by each of `keys`. Called once
    /// for each when a job starts.
    ///
    /// # Errors
    ///
    /// If it cannot be read; the job does not start.
    fn table(
        &self,
        plan: &TablePlan,
        keys: Vec<Vec<usize>>,
        clock: &Arc<dyn Clock>,
    ) -> anyhow::Result<Arc<Table>>;

    /// Opens a sink. Called once for each when a job starts.
    ///
    /// # Errors
    ///
    /// If it cannot be opened; the job does not start.
    fn sink(&self, plan: &SinkPlan) -> anyhow::Result<Box<dyn Sink>>;

    /// Opens the sink of dead letters, if they are to be kept. Called once when a job starts.
    ///
    /// # Errors
    ///
    /// If it cannot be opened; the job does not start.
    fn dead_letters(&self, config: &SinkConfig, schema: &Schema) -> anyhow::Result<Box<dyn Sink>>;
}

/// Opens what the plan says.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlannedConnectors;

impl Connectors for PlannedConnectors {
    fn source(&self, plan: &SourcePlan, clock: &Arc<dyn Clock>) -> anyhow::Result<Box<dyn Source>> {
        connector::open_source(&plan.config, Arc::clone(clock))
            .with_context(|| format!("source `{}` cannot be opened", plan.name))
    }

    fn table(
        &self,
        plan: &TablePlan,
        keys: Vec<Vec<usize>>,
        clock: &Arc<dyn Clock>,
    ) -> anyhow::Result<Arc<Table>> {
        let opened = Table::open(&plan.name, &plan.config, keys, clock);
        let table = opened.with_context(|| format!("table `{}` cannot be read", plan.name))?;
        Ok(Arc::new(table))
    }

    fn sink(&self, plan: &SinkPlan) -> anyhow::Result<Box<dyn Sink>> {
        connector::open_sink(&plan.config, &plan.schema)
            .with_context(|| format!("sink `{}` cannot be opened", plan.name))
    }

    fn dead_letters(&self, config: &SinkConfig, schema: &Schema) -> anyhow::Result<Box<dyn Sink>> {
        connector::open_sink(config, schema).context("sink `dead_letters` cannot be opened")
    }
}
