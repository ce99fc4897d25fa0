//! What a run of the cases has come to, as a table.

use std::fmt;

/// What became of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All expectations held, each way the case was run.
    Passed,
    /// What was expected, and what came.
    Failed(String),
    /// What is missing to run it.
    LeftOut(String),
}

/// A row of the table.
#[derive(Debug)]
pub struct Line {
    /// The folder with the known answers, and what is in it if that is more than one case.
    pub case: String,
    /// What the case covers.
    pub covers: String,
    pub outcome: Outcome,
}

/// All rows.
#[derive(Debug, Default)]
pub struct Report {
    lines: Vec<Line>,
    case_width: usize,
}

impl Report {
    /// A table with room for cases of these names.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let widths = names.into_iter().map(str::len);
        Self {
            lines: Vec::new(),
            case_width: widths.max().unwrap_or_default(),
        }
    }

    /// The head of the table.
    pub fn head(&self) -> String {
        self.row("case", "engine", "result", "covers")
    }

    /// Adds a line. How it looks in the table is returned.
    pub fn add(&mut self, line: Line) -> String {
        let row = self.row(&line.case, line.engine(), line.result(), &line.covers);
        self.lines.push(line);
        row
    }

    fn row(&self, case: &str, engine: &str, result: &str, covers: &str) -> String {
        format!(
            "{case:width$}  {engine:13}  {result:8}  {covers}",
            width = self.case_width
        )
    }

    /// Whether nothing has failed.
    pub fn is_good(&self) -> bool {
        let failed = |line: &Line| matches!(line.outcome, Outcome::Failed(_));
        !self.lines.iter().any(failed)
    }

    /// How many folders there are, and of how many all cases have passed.
    fn folders(&self) -> (usize, usize) {
        let mut folders: Vec<(&str, bool)> = Vec::new();
        for line in &self.lines {
            let passed = line.outcome == Outcome::Passed;
            match folders
                .last_mut()
                .filter(|(name, _)| *name == line.folder())
            {
                Some((_, all)) => *all &= passed,
                None => folders.push((line.folder(), passed)),
            }
        }
        let passed = folders.iter().filter(|(_, passed)| *passed).count();
        (folders.len(), passed)
    }

    fn count(&self, outcome: impl Fn(&Outcome) -> bool) -> usize {
        let lines = self.lines.iter();
        lines.filter(|line| outcome(&line.outcome)).count()
    }
}

impl Line {
    /// The folder with the known answers.
    fn folder(&self) -> &str {
        self.case.split('/').next().unwrap_or(&self.case)
    }

    /// Whose answer it is.
    fn engine(&self) -> &'static str {
        let engines = [
            ("arroyo", "Arroyo"),
            ("bytewax", "Bytewax"),
            ("flink", "Flink"),
            ("kafka", "Kafka Streams"),
            ("proton", "Proton"),
            ("risingwave", "RisingWave"),
            ("spark", "Spark"),
        ];
        let known = engines
            .iter()
            .find(|(prefix, _)| self.case.starts_with(prefix));
        known.map_or("?", |(_, engine)| engine)
    }

    fn result(&self) -> &'static str {
        match self.outcome {
            Outcome::Passed => "pass",
            Outcome::Failed(_) => "FAIL",
            Outcome::LeftOut(_) => "left out",
        }
    }

    fn reason(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Passed => None,
            Outcome::Failed(reason) | Outcome::LeftOut(reason) => Some(reason),
        }
    }
}

/// What stands under the table: the reasons of what has not passed, and counts.
impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            if let Some(reason) = line.reason() {
                writeln!(formatter, "\n{} {}:", line.case, line.result())?;
                let mut reasons = reason.lines();
                reasons.try_for_each(|reason| writeln!(formatter, "  {reason}"))?;
            }
        }
        let (folders, passed) = self.folders();
        let failed = self.count(|outcome| matches!(outcome, Outcome::Failed(_)));
        let left_out = self.count(|outcome| matches!(outcome, Outcome::LeftOut(_)));
        let pipelines = self.count(|outcome| *outcome == Outcome::Passed);
        write!(
            formatter,
            "\n{passed} of {folders} folders pass; {pipelines} pipelines pass, {failed} fail, \
             {left_out} are left out"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(case: &str, outcome: Outcome) -> Line {
        Line {
            case: case.to_owned(),
            covers: "sums".to_owned(),
            outcome,
        }
    }

    #[test]
    fn a_folder_passes_if_all_in_it_do() {
        let failed = Outcome::Failed("2 is not 3".to_owned());
        let mut report = Report::new(["flink_a", "risingwave_n/q1"]);
        let row = report.add(line("flink_a", Outcome::Passed));
        assert_eq!(row, "flink_a          Flink          pass      sums");
        report.add(line("risingwave_n/q0", Outcome::Passed));
        report.add(line("risingwave_n/q1", failed));
        report.add(line("spark_b", Outcome::LeftOut("retractions".to_owned())));
        assert_eq!(report.folders(), (3, 1));
        assert!(!report.is_good());
        let text = report.to_string();
        assert!(
            text.contains("\nrisingwave_n/q1 FAIL:\n  2 is not 3\n"),
            "{text}"
        );
        let counts = "1 of 3 folders pass; 2 pipelines pass, 1 fail, 1 are left out";
        assert!(text.ends_with(counts), "{text}");
    }
}
