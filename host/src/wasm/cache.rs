//! Compiled code on disk, so that a component is compiled once on a machine.
//!
//! A file that is torn, tampered with, somebody else's or another version's is not used: the
//! component is compiled again. What is executed is the memory that was verified, never the file.

use std::{
    hash::{Hash, Hasher},
    path::Path,
};

use super::secret::{CacheError, Key, PrivateDirectory};

const MAGIC: &[u8; 8] = b"tidemill";

/// The version of the files. Goes up when their layout changes.
const FORMAT: u32 = 1;

/// Magic, format, name, length.
const HEADER: usize = 8 + 4 + blake3::OUT_LEN + 8;

/// The longest file that is read: several times what the largest interpreters compile to.
const MAX_FILE: u64 = 1 << 30;

/// What a piece of code is filed under: what was compiled, by what, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CodeKey([u8; blake3::OUT_LEN]);

impl CodeKey {
    /// The key for a component compiled by an engine. `settings` is everything that the code
    /// depends on besides the component: compiler version, target, flags.
    pub(super) fn new(component: &blake3::Hash, settings: impl Hash) -> Self {
        let mut digest = Digester(blake3::Hasher::new());
        settings.hash(&mut digest);
        digest.0.update(component.as_bytes());
        Self(*digest.0.finalize().as_bytes())
    }

    fn file_name(&self) -> String {
        format!("{}.code", blake3::Hash::from_bytes(self.0).to_hex())
    }
}

/// Feeds what is hashed to a digest without collisions.
struct Digester(blake3::Hasher);

impl Hasher for Digester {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest = self.0.finalize();
        let (first, _) = digest.as_bytes().split_first_chunk().expect("32 bytes");
        u64::from_le_bytes(*first)
    }
}

/// The compiled code of a user.
#[derive(Debug)]
pub(super) struct Cache {
    directory: PrivateDirectory,
    key: Key,
}

impl Cache {
    /// Opens the cache under `root`.
    pub(super) fn open(root: &Path) -> Result<Self, CacheError> {
        let directory = PrivateDirectory::open(root, "code")?;
        let key = directory.key()?;
        Ok(Self { directory, key })
    }

    /// The code filed under `key`, if it is there and exactly what was written.
    pub(super) fn get(&self, key: &CodeKey) -> Option<Code> {
        let file = key.file_name();
        match self.directory.read(&file, MAX_FILE) {
            Ok(None) => None,
            Ok(Some(bytes)) => {
                let code = self.verify(key, bytes);
                if code.is_none() {
                    tracing::warn!(file, "compiled code is damaged; compiling again");
                }
                code
            }
            Err(error) => {
                tracing::warn!(%error, file, "compiled code is not used; compiling again");
                None
            }
        }
    }

    /// Files code under `key`.
    pub(super) fn put(&self, key: &CodeKey, code: &[u8]) -> Result<(), CacheError> {
        let header = header(key, code.len());
        let mac = self.mac(&[&header, code]);
        self.directory
            .write(&key.file_name(), &[&header, code, mac.as_bytes()])
    }

    fn verify(&self, key: &CodeKey, file: Vec<u8>) -> Option<Code> {
        let (signed, mac) = file.split_last_chunk::<{ blake3::OUT_LEN }>()?;
        // The comparison of digests takes the same time wherever they differ.
        if self.mac(&[signed]) != blake3::Hash::from_bytes(*mac) {
            return None;
        }
        let code = signed.len().checked_sub(HEADER)?;
        // Also signed, but for another component or by another version of ourselves.
        if signed[..HEADER] != header(key, code) {
            return None;
        }
        Some(Code { file })
    }

    fn mac(&self, parts: &[&[u8]]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        for part in parts {
            hasher.update(part);
        }
        hasher.finalize()
    }
}

fn header(key: &CodeKey, code: usize) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..8].copy_from_slice(MAGIC);
    header[8..12].copy_from_slice(&FORMAT.to_le_bytes());
    header[12..44].copy_from_slice(&key.0);
    header[44..].copy_from_slice(&(code as u64).to_le_bytes());
    header
}

