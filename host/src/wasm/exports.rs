//! The functions of the contract in a component: found and checked when it is loaded, so that
//! neither an instance nor a call looks anything up by name.

use wasmtime::component::{
    Component, ComponentExportIndex, ComponentNamedList, Func, InstancePre, Lift, Lower,
    types::ComponentItem,
};

use super::{
    contract::{Interface, Interfaces},
    lift,
    load_error::LoadError,
    lower::{Batch, FieldName},
    sandbox::Sandbox,
};

/// What every function answers with: its result, or its own error for the whole call.
pub(super) type Answer<T> = (Result<T, String>,);

pub(super) type ConfigureParams<'a> = (&'a str,);
pub(super) type CallParams<'a> = (u32, Batch<'a>);
pub(super) type InitParams = (u32, u32);
pub(super) type GroupedParams<'a> = (u32, Batch<'a>, &'a [u32], Batch<'a>);
pub(super) type EvaluateParams<'a> = (u32, u32, &'a [u32], Batch<'a>);
pub(super) type MigrateParams<'a> = (u32, u32, &'a [FieldName<'a>], Batch<'a>);

/// The functions of the contract, each as a `T`.
#[derive(Clone, Copy)]
pub(super) struct Functions<T> {
    pub(super) configure: T,
    pub(super) scalar: Option<T>,
    pub(super) table: Option<T>,
    pub(super) aggregate: Option<AggregateFunctions<T>>,
    pub(super) holistic: Option<T>,
    pub(super) process: Option<ProcessFunctions<T>>,
}

#[derive(Clone, Copy)]
pub(super) struct AggregateFunctions<T> {
    pub(super) init: T,
    pub(super) update: T,
    pub(super) merge: T,
    pub(super) finish: T,
    pub(super) migrate: T,
}

#[derive(Clone, Copy)]
pub(super) struct ProcessFunctions<T> {
    pub(super) init: T,
    pub(super) process: T,
    pub(super) migrate: T,
}

/// Where a component's functions are.
pub(super) type Exports = Functions<ComponentExportIndex>;

/// An instance's functions. That they have the types of the contract was checked when the
/// component was loaded.
pub(super) type Handles = Functions<Func>;

impl Exports {
    /// Finds the functions of the interfaces that a component exports.
    pub(super) fn find(
        component: &Component,
        linked: &InstancePre<Sandbox>,
        interfaces: Interfaces,
    ) -> Result<Self, LoadError> {
        let finder = Finder { component, linked };
        let has = |interface| interfaces.contains(interface);
        Ok(Self {
            configure: finder.find::<ConfigureParams<'_>, Answer<Vec<lift::Function>>>(
                Interface::Catalog,
                "configure",
            )?,
            scalar: has(Interface::Scalar)
                .then(|| {
                    finder.find::<CallParams<'_>, Answer<lift::ScalarResult>>(
                        Interface::Scalar,
                        "call",
                    )
                })
                .transpose()?,
            table: has(Interface::Table)
                .then(|| {
                    finder
                        .find::<CallParams<'_>, Answer<lift::TableResult>>(Interface::Table, "call")
                })
                .transpose()?,
            aggregate: has(Interface::Aggregate)
                .then(|| finder.aggregate())
                .transpose()?,
            holistic: has(Interface::Holistic)
                .then(|| {
                    finder.find::<EvaluateParams<'_>, Answer<lift::HolisticResult>>(
                        Interface::Holistic,
                        "evaluate",
                    )
                })
                .transpose()?,
            process: has(Interface::Process)
                .then(|| finder.process())
                .transpose()?,
        })
    }
}

impl<T: Copy> Functions<T> {
    /// The same functions, each as something else.
    pub(super) fn try_map<U, E>(
        &self,
        mut map: impl FnMut(T) -> Result<U, E>,
    ) -> Result<Functions<U>, E> {
        Ok(Functions {
            configure: map(self.configure)?,
            scalar: self.scalar.map(&mut map).transpose()?,
            table: self.table.map(&mut map).transpose()?,
            aggregate: match self.aggregate {
                Some(functions) => Some(AggregateFunctions {
                    init: map(functions.init)?,
                    update: map(functions.update)?,
                    merge: map(functions.merge)?,
                    finish: map(functions.finish)?,
                    migrate: map(functions.migrate)?,
                }),
                None => None,
            },
            holistic: self.holistic.map(&mut map).transpose()?,
            process: match self.process {
                Some(functions) => Some(ProcessFunctions {
                    init: map(functions.init)?,
                    process: map(functions.process)?,
                    migrate: map(functions.migrate)?,
                }),
                None => None,
            },
        })
    }
}

struct Finder<'a> {
    component: &'a Component,
    linked: &'a InstancePre<Sandbox>,
}

impl Finder<'_> {
    fn aggregate(&self) -> Result<AggregateFunctions<ComponentExportIndex>, LoadError> {
        let interface = Interface::Aggregate;
        Ok(AggregateFunctions {
            init: self.find::<InitParams, Answer<lift::Batch>>(interface, "init")?,
            update: self
                .find::<GroupedParams<'_>, Answer<lift::UpdateResult>>(interface, "update")?,
            merge: self.find::<GroupedParams<'_>, Answer<lift::Batch>>(interface, "merge")?,
            finish: self.find::<CallParams<'_>, Answer<lift::Batch>>(interface, "finish")?,
            migrate: self.find::<MigrateParams<'_>, Answer<lift::Batch>>(interface, "migrate")?,
        })
    }

    fn process(&self) -> Result<ProcessFunctions<ComponentExportIndex>, LoadError> {
        let interface = Interface::Process;
        Ok(ProcessFunctions {
            init: self.find::<InitParams, Answer<lift::Batch>>(interface, "init")?,
            process: self
                .find::<GroupedParams<'_>, Answer<lift::ProcessResult>>(interface, "process")?,
            migrate: self.find::<MigrateParams<'_>, Answer<lift::Batch>>(interface, "migrate")?,
        })
    }

    /// Finds a function and checks its type.
    fn find<Params, Return>(
        &self,
        interface: Interface,
        name: &str,
    ) -> Result<ComponentExportIndex, LoadError>
    where
        Params: ComponentNamedList + Lower,
        Return: ComponentNamedList + Lift,
    {
        let refused = |reason: String| LoadError::OtherSignature {
            function: format!("{}#{name}", interface.qualified()),
            reason,
        };
        let missing = || refused("there is no such function".to_owned());
        let (_, instance) = self
            .component
            .get_export(None, interface.qualified().as_str())
            .ok_or_else(missing)?;
        let (item, index) = self
            .component
            .get_export(Some(&instance), name)
            .ok_or_else(missing)?;
        let ComponentItem::ComponentFunc(function) = item else {
            return Err(missing());
        };
        if function.async_() {
            return Err(refused("it is asynchronous".to_owned()));
        }
        function
            .typecheck::<Params, Return>(&self.linked.instance_type())
            .map_err(|error| refused(format!("{error:#}")))?;
        Ok(index)
    }
}
