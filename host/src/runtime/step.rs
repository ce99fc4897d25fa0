//! What a subtask says of a step it was asked to do.

/// What a step has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Something was done; there may be more to do.
    Moved,
    /// There is nothing to do before something comes, or time passes.
    Quiet,
    /// The subtask is done.
    Ended,
}
