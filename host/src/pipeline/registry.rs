//! Loads the libraries that pipelines name, and makes instances of them.

use std::{
    collections::HashMap,
    io::ErrorKind,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::Context;

use super::{
    Libraries, LibraryError, LibraryRef, LoadedLibrary, Plan, RegularFile, StagePlan, short_digest,
};
use crate::{
    operator::Version,
    wasm::{Allow, CatalogError, Component, Engine, Instance, InstanceOptions},
};

/// The standard library, built from `udfs/std`.
const STD: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/std.wasm"));

/// The components of a job's pipeline, each compiled once. Their bytes are kept by the engine under their
/// digests; a file that has been read is not read again. Clones share what they have loaded.
#[derive(Clone)]
pub struct Registry {
    engine: Engine,
    components: Arc<Mutex<HashMap<LibraryRef, Component>>>,
    /// What can be had by its digest without being loaded.
    at_hand: Arc<Vec<Component>>,
}

impl Registry {
    /// A registry that has not loaded anything.
    pub fn new(engine: Engine) -> Self {
        Self {
            engine,
            components: Arc::default(),
            at_hand: Arc::default(),
        }
    }

    /// Another one on the same engine that reads files again. What is asked for by its digest it has from
    /// this one.
    #[must_use]
    pub fn fresh(&self) -> Self {
        Self {
            at_hand: Arc::new(self.components().values().cloned().collect()),
            ..Self::new(self.engine.clone())
        }
    }

    /// Makes an instance of the library at the place `library` of `plan`, for `stage`.
    ///
    /// # Errors
    ///
    /// If the component cannot be instantiated within the limits of the stage.
    pub fn instantiate(
        &self,
        plan: &Plan,
        stage: &StagePlan,
        library: usize,
    ) -> anyhow::Result<Instance> {
        let library = &plan.libraries[library];
        let component = self.component(&library.reference)?;
        let options = InstanceOptions {
            config: library.config.as_str().into(),
            stage: stage.name.as_str().into(),
            limits: stage.limits.of_instance()?,
            allow: stage.allow.clone(),
        };
        component.instantiate(options).with_context(|| {
            let (stage, library) = (&stage.name, &library.name);
            format!("stage `{stage}`: library `{library}` cannot be instantiated")
        })
    }

    /// The functions of `stage` and an instance of each of their libraries, for one subtask.
    ///
    /// # Errors
    ///
    /// If a component cannot be instantiated within the limits of the stage, or a function cannot make
    /// what it begins with.
    pub fn version(&self, plan: &Plan, stage: &StagePlan) -> anyhow::Result<Version> {
        let libraries = stage.work.libraries().into_iter();
        let instances = libraries.map(|library| {
            let instance = self.instantiate(plan, stage, library)?;
            Ok((library, instance))
        });
        let instances = instances.collect::<anyhow::Result<_>>()?;
        Version::open(&stage.name, stage.work.calls(), instances)
    }

    /// Whether a component with this digest can be had.
    pub fn has(&self, digest: &str) -> bool {
        self.known(&LibraryRef::Kept(digest.to_owned())).is_some() || self.kept(digest).is_some()
    }

    /// Makes an instance of every library for every stage of `plan`, once: whether that can be done
    /// depends on the stage's limits.
    ///
    /// # Errors
    ///
    /// If a component cannot be instantiated within the limits of a stage.
    pub fn try_out(&self, plan: &Plan) -> anyhow::Result<()> {
        for stage in &plan.stages {
            for library in stage.work.libraries() {
                self.instantiate(plan, stage, library)?;
            }
        }
        Ok(())
    }

    fn components(&self) -> MutexGuard<'_, HashMap<LibraryRef, Component>> {
        self.components
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Its libraries, loaded as long as `is_wanted` says so.
    pub fn while_wanted<'a>(
        &'a self,
        is_wanted: &'a (dyn Fn() -> bool + Sync),
    ) -> WantedLibraries<'a> {
        WantedLibraries {
            registry: self,
            is_wanted,
        }
    }

    fn load_while(
        &self,
        reference: &LibraryRef,
        config: &str,
        allow: &Allow,
        is_wanted: &dyn Fn() -> bool,
    ) -> Result<Arc<LoadedLibrary>, LibraryError> {
        let component = self.component_while(reference, is_wanted)?;
        let functions = component
            .catalog(config, allow)
            .map_err(|error| match error {
                CatalogError::Refused(reason) => LibraryError::Config(reason),
                other => LibraryError::Unusable(format!("{:#}", anyhow::Error::from(other))),
            })?;
        Ok(Arc::new(LoadedLibrary {
            digest: component.digest().to_string(),
            functions: functions.to_vec(),
        }))
    }

    fn component(&self, reference: &LibraryRef) -> Result<Component, LibraryError> {
        self.component_while(reference, &|| true)
    }

    fn component_while(
        &self,
        reference: &LibraryRef,
        is_wanted: &dyn Fn() -> bool,
    ) -> Result<Component, LibraryError> {
        if let Some(component) = self.known(reference) {
            return Ok(component);
        }
        let read;
        let bytes = match reference {
            LibraryRef::Std => STD,
            LibraryRef::Kept(digest) => {
                read = self.kept(digest).ok_or_else(|| {
                    LibraryError::Unusable(format!(
                        "the component {} is not among those that were kept",
                        short_digest(digest)
                    ))
                })?;
                &read
            }
            LibraryRef::File(path) => {
                let content = RegularFile::component(path).and_then(RegularFile::content);
                read = content.map_err(|error| match error.kind() {
                    ErrorKind::NotFound => LibraryError::Missing,
                    _ => LibraryError::Unusable(format!("cannot be read: {error}")),
                })?;
                &read
            }
        };
        let loaded = self.engine.load_while(bytes, is_wanted);
        let component = loaded.map_err(|error| LibraryError::Unusable(error.to_string()))?;
        self.engine.keep(bytes);
        self.components()
            .insert(reference.clone(), component.clone());
        Ok(component)
    }

    /// A component that was loaded already. What is asked for by its digest may have come from a file.
    fn known(&self, reference: &LibraryRef) -> Option<Component> {
        let components = self.components();
        let component = match reference {
            LibraryRef::Kept(digest) => components
                .values()
                .chain(&*self.at_hand)
                .find(|component| component.digest().to_string() == *digest),
            reference => components.get(reference),
        };
        component.cloned()
    }

    /// The bytes of a component that was kept, or that is built in.
    fn kept(&self, digest: &str) -> Option<Vec<u8>> {
        let is_std = *digest == *blake3::hash(STD).to_hex();
        if is_std {
            return Some(STD.to_vec());
        }
        self.engine.kept(digest)
    }
}

