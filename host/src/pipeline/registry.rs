//! Loads the libraries that pipelines name, and makes instances of them.

use std::{cell::RefCell, collections::HashMap, fs, io::ErrorKind, sync::Arc};

use super::{Libraries, LibraryError, LibraryRef, LibraryUse, LoadedLibrary, StageLimits};
use crate::wasm::{CatalogError, Component, Engine, Instance, InstanceOptions, Limits};

/// The standard library, built from `udfs/std`.
const STD: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/std.wasm"));

/// The components of a job's pipeline, each compiled once.
pub struct Registry {
    engine: Engine,
    components: RefCell<HashMap<LibraryRef, Component>>,
}

impl Registry {
    /// A registry that has not loaded anything.
    pub fn new(engine: Engine) -> Self {
        Self {
            engine,
            components: RefCell::default(),
        }
    }

    /// Makes an instance of a library that a plan uses.
    ///
    /// # Errors
    ///
    /// If the component cannot be instantiated within `limits`.
    pub fn instantiate(
        &self,
        library: &LibraryUse,
        limits: &StageLimits,
        stage: &Arc<str>,
    ) -> anyhow::Result<Instance> {
        let component = self.component(&library.reference)?;
        let options = InstanceOptions {
            config: library.config.as_str().into(),
            stage: Arc::clone(stage),
            limits: Limits {
                memory: usize::try_from(limits.memory)?,
                deadline: limits.deadline.into(),
                ..Limits::default()
            },
        };
        component.instantiate(options).map_err(Into::into)
    }

    fn component(&self, reference: &LibraryRef) -> Result<Component, LibraryError> {
        if let Some(component) = self.components.borrow().get(reference) {
            return Ok(component.clone());
        }
        let read;
        let bytes = match reference {
            LibraryRef::Std => STD,
            LibraryRef::File(path) => {
                read = fs::read(path).map_err(|error| match error.kind() {
                    ErrorKind::NotFound => LibraryError::Missing,
                    _ => LibraryError::Unusable(format!("cannot be read: {error}")),
                })?;
                &read
            }
        };
        let loaded = self.engine.load(bytes);
        let component = loaded.map_err(|error| LibraryError::Unusable(error.to_string()))?;
        let mut components = self.components.borrow_mut();
        components.insert(reference.clone(), component.clone());
        Ok(component)
    }
}

impl Libraries for Registry {
    fn load(
        &self,
        reference: &LibraryRef,
        config: &str,
    ) -> Result<Arc<LoadedLibrary>, LibraryError> {
        let component = self.component(reference)?;
        let functions = component.catalog(config).map_err(|error| match error {
            CatalogError::Refused(reason) => LibraryError::Config(reason),
            other => LibraryError::Unusable(format!("{:#}", anyhow::Error::from(other))),
        })?;
        Ok(Arc::new(LoadedLibrary {
            digest: component.digest().to_string(),
            functions: functions.to_vec(),
        }))
    }
}
