//! Whole jobs, each beside a native twin: the same work by hand over the same readers, in a process of its own.
//!
//! Cost model: reading and decoding, which both sides do with Arrow's readers; then what the runtime adds: calls
//! into guests, the exchange by key, slices, windows that fire, channels between threads. Sinks count and drop, so
//! encoding is not part of it.
//!
//! Axes: the job (`A` filters and maps, `B` is a sliding window of two means for each sensor, `C` a tumbling
//! window, `D` is `B` with a checkpoint every second), the format, and the number of cores: for `scaling` with two
//! subtasks of each kind, for `pipelining` with one, whose source and stage run side by side if they may. `start`
//! is the time from starting the program to its first row.
//!
//! Baselines: the native twin of `A`, `B` and `C`, `B` for `D`, one subtask on one core (`taskset`) for `scaling` and
//! `pipelining`. Both sides run in turn, the released binary and this program as its own twin, and both are measured
//! from outside: processor time of all threads and the largest resident set are those that the system tells of a
//! child. Before that, both must have the same result.
//!
//! `cargo bench -p tidemill --bench whole -- --help` tells the options.

#![expect(
    clippy::print_stdout,
    reason = "a benchmark tells what it has measured"
)]

mod agreement;
mod arguments;
mod case;
mod child;
mod data;
mod job;
mod machine;
mod product;
mod report;
mod start;
mod totals;
mod twin;

#[path = "../support/guests.rs"]
mod guests;
#[path = "../support/stages.rs"]
mod stages;

use std::{env, path::Path, process::Command};

use anyhow::Context as _;

use self::{
    arguments::Arguments, case::Case, child::Usage, data::Data, machine::Machine, product::Product,
    report::Report,
};

fn main() -> anyhow::Result<()> {
    let mut arguments = env::args_os().skip(1).peekable();
    match arguments.peek().and_then(|first| first.to_str()) {
        Some(child::OPTION) => return child::measure(arguments.skip(1)),
        Some(twin::OPTION) => return twin::main(arguments.skip(1)),
        _ => {}
    }
    // `cargo test --benches` wants to know that it starts, not what it measures.
    if !env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    bench(&Arguments::read(arguments)?)
}

fn bench(arguments: &Arguments) -> anyhow::Result<()> {
    let cases = arguments.cases()?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("whole");
    let product = Product::prepare(&folder)?;
    let data = Data::new(&product, &folder, arguments.rows);
    data.make(&cases)?;
    let mut report = Report::new(arguments);
    for case in &cases {
        agreement::check(case, &data, &product)
            .with_context(|| format!("both sides of `{case}` must do the same"))?;
    }
    let machine = Machine::look();
    for case in &cases {
        println!("measuring `{case}`");
        let measured = measure(case, arguments.runs, &data, &product);
        report.add(
            case,
            &measured.with_context(|| format!("cannot measure `{case}`"))?,
        );
    }
    if arguments.has(start::NAME) {
        report.add_start(&start::measure(arguments, &folder, &product)?);
    }
    report.print(&machine);
    report.save()
}

/// Runs both sides of a case in turn.
fn measure(
    case: &Case,
    runs: usize,
    data: &Data<'_>,
    product: &Product,
) -> anyhow::Result<Vec<[Usage; 2]>> {
    let [one, other] = case.sides(data, product)?;
    (0..runs).map(|_| Ok([one.run()?, other.run()?])).collect()
}

/// This program.
fn itself() -> anyhow::Result<Command> {
    let path = env::current_exe().context("cannot tell which program this is")?;
    Ok(Command::new(path))
}