impl Libraries for Registry {
    fn load(
        &self,
        reference: &LibraryRef,
        config: &str,
        allow: &Allow,
    ) -> Result<Arc<LoadedLibrary>, LibraryError> {
        self.load_while(reference, config, allow, &|| true)
    }
}

/// The libraries of a registry for somebody who may lose interest in them.
pub struct WantedLibraries<'a> {
    registry: &'a Registry,
    is_wanted: &'a (dyn Fn() -> bool + Sync),
}

impl Libraries for WantedLibraries<'_> {
    fn load(
        &self,
        reference: &LibraryRef,
        config: &str,
        allow: &Allow,
    ) -> Result<Arc<LoadedLibrary>, LibraryError> {
        let registry = self.registry;
        registry.load_while(reference, config, allow, &self.is_wanted)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::wasm::EngineOptions;

    /// The standard library with a note at its end: another component that does the same.
    fn noted(note: u8) -> Vec<u8> {
        [STD, &[0, 2, 1, note]].concat()
    }

    #[test]
    fn a_component_that_was_loaded_can_be_loaded_by_its_digest() {
        let folder = tempfile::tempdir().expect("a folder");
        let options = EngineOptions {
            cache_dir: Some(folder.path().join("cache")),
            ..EngineOptions::default()
        };
        let path = folder.path().join("mine.wasm");
        fs::write(&path, noted(b'a')).expect("written");
        let file = LibraryRef::File(path.clone());
        let engine = Engine::new(&options).expect("an engine");
        let first = Registry::new(engine.clone());
        let loaded = first
            .load(&file, "{}", &Allow::default())
            .expect("a library");
        fs::write(&path, noted(b'b')).expect("written");

        // Known to the registry, read from the cache directory, and not there.
        let kept = LibraryRef::Kept(loaded.digest.clone());
        assert_eq!(
            first.load(&kept, "{}", &Allow::default()),
            Ok(Arc::clone(&loaded))
        );
        let second = Registry::new(engine);
        assert!(second.has(&loaded.digest));
        assert_eq!(
            second.load(&kept, "{}", &Allow::default()),
            Ok(Arc::clone(&loaded))
        );
        let changed = second
            .load(&file, "{}", &Allow::default())
            .expect("a library");
        assert_ne!(changed.digest, loaded.digest);
        let engine = Engine::new(&EngineOptions::default()).expect("an engine");
        let elsewhere = Registry::new(engine);
        assert!(!elsewhere.has(&loaded.digest));
        let error = elsewhere
            .load(&kept, "{}", &Allow::default())
            .expect_err("not kept");
        let expected = format!(
            "the component {} is not among those that were kept",
            &loaded.digest[..12]
        );
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn the_standard_library_is_at_hand_by_its_digest() {
        let engine = Engine::new(&EngineOptions::default()).expect("an engine");
        let registry = Registry::new(engine);
        let digest = blake3::hash(STD).to_string();
        assert!(registry.has(&digest));
        let loaded = registry.load(&LibraryRef::Kept(digest.clone()), "{}", &Allow::default());
        assert_eq!(loaded.expect("a library").digest, digest);
    }
}
