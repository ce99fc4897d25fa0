//! The attribute and derive macros of `tidemill-sdk`, which documents and re-exports them.
//!
//! Each macro keeps what the author wrote and adds an implementation of `Function`, `State` or
//! `Row`. The loops over columns are generic code of the SDK; a macro writes only what names the
//! author's types.

mod aggregate;
mod attributes;
mod body;
mod doc;
mod fields;
mod holistic;
mod options;
mod process;
mod row;
mod scalar;
mod signature;
mod slices;
mod state;
mod table;
mod types;

use proc_macro::TokenStream;

/// Makes a scalar function of a function: a row in, a row out.
///
/// The parameters are named and typed as the columns are; a first parameter `config: &Config` is
/// the library's configuration. The result is one column, named as the function, or several, if
/// the function returns a struct with `#[derive(Row)]`. A filter is a scalar function that returns
/// `bool`.
///
/// - `name = "…"`: the name in pipelines, if it is not the function's own.
/// - `result = "…"`: the name of the result column.
/// - `columns`: the function takes slices and returns a `Vec` of as many values. It gets the rows of
///   a batch in which no plain (`&[f64]`) argument is null; the results of the others are null.
///   `&[Option<f64>]` takes nulls. An error is an error of the whole batch.
#[proc_macro_attribute]
pub fn scalar(options: TokenStream, item: TokenStream) -> TokenStream {
    expand(scalar::expand(options.into(), item.into()))
}

/// Makes a table function of a function: a row in, any number of rows out.
///
/// The function returns `Vec<T>`, `Option<T>` or `impl Iterator<Item = T>`, or a `Result` of one
/// of these, with `T` a value or a struct with `#[derive(Row)]`. Parameters and options are as
/// for `#[scalar]`, without `columns`.
#[proc_macro_attribute]
pub fn table(options: TokenStream, item: TokenStream) -> TokenStream {
    expand(table::expand(options.into(), item.into()))
}

/// Makes an aggregate of an `impl Aggregate for …`: many rows in, one row out, by way of a
/// struct with `#[derive(State, Default)]`.
///
/// The parameters are named as those of `update` are.
///
/// - `name = "…"`: the name in pipelines, if it is not the struct's in snake case. Aggregates of
///   one name differ in their parameters.
/// - `result = "…"`: the name of the result column, if it is not the function's.
/// - `parameters(value, weight)`: the names of the parameters, if `update` takes its tuple whole.
#[proc_macro_attribute]
pub fn aggregate(options: TokenStream, item: TokenStream) -> TokenStream {
    expand(aggregate::expand(options.into(), item.into()))
}

/// Makes a holistic function of a function over slices: all rows of a group in, one row out.
///
/// All slices are of the same length, in the order of event time. Rows with a null in a plain
/// (`&[f64]`) argument are left out; `&[Option<f64>]` takes nulls. Slices may be empty. Options are
/// as for `#[scalar]`, without `columns`.
#[proc_macro_attribute]
pub fn holistic(options: TokenStream, item: TokenStream) -> TokenStream {
    expand(holistic::expand(options.into(), item.into()))
}

/// Makes a process function of a function: a row in, any number of rows out, with a state for each
/// key.
///
/// The first parameter, after the configuration if there is one, is `&mut S`, with `S` a struct
/// with `#[derive(State, Default)]`. It returns what a `#[table]` function does, or `bool` (or a
/// `Result` of it): then it has no results, and says whether the row passes. When it returns an error,
/// the state stays as it was. Options are as for `#[scalar]`, without `columns`.
#[proc_macro_attribute]
pub fn process(options: TokenStream, item: TokenStream) -> TokenStream {
    expand(process::expand(options.into(), item.into()))
}

/// Makes columns of a struct, so that the host can keep it for an aggregate or a process function.
///
/// `#[state(version = 2, previous = MeanV1)]` on the struct says which version this is, and what
/// the one before was; see the trait `State`.
#[proc_macro_derive(State, attributes(state))]
pub fn state(item: TokenStream) -> TokenStream {
    expand(state::expand(item.into()))
}

/// Makes the fields of a struct the result columns of a function.
#[proc_macro_derive(Row)]
pub fn row(item: TokenStream) -> TokenStream {
    expand(row::expand(item.into()))
}

fn expand(result: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    result
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}
