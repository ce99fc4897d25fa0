//! A component: a library of functions, compiled and linked, ready to be instantiated.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use wasmtime::component::{
    InstancePre, Linker,
    types::{ComponentInstance, ComponentItem},
};

use super::{
    allow::{Allow, Variable},
    call_error::CallError,
    catalog::{self, Function},
    catalog_error::CatalogError,
    contract::{Interface, Interfaces, Name, PACKAGE, VERSION},
    engine::Engine,
    exports::Exports,
    instance::{Instance, InstanceOptions},
    limits::{Limits, MOST_INSTANCES, MOST_TABLE_ELEMENTS},
    load_error::LoadError,
    log,
    log_budget::LogBudget,
    running::Running,
    sandbox::Sandbox,
    wasi,
};

/// What a component may use to tell its catalog: more than a call, for it is asked once and off the
/// data path, and interpreters take their time to start.
const CATALOG_MEMORY: usize = 256 << 20;
const CATALOG_DEADLINE: Duration = Duration::from_secs(5);

/// What a component is known by: the BLAKE3 digest of its bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(blake3::Hash);

impl Digest {
    /// The first 12 digits: enough to tell components apart in a log.
    pub fn short(&self) -> String {
        let mut digits = self.to_string();
        digits.truncate(12);
        digits
    }
}

/// All 64 digits.
impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.to_hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// A library of functions. Clones share it.
#[derive(Clone)]
pub struct Component(Arc<Inner>);

struct Inner {
    /// Keeps the engine's ticks coming while anything can run the component.
    engine: Engine,
    digest: Digest,
    size: usize,
    interfaces: Interfaces,
    imports: Vec<String>,
    imports_wasi: bool,
    linked: InstancePre<Sandbox>,
    exports: Exports,
    /// The catalogs that were asked for, by configuration.
    catalogs: Mutex<Vec<KnownCatalog>>,
}

struct KnownCatalog {
    config: Arc<str>,
    variables: Vec<Variable>,
    functions: Arc<[Function]>,
}

impl KnownCatalog {
    fn is_of(&self, config: &str, variables: &[Variable]) -> bool {
        *self.config == *config && *self.variables == *variables
    }
}

impl Component {
    pub(super) fn new(
        engine: Engine,
        compiled: &wasmtime::component::Component,
        digest: blake3::Hash,
        size: usize,
    ) -> Result<Self, LoadError> {
        let wasmtime = engine.wasmtime();
        let component_type = compiled.component_type();
        let exported: Vec<&str> = component_type
            .exports(wasmtime)
            .map(|(name, _)| name)
            .collect();
        let imports = imports(wasmtime, &component_type);
        refuse_other_version(exported.iter().copied())?;
        refuse_other_version(imports.iter().map(String::as_str))?;
        refuse_unknown(&imports)?;
        let interfaces = interfaces(&exported);
        if !interfaces.contains(Interface::Catalog) {
            return Err(LoadError::NoCatalog {
                exports: list(&exported),
            });
        }
        let imports_wasi = imports.iter().any(|name| name.starts_with("wasi:"));
        let linked = link(wasmtime, compiled, imports_wasi)
            .map_err(|error| LoadError::Link(format!("{error:#}")))?;
        let exports = Exports::find(compiled, &linked, interfaces)?;
        Ok(Self(Arc::new(Inner {
            digest: Digest(digest),
            size,
            interfaces,
            imports,
            imports_wasi,
            linked,
            exports,
            catalogs: Mutex::default(),
            engine,
        })))
    }

    /// What it is known by.
    pub fn digest(&self) -> Digest {
        self.0.digest
    }

    /// The bytes of the component, before it was compiled.
    pub fn size(&self) -> usize {
        self.0.size
    }

    /// What it exports of the contract.
    pub fn interfaces(&self) -> Interfaces {
        self.0.interfaces
    }

    /// The names of the interfaces and functions it imports, besides the contract's own.
    pub fn imports(&self) -> &[String] {
        &self.0.imports
    }

    /// Whether it imports nothing, and so depends on nothing but its input.
    pub fn is_pure(&self) -> bool {
        self.0.imports.is_empty()
    }

    /// Asks for the functions of the library under a configuration, a JSON object, with the variables that
    /// are allowed and nothing else.
    ///
    /// # Errors
    ///
    /// If the component refuses the configuration, fails, or answers with what is not a catalog.
    pub fn catalog(&self, config: &str, allow: &Allow) -> Result<Arc<[Function]>, CatalogError> {
        if let Some(functions) = self.known_catalog(config, &allow.variables) {
            return Ok(functions);
        }
        let options = InstanceOptions {
            config: config.into(),
            limits: Limits {
                memory: CATALOG_MEMORY,
                deadline: CATALOG_DEADLINE,
                instances: MOST_INSTANCES,
                table_elements: MOST_TABLE_ELEMENTS,
                ..Limits::default()
            },
            allow: allow.only_variables(),
            stage: "catalog".into(),
        };
        let budget = LogBudget::new(Arc::clone(&options.stage), &options.limits);
        self.start(&options, &budget)
            .map(|(_, functions)| functions)
            .map_err(CatalogError::with_fixed_limits)
    }

