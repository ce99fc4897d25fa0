//! A component that is built again and again, and what is known of its last builds.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::{
    batch::visible_line,
    toolchain::{BuildResult, ComponentBuild, sources::Sources},
};

/// For so long after a build, what has changed is taken to have changed while it ran: changes are told late.
const SETTLE: Duration = Duration::from_secs(2);

/// So many builds in a row for what has changed during the one before, if they still make something else.
const MOST_IN_A_ROW: u32 = 5;

/// So many if they do not.
const MOST_OF_THE_SAME: u32 = 2;

/// A component and its builds.
pub(super) struct Entry {
    pub(super) build: ComponentBuild,
    /// What it is made of, as it was listed last.
    pub(super) sources: Sources,
    /// Whether it has to be built.
    pub(super) is_stale: bool,
    /// Whether it was built well since it is known.
    pub(super) is_built: bool,
    /// When its last build has ended, and whether that has made another component than there was.
    last: Option<(Instant, bool)>,
    /// What has changed while it was built, if nothing else has.
    changed_meanwhile: BTreeSet<PathBuf>,
    /// How many builds in a row were made for such changes.
    in_a_row: u32,
    /// Whether it is not built for such changes any more.
    is_in_circle: bool,
}

impl Entry {
    /// A component that has to be built.
    pub(super) fn new(build: ComponentBuild) -> Self {
        Self {
            sources: build.sources(),
            build,
            is_stale: true,
            is_built: false,
            last: None,
            changed_meanwhile: BTreeSet::new(),
            in_a_row: 0,
            is_in_circle: false,
        }
    }

    /// The same, beside other components than before.
    pub(super) fn called_now(self, build: ComponentBuild) -> Self {
        Self {
            sources: build.sources(),
            build,
            ..self
        }
    }

    /// Whether a file is one of those that it is made of.
    pub(super) fn is_made_of(&self, file: &PathBuf) -> bool {
        self.sources.files.binary_search(file).is_ok()
    }

    /// Takes note of a file that has changed.
    pub(super) fn touch(&mut self, file: &Path) {
        let is_meanwhile = self.last.is_some_and(|(ended, _)| ended.elapsed() < SETTLE);
        self.note(file, is_meanwhile);
    }

    fn note(&mut self, file: &Path, is_meanwhile: bool) {
        match is_meanwhile {
            true if self.is_in_circle => return,
            // It may have been changed by whoever edits it.
            true if !self.is_stale || !self.changed_meanwhile.is_empty() => {
                self.changed_meanwhile.insert(file.to_owned());
            }
            true => {}
            false => {
                self.changed_meanwhile.clear();
                self.in_a_row = 0;
                self.is_in_circle = false;
            }
        }
        self.is_stale = true;
    }

    /// Lists what it is made of again. Returns whether that is something else than before.
    pub(super) fn list(&mut self) -> bool {
        let sources = self.build.sources();
        let before = std::mem::replace(&mut self.sources, sources);
        let [before, now] = [&before, &self.sources].map(|of| BTreeSet::from_iter(&of.files));
        let others: Vec<PathBuf> = before
            .symmetric_difference(&now)
            .copied()
            .cloned()
            .collect();
        for file in &others {
            self.touch(file);
        }
        !others.is_empty()
    }

    /// Whether its builds are what it is built for, again and again: then it is not built, and some of the files
    /// that they change are told.
    pub(super) fn is_in_circle(&mut self) -> Option<String> {
        self.is_stale = false;
        let files = std::mem::take(&mut self.changed_meanwhile);
        let first = files.first()?;
        self.in_a_row += 1;
        let makes_the_same = self.last.is_some_and(|(_, changed)| !changed);
        let most = match makes_the_same {
            true => MOST_OF_THE_SAME,
            false => MOST_IN_A_ROW,
        };
        if self.in_a_row <= most {
            return None;
        }
        self.is_in_circle = true;
        let first = first.display().to_string();
        Some(match files.len() {
            1 => format!("`{}`", visible_line(&first)),
            count => format!("`{}` and {} others", visible_line(&first), count - 1),
        })
    }

    /// Takes note of what has become of a build.
    pub(super) fn end(&mut self, result: &BuildResult) {
        self.is_built |= matches!(result, BuildResult::Built { .. });
        // Of one that has failed, nobody knows.
        let changed = !matches!(result, BuildResult::Built { changed: false });
        self.last = Some((Instant::now(), changed));
    }
}
