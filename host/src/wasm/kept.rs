//! The components that jobs have run, by their digests, so that a job can go on with the one it ran when the
//! file it came from has changed or is gone.
//!
//! Their name is their digest, and what does not have that digest is not handed out: the sandbox would
//! contain it, but it would not be the component that was asked for. Nothing is removed.

use std::path::Path;

use super::secret::{CacheError, PrivateDirectory};

/// The longest component that is kept.
const MAX_FILE: u64 = 1 << 29;

/// Components in the directory `components`.
#[derive(Debug)]
pub(super) struct KeptComponents(PrivateDirectory);

impl KeptComponents {
    /// Opens the directory under `root`.
    pub(super) fn open(root: &Path) -> Result<Self, CacheError> {
        PrivateDirectory::open(root, "components").map(Self)
    }

    /// Keeps a component, unless it is there and whole.
    pub(super) fn put(&self, bytes: &[u8]) -> Result<(), CacheError> {
        let digest = blake3::hash(bytes);
        if self.read(&digest).is_some() {
            return Ok(());
        }
        self.0.write(&file_name(&digest), &[bytes])
    }

    /// The component with this digest, in hexadecimal.
    pub(super) fn get(&self, digest: &str) -> Option<Vec<u8>> {
        self.read(&blake3::Hash::from_hex(digest).ok()?)
    }

    fn read(&self, digest: &blake3::Hash) -> Option<Vec<u8>> {
        let file = file_name(digest);
        match self.0.read(&file, MAX_FILE) {
            Ok(bytes) => {
                let bytes = bytes?;
                let is_whole = blake3::hash(&bytes) == *digest;
                if !is_whole {
                    tracing::warn!(file, "a component that was kept is damaged");
                }
                is_whole.then_some(bytes)
            }
            Err(error) => {
                tracing::warn!(%error, file, "a component that was kept is not used");
                None
            }
        }
    }
}

fn file_name(digest: &blake3::Hash) -> String {
    format!("{}.wasm", digest.to_hex())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    const BYTES: &[u8] = b"\0asm and so on";

    /// A directory with `BYTES`, their digest, and the path of their file.
    fn filled() -> (TempDir, KeptComponents, String, std::path::PathBuf) {
        let root = tempfile::tempdir().expect("directory");
        let kept = KeptComponents::open(root.path()).expect("opens");
        kept.put(BYTES).expect("written");
        let digest = blake3::hash(BYTES).to_string();
        let path = root
            .path()
            .join(format!("tidemill/components/{digest}.wasm"));
        (root, kept, digest, path)
    }

    #[test]
    fn a_component_is_found_by_its_digest() {
        let (root, kept, digest, path) = filled();
        assert_eq!(kept.get(&digest).as_deref(), Some(BYTES));
        assert_eq!(fs::read(&path).expect("a file"), BYTES);
        let again = KeptComponents::open(root.path()).expect("opens");
        assert_eq!(again.get(&digest).as_deref(), Some(BYTES));
        assert_eq!(kept.get(&blake3::hash(b"other").to_string()), None);
        let entries = fs::read_dir(path.parent().expect("a folder")).expect("a folder");
        assert_eq!(entries.count(), 1, "nothing else is left behind");
    }

    #[test]
    fn what_is_no_digest_names_no_file() {
        let (_root, kept, digest, _) = filled();
        for name in ["", "..", "../code/key", &digest[1..]] {
            assert_eq!(kept.get(name), None, "{name}");
        }
    }

    #[test]
    fn a_damaged_component_is_not_used_and_is_put_right_when_it_comes_again() {
        let (_root, kept, digest, path) = filled();
        for damage in [&b""[..], &BYTES[1..], b"\0asm and so off"] {
            fs::write(&path, damage).expect("written");
            assert_eq!(kept.get(&digest), None);
            kept.put(BYTES).expect("written");
            assert_eq!(kept.get(&digest).as_deref(), Some(BYTES));
        }
    }
}
