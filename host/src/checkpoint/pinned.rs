//! The components that a checkpoint was made with, for a job that goes on from it although the files they came
//! from have changed.

use std::collections::BTreeSet;

use super::contents::StageComponents;
use crate::{
    operator::Work,
    pipeline::{LibraryRef, Overrides, Plan, short_digest},
};

/// What a pipeline must be loaded with to run with the components of a checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pinned {
    /// What [`load_with`](crate::pipeline::load_with) takes.
    pub overrides: Overrides,
    /// The components that `overrides` puts in the place of others.
    pub used: Vec<PinnedComponent>,
    /// The components that cannot be had any more; the present ones stay in their place.
    pub missing: Vec<PinnedComponent>,
}

/// A component of a checkpoint that is not the one that the pipeline finds now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedComponent {
    /// The stage that calls it.
    pub stage: String,
    /// What the pipeline file calls it.
    pub library: String,
    /// The digest of the checkpoint's, in hexadecimal.
    pub digest: String,
    /// The digest of what the pipeline finds now.
    pub now: String,
}

/// As in ``stage `hot`: `weather.wasm` was 0123456789ab and is 89abcdef0123 now``.
impl std::fmt::Display for PinnedComponent {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [was, is] = [&self.digest, &self.now].map(|digest| short_digest(digest));
        let (stage, library) = (&self.stage, &self.library);
        write!(
            formatter,
            "stage `{stage}`: `{library}` was {was} and is {is} now"
        )
    }
}

/// Says how `plan`, as it was just loaded, can run with the components of a checkpoint. `has` says of a
/// digest whether its component can be had. Stages that the checkpoint does not know, and libraries that
/// the pipeline calls by another name now, stay as they are.
pub fn pinned(plan: &Plan, components: &StageComponents, has: impl Fn(&str) -> bool) -> Pinned {
    let mut pinned = Pinned::default();
    for stage in &plan.stages {
        let Some(before) = components.get(stage.name.as_str()) else {
            continue;
        };
        let present = present(plan, &stage.work);
        let mut nameless = BTreeSet::new();
        let mut pairs = Vec::new();
        for used in before {
            match &used.library {
                None => drop(nameless.insert(used.digest.as_str())),
                Some(library) => {
                    let same = present.iter().find(|(name, _)| name == library);
                    pairs.extend(same.map(|&(name, now)| (name, used.digest.as_str(), now)));
                }
            }
        }
        pairs.extend(only_pair(&present, &nameless));
        for (library, digest, now) in pairs.into_iter().filter(|(_, was, now)| was != now) {
            let component = PinnedComponent {
                stage: stage.name.clone(),
                library: library.to_owned(),
                digest: digest.to_owned(),
                now: now.to_owned(),
            };
            if has(digest) {
                let kept = LibraryRef::Kept(digest.to_owned());
                pinned.overrides = pinned.overrides.library(&stage.name, library, kept);
                pinned.used.push(component);
            } else {
                pinned.missing.push(component);
            }
        }
    }
    pinned
}

/// The names and digests of the libraries that are called.
fn present<'a>(plan: &'a Plan, work: &Work) -> BTreeSet<(&'a str, &'a str)> {
    let libraries = work.libraries().into_iter();
    let libraries = libraries.map(|library| &plan.libraries[library]);
    libraries
        .map(|used| (used.name.as_str(), used.digest.as_str()))
        .collect()
}

/// A library whose component has changed and the component it had, where there are no names but only one can
/// be meant.
fn only_pair<'a>(
    present: &BTreeSet<(&'a str, &'a str)>,
    before: &BTreeSet<&'a str>,
) -> Option<(&'a str, &'a str, &'a str)> {
    let gone = before.iter().filter(|digest| {
        let is_it = |(_, now): &&(&str, &str)| now == *digest;
        present.iter().find(is_it).is_none()
    });
    let come = present.iter().filter(|(_, now)| !before.contains(now));
    match (&gone.collect::<Vec<_>>()[..], &come.collect::<Vec<_>>()[..]) {
        ([digest], [(library, now)]) => Some((library, digest, now)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
