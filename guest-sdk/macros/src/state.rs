//! `#[derive(State)]`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, DeriveInput, GenericParam, LitInt, Type, parse_quote_spanned};

use crate::doc;
use crate::fields::NamedFields;
use crate::options::error;
use crate::types::check_field;

pub(crate) fn expand(item: TokenStream) -> syn::Result<TokenStream> {
    let mut input: DeriveInput = syn::parse2(item)?;
    let mut params = input.generics.params.iter();
    if let Some(lifetime) = params.find(|param| matches!(param, GenericParam::Lifetime(_))) {
        return error(
            lifetime.span(),
            "a state owns its fields: write `String` or `Vec<u8>`",
        );
    }
    let fields = NamedFields::of(&input, "State")?;
    fields.types.iter().try_for_each(check_field)?;
    let version = Version::parse(&input.attrs)?;
    if !input.generics.params.is_empty() {
        bound(&mut input, &fields.types);
    }
    let doc = doc::text(&input.attrs);
    let methods = methods(&fields);
    let (number, older) = (version.number, version.older());
    let ident = &input.ident;
    let (generics, arguments, conditions) = input.generics.split_for_impl();
    Ok(quote! {
        const _: () = {
            use ::tidemill_sdk::support;
            impl #generics ::tidemill_sdk::State for #ident #arguments #conditions {
                const VERSION: u32 = #number;
                const DOC: &'static str = #doc;
                #methods
                #older
            }
        };
    })
}

/// A generic state can be kept when its fields can.
fn bound(input: &mut DeriveInput, types: &[Type]) {
    let conditions = input.generics.make_where_clause();
    for ty in types {
        conditions
            .predicates
            .push(parse_quote_spanned!(ty.span()=> #ty: support::StateField));
    }
}

fn methods(fields: &NamedFields) -> TokenStream {
    let NamedFields {
        idents,
        names,
        types,
    } = fields;
    let (count, variables) = (idents.len(), fields.variables());
    let places = 0..count;
    let checks = types
        .iter()
        .zip(names)
        .map(|(ty, name)| quote_spanned!(ty.span()=> state_field::<#ty>(#name)));
    let builder = types.iter().rev().fold(
        quote!(()),
        |rest, ty| quote!((support::BuilderOf<#ty>, #rest)),
    );
    let pattern = variables
        .iter()
        .rev()
        .fold(quote!(()), |rest, variable| quote!((#variable, #rest)));
    quote! {
        fn fields() -> ::std::vec::Vec<support::Field> {
            fn state_field<T: support::StateField>(name: &str) -> support::Field {
                support::field::<T>(name)
            }
            ::std::vec![#(#checks),*]
        }

        fn read(
            batch: &support::Batch,
        ) -> ::std::result::Result<(usize, impl ::std::ops::Fn(usize) -> Self), ::std::string::String> {
            let rows = support::state::check_columns::<Self>(batch, #count)?;
            #(let #variables = support::state::open::<#types>(batch, #places, #names)?;)*
            ::std::result::Result::Ok((rows, move |row| Self {
                #(#idents: support::Reader::get(&#variables, row)),*
            }))
        }

        const IN_PLACE: bool = #(<#types as support::Cell>::IN_PLACE)&&*;

        type Columns<'a> = (#(&'a mut [#types],)*);

        fn columns(batch: &mut support::Batch) -> ::std::option::Option<Self::Columns<'_>> {
            let [#(#variables),*] = batch.columns.as_mut_slice() else {
                return ::std::option::Option::None;
            };
            ::std::option::Option::Some((#(<#types as support::Cell>::slice_mut(#variables)?,)*))
        }

        #[inline(always)]
        fn get((#(#variables,)*): &Self::Columns<'_>, row: usize) -> ::std::option::Option<Self> {
            ::std::option::Option::Some(Self {
                #(#idents: ::std::clone::Clone::clone(#variables.get(row)?)),*
            })
        }

        #[inline(always)]
        fn put(self, (#(#variables,)*): &mut Self::Columns<'_>, row: usize) {
            #(if let ::std::option::Option::Some(place) = #variables.get_mut(row) {
                *place = self.#idents;
            })*
        }

        fn store(mut states: ::std::vec::Vec<Self>) -> support::Batch {
            let states = states.as_mut_slice();
            let rows = states.len();
            let mut builder = <#builder as support::Builder>::with_capacity(rows);
            {
                let #pattern = &mut builder;
                #(<#types as support::Cell>::push_each(#variables, &mut *states, |state| &mut state.#idents);)*
            }
            support::batch(rows, builder)
        }

        #[inline]
        fn duplicate(&self) -> Self {
            Self { #(#idents: ::std::clone::Clone::clone(&self.#idents)),* }
        }
    }
}

/// What `#[state(…)]` says.
struct Version {
    number: u32,
    previous: Option<Type>,
}

impl Version {
    fn parse(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut version = Self {
            number: 1,
            previous: None,
        };
        for attribute in attributes.iter().filter(|a| a.path().is_ident("state")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("version") {
                    let number: LitInt = meta.value()?.parse()?;
                    version.number = number.base10_parse()?;
                    if version.number == 0 {
                        return error(number.span(), "the first version is 1");
                    }
                } else if meta.path.is_ident("previous") {
                    version.previous = Some(meta.value()?.parse()?);
                } else {
                    return Err(meta.error(
                        "unknown option; there are `version = 2` and `previous = OldState`",
                    ));
                }
                Ok(())
            })?;
        }
        match &version.previous {
            Some(previous) if version.number == 1 => error(
                previous.span(),
                "version 1 has no previous one: add `version = 2`",
            ),
            _ => Ok(version),
        }
    }

    fn older(&self) -> Option<TokenStream> {
        let previous: &Type = self.previous.as_ref()?;
        Some(quote! {
            fn load_older(
                version: u32,
                fields: &[support::Field],
                batch: &support::Batch,
            ) -> ::std::result::Result<::std::vec::Vec<Self>, ::std::string::String> {
                support::state::load_previous::<#previous, Self>(version, fields, batch)
            }
        })
    }
}
