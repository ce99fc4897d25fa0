//! An object that is uploaded in parts, a few of them at a time.
//!
//! It is there when all of them are. What is given up before is to be removed from the server.

use std::mem;

use object_store::{Error, MultipartUpload, PutPayload};
use tokio::task::JoinSet;

/// How many bytes a part has. A server takes 10,000 parts: 156 GiB.
pub(super) const PART: usize = 16 << 20;

/// Parts that are under way at once, and in memory.
const AT_ONCE: usize = 4;

/// An upload in parts.
pub(super) struct Parts {
    upload: Box<dyn MultipartUpload>,
    /// How many bytes a part has, but for the last.
    size: usize,
    /// The next part.
    buffer: Vec<u8>,
    under_way: JoinSet<Result<(), Error>>,
}

impl Parts {
    /// An upload in parts of `size` bytes.
    pub(super) fn new(upload: Box<dyn MultipartUpload>, size: usize) -> Self {
        Self {
            upload,
            size,
            buffer: Vec::new(),
            under_way: JoinSet::new(),
        }
    }

    /// Appends bytes. Waits while many parts are under way.
    pub(super) async fn write(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        while !bytes.is_empty() {
            let room = self.size - self.buffer.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.buffer.extend_from_slice(now);
            bytes = later;
            if self.buffer.len() == self.size {
                self.send().await?;
            }
        }
        Ok(())
    }

    async fn send(&mut self) -> Result<(), Error> {
        self.wait_until(AT_ONCE - 1).await?;
        let part = PutPayload::from(mem::take(&mut self.buffer));
        self.under_way.spawn(self.upload.put_part(part));
        Ok(())
    }

    /// Waits until no more than `left` parts are under way.
    async fn wait_until(&mut self, left: usize) -> Result<(), Error> {
        while self.under_way.len() > left {
            match self.under_way.join_next().await {
                Some(sent) => sent.map_err(|source| Error::JoinError { source })??,
                None => break,
            }
        }
        Ok(())
    }

    /// Completes the object. If that fails, it is to be given up.
    pub(super) async fn finish(&mut self) -> Result<(), Error> {
        if !self.buffer.is_empty() {
            self.send().await?;
        }
        self.wait_until(0).await?;
        self.upload.complete().await.map(drop)
    }

    /// Gives the object up.
    pub(super) async fn abort(mut self) -> Result<(), Error> {
        self.under_way.shutdown().await;
        self.upload.abort().await
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::Pin,
        sync::{
            Arc, Mutex,
            atomic::{AtomicUsize, Ordering},
        },
    };

    use object_store::{PutResult, UploadPart};
    use tokio::{runtime, task};

    use super::*;

    type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

    /// A server that fails from a part on.
    #[derive(Debug, Default)]
    struct Server {
        parts: Mutex<Vec<usize>>,
        fails_at: Option<usize>,
        now: AtomicUsize,
        most: AtomicUsize,
    }

    #[derive(Debug)]
    struct Upload(Arc<Server>);

    impl MultipartUpload for Upload {
        fn put_part(&mut self, data: PutPayload) -> UploadPart {
            let server = Arc::clone(&self.0);
            let now = 1 + server.now.fetch_add(1, Ordering::Relaxed);
            server.most.fetch_max(now, Ordering::Relaxed);
            let mut parts = server.parts.lock().expect("not poisoned");
            parts.push(data.content_length());
            let fails = server.fails_at.is_some_and(|at| parts.len() > at);
            drop(parts);
            Box::pin(async move {
                task::yield_now().await;
                server.now.fetch_sub(1, Ordering::Relaxed);
                match fails {
                    true => Err(Error::NotImplemented {
                        operation: "a part".to_owned(),
                        implementer: "the server".to_owned(),
                    }),
                    false => Ok(()),
                }
            })
        }

        fn complete<'a, 'b>(&'a mut self) -> Answer<'b, PutResult>
        where
            'a: 'b,
            Self: 'b,
        {
            Box::pin(async {
                Ok(PutResult {
                    e_tag: None,
                    version: None,
                })
            })
        }

        fn abort<'a, 'b>(&'a mut self) -> Answer<'b, ()>
        where
            'a: 'b,
            Self: 'b,
        {
            Box::pin(async { Ok(()) })
        }
    }

    fn upload(server: &Arc<Server>, writes: &[usize]) -> Result<(), Error> {
        let runtime = runtime::Builder::new_current_thread().build();
        runtime.expect("a runtime").block_on(async {
            let mut parts = Parts::new(Box::new(Upload(Arc::clone(server))), 10);
            for &bytes in writes {
                parts.write(&vec![0; bytes]).await?;
            }
            parts.finish().await
        })
    }

    #[test]
    fn few_parts_of_one_size_are_under_way_at_once() {
        let server = Arc::new(Server::default());
        upload(&server, &[7, 1, 2, 1000, 3]).expect("done");
        let parts = server.parts.lock().expect("not poisoned");
        assert_eq!(parts.split_last(), Some((&3, &[10; 101][..])));
        assert_eq!(server.most.load(Ordering::Relaxed), AT_ONCE);
    }

    #[test]
    fn a_part_that_fails_is_told() {
        for fails_at in [0, 3, 10] {
            let server = Arc::new(Server {
                fails_at: Some(fails_at),
                ..Server::default()
            });
            assert!(upload(&server, &[101]).is_err(), "{fails_at}");
        }
    }
}
