//! `#[holistic]`.

use proc_macro2::TokenStream;
use quote::quote;

use crate::body;
use crate::options::{Also, Options};
use crate::signature::Function;
use crate::slices;

pub(crate) fn expand(options: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let options = Options::parse(options, Also::Nothing)?;
    let function = Function::parse(item, "holistic")?;
    let types = slices::tuple(&function)?;
    let result = function.result()?;
    let (config, pattern) = (body::config(&function), body::config_pattern(&function));
    let (places, call) = (body::places(&function), body::call(&function));
    let closure = quote!(|#pattern, #places| #call);
    let describe =
        quote!(support::holistic::describe::<#config, #types, #result>(&SIGNATURE, #closure));
    let body = quote! {
        support::Body::Holistic(|config, count, groups, batch| {
            let gathered = support::Gathered::<#types>::open(batch)?;
            support::holistic::run::<#config, #types, #result>(config, count, groups, &gathered, #closure)
        })
    };
    Ok(body::function(&function, &options, &describe, &body))
}
