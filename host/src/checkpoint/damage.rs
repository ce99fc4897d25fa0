//! What is wrong with a checkpoint that cannot be used.

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

/// A file of a checkpoint is of a format that this version does not know. The checkpoint is whole, and must
/// neither be passed over nor removed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{file}` is of format {format}, which a newer version of tidemill writes: use that one, or say with \
     `--from` or `--fresh` that the job is to do without it"
)]
pub(super) struct NewerFormat {
    /// The name of the file.
    pub(super) file: String,
    /// Its format.
    pub(super) format: u32,
}
