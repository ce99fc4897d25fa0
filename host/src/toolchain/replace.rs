//! Puts a component in its place.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context;
use tempfile::NamedTempFile;

/// Makes `content` what is in the file `path`, at once: who watches the file never sees half of it. A
/// symbolic link stays; what it means is replaced.
///
/// # Errors
///
/// If the folder of the file cannot be written.
pub fn replace(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path));
    let parent = target
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    // Written beside its place and moved there.
    let file = temporary(parent.unwrap_or(".".as_ref()))
        .and_then(|file| fs::write(file.path(), content).map(|()| file))
        .with_context(|| format!("cannot write `{}`", path.display()))?;
    file.persist(&target)
        .with_context(|| format!("cannot write `{}`", path.display()))?;
    Ok(())
}

/// A temporary file in `folder`, with the permissions of any other file.
fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".tidemill-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}