/// Code that this user has written, for the key that was asked for. Made by [`Cache::get`] only.
pub(super) struct Code {
    file: Vec<u8>,
}

impl Code {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.file[HEADER..self.file.len() - blake3::OUT_LEN]
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    const CODE: &[u8] = b"not code at all, but nobody runs it";

    fn key(component: &str) -> CodeKey {
        CodeKey::new(&blake3::hash(component.as_bytes()), "settings")
    }

    /// A cache with `CODE` for the component `a`, and the path of its file.
    fn filled() -> (TempDir, Cache, std::path::PathBuf) {
        let root = tempfile::tempdir().expect("directory");
        let cache = Cache::open(root.path()).expect("opens");
        cache.put(&key("a"), CODE).expect("written");
        let path = cache.directory.path().join(key("a").file_name());
        (root, cache, path)
    }

    #[test]
    fn code_is_found_by_its_key_only() {
        let (root, cache, _) = filled();
        assert_eq!(cache.get(&key("a")).expect("hit").bytes(), CODE);
        assert!(cache.get(&key("b")).is_none());
        let other_settings = CodeKey::new(&blake3::hash(b"a"), "other settings");
        assert!(cache.get(&other_settings).is_none());
        let again = Cache::open(root.path()).expect("opens");
        assert_eq!(again.get(&key("a")).expect("hit").bytes(), CODE);
    }

    #[test]
    fn empty_code_is_code() {
        let (_root, cache, _) = filled();
        cache.put(&key("empty"), b"").expect("written");
        assert_eq!(cache.get(&key("empty")).expect("hit").bytes(), b"");
    }

    #[test]
    fn a_torn_file_is_not_used() {
        let (_root, cache, path) = filled();
        let whole = fs::read(&path).expect("there");
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).expect("written");
            assert!(cache.get(&key("a")).is_none(), "{length} bytes");
        }
        fs::write(&path, [&whole[..], b"x"].concat()).expect("written");
        assert!(cache.get(&key("a")).is_none(), "one byte more");
        fs::write(&path, &whole).expect("written");
        assert!(cache.get(&key("a")).is_some());
    }

    #[test]
    fn a_file_with_a_flipped_bit_is_not_used() {
        let (_root, cache, path) = filled();
        let whole = fs::read(&path).expect("there");
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, &flipped).expect("written");
            assert!(cache.get(&key("a")).is_none(), "bit {bit}");
        }
    }

    #[test]
    fn the_file_of_another_component_is_not_used() {
        let (_root, cache, path) = filled();
        cache.put(&key("b"), b"other code").expect("written");
        let other = cache.directory.path().join(key("b").file_name());
        fs::copy(&other, &path).expect("copied");
        assert!(cache.get(&key("a")).is_none());
        assert!(cache.get(&key("b")).is_some());
    }

    #[test]
    fn a_file_of_another_format_is_not_used() {
        let (_root, cache, path) = filled();
        let mut header = header(&key("a"), CODE.len());
        header[8..12].copy_from_slice(&(FORMAT + 1).to_le_bytes());
        let mac = cache.mac(&[&header, CODE]);
        fs::write(&path, [&header[..], CODE, mac.as_bytes()].concat()).expect("written");
        assert!(cache.get(&key("a")).is_none());
    }

    #[test]
    fn the_file_of_another_user_is_not_used() {
        let (_root, cache, path) = filled();
        let (_elsewhere, other, _) = filled();
        let foreign = other.directory.path().join(key("a").file_name());
        fs::copy(foreign, &path).expect("copied");
        assert!(cache.get(&key("a")).is_none());
    }

    #[test]
    fn a_file_that_others_can_write_to_is_not_used() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_root, cache, path) = filled();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).expect("mode");
        assert!(cache.get(&key("a")).is_none());
    }
}
