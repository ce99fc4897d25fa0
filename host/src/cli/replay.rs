//! `tidemill replay`: which dead letters are cured by now, and their rows as a source reads them.

use std::{path::PathBuf, sync::Arc};

use anyhow::Context;
use clap::Args;

use super::{Ending, Misuse, print, setup, talk::say, talk::say_line};
use crate::{
    batch::{Batch, Schema, visible},
    connector::{Format, RowFile, SinkConfig, TextEncoder},
    operator::{DeadLetter, LetterKind},
    pipeline::{Plan, Registry},
    replay::{self, Again, DeadLetterFiles, Feed, Outcome, Passed, Unreadable, Verdict},
};

/// Try dead letters again, on the components and settings of today
///
/// Gives each row to the stage that refused it, with the component that the pipeline names now, or decodes it as its
/// source is set now, and prints which rows are cured, what comes out of them, and why the others still fail. Nothing is
/// written to sinks, state or checkpoints. Exits with 1 if a dead letter is not cured.
#[derive(Debug, Args)]
pub(super) struct Replay {
    /// The pipeline file
    file: PathBuf,

    /// Files of dead letters, or folders of them [default: where the pipeline writes its own]
    dead_letters: Vec<PathBuf>,

    /// Try only those of this source or stage
    #[arg(long, value_name = "NAME")]
    stage: Option<String>,

    /// Write the rows that are cured to this file, as a source reads them
    #[arg(long, value_name = "FILE")]
    emit: Option<PathBuf>,

    /// Show where functions have failed, and what they have logged
    #[arg(long)]
    backtrace: bool,
}

/// How many dead letters have come out how.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    cured: u64,
    failing: u64,
    untried: u64,
    /// How many of those that are cured were tried without a state.
    stateless: u64,
}

impl Replay {
    pub(super) fn execute(&self) -> anyhow::Result<Ending> {
        let registry = Registry::new(setup::engine()?);
        let plan = setup::load(&self.file, &registry)?;
        self.check_stage(&plan)?;
        let paths = self.files(&plan)?;
        if self.emit.is_some() && self.stage.is_none() {
            check_one_stage(&plan, &mut DeadLetterFiles::new(&paths)?)?;
        }
        let mut files = DeadLetterFiles::new(&paths)?;
        let mut replay = replay::Replay::new(&plan, &registry);
        let mut emission = Emission::new(self.emit.clone());
        let mut tally = Tally::default();
        let broken = loop {
            let letters = match files.more() {
                Ok(Some(letters)) => letters,
                Ok(None) => break None,
                // What has been cured so far is not lost.
                Err(error) => break Some(error),
            };
            for row in &letters.unreadable {
                tally.untried += 1;
                print(&unread(row))?;
            }
            let wanted = |letter: &&DeadLetter| match &self.stage {
                Some(stage) => *letter.stage == **stage,
                None => true,
            };
            for letter in letters.read.iter().filter(wanted) {
                let outcome = replay.try_again(letter)?;
                tally.take(&outcome);
                print(&visible(&self.told(letter, &outcome)?))?;
                if let (Verdict::Cured(_), Some(row)) = (&outcome.verdict, &outcome.row) {
                    emission.add(&plan, letter, row)?;
                }
            }
        };
        if broken.is_none() || tally.all() > 0 {
            print(&tally.told())?;
        }
        if tally.stateless > 0 {
            say_line(
                "note: stages that keep state were given each row with an empty one: with what they know in the stream, \
                 they may still refuse it",
            );
        }
        emission.finish()?;
        match broken {
            Some(error) => Err(error.into()),
            None if tally.failing + tally.untried > 0 => Ok(Ending::Failed),
            None => Ok(Ending::Done),
        }
    }

    fn check_stage(&self, plan: &Plan) -> Result<(), Misuse> {
        let Some(name) = &self.stage else {
            return Ok(());
        };
        match is_in(plan, name) {
            true => Ok(()),
            false => Err(Misuse(format!(
                "`{}` has no source and no stage called `{name}`",
                self.file.display()
            ))),
        }
    }

    /// Where the dead letters are.
    fn files(&self, plan: &Plan) -> Result<Vec<PathBuf>, Misuse> {
        match (&plan.dead_letters, &self.dead_letters[..]) {
            (_, [_, ..]) => Ok(self.dead_letters.clone()),
            (Some(SinkConfig::File { path, .. }), []) => Ok(vec![path.clone()]),
            _ => Err(Misuse(format!(
                "`{}` writes no files of dead letters: name the files to try",
                self.file.display()
            ))),
        }
    }

    /// What is printed of a letter.
    fn told(&self, letter: &DeadLetter, outcome: &Outcome) -> anyhow::Result<String> {
        let place = letter.position.as_ref();
        let place = place.map_or_else(String::new, |position| format!(" {position}"));
        let head = format!("{}{place}", letter.stage);
        Ok(match &outcome.verdict {
            Verdict::Cured(Passed::WithoutState) => {
                format!("cured    {head}\n{}", indented(&letter.row))
            }
            Verdict::Cured(Passed::Rows(rows)) => {
                format!("cured    {head}\n{}", indented(&json(rows)?))
            }
            Verdict::Fails(again) => {
                let Again {
                    reason, function, ..
                } = again;
                let function = function.as_ref();
                let function = function.map_or_else(String::new, |name| format!("{name}: "));
                let details = match self.backtrace {
                    true => details(again),
                    false => String::new(),
                };
                let row = indented(&letter.row);
                format!("fails    {head}: {function}{reason}\n{row}{details}")
            }
            Verdict::Untried(reason) => {
                format!("untried  {head}: {reason}\n{}", indented(&letter.row))
            }
        })
    }
}

