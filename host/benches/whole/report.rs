//! What was measured: a table for people, an object a line for programs.

use std::{fs, path::PathBuf};

use anyhow::Context as _;
use serde_json::{Value, json};

use super::{arguments::Arguments, case::Case, child::Usage, machine::Machine, start::Start};

/// All figures so far.
pub(crate) struct Report {
    rows: u64,
    runs: usize,
    json: Option<PathBuf>,
    table: Vec<[String; COLUMNS]>,
    lines: Vec<Value>,
}

const COLUMNS: usize = 10;

const HEADER: [&str; COLUMNS] = [
    "case",
    "side",
    "million rows/s",
    "CPU ns/row",
    "least - most",
    "wall s",
    "cores",
    "peak MB",
    "CPU, ratio",
    "rows/s, ratio",
];

/// The median of some figures, the least and the most.
#[derive(Clone, Copy)]
struct Spread {
    median: f64,
    least: f64,
    most: f64,
}

impl Report {
    pub(crate) fn new(arguments: &Arguments) -> Self {
        Self {
            rows: arguments.rows,
            runs: arguments.runs,
            json: arguments.json.clone(),
            table: vec![HEADER.map(str::to_owned)],
            lines: Vec::new(),
        }
    }

    /// Takes down what the runs of both sides have used.
    pub(crate) fn add(&mut self, case: &Case, measured: &[[Usage; 2]]) {
        let cpu_ratio = Spread::of(measured.iter().map(|[one, other]| one.cpu / other.cpu));
        let speed_ratio = Spread::of(measured.iter().map(|[one, other]| other.wall / one.wall));
        for (side, name) in case.names().into_iter().enumerate() {
            let of = |figure: fn(&Usage) -> f64| {
                Spread::of(measured.iter().map(|run| figure(&run[side])))
            };
            let rows = self.rows as f64;
            let cpu = of(|usage| usage.cpu).times(1e9 / rows);
            let wall = of(|usage| usage.wall);
            let cores = of(|usage| usage.cpu / usage.wall);
            let peak = of(|usage| usage.peak as f64);
            let ratio = |ratio: Spread| match side {
                0 => ratio.to_string(),
                _ => String::new(),
            };
            self.table.push([
                if side == 0 {
                    case.to_string()
                } else {
                    String::new()
                },
                name.to_owned(),
                format!("{:.2}", rows / wall.median / 1e6),
                format!("{:.1}", cpu.median),
                format!("{:.1} - {:.1}", cpu.least, cpu.most),
                format!("{:.2}", wall.median),
                format!("{:.2}", cores.median),
                format!("{:.0}", peak.most / 1e6),
                ratio(cpu_ratio),
                ratio(speed_ratio),
            ]);
            let mut line = json!({
                "case": case.to_string(),
                "job": case.job.to_string(),
                "format": case.format.to_string(),
                "side": name,
                "rows": self.rows,
                "runs": self.runs,
                "rows_per_second": rows / wall.median,
                "cpu_ns_per_row": cpu.to_json(),
                "wall_seconds": wall.to_json(),
                "cores": cores.to_json(),
                "peak_bytes": peak.to_json(),
            });
            if side == 0 {
                line["cpu_ratio"] = cpu_ratio.to_json();
                line["speed_ratio"] = speed_ratio.to_json();
            }
            self.lines.push(line);
        }
    }

    /// Takes down how long starting takes.
    pub(crate) fn add_start(&mut self, starts: &[Start]) {
        for start in starts {
            let spread = Spread::of(start.millis.iter().copied());
            println!(
                "start {}: {:.0} ms to the first row ({:.0} - {:.0}, {} starts)",
                start.job,
                spread.median,
                spread.least,
                spread.most,
                start.millis.len()
            );
            self.lines.push(json!({
                "case": "start",
                "job": start.job.to_string(),
                "runs": start.millis.len(),
                "first_row_millis": spread.to_json(),
            }));
        }
    }

    /// Prints the table.
    pub(crate) fn print(&self, machine: &Machine) {
        println!(
            "\n{} rows, {} runs of each side; {}",
            self.rows,
            self.runs,
            machine.since()
        );
        let widths: [usize; COLUMNS] = std::array::from_fn(|column| {
            let cells = self.table.iter().map(|row| row[column].len());
            cells.max().unwrap_or_default()
        });
        for (i, row) in self.table.iter().enumerate() {
            let cells = row.iter().zip(widths);
            let cells: Vec<_> = cells
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            println!("| {} |", cells.join(" | "));
            if i == 0 {
                let rule = widths.map(|width| "-".repeat(width));
                println!("| {} |", rule.join(" | "));
            }
        }
        println!(
            "\nmedians (least - most); ratios are those of the first side by the second, run by run"
        );
    }

    /// Writes the lines for programs.
    pub(crate) fn save(&self) -> anyhow::Result<()> {
        let lines: String = self.lines.iter().map(|line| format!("{line}\n")).collect();
        match &self.json {
            Some(path) => {
                fs::write(path, lines).with_context(|| format!("cannot write `{}`", path.display()))
            }
            None => {
                print!("\n{lines}");
                Ok(())
            }
        }
    }
}

impl Spread {
    fn of(figures: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = figures.collect();
        sorted.sort_by(f64::total_cmp);
        let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
        let middle = sorted.len() / 2;
        Self {
            median: if sorted.len() % 2 == 1 {
                at(middle)
            } else {
                (at(middle.wrapping_sub(1)) + at(middle)) / 2.0
            },
            least: at(0),
            most: at(sorted.len().wrapping_sub(1)),
        }
    }

    fn times(self, factor: f64) -> Self {
        Self {
            median: self.median * factor,
            least: self.least * factor,
            most: self.most * factor,
        }
    }

    fn to_json(self) -> Value {
        json!({ "median": self.median, "least": self.least, "most": self.most })
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "{:.2} ({:.2} - {:.2})",
            self.median, self.least, self.most
        )
    }
}
