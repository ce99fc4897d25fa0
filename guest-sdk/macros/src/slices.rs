//! Parameters that are slices.

use proc_macro2::TokenStream;
use syn::spanned::Spanned;
use syn::{Type, TypeReference};

use crate::options::error;
use crate::signature::{Function, Parameter};
use crate::types::check_parameter;

/// The element types of the parameters, as a tuple.
pub(crate) fn tuple(function: &Function) -> syn::Result<TokenStream> {
    if function.parameters.is_empty() {
        return error(
            function.item.sig.span(),
            "this function needs at least one parameter, such as `values: &[f64]`",
        );
    }
    let elements: Vec<&Type> = function
        .parameters
        .iter()
        .map(element)
        .collect::<syn::Result<_>>()?;
    Ok(Function::tuple(elements.into_iter()))
}

fn element(parameter: &Parameter) -> syn::Result<&Type> {
    if let Type::Reference(TypeReference {
        elem,
        mutability: None,
        ..
    }) = &parameter.ty
        && let Type::Slice(slice) = &**elem
    {
        // `&[u8]` would be one value of `binary`, and a slice of `u8` is no column.
        check_parameter(&slice.elem)?;
        return Ok(&slice.elem);
    }
    error(
        parameter.ty.span(),
        "this function takes slices, one for each column: write `&[f64]`, `&[Option<f64>]` or `&[&str]`",
    )
}