    /// Makes an instance and configures it.
    ///
    /// # Errors
    ///
    /// If the component fails, refuses its configuration, or answers with another catalog than
    /// before.
    pub fn instantiate(&self, options: InstanceOptions) -> Result<Instance, CallError> {
        Instance::new(self.clone(), options)
    }

    /// Makes an instance that is configured, and its catalog.
    pub(super) fn start(
        &self,
        options: &InstanceOptions,
        budget: &LogBudget,
    ) -> Result<(Running, Arc<[Function]>), CatalogError> {
        let mut running = Running::new(self, options, budget).map_err(CatalogError::Call)?;
        let functions = running
            .configure(&options.config)
            .map_err(CatalogError::Call)?
            .map_err(CatalogError::Refused)?;
        let functions =
            catalog::check(functions, self.0.interfaces).map_err(CatalogError::Invalid)?;
        let functions = self.remember(options, functions)?;
        Ok((running, functions))
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.0.engine
    }

    pub(super) fn linked(&self) -> &InstancePre<Sandbox> {
        &self.0.linked
    }

    pub(super) fn exports(&self) -> &Exports {
        &self.0.exports
    }

    pub(super) fn imports_wasi(&self) -> bool {
        self.0.imports_wasi
    }

    fn known_catalog(&self, config: &str, variables: &[Variable]) -> Option<Arc<[Function]>> {
        let catalogs = self.0.catalogs.lock();
        let catalogs = catalogs.unwrap_or_else(PoisonError::into_inner);
        let known = catalogs.iter().find(|known| known.is_of(config, variables));
        known.map(|known| Arc::clone(&known.functions))
    }

    /// The catalog that all instances with these options share. Functions are called by their place in
    /// it, so one that changes is refused.
    fn remember(
        &self,
        options: &InstanceOptions,
        functions: Vec<Function>,
    ) -> Result<Arc<[Function]>, CatalogError> {
        let catalogs = self.0.catalogs.lock();
        let mut catalogs = catalogs.unwrap_or_else(PoisonError::into_inner);
        let (config, variables) = (&options.config, &options.allow.variables);
        match catalogs.iter().find(|known| known.is_of(config, variables)) {
            Some(known) if *known.functions == *functions => Ok(Arc::clone(&known.functions)),
            Some(_) => Err(CatalogError::Unstable),
            None => {
                let functions: Arc<[Function]> = functions.into();
                catalogs.push(KnownCatalog {
                    config: Arc::clone(config),
                    variables: variables.clone(),
                    functions: Arc::clone(&functions),
                });
                Ok(functions)
            }
        }
    }
}

impl fmt::Debug for Component {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Component")
            .field("digest", &self.0.digest)
            .field("imports", &self.0.imports)
            .finish_non_exhaustive()
    }
}

/// What a component needs, besides the log. An interface of nothing but types is not needed.
fn imports(
    engine: &wasmtime::Engine,
    component: &wasmtime::component::types::Component,
) -> Vec<String> {
    let needs = |instance: &ComponentInstance| {
        instance
            .exports(engine)
            .any(|(_, item)| !matches!(item.ty, ComponentItem::Type(_)))
    };
    component
        .imports(engine)
        .filter(|(_, item)| match &item.ty {
            ComponentItem::ComponentInstance(instance) => needs(instance),
            ComponentItem::Type(_) => false,
            _ => true,
        })
        .map(|(name, _)| name.to_owned())
        .filter(|name| *name != format!("{PACKAGE}/log@{VERSION}"))
        .collect()
}

fn refuse_other_version<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), LoadError> {
    let other = |name: &&str| {
        Name::parse(name).is_some_and(|name| name.package == PACKAGE && name.version != VERSION)
    };
    match names.into_iter().find(other) {
        Some(name) => Err(LoadError::OtherVersion {
            found: name.to_owned(),
        }),
        None => Ok(()),
    }
}

fn refuse_unknown(imports: &[String]) -> Result<(), LoadError> {
    let unknown: Vec<String> = imports
        .iter()
        .filter(|name| !Name::parse(name).is_some_and(|name| wasi::offers(&name)))
        .map(|name| format!("`{name}`"))
        .collect();
    if unknown.is_empty() {
        Ok(())
    } else {
        Err(LoadError::UnknownImports(unknown))
    }
}

fn interfaces(exported: &[&str]) -> Interfaces {
    let mut interfaces = Interfaces::default();
    for interface in Interface::ALL {
        if exported.contains(&interface.qualified().as_str()) {
            interfaces.insert(interface);
        }
    }
    interfaces
}

fn list(names: &[&str]) -> String {
    if names.is_empty() {
        return "nothing".to_owned();
    }
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

fn link(
    engine: &wasmtime::Engine,
    component: &wasmtime::component::Component,
    imports_wasi: bool,
) -> wasmtime::Result<InstancePre<Sandbox>> {
    let mut linker = Linker::new(engine);
    log::link(&mut linker)?;
    if imports_wasi {
        wasi::link(&mut linker)?;
    }
    linker.instantiate_pre(component)
}
