//! The file that takes the pieces which are new in a checkpoint.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::{
    piece::Digest,
    storage::{Storage, Upload},
};

/// Packs that a checkpoint is spread over at most.
const MOST_PACKS: usize = 16;

/// Where a piece is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PiecePlace {
    pub(super) pack: Arc<str>,
    pub(super) offset: u64,
    pub(super) length: u64,
}

/// The pieces of a checkpoint.
#[derive(Clone, Debug, Default)]
pub(super) struct Pieces {
    places: HashMap<Digest, PiecePlace>,
    /// The size of each pack that one of them is in.
    packs: BTreeMap<Arc<str>, u64>,
}

impl Pieces {
    /// The packs and their sizes.
    pub(super) const fn packs(&self) -> &BTreeMap<Arc<str>, u64> {
        &self.packs
    }

    /// The bytes of all pieces.
    pub(super) fn bytes(&self) -> u64 {
        self.places.values().map(|place| place.length).sum()
    }

    /// What the next checkpoint may refer to: these pieces, unless they are spread over many packs or
    /// most of what is in the packs is not needed any more. Then all of it is written anew.
    pub(super) fn reusable(self) -> Self {
        let packed: u64 = self.packs.values().sum();
        if self.packs.len() >= MOST_PACKS || self.bytes() < packed / 2 {
            return Self::default();
        }
        self
    }
}

/// Writes the pieces of one checkpoint: those that an earlier one has written are only referred to.
pub(super) struct Packer<'a> {
    storage: &'a dyn Storage,
    /// The name of the new pack.
    name: Arc<str>,
    /// The new pack, once there is something in it.
    upload: Option<Box<dyn Upload + 'a>>,
    written: u64,
    before: &'a Pieces,
    pieces: Pieces,
}

impl<'a> Packer<'a> {
    /// A packer that writes to a pack called `name` what is not among the pieces `before`.
    pub(super) fn new(storage: &'a dyn Storage, name: Arc<str>, before: &'a Pieces) -> Self {
        Self {
            storage,
            name,
            upload: None,
            written: 0,
            before,
            pieces: Pieces::default(),
        }
    }

    /// Takes a piece.
    pub(super) fn put(&mut self, bytes: &[u8]) -> anyhow::Result<(Digest, PiecePlace)> {
        let digest = Digest::of(bytes);
        if let Some(place) = self.pieces.places.get(&digest) {
            return Ok((digest, place.clone()));
        }
        let place = match self.before.places.get(&digest) {
            Some(place) => place.clone(),
            None => self.write(bytes)?,
        };
        if let Some((pack, size)) = self.before.packs.get_key_value(&place.pack) {
            self.pieces.packs.insert(Arc::clone(pack), *size);
        }
        self.pieces.places.insert(digest, place.clone());
        Ok((digest, place))
    }

    fn write(&mut self, bytes: &[u8]) -> anyhow::Result<PiecePlace> {
        let upload = match &mut self.upload {
            Some(upload) => upload,
            empty => empty.insert(self.storage.create(&self.name)?),
        };
        upload.write(bytes)?;
        let place = PiecePlace {
            pack: Arc::clone(&self.name),
            offset: self.written,
            length: bytes.len() as u64,
        };
        self.written += place.length;
        Ok(place)
    }

    /// Makes the new pack durable. Returns the pieces of the checkpoint and how many bytes of them are
    /// new.
    pub(super) fn finish(mut self) -> anyhow::Result<(Pieces, u64)> {
        if let Some(upload) = self.upload {
            upload.finish()?;
            self.pieces.packs.insert(self.name, self.written);
        }
        Ok((self.pieces, self.written))
    }
}
