//! Where the sockets of a user's jobs are.

use std::{
    env,
    ffi::OsString,
    fs::{self, DirBuilder, File, TryLockError},
    io::{self, ErrorKind},
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, FileTypeExt, MetadataExt},
        net::UnixStream,
    },
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

/// How long is waited for another job that begins to listen, too.
const PATIENCE: Duration = Duration::from_secs(1);

/// The folders in which a job may listen, the best first.
pub(super) fn folders() -> Vec<PathBuf> {
    candidates(
        env::var_os("XDG_RUNTIME_DIR"),
        rustix::process::geteuid().as_raw(),
    )
}

/// The variable counts only as its specification says: with an absolute path in it.
fn candidates(runtime: Option<OsString>, user: u32) -> Vec<PathBuf> {
    let runtime = runtime
        .map(PathBuf::from)
        .filter(|folder| folder.is_absolute());
    // Not where temporary files are by some variable: who asks may have another one.
    let temporary = PathBuf::from(format!("/tmp/tidemill-{user}"));
    let runtime = runtime.map(|folder| folder.join("tidemill"));
    runtime.into_iter().chain([temporary]).collect()
}

/// What the sockets of the job of the pipeline in `file` are called, the likeliest first: after the file itself,
/// wherever links lead to it, and after the path by which it is called, whatever that leads to by now.
pub(super) fn names(file: &Path) -> io::Result<Vec<String>> {
    let called = std::path::absolute(file)?;
    let real =
        fs::canonicalize(&called).or_else(|error| match (called.parent(), called.file_name()) {
            // It is gone; its folder may not be.
            (Some(folder), Some(name)) => Ok(fs::canonicalize(folder)?.join(name)),
            _ => Err(error),
        });
    let mut names = Vec::new();
    for path in real.into_iter().chain([called]) {
        let mut name = blake3::hash(path.as_os_str().as_bytes())
            .to_hex()
            .to_string();
        // The system allows about a hundred bytes for the whole path.
        name.truncate(24);
        name.push_str(".sock");
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// Makes sure that there is a folder that only this user can enter.
pub(super) fn make(folder: &Path) -> anyhow::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(error).with_context(|| format!("cannot make the folder `{}`", folder.display()))
        }
        _ => check(folder),
    }
}

/// Makes sure that what is in the place of a folder is one, and that only this user can enter it.
pub(super) fn check(folder: &Path) -> anyhow::Result<()> {
    let user = rustix::process::geteuid().as_raw();
    let path = folder.display();
    let found = fs::symlink_metadata(folder);
    let found = found.with_context(|| format!("cannot look at the folder `{path}`"))?;
    let mode = found.mode() & 0o777;
    match () {
        () if found.is_symlink() => bail!("`{path}` is a symbolic link and no folder; remove it"),
        () if !found.is_dir() => bail!("`{path}` is no folder; remove it"),
        () if found.uid() != user => bail!(
            "the folder `{path}` belongs to another user, with the number {}; have it removed, or set \
             XDG_RUNTIME_DIR to a folder of your own",
            found.uid()
        ),
        () if mode & 0o077 != 0 => {
            bail!("others can enter the folder `{path}`, whose mode is {mode:o}; `chmod 700` it")
        }
        () if mode & 0o700 != 0o700 => bail!(
            "the folder `{path}` cannot be used by its owner, for its mode is {mode:o}; `chmod 700` it"
        ),
        () => Ok(()),
    }
}

/// Has jobs that begin to listen in `folder` do so one after the other, while the file that is returned is
/// open: what is left over is told from what another one is about to make. One that cannot wait any longer goes
/// on all the same.
pub(super) fn reserve(folder: &Path) -> io::Result<File> {
    let file = File::create(folder.join("lock"))?;
    let until = Instant::now() + PATIENCE;
    while let Err(TryLockError::WouldBlock) = file.try_lock() {
        if Instant::now() > until {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(file)
}

/// Removes the sockets in `folder` that nobody listens to any more: their jobs were killed.
pub(super) fn tidy(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    for path in paths.filter(|path| path.extension().is_some_and(|end| end == "sock")) {
        if is_left_over(&path) {
            // Somebody else may have removed it.
            let _already_gone = fs::remove_file(&path);
        }
    }
}

/// Whether there is a socket that nobody listens to.
pub(super) fn is_left_over(path: &Path) -> bool {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket());
    is_socket
        && UnixStream::connect(path)
            .is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn the_folder_is_that_of_the_session_or_one_for_all() {
        let folders = |runtime: Option<&str>| candidates(runtime.map(OsString::from), 7);
        let always = PathBuf::from("/tmp/tidemill-7");
        for none in [None, Some(""), Some("run/7")] {
            assert_eq!(folders(none), std::slice::from_ref(&always));
        }
        let both = [PathBuf::from("/run/user/7/tidemill"), always];
        assert_eq!(folders(Some("/run/user/7")), both);
    }

    #[test]
    fn it_is_said_what_is_wrong_with_a_folder() {
        let root = tempfile::tempdir().expect("a folder");
        let path = root.path().join("it");
        let expect = |text: &str| {
            let error = make(&path).expect_err("it is not usable").to_string();
            assert!(error.contains(text), "{error}");
        };
        make(&path).expect("it is made");
        make(&path).expect("it is there");
        let set = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode));
        set(0o750).expect("its own");
        expect("whose mode is 750; `chmod 700` it");
        set(0o600).expect("its own");
        expect("its mode is 600");
        fs::remove_dir(&path).expect("a folder");
        symlink("/", &path).expect("a link");
        expect("is a symbolic link and no folder");
        fs::remove_file(&path).expect("a link");
        fs::write(&path, "").expect("a file");
        expect("is no folder");
    }

    #[test]
    fn a_file_is_known_by_its_path_and_by_what_that_means() {
        let root = tempfile::tempdir().expect("a folder");
        let root = root.path().canonicalize().expect("a path");
        for release in ["1", "2"] {
            fs::create_dir(root.join(release)).expect("a folder");
            fs::write(root.join(release).join("p"), "").expect("a file");
        }
        symlink("1", root.join("current")).expect("a link");
        let of = |path: &str| names(&root.join(path)).expect("a current folder");
        let (first, linked) = (of("1/p"), of("current/p"));
        assert_eq!((first.len(), linked.len()), (1, 2));
        assert_eq!(linked[0], first[0]);
        fs::remove_file(root.join("current")).expect("a link");
        symlink("2", root.join("current")).expect("a link");
        assert_eq!(of("current/p"), [of("2/p")[0].clone(), linked[1].clone()]);
        // Gone, it is still known.
        fs::remove_file(root.join("1/p")).expect("a file");
        assert_eq!(of("1/p"), first);
    }
}