impl Tally {
    const fn take(&mut self, outcome: &Outcome) {
        match &outcome.verdict {
            Verdict::Cured(passed) => {
                self.cured += 1;
                if matches!(passed, Passed::WithoutState) {
                    self.stateless += 1;
                }
            }
            Verdict::Fails(_) => self.failing += 1,
            Verdict::Untried(_) => self.untried += 1,
        }
    }

    const fn all(self) -> u64 {
        self.cured + self.failing + self.untried
    }

    fn told(self) -> String {
        let Self {
            cured,
            failing,
            untried,
            ..
        } = self;
        let all = self.all();
        if all == 0 {
            return "there are no dead letters\n".to_owned();
        }
        let mut parts = vec![format!("{cured} of {all} dead letters cured")];
        if failing > 0 {
            parts.push(format!("{failing} still failing"));
        }
        if untried > 0 {
            parts.push(format!("{untried} cannot be tried"));
        }
        format!("{}\n", parts.join(", "))
    }
}

/// The rows that are cured, on their way to a file.
struct Emission {
    path: Option<PathBuf>,
    /// From the first row on.
    open: Option<Open>,
}

/// A file of rows of one source or stage.
struct Open {
    stage: String,
    feed: Feed,
    file: RowFile,
    rows: u64,
}

impl Emission {
    const fn new(path: Option<PathBuf>) -> Self {
        Self { path, open: None }
    }

    fn add(&mut self, plan: &Plan, letter: &DeadLetter, row: &Batch) -> anyhow::Result<()> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let open = match &mut self.open {
            Some(open) => open,
            none => {
                let feed = Feed::of(plan, &letter.stage);
                let feed = feed.with_context(|| format!("`{}` takes no rows", letter.stage))?;
                none.insert(Open {
                    file: RowFile::create(path, &feed.decoding)?,
                    stage: letter.stage.to_string(),
                    feed,
                    rows: 0,
                })
            }
        };
        if *open.stage != *letter.stage {
            return Err(two_stages(&open.stage, &letter.stage).into());
        }
        open.file.write(&open.feed.row(row)?)?;
        open.rows += 1;
        Ok(())
    }

    /// Makes the file appear, and tells what can be done with it.
    fn finish(self) -> anyhow::Result<()> {
        let (Some(path), Some(open)) = (self.path, self.open) else {
            return Ok(());
        };
        let Open {
            stage,
            feed,
            file,
            rows,
        } = open;
        file.finish()?;
        let shown = path.display();
        match &feed.source {
            Some(source) => {
                say_line(format_args!(
                    "`{shown}` has {rows} rows, as the source `{source}` reads them"
                ));
                if !feed.also_fed.is_empty() {
                    let others = feed.also_fed.iter().map(|name| format!("`{name}`"));
                    let others = others.collect::<Vec<_>>().join(", ");
                    say_line(format_args!(
                        "note: this source also leads to {others}, which had these rows before and would have them twice"
                    ));
                }
            }
            None => {
                say_line(format_args!(
                    "`{shown}` has {rows} rows with the columns that `{stage}` takes; no source of the pipeline has \
                     these, but one of another pipeline reads them with"
                ));
                say(indented(&feed.keys()));
            }
        }
        Ok(())
    }
}

/// Makes sure, before any row is tried, that all letters that can be cured are of the same source or stage.
fn check_one_stage(plan: &Plan, files: &mut DeadLetterFiles) -> Result<(), Misuse> {
    let mut first: Option<Arc<str>> = None;
    // What cannot be read is told when it is its turn.
    while let Ok(Some(letters)) = files.more() {
        for letter in letters.read {
            if letter.kind == LetterKind::Window || !is_in(plan, &letter.stage) {
                continue;
            }
            let first = first.get_or_insert_with(|| Arc::clone(&letter.stage));
            if *first != letter.stage {
                return Err(two_stages(first, &letter.stage));
            }
        }
    }
    Ok(())
}

fn two_stages(one: &str, other: &str) -> Misuse {
    Misuse(format!(
        "rows of `{one}` and of `{other}` do not fit into one file: choose with `--stage`"
    ))
}

/// Whether a pipeline has a source or a stage of this name.
fn is_in(plan: &Plan, name: &str) -> bool {
    let sources = plan.sources.iter().map(|source| &source.name);
    let stages = plan.stages.iter().map(|stage| &stage.name);
    sources.chain(stages).any(|known| known == name)
}

/// What is printed of a row that is no letter.
fn unread(row: &Unreadable) -> String {
    let Unreadable { position, reason } = row;
    let text = format!("untried  {position}: it is no dead letter: {reason}\n");
    visible(&text).into_owned()
}

/// Where a function has failed, and what it has logged.
fn details(again: &Again) -> String {
    let mut text = String::new();
    let parts = [("in", &again.backtrace), ("log", &again.log)];
    for (word, lines) in parts {
        for line in lines.iter().flat_map(|lines| lines.lines()) {
            text.push_str(&indented(&format!("{word} {line}")));
        }
    }
    text
}

/// Rows as JSON, one a line.
fn json(batches: &[Batch]) -> anyhow::Result<String> {
    let mut text = Vec::new();
    for batch in batches {
        let schema = Schema::from_arrow(batch.record().schema_ref());
        let schema = schema.context("the rows have columns of a type that there is none of")?;
        let encoder = TextEncoder::new(Format::Json, &schema)?;
        encoder.exact().encode(batch.record(), &mut text)?;
    }
    match text.is_empty() {
        true => Ok("nothing comes out of it".to_owned()),
        false => String::from_utf8(text).context("JSON is UTF-8"),
    }
}

/// Lines, each behind the words of the first column.
fn indented(text: &str) -> String {
    text.lines()
        .map(|line| format!("         {line}\n"))
        .collect()
}
