//! Bytes that come when they come: a thread waits for them, the partition for the thread.

use std::{
    io::{self, Read},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use anyhow::Context as _;

use super::text::{Bytes, Fill};

/// How much is read at once.
const CHUNK_BYTES: usize = 256 * 1024;

/// How many chunks the thread may be ahead: one to decode, one in hand, one on its way. When the
/// job is slower than its source, the thread stops reading, and so the source has to wait.
const CHUNKS_AHEAD: usize = 2;

/// The bytes of something that is read by a thread of its own.
pub(super) struct Pipe {
    name: Arc<str>,
    chunks: Receiver<io::Result<Vec<u8>>>,
    taken: u64,
}

impl Pipe {
    /// Starts a thread that reads `input` to its end. It ends by itself when the pipe is dropped,
    /// as soon as it has something to deliver.
    pub(super) fn start(
        name: Arc<str>,
        input: impl Read + Send + 'static,
    ) -> anyhow::Result<(Self, thread::JoinHandle<()>)> {
        let (sender, chunks) = sync_channel(CHUNKS_AHEAD);
        let thread = thread::Builder::new()
            .name(format!("read {name}"))
            .spawn(move || pump(input, &sender))
            .with_context(|| format!("cannot start a thread to read {name}"))?;
        let pipe = Self {
            name,
            chunks,
            taken: 0,
        };
        Ok((pipe, thread))
    }
}

/// Reads until the end, an error, or nobody listens any more.
fn pump(mut input: impl Read, chunks: &SyncSender<io::Result<Vec<u8>>>) {
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        let chunk = match input.read(&mut buffer) {
            Ok(0) => return,
            Ok(length) => Ok(buffer[..length].to_vec()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let last = chunk.is_err();
        if chunks.send(chunk).is_err() || last {
            return;
        }
    }
}

impl Bytes for Pipe {
    fn fill(&mut self, buffer: &mut Vec<u8>, wait: Duration) -> anyhow::Result<Fill> {
        match self.chunks.recv_timeout(wait) {
            Ok(chunk) => {
                let chunk = chunk.with_context(|| format!("cannot read {}", self.name))?;
                self.taken += chunk.len() as u64;
                buffer.extend_from_slice(&chunk);
                Ok(Fill::Some)
            }
            Err(RecvTimeoutError::Timeout) => Ok(Fill::Nothing),
            Err(RecvTimeoutError::Disconnected) => Ok(Fill::End),
        }
    }

    fn taken(&self) -> u64 {
        self.taken
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn bytes_come_in_order_and_then_the_end() {
        let text = "0123456789".repeat(100_000);
        let input = io::Cursor::new(text.clone());
        let (mut pipe, thread) = Pipe::start("in".into(), input).expect("a thread");
        let mut buffer = Vec::new();
        while pipe
            .fill(&mut buffer, Duration::from_secs(60))
            .expect("bytes")
            == Fill::Some
        {}
        assert!(buffer == text.as_bytes());
        assert_eq!(pipe.taken(), text.len() as u64);
        thread.join().expect("no panic");
    }

    #[test]
    fn nothing_is_not_the_end() {
        let (input, mut writer) = io::pipe().expect("a pipe");
        let (mut pipe, thread) = Pipe::start("in".into(), input).expect("a thread");
        let mut buffer = Vec::new();
        let mut fill = |wait| pipe.fill(&mut buffer, wait).expect("bytes");
        assert_eq!(fill(Duration::ZERO), Fill::Nothing);
        writer.write_all(b"a").expect("a pipe");
        assert_eq!(fill(Duration::from_secs(60)), Fill::Some);
        assert_eq!(fill(Duration::from_millis(1)), Fill::Nothing);
        drop(writer);
        assert_eq!(fill(Duration::from_secs(60)), Fill::End);
        assert_eq!(buffer, b"a");
        thread.join().expect("no panic");
    }

    #[test]
    fn a_thread_ends_when_nobody_listens() {
        let (pipe, thread) = Pipe::start("in".into(), io::repeat(b'a')).expect("a thread");
        drop(pipe);
        thread.join().expect("no panic");
    }

    #[test]
    fn errors_name_the_input() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::ConnectionReset.into())
            }
        }
        let (mut pipe, thread) = Pipe::start("in".into(), Broken).expect("a thread");
        let error = pipe
            .fill(&mut Vec::new(), Duration::from_secs(60))
            .expect_err("an error");
        assert_eq!(format!("{error:#}"), "cannot read in: connection reset");
        thread.join().expect("no panic");
    }
}
