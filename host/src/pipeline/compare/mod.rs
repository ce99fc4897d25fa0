//! Whether a job that runs by one plan can go on by another, and what changes then.
//!
//! Nothing is loaded or called here but in `migrations`, where new components are asked what they can convert.

mod function;
mod migrations;
mod shape;

use std::fmt;

use super::{LibraryRef, LibraryUse, Plan, StageLimits, StagePlan, describe::limits, short_digest};
use crate::{
    operator::{Call, Work},
    wasm::{Allow, Function},
};

pub use function::{FunctionMisfit, StateFit, compare_functions, counterpart};
pub use migrations::{check_migration, check_migrations};

/// A stage that goes on with other components, or with other settings for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageChange {
    /// Its place, which is the same in both plans.
    pub stage: usize,
    /// What changes; never empty.
    pub parts: Vec<Part>,
    /// Whether what some function has kept has to be converted.
    pub migrates: bool,
}

/// What changes in a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A component is another one.
    Component {
        /// What the file calls the old one, and the first digits of its digest.
        old: (String, String),
        /// The same of the new one.
        new: (String, String),
    },
    /// Another function of the same signature is called.
    Function {
        /// The old one.
        old: String,
        /// The new one.
        new: String,
    },
    /// The configuration of a library is another one.
    Config {
        /// What the file calls the library.
        library: String,
    },
    /// The limits are others.
    Limits {
        /// The old ones.
        old: StageLimits,
        /// The new ones.
        new: StageLimits,
    },
    /// What its functions may do beside computing is something else.
    Allow {
        /// What they could.
        old: Allow,
        /// What they can.
        new: Allow,
    },
    /// The state of a function has another version.
    State {
        /// The function.
        function: String,
        /// The old version.
        old: u32,
        /// The new one.
        new: u32,
    },
}

/// As in ``component `weather.wasm` 0123456789ab -> 89abcdef0123``.
impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Component { old, new } if old.0 == new.0 => {
                write!(formatter, "component `{}` {} -> {}", old.0, old.1, new.1)
            }
            Self::Component { old, new } => write!(
                formatter,
                "component `{}` {} -> `{}` {}",
                old.0, old.1, new.0, new.1
            ),
            Self::Function { old, new } => write!(formatter, "function `{old}` -> `{new}`"),
            // It may hold secrets.
            Self::Config { library } => write!(formatter, "another `config` of `{library}`"),
            Self::Limits { old, new } => {
                write!(formatter, "limits {} -> {}", limits(old), limits(new))
            }
            Self::Allow { old, new } => match (old.to_string(), new.to_string()) {
                // It may be a secret.
                (old, new) if old == new => {
                    formatter.write_str("another value of what `allow` has")
                }
                (old, new) => write!(formatter, "allow {old} -> {new}"),
            },
            Self::State { function, old, new } => {
                write!(formatter, "state of `{function}` version {old} -> {new}")
            }
        }
    }
}

/// Why a job cannot go on by another plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The stage it is about; `None` if it is about no stage, or the pipeline as a whole.
    pub stage: Option<String>,
    /// What differs.
    pub reason: String,
    /// What to do about it.
    pub help: String,
}

impl Misfit {
    fn of_job(reason: String, help: &str) -> Self {
        Self {
            stage: None,
            reason,
            help: help.to_owned(),
        }
    }

    fn of_stage(stage: &StagePlan, misfit: FunctionMisfit) -> Self {
        Self {
            stage: Some(stage.name.clone()),
            reason: misfit.reason,
            help: misfit.help,
        }
    }
}

/// A sentence: the stage, what differs, what to do.
impl fmt::Display for Misfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(stage) = &self.stage {
            write!(formatter, "stage `{stage}`: ")?;
        }
        write!(formatter, "{}: {}", self.reason, self.help)
    }
}

/// Says which stages change when a job that runs by the plan `old` goes on by the plan `new`. The plans
/// may have their libraries in different places. Whether state can be converted is for
/// [`check_migrations`] to find out.
///
/// # Errors
///
/// If it cannot go on, because something has changed that cannot while it runs: all that was found.
pub fn compare(old: &Plan, new: &Plan) -> Result<Vec<StageChange>, Vec<Misfit>> {
    let misfits = shape::other_members(old, new);
    if !misfits.is_empty() {
        return Err(misfits);
    }
    let mut misfits = shape::others(old, new);
    let mut changes = Vec::new();
    let mut others = Vec::new();
    for (place, (before, now)) in old.stages.iter().zip(&new.stages).enumerate() {
        if !shape::same_input(old, new, before, now) {
            match shape::same_place(before, now) {
                // What it gets follows from what is before it, which is told there.
                true => others.push(shape::other_input(now)),
                false => misfits.extend(shape::stage(old, new, before, now)),
            }
            continue;
        }
        match calls(before, now) {
            Ok(fits) => {
                misfits.extend(shape::stage(old, new, before, now));
                changes.extend(change(old, new, place, &fits));
            }
            Err(found) => misfits.extend(found),
        }
    }
    if misfits.is_empty() {
        misfits = others;
    }
    if misfits.is_empty() {
        let sinks = old.sinks.iter().zip(&new.sinks);
        let others = sinks.filter(|(before, now)| before.schema != now.schema);
        misfits.extend(others.map(|(_, now)| shape::other_sink(now)));
    }
    match misfits.is_empty() {
        true => Ok(changes),
        false => Err(misfits),
    }
}

