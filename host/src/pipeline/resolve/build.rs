//! Which components are built, and by what.

use std::{
    collections::BTreeSet,
    path::{Component, Path, PathBuf},
};

use crate::pipeline::{
    BuildConfig, Diagnostic, LibraryRef,
    reader::Context,
    spec::{BuildSpec, Spec},
    suggestion::did_you_mean,
};

/// Resolves the sections `[build."NAME"]`; reports those that are of no use.
pub(in crate::pipeline) fn builds(spec: &Spec, context: &Context<'_>) -> Vec<BuildConfig> {
    let works = spec.stages.iter().map(|stage| stage.work.as_ref());
    // What a stage that is broken would call is not known.
    let lost = works.clone().any(|work| work.is_none());
    let calls: Vec<_> = works.flatten().flat_map(|work| work.calls()).collect();
    let mut builds: Vec<BuildConfig> = Vec::new();
    let mut seen: Vec<(PathBuf, &BuildSpec)> = Vec::new();
    for build in &spec.builds {
        let path = plain(&build.component);
        if let Some((_, first)) = seen.iter().find(|(other, _)| *other == path) {
            let message = format!("`{}` is built twice", build.name.value);
            let mistake = Diagnostic::new(build.name.span, message);
            context.report(mistake.and(first.name.span, "the other one"));
            continue;
        }
        let called = calls.iter().find(|call| match &call.library.reference {
            LibraryRef::Std | LibraryRef::Kept(_) => false,
            LibraryRef::File(other) => plain(other) == path,
        });
        let LibraryRef::File(component) = (match called {
            Some(call) => &call.library.reference,
            // A stage that calls it may call another one instead for now.
            None if lost || calls.iter().any(|call| call.library.replaced_by.is_some()) => continue,
            None => {
                let message = format!("no stage calls a function of `{}`", build.name.value);
                let named = calls.iter().map(|call| call.library.name.as_str());
                let named: BTreeSet<&str> = named.filter(|name| *name != "std").collect();
                let help = did_you_mean(&build.name.value, "stages call functions of", named);
                context.report(Diagnostic::new(build.name.span, message).help(help));
                continue;
            }
        }) else {
            continue;
        };
        seen.push((path, build));
        builds.push(BuildConfig {
            name: build.name.value.clone(),
            component: component.clone(),
            command: build.command.clone(),
            folder: context.path(""),
            watch: build.watch.clone(),
        });
    }
    builds
}

/// A path without the parts that mean nothing.
fn plain(path: &Path) -> PathBuf {
    let parts = path.components();
    parts.filter(|part| *part != Component::CurDir).collect()
}
