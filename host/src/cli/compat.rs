//! `tidemill compat`: may one component replace another in a stream that runs.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use clap::Args;

use super::{Ending, print, setup};
use crate::{
    pipeline::{
        FunctionMisfit, RegularFile, StateFit, check_migration, compare_functions, counterpart,
    },
    wasm::{Allow, Component, Engine, Function, InstanceOptions, Limits},
};

/// Tell whether a component can replace another one while a stream runs
///
/// Goes through the functions of OLD: a function of NEW must have the same name, kind, parameters, results and
/// state, or know how to convert the state. Exits with 1 if one of them cannot be replaced.
#[derive(Debug, Args)]
pub(super) struct Compat {
    /// The component that runs
    old: PathBuf,

    /// The component that is to take its place
    new: PathBuf,

    /// Configure both with this JSON object first
    #[arg(long, value_name = "JSON", default_value = "{}")]
    config: String,
}

/// What becomes of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Another takes its place.
    Fits,
    /// Another takes its place and converts its state.
    Migrates,
    /// No other can take its place.
    Breaks,
    /// It takes the place of none.
    New,
}

/// A function of the table, and what there is to say of it.
struct Verdict {
    fate: Fate,
    function: String,
    reason: Option<String>,
}

/// A line, and one more for the reason.
impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.fate {
            Fate::Fits => "fits",
            Fate::Migrates => "migrates",
            Fate::Breaks => "breaks",
            Fate::New => "new",
        };
        writeln!(formatter, "{word:8}  {}", self.function)?;
        match &self.reason {
            Some(reason) => writeln!(formatter, "{:8}  {reason}", ""),
            None => Ok(()),
        }
    }
}

impl Compat {
    pub(super) fn execute(&self) -> anyhow::Result<Ending> {
        let engine = setup::engine()?;
        let (_, old) = self.load(&engine, &self.old)?;
        let (component, new) = self.load(&engine, &self.new)?;
        let mut verdicts = Vec::new();
        let mut taken = Vec::new();
        for function in old.iter() {
            let counterpart = counterpart(function, &new);
            taken.extend(counterpart.map(|taken| taken.index));
            verdicts.push(self.verdict(function, counterpart, &component));
        }
        let others = new.iter().filter(|new| !taken.contains(&new.index));
        verdicts.extend(others.map(|new| Verdict {
            fate: Fate::New,
            function: told(new),
            reason: None,
        }));
        let mut text: String = verdicts.iter().map(Verdict::to_string).collect();
        // Overloads of one name are told apart in the table.
        let mut broken: Vec<String> = Vec::new();
        for (function, verdict) in old.iter().zip(&verdicts) {
            let name = format!("`{}`", function.name);
            if verdict.fate == Fate::Breaks && !broken.contains(&name) {
                broken.push(name);
            }
        }
        let (old, new) = (self.old.display(), self.new.display());
        let (conclusion, ending) = match broken.is_empty() {
            true => (
                format!("`{new}` can take the place of `{old}`"),
                Ending::Done,
            ),
            false => (
                format!(
                    "`{new}` cannot take the place of `{old}`: it breaks {}",
                    broken.join(", ")
                ),
                Ending::Failed,
            ),
        };
        text.push_str(&format!("{conclusion}\n"));
        print(&text)?;
        Ok(ending)
    }

    fn load(&self, engine: &Engine, path: &Path) -> anyhow::Result<(Component, Arc<[Function]>)> {
        let shown = path.display();
        let bytes = RegularFile::component(path).and_then(RegularFile::content);
        let bytes = bytes.with_context(|| format!("cannot read `{shown}`"))?;
        let component = engine
            .load(&bytes)
            .with_context(|| format!("cannot load `{shown}`"))?;
        let functions = component
            .catalog(&self.config, &Allow::default())
            .with_context(|| format!("cannot tell what is in `{shown}`"))?;
        Ok((component, functions))
    }

    /// Whether `new`, a function of `component`, can take the place of `old`.
    fn verdict(&self, old: &Function, new: Option<&Function>, component: &Component) -> Verdict {
        let (fate, reason) = match new {
            None => {
                let reason = "there is none of this name with these parameters";
                (Fate::Breaks, Some(reason.to_owned()))
            }
            Some(new) => match self.fit(old, new, component) {
                Ok(StateFit::Stays) => (Fate::Fits, None),
                Ok(StateFit::Migrates) => {
                    let (from, to) = (old.state_version, new.state_version);
                    let reason = format!("converts version {from} of its state to version {to}");
                    (Fate::Migrates, Some(reason))
                }
                Err(misfit) => (Fate::Breaks, Some(misfit.to_string())),
            },
        };
        Verdict {
            fate,
            function: told(old),
            reason,
        }
    }

    fn fit(
        &self,
        old: &Function,
        new: &Function,
        component: &Component,
    ) -> Result<StateFit, FunctionMisfit> {
        let fit = compare_functions(old, new)?;
        check_migration(old, new, || {
            let options = InstanceOptions {
                config: self.config.as_str().into(),
                limits: Limits::default(),
                allow: Allow::default(),
                stage: "compat".into(),
            };
            Ok(component.instantiate(options)?)
        })?;
        Ok(fit)
    }
}

/// A function and its kind.
fn told(function: &Function) -> String {
    format!("{} {function}", function.kind)
}
