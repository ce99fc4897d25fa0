//! Pipeline files, put together of the sections that tests have in common.

use std::fmt::Display;

/// A pipeline file.
#[derive(Clone)]
pub struct Pipeline {
    /// The keys of the whole job.
    keys: String,
    sections: String,
}

impl Pipeline {
    /// A job without sections.
    pub fn new(name: &str) -> Self {
        let empty = Self {
            keys: String::new(),
            sections: String::new(),
        };
        empty.key("name", format_args!("\"{name}\""))
    }

    /// Adds a key of the whole job.
    #[must_use]
    pub fn key(mut self, key: &str, value: impl Display) -> Self {
        self.keys.push_str(&format!("{key} = {value}\n"));
        self
    }

    /// Adds how many subtasks a stage has.
    #[must_use]
    pub fn parallelism(self, subtasks: usize) -> Self {
        self.key("parallelism", subtasks)
    }

    /// Adds sections, or lines to the last one, as they stand in the file.
    #[must_use]
    pub fn with(mut self, text: &str) -> Self {
        self.sections.push_str(text.trim_start());
        if !text.ends_with('\n') {
            self.sections.push('\n');
        }
        self
    }

    /// Adds the sink `FROM_out`, which writes the files of the stage `from` to the folder `path`.
    #[must_use]
    pub fn file_sink(self, from: &str, path: &str, format: &str) -> Self {
        self.with(&format!("[sink.{from}_out]\nfrom = \"{from}\""))
            .files(path, format)
    }

    /// Adds the sink `name` for late rows.
    #[must_use]
    pub fn late_sink(self, name: &str, path: &str, format: &str) -> Self {
        self.with(&format!("[sink.{name}]")).files(path, format)
    }

    /// Adds files of dead letters.
    #[must_use]
    pub fn dead_letters(self, path: &str, format: &str) -> Self {
        self.with("[dead_letters]").files(path, format)
    }

    fn files(self, path: &str, format: &str) -> Self {
        self.with(&format!(
            "connector = \"file\"\npath = \"{path}\"\nformat = \"{format}\""
        ))
    }

    /// Adds checkpoints in the folder `state`, so often.
    #[must_use]
    pub fn checkpoints(self, interval: &str) -> Self {
        self.with(&format!(
            "[checkpoint]\npath = \"state\"\ninterval = \"{interval}\"\nkeep = 2"
        ))
    }

    /// Starts the job again after so many failures in a row, soon.
    #[must_use]
    pub fn restarts(self, attempts: usize) -> Self {
        self.with(&format!(
            "[restart]\nattempts = {attempts}\ndelay = \"20ms\"\nmax_delay = \"40ms\""
        ))
    }

    /// What stands in the file.
    pub fn text(&self) -> String {
        format!("{}{}", self.keys, self.sections)
    }
}