/// Whether the functions of a stage can take the place of those before, in pairs.
fn calls(before: &StagePlan, now: &StagePlan) -> Result<Vec<StateFit>, Vec<Misfit>> {
    let mut fits = Vec::new();
    let mut misfits = Vec::new();
    for (old, new) in before.work.calls().iter().zip(now.work.calls()) {
        match call(before, now, old, new) {
            Ok(fit) => fits.push(fit),
            Err(misfit) => misfits.push(Misfit::of_stage(now, misfit)),
        }
    }
    match misfits.is_empty() {
        true => Ok(fits),
        false => Err(misfits),
    }
}

fn call(
    before: &StagePlan,
    now: &StagePlan,
    old: &Call,
    new: &Call,
) -> Result<StateFit, FunctionMisfit> {
    let names = (&old.function.name, &new.function.name);
    // Of what a stage has kept it is known by the name of the function what it is.
    if now.work.is_keyed() && names.0 != names.1 {
        return Err(FunctionMisfit {
            reason: format!(
                "it calls `{}` now, and has kept state for `{}`",
                names.1, names.0
            ),
            help: "give the function the same name, or stop the job and start it over".to_owned(),
        });
    }
    let fit = compare_functions(
        &old.function,
        &renamed(&new.function, &old.function, &now.work),
    )?;
    if new.arguments != old.arguments {
        let told = |stage: &StagePlan, call: &Call| {
            let columns = call.arguments.iter().map(|argument| {
                let field = &stage.input_schema.fields()[argument.column];
                match argument.cast {
                    None => field.name.clone(),
                    Some(wide) => format!("{} as {wide}", field.name),
                }
            });
            columns.collect::<Vec<_>>().join(", ")
        };
        return Err(FunctionMisfit {
            reason: format!(
                "`{}` is called with ({}) now, ({}) before",
                names.1,
                told(now, new),
                told(before, old)
            ),
            help: "give `args` back as it was, or stop the job and start it again".to_owned(),
        });
    }
    Ok(fit)
}

/// `new` with the names of the results of `old`, if the stage does not go by them.
fn renamed(new: &Function, old: &Function, work: &Work) -> Function {
    let mut new = new.clone();
    let is_free = match work {
        Work::Filter(_) => true,
        // The stage has a name for a single result.
        Work::Aggregate(_) => new.results.len() == 1,
        _ => false,
    };
    if is_free && new.results.len() == old.results.len() {
        for (result, before) in new.results.iter_mut().zip(&old.results) {
            result.name.clone_from(&before.name);
        }
    }
    new
}

/// What changes in a stage that can go on; `None` if nothing does.
fn change(old: &Plan, new: &Plan, stage: usize, fits: &[StateFit]) -> Option<StageChange> {
    let (before, now) = (&old.stages[stage], &new.stages[stage]);
    let mut parts = Vec::new();
    for (one, other) in before.work.calls().iter().zip(now.work.calls()) {
        let of = |plan: &Plan, call: &Call| plan.libraries[call.library].clone();
        for part in call_parts(one, other, &of(old, one), &of(new, other)) {
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
    }
    // Nothing but functions goes by them.
    if before.limits != now.limits && !now.work.calls().is_empty() {
        parts.push(Part::Limits {
            old: before.limits,
            new: now.limits,
        });
    }
    if before.allow != now.allow {
        parts.push(Part::Allow {
            old: before.allow.clone(),
            new: now.allow.clone(),
        });
    }
    (!parts.is_empty()).then(|| StageChange {
        stage,
        parts,
        migrates: fits.contains(&StateFit::Migrates),
    })
}

fn call_parts(old: &Call, new: &Call, before: &LibraryUse, now: &LibraryUse) -> Vec<Part> {
    let mut parts = Vec::new();
    if before.digest != now.digest {
        let known_by = |of: &LibraryUse| {
            // One that was kept has no name but its digest.
            let name = match of.reference {
                LibraryRef::Kept(_) => &of.name,
                LibraryRef::Std | LibraryRef::File(_) => of.shown(),
            };
            (name.to_owned(), short_digest(&of.digest).to_owned())
        };
        parts.push(Part::Component {
            old: known_by(before),
            new: known_by(now),
        });
    }
    if before.config != now.config {
        parts.push(Part::Config {
            library: now.name.clone(),
        });
    }
    let (old, new) = (&old.function, &new.function);
    if old.name != new.name {
        parts.push(Part::Function {
            old: old.name.clone(),
            new: new.name.clone(),
        });
    }
    let keeps = !old.state.is_empty() || !new.state.is_empty();
    if keeps && old.state_version != new.state_version {
        parts.push(Part::State {
            function: new.name.clone(),
            old: old.state_version,
            new: new.state_version,
        });
    }
    parts
}
