//! Checkpoints on a server of the S3 protocol.

use object_store::aws::AmazonS3Builder;

use super::{
    server::{Server, USER},
    *,
};
use crate::checkpoint::{
    lock::{Owner, Pace},
    storage::Bucket,
    store::open::lock_bucket,
};

const PACE: Pace = Pace {
    renewal: std::time::Duration::from_millis(200),
    patience: std::time::Duration::from_secs(2),
};

fn bucket(server: &Server) -> Arc<Bucket> {
    let builder = AmazonS3Builder::new()
        .with_endpoint(server.url())
        .with_access_key_id(USER)
        .with_secret_access_key(USER);
    let url = "s3://bucket/some/jobs";
    let bucket = Bucket::connect(builder, true, url, url, "job");
    Arc::new(bucket.expect("a bucket"))
}

fn try_open(server: &Server) -> anyhow::Result<CheckpointStore> {
    let bucket = bucket(server);
    let lock = lock_bucket(&bucket, &Owner::this_process()?, PACE)?;
    CheckpointStore::new(bucket, Some(Box::new(lock)), "job", "the server")
}

fn root() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a directory");
    fs::create_dir(root.path().join("bucket")).expect("a bucket");
    root
}

fn some(number: u64, rows: u32) -> Checkpoint {
    let rows = (0..rows).map(|key| (key, if key < 10 { number as i64 } else { 0 }));
    checkpoint(number, vec![table(rows)])
}

#[test]
fn checkpoints_are_kept_on_a_server() {
    let root = root();
    let server = Server::start(root.path());
    let mut store = try_open(&server).expect("nobody has it");
    assert!(store.latest(None).expect("readable").is_none());
    // Enough for an upload in parts.
    let first = store.write(&some(1, 700_000)).expect("written");
    assert!(first.bytes_written > 10 << 20, "{first:?}");
    check_same(
        store.latest(None).expect("readable").as_ref(),
        &some(1, 700_000),
    );
    for number in 2..=5 {
        store.write(&some(number, 20_000)).expect("written");
        store.prune(2).expect("pruned");
    }
    assert_eq!(numbers(&store), [4, 5]);
    let error = try_open(&server).expect_err("somebody has it");
    assert!(
        format!("{error:#}").contains("it is in use by process"),
        "{error:#}"
    );
    drop(store);
    let mut store = try_open(&server).expect("it was released");
    check_same(
        store.latest(None).expect("readable").as_ref(),
        &some(5, 20_000),
    );
    assert_eq!(store.next_number().expect("readable"), 6);
    store.clear().expect("cleared");
    assert!(store.latest(None).expect("readable").is_none());
}

#[test]
fn what_is_wrong_on_a_server_is_told() {
    let root = root();
    let server = Server::start(root.path());
    let mut store = try_open(&server).expect("nobody has it");
    store.write(&some(1, 10)).expect("written");
    store.write(&some(2, 10)).expect("written");
    let folder = root.path().join("bucket/some/jobs/job");
    let manifest = folder.join("checkpoint-0000000002.json");
    let bytes = fs::read(&manifest).expect("a manifest");
    fs::write(&manifest, &bytes[..100]).expect("written");
    check_same(store.latest(None).expect("readable").as_ref(), &some(1, 10));
    fs::remove_file(&manifest).expect("removed");
    check_same(store.latest(None).expect("readable").as_ref(), &some(1, 10));
    // No answer is no damage: an older checkpoint must not be taken for the newest.
    let reader = CheckpointStore::new(bucket(&server), None, "job", "the server");
    let reader = reader.expect("readable");
    fs::rename(root.path().join("bucket"), root.path().join("elsewhere")).expect("renamed");
    let found = reader.latest(None);
    assert!(!matches!(&found, Ok(Some(_))), "{found:?}");
}
