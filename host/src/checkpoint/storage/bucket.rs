//! A part of a bucket in an object store that speaks the S3 protocol.
//!
//! Objects are there as a whole or not at all, which is what a rename gives elsewhere.

use std::{env, future::Future, ops::Range, sync::Arc, time::Duration};

use anyhow::{Context, bail};
use object_store::{
    Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutMode, PutPayload, RetryConfig,
    UpdateVersion, aws::AmazonS3Builder, path::Path,
};
use tokio::runtime::{Builder, Runtime};

use super::{
    ReadError, Storage, StoredFile, Upload,
    parts::{PART, Parts},
};

/// Files up to this size are put in one request.
const ONE_REQUEST: usize = 8 << 20;

/// How long a request is tried again that the server has not answered. Far less than the time after which the
/// lock of a process that is not heard of is anybody's.
const PATIENCE: Duration = Duration::from_secs(8);

/// The objects whose names begin with a prefix.
pub(in crate::checkpoint) struct Bucket {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    /// Nobody else waits on it.
    runtime: Runtime,
    /// What comes from the environment and is not shown.
    hidden: Vec<String>,
}

impl Bucket {
    /// The part `folder` of what `url` refers to: `s3://bucket/prefix`. How to reach the server is taken
    /// from the environment. `shown` is what may be said of the URL.
    pub(in crate::checkpoint) fn open(
        url: &str,
        shown: &str,
        folder: &str,
    ) -> anyhow::Result<Self> {
        let endpoint = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"];
        let endpoint = endpoint.iter().find_map(|name| env::var(name).ok());
        let is_plain = endpoint.is_some_and(|endpoint| endpoint.starts_with("http://"));
        Self::connect(AmazonS3Builder::from_env(), is_plain, url, shown, folder)
    }

    /// The same, on the server that `builder` knows how to reach; without encryption if it `is_plain`.
    pub(in crate::checkpoint) fn connect(
        builder: AmazonS3Builder,
        is_plain: bool,
        url: &str,
        shown: &str,
        folder: &str,
    ) -> anyhow::Result<Self> {
        let (_, rest) = url.split_once("://").context("expected a URL")?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let hidden = match url == shown {
            true => Vec::new(),
            false => vec![prefix.to_owned(), bucket.to_owned()],
        };
        let builder = match is_plain {
            true => builder.with_allow_http(true),
            false => builder,
        };
        let retry = RetryConfig {
            max_retries: 5,
            retry_timeout: PATIENCE,
            ..RetryConfig::default()
        };
        let store = builder.with_bucket_name(bucket).with_retry(retry).build();
        let store = store.map_err(|error| told(&error, &hidden))?;
        let prefix = Path::parse(prefix.trim_matches('/')).context("the URL has no such path")?;
        Self::of(Arc::new(store), prefix.join(folder), hidden)
    }

    /// A part of an object store.
    pub(in crate::checkpoint) fn of(
        store: Arc<dyn ObjectStore>,
        prefix: Path,
        hidden: Vec<String>,
    ) -> anyhow::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build();
        Ok(Self {
            store,
            prefix,
            runtime: runtime.context("cannot start a runtime")?,
            hidden,
        })
    }

    fn path(&self, name: &str) -> Path {
        self.prefix.clone().join(name)
    }

    fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    fn told(&self, error: &Error) -> anyhow::Error {
        told(error, &self.hidden)
    }

    /// An object and the version that it is of; nothing if there is none.
    pub(in crate::checkpoint) fn get(
        &self,
        name: &str,
    ) -> anyhow::Result<Option<(Vec<u8>, UpdateVersion)>> {
        let path = self.path(name);
        let found = self.wait(async {
            let found = self.store.get(&path).await?;
            let version = UpdateVersion {
                e_tag: found.meta.e_tag.clone(),
                version: found.meta.version.clone(),
            };
            Ok((found.bytes().await?.to_vec(), version))
        });
        match found {
            Ok(found) => Ok(Some(found)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.told(&error)).with_context(|| format!("cannot read `{name}`")),
        }
    }

    /// Writes an object if there is none, or if it still is of the version `before`. Returns its new
    /// version; nothing if somebody else was faster.
    pub(in crate::checkpoint) fn swap(
        &self,
        name: &str,
        before: Option<UpdateVersion>,
        bytes: &[u8],
    ) -> anyhow::Result<Option<UpdateVersion>> {
        match self.try_swap(name, before, bytes) {
            Ok(version) => Ok(Some(version)),
            Err(error) if has_changed(&error) => Ok(None),
            Err(error) => Err(self.told(&error)).with_context(|| format!("cannot write `{name}`")),
        }
    }

    fn try_swap(
        &self,
        name: &str,
        before: Option<UpdateVersion>,
        bytes: &[u8],
    ) -> Result<UpdateVersion, Error> {
        let mode = before.map_or(PutMode::Create, PutMode::Update);
        let payload = PutPayload::from(bytes.to_vec());
        let path = self.path(name);
        let put = self.wait(self.store.put_opts(&path, payload, mode.into()))?;
        Ok(put.into())
    }

    /// Whether the object ends before byte `end`.
    fn is_shorter(&self, path: &Path, end: u64) -> bool {
        let options = GetOptions {
            head: true,
            ..GetOptions::default()
        };
        let found = self.wait(self.store.get_opts(path, options));
        found.is_ok_and(|found| found.meta.size < end)
    }
}

