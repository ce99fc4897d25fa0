//! Whether sinks get in each other's way.

use std::path::{Component, PathBuf};

use crate::{
    connector::SinkConfig,
    pipeline::{
        Diagnostic,
        reader::Context,
        spec::{Output, Spec},
    },
};

/// Reports sinks that write to the same directory.
pub(super) fn check_paths(spec: &Spec, context: &Context<'_>) {
    let outputs = spec.sinks.iter().filter_map(|sink| sink.output.as_ref());
    let mut outputs: Vec<&Output> = outputs.chain(&spec.dead_letters).collect();
    outputs.sort_by_key(|output| output.path);
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

/// The directory that a sink writes to, without the steps that lead nowhere: `./a` is `a`.
fn directory(output: &Output) -> Option<PathBuf> {
    match &output.config {
        SinkConfig::File { path, .. } => {
            let steps = path.components();
            Some(steps.filter(|step| *step != Component::CurDir).collect())
        }
        SinkConfig::Stdout { .. } | SinkConfig::Blackhole | SinkConfig::Test => None,
    }
}
