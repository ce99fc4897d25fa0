//! A server of the S3 protocol that keeps its objects in a directory.

use std::{net::SocketAddr, path::Path, sync::mpsc, thread};

use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use s3s_fs::FileSystem;
use tokio::{net::TcpListener, runtime, sync::oneshot, task::LocalSet};

/// The user of the server, who is also its password.
pub(super) const USER: &str = "tester";

/// A server that runs until it is dropped.
pub(super) struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Server {
    /// Serves the directories in `root` as buckets.
    pub(super) fn start(root: &Path) -> Self {
        let files = FileSystem::new(root).expect("a directory");
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(USER, USER));
        let service = service.build();
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = mpsc::channel();
        let thread = thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build();
            let serve = async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
                tell.send(listener.local_addr().expect("an address"))
                    .expect("somebody waits");
                tokio::task::spawn_local(async move {
                    while let Ok((socket, _)) = listener.accept().await {
                        let service = service.clone();
                        tokio::task::spawn_local(async move {
                            let builder = Builder::new(TokioExecutor::new());
                            let serving = builder.serve_connection(TokioIo::new(socket), service);
                            // A client may close its connection at any time.
                            drop(serving.await);
                        });
                    }
                });
                drop(stopped.await);
            };
            LocalSet::new().block_on(&runtime.expect("a runtime"), serve);
        });
        Self {
            address: told.recv().expect("the server starts"),
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Where it listens.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the server does not panic");
        }
    }
}
