//! Jobs that listen in a folder of the test, and people who want something of them.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::PathBuf,
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use super::*;
use crate::{reload::Request, runtime::Swaps};

const PATIENCE: Duration = Duration::from_secs(30);

/// A job that listens in `run` for who names `job.toml`.
struct Job {
    root: tempfile::TempDir,
    requests: Receiver<Request>,
    control: Control,
}

impl Job {
    fn start() -> Self {
        let root = tempfile::tempdir().expect("a folder");
        fs::write(root.path().join("job.toml"), "").expect("a file");
        let (sender, requests) = channel();
        let folder = root.path().join("run");
        let control = Control::start_in(
            &folder,
            &root.path().join("job.toml"),
            &sender,
            &Swaps::default(),
        );
        Self {
            requests,
            control: control.expect("it listens"),
            root,
        }
    }

    /// The only socket there is.
    fn socket(&self) -> PathBuf {
        let names = sockets(&self.root.path().join("run"));
        assert_eq!(names.len(), 1, "{names:?}");
        self.root.path().join("run").join(&names[0])
    }

    fn connect(&self) -> UnixStream {
        let stream = UnixStream::connect(self.socket()).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        stream
    }

    /// What is answered to `request`.
    fn answer(&self, request: &[u8]) -> String {
        let mut stream = self.connect();
        stream.write_all(request).expect("sent");
        read(&stream)
    }
}

fn sockets(folder: &std::path::Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let names = names.map(|name| name.into_string().expect("a name"));
    names.filter(|name| name.ends_with(".sock")).collect()
}

fn read(stream: &UnixStream) -> String {
    let mut answer = String::new();
    let read = BufReader::new(stream).read_line(&mut answer);
    read.expect("an answer");
    answer
}

#[test]
fn what_is_not_understood_is_answered() {
    let job = Job::start();
    for request in [
        &b"\xff\xfe\n"[..],
        b"swap!\n",
        b"\n",
        b"{\"swap\":{\"a\":1}}\n",
    ] {
        let answer = job.answer(request);
        assert!(answer.contains("does not understand that"), "{answer}");
    }
    let answer = job.answer(&[b'x'; 1 << 20]);
    assert!(
        answer.contains("does not listen to more than 1048576 bytes"),
        "{answer}"
    );
}

#[test]
fn who_holds_the_job_up_is_told_although_nobody_serves_requests() {
    let job = Job::start();
    let mut stream = job.connect();
    stream.write_all(b"\"rollback\"\n").expect("sent");
    job.requests.recv_timeout(PATIENCE).expect("a request");
    let answer = job.answer(b"\"busy\"\n");
    assert_eq!(answer, "{\"done\":true,\"text\":\"\"}\n");
}

#[test]
fn many_who_say_nothing_do_not_keep_others_from_being_heard() {
    let job = Job::start();
    let silent: Vec<UnixStream> = (0..150).map(|_| job.connect()).collect();
    let started = Instant::now();
    let answer = job.answer(b"what?\n");
    assert!(answer.contains("does not understand that"), "{answer}");
    // As long as the patience with two rounds of them, not with each.
    assert!(started.elapsed() < Duration::from_secs(20));
    // And they are sent away, a word at a time or not.
    for stream in silent {
        assert_eq!(read(&stream), "");
    }
}

#[test]
fn who_says_a_letter_at_a_time_is_not_listened_to_for_ever() {
    let job = Job::start();
    let mut slow = job.connect();
    let until = Instant::now() + PATIENCE;
    while slow.write_all(b"{").is_ok() {
        assert!(Instant::now() < until, "it listens still");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_nobody_waits_for_any_more_is_not_done() {
    let job = Job::start();
    let mut stream = job.connect();
    stream.write_all(b"\"rollback\"\n").expect("sent");
    let request = job.requests.recv_timeout(PATIENCE).expect("a request");
    let Request::RollBack { asker } = request else {
        panic!("another request");
    };
    assert!(asker.is_there());
    drop(stream);
    assert!(!asker.is_there());
}

#[test]
fn what_killed_jobs_have_left_is_removed_by_the_next() {
    let job = Job::start();
    let folder = job.root.path().join("run");
    let left = folder.join("left.sock");
    // It is closed, and stays.
    drop(UnixListener::bind(&left).expect("a socket"));
    let used = UnixListener::bind(folder.join("used.sock")).expect("a socket");
    fs::write(folder.join("note.sock"), "").expect("a file");
    fs::write(job.root.path().join("other.toml"), "").expect("a file");
    let (sender, _requests) = channel();
    let other = Control::start_in(
        &folder,
        &job.root.path().join("other.toml"),
        &sender,
        &Swaps::default(),
    );
    let other = other.expect("it listens");
    assert!(!left.exists());
    assert_eq!(sockets(&folder).len(), 4);
    drop((other, job.control, used));
    assert_eq!(sockets(&folder).len(), 2);
}

#[test]
fn what_is_in_the_way_is_named() {
    let job = Job::start();
    let (socket, file) = (job.socket(), job.root.path().join("job.toml"));
    let (sender, _requests) = channel();
    let start = || {
        Control::start_in(
            &job.root.path().join("run"),
            &file,
            &sender,
            &Swaps::default(),
        )
    };
    let error = start().expect_err("another listens");
    assert_eq!(
        error.to_string(),
        "another job runs this pipeline file already"
    );
    drop(job.control);
    fs::create_dir(&socket).expect("a folder");
    let error = start().expect_err("a folder is there").to_string();
    assert!(error.contains(&socket.display().to_string()), "{error}");
    fs::remove_dir(&socket).expect("a folder");
    // A next job replaces what a killed one has left.
    drop(UnixListener::bind(&socket).expect("a socket"));
    start().expect("it listens");
}

#[cfg(unix)]
#[test]
fn a_job_is_found_by_the_link_it_was_started_by_and_by_what_that_led_to() {
    use std::os::unix::fs::symlink;

    let root = tempfile::tempdir().expect("a folder");
    let folder = root.path().join("run");
    for release in ["1", "2"] {
        fs::create_dir(root.path().join(release)).expect("a folder");
        fs::write(root.path().join(release).join("job.toml"), "").expect("a file");
    }
    let current = root.path().join("current");
    let (sender, _requests) = channel();
    let start = |path: &str| {
        Control::start_in(&folder, &root.path().join(path), &sender, &Swaps::default())
    };
    let reached = |path: &str| {
        let names = place::names(&root.path().join(path)).expect("names");
        names
            .iter()
            .any(|name| UnixStream::connect(folder.join(name)).is_ok())
    };
    symlink("1", &current).expect("a link");
    let first = start("current/job.toml").expect("it listens");
    fs::remove_file(&current).expect("a link");
    symlink("2", &current).expect("a link");
    assert!(reached("current/job.toml") && reached("1/job.toml"));
    assert!(!reached("2/job.toml"));
    // The next one is another job, whatever name the first was started by.
    let second = start("current/job.toml").expect("it listens");
    assert!(reached("2/job.toml"));
    drop((first, second));
    assert_eq!(sockets(&folder), [""; 0]);
}
