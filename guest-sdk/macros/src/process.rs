//! `#[process]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse_quote;

use crate::body;
use crate::options::{Also, Options};
use crate::signature::Function;

pub(crate) fn expand(options: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let options = Options::parse(options, Also::Nothing)?;
    let function = Function::parse(item, "process")?;
    function.check_types()?;
    let types = Function::tuple(function.parameters.iter().map(|parameter| &parameter.ty));
    let passes = function.returns_bool();
    let rows = match passes {
        true => parse_quote!(support::Nothing),
        false => function.rows()?,
    };
    let (config, pattern) = (body::config(&function), body::config_pattern(&function));
    let (state, fallible) = (&function.state, function.fallible);
    let places = body::places(&function);
    let call = match passes {
        true => body::call_of_condition(&function),
        false => body::call_into_rows(&function),
    };
    let closure = quote!(|#pattern, state, #places, rows| #call);
    let describe = quote! {
        support::process::describe::<#config, #state, #types, #rows>(&SIGNATURE, #closure)
    };
    let body = quote! {
        support::Body::Process(support::ProcessBody {
            init: support::process::init::<#state>,
            process: |config, states, keys, batch| {
                support::process::run::<#config, #state, #types, #rows>(
                    config, states, keys, batch, #fallible, #closure,
                )
            },
            migrate: support::state::migrate::<#state>,
        })
    };
    Ok(body::function(&function, &options, &describe, &body))
}
