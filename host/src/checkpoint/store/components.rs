//! What a checkpoint says of the components it was made with, without its state.

use super::{CheckpointStore, read::reason};
use crate::checkpoint::StageComponents;

impl CheckpointStore {
    /// The components of the newest checkpoint whose manifest is whole, or of the one with the number `from`,
    /// and its number. Its state is not looked at, so this says nothing of whether a job can go on from it.
    ///
    /// # Errors
    ///
    /// If the location cannot be read, or there is no checkpoint with the number `from`.
    pub fn components(&self, from: Option<u64>) -> anyhow::Result<Option<(u64, StageComponents)>> {
        if let Some(number) = from {
            let manifest = self.manifest(number)?;
            return Ok(Some((number, manifest.stage_components())));
        }
        for &number in self.inventory()?.manifests.iter().rev() {
            match self.manifest(number) {
                Ok(manifest) => return Ok(Some((number, manifest.stage_components()))),
                // What is damaged is told by who reads all of it.
                Err(error) => drop(reason(error)?),
            }
        }
        Ok(None)
    }
}
