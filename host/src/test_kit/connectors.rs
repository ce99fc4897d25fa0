//! The sources, tables and sinks of a case. They outlive its jobs.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, bail};

use crate::{
    batch::Schema,
    connector::{Sink, SinkConfig, Source, SourceConfig, Table, TableConfig, TestFeed, TestRows},
    pipeline::{Plan, SinkPlan, SourcePlan, TablePlan},
    runtime::Connectors,
    time::Clock,
};

/// The sources, tables and sinks of a case.
pub(super) struct TestConnectors {
    /// By the place of the source in the plan.
    pub(super) feeds: Vec<TestFeed>,
    /// By the place of the sink in the plan.
    pub(super) sinks: Vec<TestRows>,
    pub(super) dead_letters: TestRows,
    sources: Vec<String>,
    names: Vec<String>,
    /// Tables that the script writes, once they have been opened.
    tables: Mutex<BTreeMap<String, Arc<Table>>>,
}

impl TestConnectors {
    /// Those of `plan`, with so many partitions for each source.
    ///
    /// # Errors
    ///
    /// If a source or a sink of the plan is not one for scripts.
    pub(super) fn new(plan: &Plan, partitions: &[usize]) -> anyhow::Result<Self> {
        for source in &plan.sources {
            if !matches!(source.config, SourceConfig::Test { .. }) {
                bail!("{}", not_for_scripts("source", &source.name));
            }
        }
        for sink in &plan.sinks {
            if !matches!(sink.config, SinkConfig::Test | SinkConfig::Blackhole) {
                bail!("{}", not_for_scripts("sink", &sink.name));
            }
        }
        let feeds = plan.sources.iter().zip(partitions);
        Ok(Self {
            feeds: feeds
                .map(|(source, &partitions)| TestFeed::new(&source.name, partitions))
                .collect(),
            sinks: plan.sinks.iter().map(|_| TestRows::default()).collect(),
            dead_letters: TestRows::default(),
            sources: plan
                .sources
                .iter()
                .map(|source| source.name.clone())
                .collect(),
            names: plan.sinks.iter().map(|sink| sink.name.clone()).collect(),
            tables: Mutex::default(),
        })
    }

    /// A table that the script writes; the only one if it is not named.
    pub(super) fn table(&self, name: Option<&str>) -> anyhow::Result<Arc<Table>> {
        let tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let names: Vec<&str> = tables.keys().map(String::as_str).collect();
        let name = match (name, names.as_slice()) {
            (Some(name), _) => name,
            (None, &[only]) => only,
            (None, []) => bail!("the pipeline has no table with `connector = \"test\"`"),
            (None, _) => bail!("name the `table`; there are {}", names.join(", ")),
        };
        let table = tables.get(name);
        let table = table
            .with_context(|| format!("there is no table `{name}` with `connector = \"test\"`"))?;
        Ok(Arc::clone(table))
    }
}

fn not_for_scripts(kind: &str, name: &str) -> String {
    format!("{kind} `{name}` is not for scripted cases: set `connector = \"test\"`")
}

impl Connectors for TestConnectors {
    fn source(&self, plan: &SourcePlan, clock: &Arc<dyn Clock>) -> anyhow::Result<Box<dyn Source>> {
        let mut feeds = self.sources.iter().zip(&self.feeds);
        let feed = feeds.find(|(name, _)| **name == plan.name);
        let (Some((_, feed)), SourceConfig::Test { decoding }) = (feed, &plan.config) else {
            bail!("{}", not_for_scripts("source", &plan.name));
        };
        Ok(Box::new(feed.source(decoding, Arc::clone(clock))))
    }

    fn table(
        &self,
        plan: &TablePlan,
        keys: Vec<Vec<usize>>,
        clock: &Arc<dyn Clock>,
    ) -> anyhow::Result<Arc<Table>> {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(table) = tables.get(&plan.name) {
            return Ok(Arc::clone(table));
        }
        let opened = Table::open(&plan.name, &plan.config, keys, clock);
        let opened = opened.with_context(|| format!("table `{}` cannot be read", plan.name))?;
        let table = Arc::new(opened);
        if matches!(plan.config, TableConfig::Test { .. }) {
            tables.insert(plan.name.clone(), Arc::clone(&table));
        }
        Ok(table)
    }

    fn sink(&self, plan: &SinkPlan) -> anyhow::Result<Box<dyn Sink>> {
        let mut sinks = self.names.iter().zip(&self.sinks);
        let sink = sinks.find(|(name, _)| **name == plan.name);
        let (_, sink) = sink.context("the plan has another sink than the case")?;
        Ok(Box::new(sink.sink()))
    }

    fn dead_letters(&self, _: &SinkConfig, _: &Schema) -> anyhow::Result<Box<dyn Sink>> {
        Ok(Box::new(self.dead_letters.sink()))
    }
}
