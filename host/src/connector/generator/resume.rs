//! Where a generator goes on after a restart. The readings depend on their number, so that is all
//! there is to know, as long as the settings are the same.

use anyhow::ensure;
use serde::{Deserialize, Serialize};

use super::Readings;
use crate::connector::position::WAY_OUT;

/// Where the readings go on, and of which settings they are.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct GeneratorPosition {
    /// How many readings have been made.
    made: u64,
    settings: Settings,
}

/// What the readings depend on.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Settings {
    seed: u64,
    sensors: u32,
    start_millis: i64,
    step_millis: u32,
    /// As the shortest text that tells it from other numbers.
    disorder: String,
    max_disorder: String,
}

impl Settings {
    /// Every setting and its value.
    fn each(&self) -> [(&'static str, String); 6] {
        [
            ("seed", self.seed.to_string()),
            ("sensors", self.sensors.to_string()),
            ("start", self.start_millis.to_string()),
            ("step", format!("{}ms", self.step_millis)),
            ("disorder", self.disorder.clone()),
            ("max_disorder", self.max_disorder.clone()),
        ]
    }
}

/// How many readings had been made at a position; `None` if it is not one of a generator.
pub(in crate::connector) fn made(position: &serde_json::Value) -> Option<u64> {
    let position = GeneratorPosition::deserialize(position);
    position.ok().map(|position| position.made)
}

impl Readings {
    /// Where to go on.
    pub(super) fn place(&self) -> GeneratorPosition {
        GeneratorPosition {
            made: self.made,
            settings: self.settings(),
        }
    }

    fn settings(&self) -> Settings {
        let config = &self.config;
        Settings {
            seed: config.seed,
            sensors: config.sensors,
            start_millis: config.start_millis,
            step_millis: config.step_millis,
            disorder: config.disorder.to_string(),
            max_disorder: config.max_disorder.to_string(),
        }
    }

    /// Goes on where an earlier generator was.
    ///
    /// # Errors
    ///
    /// If its readings were others, or more than there are to be now.
    pub(super) fn go_on(&mut self, before: &GeneratorPosition) -> anyhow::Result<()> {
        let settings = self.settings();
        for ((name, was), (_, is)) in before.settings.each().into_iter().zip(settings.each()) {
            ensure!(
                was == is,
                "cannot go on with other readings: `{name}` of the generator was {was}, and is {is} now: {WAY_OUT}"
            );
        }
        if let Some(rows) = self.config.rows {
            ensure!(
                before.made <= rows,
                "cannot go on: the generator has made {} readings, and `rows` is {rows} now: {WAY_OUT}",
                before.made
            );
        }
        self.made = before.made;
        self.made_before = before.made;
        Ok(())
    }
}
