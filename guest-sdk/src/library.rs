//! A library: a list of functions behind the interfaces of the contract.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::thread::LocalKey;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::bindings::exports::tidemill::udf as contract;
use crate::function::{
    AggregateBody, Body, Description, Entry, HolisticResult, ProcessBody, ProcessResult,
    ScalarResult, TableResult, UpdateResult,
};
use crate::log;
use crate::types::{Batch, Field};

/// The functions of a crate. [`library!`](crate::library) makes one and names it `Library`.
pub trait Library: 'static {
    /// What the configuration of a stage is read into.
    type Config: DeserializeOwned + 'static;
    /// The functions, in the order of the catalog.
    #[doc(hidden)]
    const FUNCTIONS: &'static [Entry<Self::Config>];

    /// Where the configuration is kept.
    #[doc(hidden)]
    fn configuration() -> &'static LocalKey<RefCell<Option<Self::Config>>>;
}

/// The configuration of a library that takes none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoConfiguration {}

/// Makes a component of the crate.
///
/// `library!(is_hot, Mean, Least<i64>)` lists the functions, by name or path; they need not be
/// public. `library!(config = Config, is_hot, Mean)` also says what the stage's configuration is
/// read into, with serde. Once in a crate, in `lib.rs`.
///
/// It makes a type `Library` too, private to the crate, for tests: see [`testing`](crate::testing).
#[macro_export]
macro_rules! library {
    (config = $config:ty, $($function:ty),+ $(,)?) => {
        /// The functions of this crate.
        pub(crate) enum Library {}

        impl $crate::Library for Library {
            type Config = $config;
            const FUNCTIONS: &'static [$crate::Entry<$config>] =
                &[$(<$function as $crate::Function<$config>>::ENTRY),+];

            fn configuration() -> $crate::support::Configuration<$config> {
                ::std::thread_local! {
                    static CONFIGURATION: ::std::cell::RefCell<::std::option::Option<$config>> =
                        const { ::std::cell::RefCell::new(::std::option::Option::None) };
                }
                &CONFIGURATION
            }
        }

        // Natively nothing but tests calls the library, and no function is dead code for that.
        const _: &[$crate::Entry<$config>] = <Library as $crate::Library>::FUNCTIONS;

        // Only in a component: natively the exported names of two libraries in one program clash.
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Exports = $crate::support::Exports<Library>;
            $crate::bindings::export!(Exports with_types_in $crate::bindings);
        };
    };
    ($($function:ty),+ $(,)?) => {
        $crate::library!(config = $crate::NoConfiguration, $($function),+);
    };
    ($($other:tt)*) => {
        ::std::compile_error!(
            "write `library!(first, Second)` or `library!(config = Config, first, Second)`"
        );
    };
}

/// The contract's interfaces, on top of a library.
pub struct Exports<L>(PhantomData<L>);

impl<L: Library> contract::catalog::Guest for Exports<L> {
    fn configure(config: String) -> Result<Vec<Description>, String> {
        log::report_panics();
        let mut config = serde_json::Deserializer::from_str(&config);
        let config = serde_path_to_error::deserialize(&mut config).map_err(|error| {
            let (path, reason) = (error.path().to_string(), error.inner().to_string());
            // What is wrong with a name says the name.
            match path.as_str() {
                "." => format!("the configuration does not fit: {reason}"),
                path if reason.contains(&format!("`{path}`")) => {
                    format!("the configuration does not fit: {reason}")
                }
                path => format!("the configuration does not fit: {path}: {reason}"),
            }
        })?;
        L::configuration().set(Some(config));
        Ok(L::FUNCTIONS
            .iter()
            .map(|entry| (entry.describe)())
            .collect())
    }
}

impl<L: Library> contract::scalar::Guest for Exports<L> {
    fn call(function: u32, arguments: Batch) -> Result<ScalarResult, String> {
        with::<L, _>(function, |config, body| match body {
            Body::Scalar(call) => call(config, &arguments),
            _ => Err(wrong_kind(function, "scalar")),
        })
    }
}

