//! The fields of a struct that is derived for.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Field, Fields, Ident, Type};

use crate::options::{error, plain};

/// The named fields of a struct, of which there is at least one.
pub(crate) struct NamedFields {
    pub(crate) idents: Vec<Ident>,
    pub(crate) names: Vec<String>,
    pub(crate) types: Vec<Type>,
}

impl NamedFields {
    pub(crate) fn of(input: &DeriveInput, derive: &str) -> syn::Result<Self> {
        let message = format!("`#[derive({derive})]` is for a struct with named fields");
        let fields = match &input.data {
            Data::Struct(data) => match &data.fields {
                Fields::Named(fields) if !fields.named.is_empty() => &fields.named,
                Fields::Named(_) | Fields::Unit => {
                    return error(input.ident.span(), &format!("{message}, at least one"));
                }
                Fields::Unnamed(fields) => return error(fields.span(), &message),
            },
            Data::Enum(data) => return error(data.enum_token.span, &message),
            Data::Union(data) => return error(data.union_token.span, &message),
        };
        let ident = |field: &Field| field.ident.clone();
        let idents: Vec<Ident> = fields.iter().filter_map(ident).collect();
        Ok(Self {
            names: idents.iter().map(plain).collect(),
            types: fields.iter().map(|field| field.ty.clone()).collect(),
            idents,
        })
    }
    /// A variable for each field, that clashes neither with a field nor with another variable.
    pub(crate) fn variables(&self) -> Vec<Ident> {
        (0..self.idents.len())
            .map(|place| Ident::new(&format!("column_{place}"), Span::mixed_site()))
            .collect()
    }
}
