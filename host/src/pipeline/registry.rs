//! Loads the libraries that pipelines name, and makes instances of them.

use std::{
    collections::HashMap,
    fs,
    io::ErrorKind,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::Context;

use super::{Libraries, LibraryError, LibraryRef, LoadedLibrary, Plan, StagePlan};
use crate::{
    operator::Version,
    wasm::{CatalogError, Component, Engine, Instance, InstanceOptions, Limits},
};

/// The standard library, built from `udfs/std`.
const STD: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/std.wasm"));

/// The components of a job's pipeline, each compiled once.
pub struct Registry {
    engine: Engine,
    components: Mutex<HashMap<LibraryRef, Component>>,
}

impl Registry {
    /// A registry that has not loaded anything.
    pub fn new(engine: Engine) -> Self {
        Self {
            engine,
            components: Mutex::default(),
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
            limits: Limits {
                memory: usize::try_from(stage.limits.memory)?,
                deadline: stage.limits.deadline.into(),
                ..Limits::default()
            },
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

    fn known(&self) -> MutexGuard<'_, HashMap<LibraryRef, Component>> {
        self.components
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn component(&self, reference: &LibraryRef) -> Result<Component, LibraryError> {
        if let Some(component) = self.known().get(reference) {
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
        self.known().insert(reference.clone(), component.clone());
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