impl<L: Library> contract::table::Guest for Exports<L> {
    fn call(function: u32, arguments: Batch) -> Result<TableResult, String> {
        with::<L, _>(function, |config, body| match body {
            Body::Table(call) => call(config, &arguments),
            _ => Err(wrong_kind(function, "table")),
        })
    }
}

impl<L: Library> contract::aggregate::Guest for Exports<L> {
    fn init(function: u32, count: u32) -> Result<Batch, String> {
        aggregate::<L, _>(function, |body| Ok((body.init)(count)))
    }

    fn update(
        function: u32,
        accumulators: Batch,
        groups: Vec<u32>,
        arguments: Batch,
    ) -> Result<UpdateResult, String> {
        aggregate::<L, _>(function, |body| {
            (body.update)(accumulators, &groups, &arguments)
        })
    }

    fn merge(
        function: u32,
        accumulators: Batch,
        groups: Vec<u32>,
        partials: Batch,
    ) -> Result<Batch, String> {
        aggregate::<L, _>(function, |body| {
            (body.merge)(accumulators, &groups, &partials)
        })
    }

    fn finish(function: u32, accumulators: Batch) -> Result<Batch, String> {
        aggregate::<L, _>(function, |body| (body.finish)(&accumulators))
    }

    fn migrate(
        function: u32,
        old_version: u32,
        old_fields: Vec<Field>,
        accumulators: Batch,
    ) -> Result<Batch, String> {
        aggregate::<L, _>(function, |body| {
            (body.migrate)(old_version, &old_fields, &accumulators)
        })
    }
}

impl<L: Library> contract::holistic::Guest for Exports<L> {
    fn evaluate(
        function: u32,
        group_count: u32,
        groups: Vec<u32>,
        arguments: Batch,
    ) -> Result<HolisticResult, String> {
        with::<L, _>(function, |config, body| match body {
            Body::Holistic(call) => call(config, group_count, &groups, &arguments),
            _ => Err(wrong_kind(function, "holistic")),
        })
    }
}

impl<L: Library> contract::process::Guest for Exports<L> {
    fn init(function: u32, count: u32) -> Result<Batch, String> {
        process::<L, _>(function, |_, body| Ok((body.init)(count)))
    }

    fn process(
        function: u32,
        state: Batch,
        keys: Vec<u32>,
        arguments: Batch,
    ) -> Result<ProcessResult, String> {
        process::<L, _>(function, |config, body| {
            (body.process)(config, &state, &keys, &arguments)
        })
    }

    fn migrate(
        function: u32,
        old_version: u32,
        old_fields: Vec<Field>,
        states: Batch,
    ) -> Result<Batch, String> {
        process::<L, _>(function, |_, body| {
            (body.migrate)(old_version, &old_fields, &states)
        })
    }
}

/// Calls `call` with the configuration and the function at the place `function`.
fn with<L: Library, T>(
    function: u32,
    call: impl FnOnce(&L::Config, &Body<L::Config>) -> Result<T, String>,
) -> Result<T, String> {
    let entry = L::FUNCTIONS.get(function as usize).ok_or_else(|| {
        let count = L::FUNCTIONS.len();
        format!("function {function} of a library that has {count}")
    })?;
    L::configuration().with_borrow(|config| match config {
        Some(config) => call(config, &entry.body),
        None => Err("the library is not configured".to_owned()),
    })
}

fn aggregate<L: Library, T>(
    function: u32,
    call: impl FnOnce(&AggregateBody) -> Result<T, String>,
) -> Result<T, String> {
    with::<L, _>(function, |_, body| match body {
        Body::Aggregate(body) => call(body),
        _ => Err(wrong_kind(function, "aggregate")),
    })
}

fn process<L: Library, T>(
    function: u32,
    call: impl FnOnce(&L::Config, &ProcessBody<L::Config>) -> Result<T, String>,
) -> Result<T, String> {
    with::<L, _>(function, |config, body| match body {
        Body::Process(body) => call(config, body),
        _ => Err(wrong_kind(function, "process")),
    })
}

fn wrong_kind(function: u32, kind: &str) -> String {
    format!("function {function} is not of the kind {kind}")
}
