//! The files of a job's folder, by what they are.

use std::collections::{BTreeMap, BTreeSet};

use super::storage::{Storage, StoredFile};

/// What a file is, as its name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Manifest(u64),
    Discarded(u64),
    Pack(u64),
}

/// The name of the manifest of a checkpoint.
pub(super) fn manifest_name(number: u64) -> String {
    format!("checkpoint-{number:010}.json")
}

/// The name of a file that says that a checkpoint does not count any more.
pub(super) fn discarded_name(number: u64) -> String {
    format!("discarded-{number:010}")
}

/// The name of a pack; `token` tells two attempts at one checkpoint apart.
pub(super) fn pack_name(number: u64, token: &str) -> String {
    format!("state-{number:010}-{token}.pack")
}

/// Numbers are below this, so that there is always a next one: nobody makes that many checkpoints.
const MOST: u64 = 1 << 62;

impl Kind {
    fn of(name: &str) -> Option<Self> {
        let kind = Self::alike(name)?;
        // Only names that we give: there is one for each number.
        let is_ours = match kind {
            Self::Manifest(number) => name == manifest_name(number),
            Self::Discarded(number) => name == discarded_name(number),
            Self::Pack(number) => name.starts_with(&format!("state-{number:010}-")),
        };
        is_ours.then_some(kind)
    }

    fn alike(name: &str) -> Option<Self> {
        let number = |text: &str| text.parse().ok().filter(|number| *number < MOST);
        if let Some(rest) = name.strip_prefix("checkpoint-") {
            return number(rest.strip_suffix(".json")?).map(Self::Manifest);
        }
        if let Some(rest) = name.strip_prefix("discarded-") {
            return number(rest).map(Self::Discarded);
        }
        let rest = name.strip_prefix("state-")?.strip_suffix(".pack")?;
        number(rest.split_once('-')?.0).map(Self::Pack)
    }
}

/// The files of a job's folder.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    /// The numbers of the checkpoints with a manifest that nobody has discarded.
    pub(super) manifests: BTreeSet<u64>,
    /// The numbers of those that were discarded.
    pub(super) discarded: BTreeSet<u64>,
    /// The packs and their sizes.
    pub(super) packs: BTreeMap<String, u64>,
    /// The greatest number of them all.
    pub(super) greatest: Option<u64>,
}

impl Inventory {
    /// Looks at the folder. Files that are not ours are passed over.
    pub(super) fn of(storage: &dyn Storage) -> anyhow::Result<Self> {
        let mut inventory = Self::default();
        for StoredFile { name, size } in storage.list()? {
            let Some(kind) = Kind::of(&name) else {
                continue;
            };
            let number = match kind {
                Kind::Manifest(number) => {
                    inventory.manifests.insert(number);
                    number
                }
                Kind::Discarded(number) => {
                    inventory.discarded.insert(number);
                    number
                }
                Kind::Pack(number) => {
                    inventory.packs.insert(name, size);
                    number
                }
            };
            inventory.greatest = inventory.greatest.max(Some(number));
        }
        let Self {
            manifests,
            discarded,
            ..
        } = &mut inventory;
        manifests.retain(|number| !discarded.contains(number));
        Ok(inventory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_files_are() {
        assert_eq!(Kind::of(&manifest_name(12)), Some(Kind::Manifest(12)));
        assert_eq!(
            Kind::of(&discarded_name(MOST - 1)),
            Some(Kind::Discarded(MOST - 1))
        );
        assert_eq!(Kind::of(&pack_name(3, "ab")), Some(Kind::Pack(3)));
        for other in [
            "lock",
            "checkpoint-1.json",
            "state-0000000001.pack",
            "checkpoint-.json",
            "checkpoint-00000000012.json",
            "checkpoint-+000000012.json",
            "checkpoint-18446744073709551615.json",
            "discarded-00000000012",
            "state-00000000012-ab.pack",
        ] {
            assert_eq!(Kind::of(other), None, "{other}");
        }
    }
}
