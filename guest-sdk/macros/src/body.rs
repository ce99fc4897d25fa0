//! What the macros for functions write around their one closure.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::attributes::conditions;
use crate::doc;
use crate::options::{Options, plain};
use crate::signature::Function;

/// The author's function, and a type of the same name that is its [`Function`] for a library.
///
/// Functions and types have namespaces of their own, so a `use` of the function brings both.
pub(crate) fn function(
    function: &Function,
    options: &Options,
    describe: &TokenStream,
    body: &TokenStream,
) -> TokenStream {
    let item = &function.item;
    let (ident, visibility) = (&item.sig.ident, &item.vis);
    let conditions = conditions(&item.attrs);
    let signature = signature(
        &plain(ident),
        &doc::text(&item.attrs),
        function.names(),
        options,
    );
    let (generics, config) = (generics(function), config(function));
    quote! {
        #item

        #conditions
        #[doc(hidden)]
        #[allow(non_camel_case_types, reason = "named as the function is")]
        #visibility enum #ident {}

        #conditions
        const _: () = {
            use ::tidemill_sdk::support;
            static SIGNATURE: support::Signature = #signature;
            impl #generics ::tidemill_sdk::Function<#config> for #ident {
                const ENTRY: support::Entry<#config> = support::Entry {
                    describe: || #describe,
                    body: #body,
                };
            }
        };
    }
}

/// A `Signature`.
pub(crate) fn signature(
    default_name: &str,
    doc: &str,
    parameters: impl Iterator<Item = String>,
    options: &Options,
) -> TokenStream {
    let name = options.name.as_deref().unwrap_or(default_name);
    let result = options.result.as_deref().unwrap_or(name);
    quote! {
        support::Signature {
            name: #name,
            doc: #doc,
            parameters: &[#(#parameters),*],
            result: #result,
        }
    }
}

/// What the `impl` is generic over: any configuration, if the function takes none.
fn generics(function: &Function) -> TokenStream {
    match function.config {
        Some(_) => TokenStream::new(),
        None => quote!(<C>),
    }
}

/// The type of the configuration.
pub(crate) fn config(function: &Function) -> TokenStream {
    match &function.config {
        Some(ty) => quote!(#ty),
        None => quote!(C),
    }
}

/// The name of the configuration in a closure.
pub(crate) fn config_pattern(function: &Function) -> TokenStream {
    match function.config {
        Some(_) => quote!(config),
        None => quote!(_),
    }
}

/// The pattern of the tuple of arguments in a closure.
pub(crate) fn places(function: &Function) -> TokenStream {
    let places = function.places();
    quote!((#(#places,)*))
}

/// A call of the author's function.
pub(crate) fn call(function: &Function) -> TokenStream {
    let (ident, places) = (&function.item.sig.ident, function.places());
    let config = function.config.as_ref().map(|_| quote!(config,));
    let state = function.state.as_ref().map(|_| quote!(state,));
    quote_spanned!(ident.span()=> #ident(#config #state #(#places),*))
}

/// The same, with the results put into `rows`.
pub(crate) fn call_into_rows(function: &Function) -> TokenStream {
    let call = call(function);
    let span = function.item.sig.output.span();
    match function.fallible {
        true => quote_spanned!(span=> rows.accept_result(#call)),
        false => quote_spanned!(span=> rows.accept(#call)),
    }
}

/// The same for a function that says whether its row passes.
pub(crate) fn call_of_condition(function: &Function) -> TokenStream {
    let call = call(function);
    let span = function.item.sig.output.span();
    match function.fallible {
        true => quote_spanned!(span=> rows.accept_result(#call.map(support::pass))),
        false => quote_spanned!(span=> rows.accept(support::pass(#call))),
    }
}
