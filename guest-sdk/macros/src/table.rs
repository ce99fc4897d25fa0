//! `#[table]`.

use proc_macro2::TokenStream;
use quote::quote;

use crate::body;
use crate::options::{Also, Options};
use crate::signature::Function;

pub(crate) fn expand(options: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let options = Options::parse(options, Also::Nothing)?;
    let function = Function::parse(item, "table")?;
    function.check_types()?;
    let types = Function::tuple(function.parameters.iter().map(|parameter| &parameter.ty));
    let rows = function.rows()?;
    let (config, pattern) = (body::config(&function), body::config_pattern(&function));
    let (places, call) = (body::places(&function), body::call_into_rows(&function));
    let closure = quote!(|#pattern, #places, rows| #call);
    let describe = quote!(support::table::describe::<#config, #types, #rows>(&SIGNATURE, #closure));
    let body = quote! {
        support::Body::Table(|config, batch| {
            support::table::run::<#config, #types, #rows>(config, batch, #closure)
        })
    };
    Ok(body::function(&function, &options, &describe, &body))
}
