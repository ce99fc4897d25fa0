//! Whether sinks get in each other's way.

use std::path::{Component, Path, PathBuf};

use crate::{
    connector::SinkConfig,
    pipeline::{
        Diagnostic, Place,
        reader::Context,
        spec::{Output, Spec},
    },
};

/// Reports sinks that write to the same directory, or to that of the checkpoints.
pub(super) fn check_paths(spec: &Spec, context: &Context<'_>) {
    let outputs = spec.sinks.iter().filter_map(|sink| sink.output.as_ref());
    let mut outputs: Vec<&Output> = outputs.chain(&spec.dead_letters).collect();
    outputs.sort_by_key(|output| output.path);
    if let Some(checkpoint) = &spec.checkpoint
        && let Place::Directory(path) = checkpoint.config.location.place()
    {
        let path = Some(plain(path));
        let taken = outputs.iter().find(|output| directory(output) == path);
        if let Some(span) = taken.and_then(|output| output.path) {
            let message = "a sink cannot write to the directory of the checkpoints";
            let mistake = Diagnostic::new(span, message);
            let help = "give each a directory of its own".to_owned();
            context.report(mistake.help(help).and(checkpoint.path, "the checkpoints"));
        }
    }
    for (index, output) in outputs.iter().enumerate() {
        let path = directory(output);
        let first = outputs[..index]
            .iter()
            .find(|other| directory(other) == path);
        if let (Some(_), Some(first), Some(span)) = (path, first, output.path) {
            let mistake = Diagnostic::new(span, "two sinks cannot write to one directory")
                .help("give each a directory of its own".to_owned());
            context.report(match first.path {
                None => mistake,
                Some(place) => mistake.and(place, "the other one"),
            });
        }
    }
}

/// The path without the steps that lead nowhere: `./a` is `a`.
fn plain(path: &Path) -> PathBuf {
    let steps = path.components();
    steps.filter(|step| *step != Component::CurDir).collect()
}

/// The directory that a sink writes to.
fn directory(output: &Output) -> Option<PathBuf> {
    match &output.config {
        SinkConfig::File { path, .. } => Some(plain(path)),
        SinkConfig::Stdout { .. } | SinkConfig::Blackhole | SinkConfig::Test => None,
    }
}
