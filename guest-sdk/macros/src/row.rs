//! `#[derive(Row)]`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{DeriveInput, GenericParam};

use crate::fields::NamedFields;
use crate::options::error;
use crate::types::check_result;

pub(crate) fn expand(item: TokenStream) -> syn::Result<TokenStream> {
    let input: DeriveInput = syn::parse2(item)?;
    let mut lifetimes = input.generics.params.iter();
    if let Some(other) = lifetimes.find(|param| !matches!(param, GenericParam::Lifetime(_))) {
        return error(
            other.span(),
            "a `Row` has columns of fixed types: it cannot be generic",
        );
    }
    let fields = NamedFields::of(&input, "Row")?;
    fields.types.iter().try_for_each(check_result)?;
    let variables = fields.variables();
    let NamedFields {
        idents,
        names,
        types,
    } = &fields;
    let ident = &input.ident;
    let (generics, arguments, conditions) = input.generics.split_for_impl();
    let builder = types.iter().rev().fold(
        quote!(()),
        |rest, ty| quote_spanned!(ty.span()=> (support::BuilderOf<#ty>, #rest)),
    );
    let pattern = variables
        .iter()
        .rev()
        .fold(quote!(()), |rest, variable| quote!((#variable, #rest)));
    let fields = types
        .iter()
        .zip(names)
        .map(|(ty, name)| quote_spanned!(ty.span()=> support::field::<#ty>(#name)));
    Ok(quote! {
        const _: () = {
            use ::tidemill_sdk::support;
            impl #generics ::tidemill_sdk::Row for #ident #arguments #conditions {
                type Builder = #builder;

                fn fields(_: &str) -> ::std::vec::Vec<support::Field> {
                    ::std::vec![#(#fields),*]
                }

                #[inline]
                fn append(self, builder: &mut Self::Builder) {
                    let #pattern = builder;
                    #(support::Cell::push(self.#idents, #variables);)*
                }
            }
        };
    })
}
