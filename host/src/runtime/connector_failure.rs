//! The error of a source or a sink, told apart from those that would come again.

/// A source or a sink has failed: what it says is the cause. Another attempt may go better. (A row that a
/// function fails on, or too many of them, would fail again.)
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} `{name}` failed")]
pub struct ConnectorFailure {
    /// `source` or `sink`.
    kind: &'static str,
    /// What it is called.
    name: String,
}

impl ConnectorFailure {
    /// Of a source.
    pub(super) fn of_source(name: &str) -> Self {
        let name = name.to_owned();
        let kind = "source";
        Self { kind, name }
    }

    /// Of a sink.
    pub(super) fn of_sink(name: &str) -> Self {
        let name = name.to_owned();
        Self { kind: "sink", name }
    }
}