impl Storage for Bucket {
    fn list(&self) -> anyhow::Result<Vec<StoredFile>> {
        let listed = self.wait(self.store.list_with_delimiter(Some(&self.prefix)));
        let listed = listed.map_err(|error| self.told(&error));
        let objects = listed
            .context("cannot list the bucket")?
            .objects
            .into_iter();
        let files = objects.filter_map(|object| {
            Some(StoredFile {
                name: object.location.filename()?.to_owned(),
                size: object.size,
            })
        });
        Ok(files.collect())
    }

    fn read(&self, name: &str, range: Option<Range<u64>>) -> Result<Vec<u8>, ReadError> {
        let path = self.path(name);
        let wanted = range.as_ref().map(|range| range.end - range.start);
        if wanted == Some(0) {
            return Ok(Vec::new());
        }
        let end = range.as_ref().map(|range| range.end);
        let options = GetOptions {
            range: range.map(GetRange::Bounded),
            ..GetOptions::default()
        };
        let found = self.wait(async {
            let found = self.store.get_opts(&path, options).await?;
            found.bytes().await
        });
        match found {
            Ok(bytes) if wanted.is_some_and(|wanted| bytes.len() as u64 != wanted) => {
                Err(ReadError::CutOff)
            }
            Ok(bytes) => Ok(bytes.to_vec()),
            Err(Error::NotFound { .. }) => Err(ReadError::Missing),
            Err(_) if end.is_some_and(|end| self.is_shorter(&path, end)) => Err(ReadError::CutOff),
            Err(error) => {
                let context = format!("cannot read `{name}`");
                Err(ReadError::Failed(self.told(&error).context(context)))
            }
        }
    }

    fn put(&self, name: &str, bytes: &[u8], before: Option<&[u8]>) -> anyhow::Result<()> {
        let found = match before {
            Some(_) => self.get(name)?,
            None => None,
        };
        let version = match found {
            Some((found, version)) if Some(&found[..]) == before => Some(version),
            Some(_) => bail!("there is another object `{name}`"),
            None => None,
        };
        let error = match self.try_swap(name, version, bytes) {
            Ok(_) => return Ok(()),
            Err(error) => self.told(&error).context(format!("cannot write `{name}`")),
        };
        // A request that was tried again may find what the first attempt has written.
        match self.read(name, None) {
            Ok(found) if found == bytes => Ok(()),
            Ok(found) if before != Some(&found[..]) => {
                Err(error.context(format!("there is another object `{name}`")))
            }
            _ => Err(error),
        }
    }

    fn create(&self, name: &str) -> anyhow::Result<Box<dyn Upload + '_>> {
        Ok(Box::new(Writing {
            bucket: self,
            name: name.to_owned(),
            buffer: Vec::new(),
            parts: None,
        }))
    }

    fn remove(&self, names: &[String]) -> anyhow::Result<()> {
        for name in names {
            let path = self.path(name);
            match self.wait(self.store.delete(&path)) {
                Ok(()) | Err(Error::NotFound { .. }) => {}
                Err(error) => {
                    return Err(self.told(&error))
                        .with_context(|| format!("cannot remove `{name}`"));
                }
            }
        }
        Ok(())
    }
}

/// An object that is being written.
struct Writing<'a> {
    bucket: &'a Bucket,
    name: String,
    /// All of it, while it is small.
    buffer: Vec<u8>,
    /// The upload in parts, once it is not.
    parts: Option<Parts>,
}

impl Writing<'_> {
    async fn send(&mut self) -> Result<(), Error> {
        let parts = match &mut self.parts {
            Some(parts) => parts,
            empty => {
                let path = self.bucket.path(&self.name);
                let upload = self.bucket.store.put_multipart(&path).await?;
                empty.insert(Parts::new(upload, PART))
            }
        };
        parts.write(&std::mem::take(&mut self.buffer)).await
    }
}

impl Upload for Writing<'_> {
    fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() <= ONE_REQUEST {
            return Ok(());
        }
        let bucket = self.bucket;
        let sent = bucket
            .wait(self.send())
            .map_err(|error| bucket.told(&error));
        sent.with_context(|| format!("cannot write `{}`", self.name))
    }

    fn finish(mut self: Box<Self>) -> anyhow::Result<()> {
        if self.parts.is_none() {
            return self.bucket.put(&self.name, &self.buffer, None);
        }
        let bucket = self.bucket;
        let finished = bucket.wait(async {
            self.send().await?;
            if let Some(parts) = &mut self.parts {
                parts.finish().await?;
            }
            Ok::<(), Error>(())
        });
        if finished.is_ok() {
            self.parts = None;
        }
        let finished = finished.map_err(|error| bucket.told(&error));
        finished.with_context(|| format!("cannot write `{}`", self.name))
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if let Some(parts) = self.parts.take()
            && let Err(error) = self.bucket.wait(parts.abort())
        {
            let error = self.bucket.told(&error);
            tracing::debug!(file = %self.name, %error, "an unfinished upload stays behind");
        }
    }
}

/// Whether an object is not what it was to be replaced as.
const fn has_changed(error: &Error) -> bool {
    matches!(
        error,
        Error::AlreadyExists { .. } | Error::Precondition { .. } | Error::NotFound { .. }
    )
}

/// An error of the object store, without what is hidden.
fn told(error: &Error, hidden: &[String]) -> anyhow::Error {
    let mut text = error.to_string();
    for secret in hidden.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, "…");
    }
    anyhow::anyhow!(text)
}
