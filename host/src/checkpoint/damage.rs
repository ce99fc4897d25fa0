//! What is wrong with a checkpoint that is not what was written.

/// A file of a checkpoint is missing, cut off or changed. The checkpoint cannot be used; one before it
/// may be whole. An error that is not of this type says nothing of the checkpoint: it may be read at
/// another time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{file}` {what}")]
pub struct Damage {
    /// The name of the file.
    pub file: String,
    /// What is wrong with it.
    pub what: String,
}

impl Damage {
    /// The file `file` is damaged; `what` goes on with the sentence.
    pub(super) fn new(file: &str, what: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            what: what.into(),
        }
    }
}
