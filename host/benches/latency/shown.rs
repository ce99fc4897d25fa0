//! What a job writes, and which row of its input let it.

use std::{
    io::Read as _,
    process::ChildStdout,
    thread::{self, JoinHandle},
};

use super::{
    job::{DELAY, Job},
    rows,
};

/// Reads to the end on a thread of its own, and gives what has come at each time to `each`.
pub(crate) fn read<S: Send + 'static>(
    mut output: ChildStdout,
    mut state: S,
    each: impl Fn(&mut S, &[u8]) + Send + 'static,
) -> JoinHandle<S> {
    thread::spawn(move || {
        let mut buffer = vec![0; 1 << 20];
        loop {
            let read = output.read(&mut buffer).expect("a pipe");
            if read == 0 {
                return state;
            }
            each(&mut state, &buffer[..read]);
        }
    })
}

/// Finds the rows of the input in the text that a job writes.
pub(crate) struct Shown {
    job: Job,
    /// The beginning of a line.
    rest: Vec<u8>,
    is_header: bool,
    /// The window's end that was seen last, and the row that let it fire: all keys have the same.
    last: (Vec<u8>, u64),
}

impl Shown {
    /// Nothing yet.
    pub(crate) const fn new(job: Job) -> Self {
        Self {
            job,
            rest: Vec::new(),
            is_header: true,
            last: (Vec::new(), 0),
        }
    }

    /// Calls `found` with the row that each line of `chunk` was waiting for.
    pub(crate) fn rows(&mut self, chunk: &[u8], mut found: impl FnMut(u64)) {
        for line in chunk.split_inclusive(|&byte| byte == b'\n') {
            self.rest.extend_from_slice(line);
            if self.rest.last() != Some(&b'\n') {
                return;
            }
            if !std::mem::take(&mut self.is_header) {
                found(self.row());
            }
            self.rest.clear();
        }
    }

    /// The row that the line was waiting for.
    fn row(&mut self) -> u64 {
        let mut fields = self.rest.split(|&byte| byte == b',');
        match self.job {
            Job::Map => {
                let n = fields.next().unwrap_or_default();
                n.iter()
                    .fold(0, |n, digit| n * 10 + u64::from(digit - b'0'))
            }
            // `sensor,window_start,window_end,…`
            Job::Windows => {
                let end = fields.nth(2).unwrap_or_default();
                if end != self.last.0 {
                    let text = str::from_utf8(end).expect("a time is text");
                    let time: jiff::Timestamp = text.parse().expect("a time");
                    let millis = time.as_millisecond().unsigned_abs();
                    self.last = (end.to_vec(), rows::first_at(millis + DELAY));
                }
                self.last.1
            }
        }
    }
}
