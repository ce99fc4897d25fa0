//! A folder to work in, the binary to run, and the libraries that pipelines call.

#[cfg(target_os = "linux")]
mod costly;
mod counted;
mod libraries;
mod numbered;
mod pipeline;
mod readings;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

#[cfg(target_os = "linux")]
pub use costly::{Costly, compilers, is_running};
pub use counted::{counted, counted_input, counted_result};
pub use libraries::{cache, library};
pub use numbered::{assert_numbered, numbered, slow_rows};
pub use pipeline::Pipeline;
pub use readings::{Reading, readings};

/// A temporary folder in which pipelines are written and run.
pub struct Workspace {
    folder: TempDir,
}

/// What a run has printed and how it has ended.
#[derive(Debug)]
pub struct Run {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Workspace {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and the folders it is in.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(&path, content).expect("a written file");
        path
    }

    pub fn read(&self, name: &str) -> String {
        let path = self.path(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The command `tidemill`, in the folder.
    pub fn tidemill(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidemill"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("TIDEMILL_CACHE", cache())
            .env_remove("TIDEMILL_LOG");
        command
    }

    /// Runs `tidemill` to its end.
    pub fn output(&self, arguments: &[&str]) -> Run {
        let output = self.tidemill(arguments).stdin(Stdio::null()).output();
        Run::of(output.expect("the binary runs"))
    }

    /// Writes `pipeline.toml` and runs it.
    pub fn run(&self, pipeline: &str) -> Run {
        self.write("pipeline.toml", pipeline);
        self.output(&["run", "pipeline.toml"])
    }

    /// Writes `pipeline.toml`, runs it, and expects it to succeed.
    #[track_caller]
    pub fn succeed(&self, pipeline: &str) -> Run {
        let run = self.run(pipeline);
        assert_eq!(run.status, 0, "{}", run.stderr);
        run
    }

    /// Starts `pipeline.toml` with pipes.
    pub fn start(&self, pipeline: &str) -> Child {
        self.write("pipeline.toml", pipeline);
        self.tidemill(&["run", "pipeline.toml"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs")
    }

    /// The lines of the JSON files that a file sink has written to `folder`.
    #[track_caller]
    pub fn json_lines(&self, folder: &str) -> Vec<serde_json::Value> {
        self.read(&format!("{folder}/part-00000.jsonl"))
            .lines()
            .map(|line| serde_json::from_str(line).expect("a JSON object a line"))
            .collect()
    }

    /// All rows of text that can be seen of a file sink, sorted.
    pub fn rows(&self, folder: &str) -> Vec<String> {
        let files = self.list(folder).into_iter();
        let files = files.filter(|name| name.starts_with("part-"));
        let mut rows: Vec<String> = Vec::new();
        for file in files {
            let text = self.read(&format!("{folder}/{file}"));
            let header = usize::from(file.ends_with(".csv"));
            rows.extend(text.lines().skip(header).map(str::to_owned));
        }
        rows.sort();
        rows
    }

    /// Waits until a file sink has made something visible in `folder`.
    #[track_caller]
    pub fn wait_for_rows(&self, folder: &str) {
        wait_until(|| {
            let entries = fs::read_dir(self.path(folder)).into_iter().flatten();
            entries
                .flatten()
                .any(|entry| entry.file_name().to_string_lossy().starts_with("part-"))
        });
    }

    /// The names of the files in `folder`, hidden ones too.
    pub fn list(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).expect("a folder");
        let mut names: Vec<String> = entries
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }
}

impl Run {
    pub fn of(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("UTF-8 on standard output"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8 on standard error"),
        }
    }

    /// The line of the summary about the source, stage or sink `name`.
    #[track_caller]
    pub fn summary(&self, name: &str) -> &str {
        self.stderr
            .lines()
            .find(|line| line.split_whitespace().next() == Some(name))
            .unwrap_or_else(|| panic!("no line about `{name}` in:\n{}", self.stderr))
    }

    /// A number of that line: the one before `what`; 0 if it is not there.
    #[track_caller]
    pub fn count(&self, name: &str, what: &str) -> u64 {
        let line = self.summary(name).replace(',', "");
        let Some(at) = line.find(&format!(" {what}")) else {
            return 0;
        };
        let number = line[..at].rsplit(' ').next().expect("a word");
        number
            .parse()
            .unwrap_or_else(|_| panic!("a number before `{what}` in `{line}`"))
    }
}

/// Waits until `is_so`.
#[track_caller]
pub fn wait_until(is_so: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < until, "it does not come");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the host is in the repository")
}
