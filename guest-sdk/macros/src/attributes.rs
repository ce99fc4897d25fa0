//! Attributes of an item that also hold for what is made of it.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Attribute;

/// The `#[cfg(…)]` among `attributes`.
pub(crate) fn conditions(attributes: &[Attribute]) -> TokenStream {
    let conditions = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"));
    quote!(#(#conditions)*)
}
