//! `#[scalar]`.

use proc_macro2::TokenStream;
use quote::quote;

use crate::body;
use crate::options::{Also, Options};
use crate::signature::Function;
use crate::slices;

pub(crate) fn expand(options: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let options = Options::parse(options, Also::Columns)?;
    let function = Function::parse(item, "scalar")?;
    match options.columns {
        true => columns(&function, &options),
        false => rows(&function, &options),
    }
}

fn rows(function: &Function, options: &Options) -> syn::Result<TokenStream> {
    function.check_types()?;
    let types = Function::tuple(function.parameters.iter().map(|parameter| &parameter.ty));
    let result = function.result()?;
    let (config, pattern) = (body::config(function), body::config_pattern(function));
    let (places, call) = (body::places(function), body::call(function));
    let closure = quote!(|#pattern, #places| #call);
    let describe =
        quote!(support::scalar::describe::<#config, #types, #result>(&SIGNATURE, #closure));
    let body = quote! {
        support::Body::Scalar(|config, batch| {
            support::scalar::run::<#config, #types, #result>(config, batch, #closure)
        })
    };
    Ok(body::function(function, options, &describe, &body))
}

fn columns(function: &Function, options: &Options) -> syn::Result<TokenStream> {
    let types = slices::tuple(function)?;
    let result = function.result()?;
    let (config, pattern) = (body::config(function), body::config_pattern(function));
    let (places, call) = (body::places(function), body::call(function));
    let closure = quote!(|#pattern, #places| #call);
    let describe =
        quote!(support::columns::describe::<#config, #types, #result>(&SIGNATURE, #closure));
    let body = quote! {
        support::Body::Scalar(|config, batch| {
            let gathered = support::Gathered::<#types>::open(batch)?;
            support::columns::run::<#config, #types, #result>(config, &gathered, #closure)
        })
    };
    Ok(body::function(function, options, &describe, &body))
}
