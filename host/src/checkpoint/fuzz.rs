//! Any bytes as a checkpoint: it is understood, or said to be damaged, so that one before it is looked at.
//! Nothing panics, and no more is read than there is.

use std::ops::Range;

use super::{
    damage::{Damage, NewerFormat},
    manifest::Manifest,
    state_reader::StateReader,
    storage::{ReadError, Storage, StoredFile, Upload},
};

/// A folder in which every file is the same.
struct Same<'a>(&'a [u8]);

impl Storage for Same<'_> {
    fn list(&self) -> anyhow::Result<Vec<StoredFile>> {
        Ok(Vec::new())
    }

    fn read(&self, _name: &str, range: Option<Range<u64>>) -> Result<Vec<u8>, ReadError> {
        let all = 0..self.0.len() as u64;
        let range = range.unwrap_or(all);
        let part = self.0.get(range.start as usize..range.end as usize);
        part.map(<[u8]>::to_vec).ok_or(ReadError::CutOff)
    }

    fn put(&self, _name: &str, _bytes: &[u8], _before: Option<&[u8]>) -> anyhow::Result<()> {
        anyhow::bail!("it is only read")
    }

    fn create(&self, _name: &str) -> anyhow::Result<Box<dyn Upload + '_>> {
        anyhow::bail!("it is only read")
    }

    fn remove(&self, _names: &[String]) -> anyhow::Result<()> {
        anyhow::bail!("it is only read")
    }
}

/// A manifest with these bytes, as they are and with the digest that they should have; before the last
/// byte 0 there is the content of all packs.
pub fn fuzz_checkpoint(data: &[u8]) {
    let (pack, manifest) = match data.iter().rposition(|&byte| byte == 0) {
        Some(place) => (&data[..place], &data[place + 1..]),
        None => (&data[..0], data),
    };
    let files = Same(pack);
    read(&files, manifest);
    read(&files, &Manifest::with_digest(manifest));
}

fn read(files: &dyn Storage, bytes: &[u8]) {
    let read = || {
        let manifest = Manifest::from_bytes("manifest", bytes)?;
        manifest.overview()?;
        let states = StateReader::open(files, "manifest", &manifest)?;
        for entry in manifest.all_states() {
            states.state(entry)?;
        }
        anyhow::Ok(())
    };
    if let Err(error) = read() {
        let expected = error.is::<Damage>() || error.is::<NewerFormat>();
        assert!(expected, "{error:#}");
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_fuzzing_begins_with_does_no_harm() {
        crate::corpus("checkpoint")
            .iter()
            .for_each(|data| super::fuzz_checkpoint(data));
    }
}
