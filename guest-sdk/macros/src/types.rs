//! What can be told of a type by its name: answers to the ones that authors are likely to try.
//!
//! The compiler checks all types by the traits of the SDK; this only explains better.

use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{
    GenericArgument, PathArguments, PathSegment, Type, TypeParamBound, TypePath, TypeReference,
};

use crate::options::error;

/// A parameter that takes one value.
pub(crate) fn check_parameter(ty: &Type) -> syn::Result<()> {
    match ty {
        Type::Reference(reference) => check_reference(reference),
        Type::ImplTrait(_) => error(ty.span(), "a parameter needs the type of a column"),
        Type::Path(path) => check_path(path, check_parameter),
        _ => Ok(()),
    }
}

fn check_reference(reference: &TypeReference) -> syn::Result<()> {
    if let Some(token) = &reference.mutability {
        return error(
            token.span(),
            "a function cannot change its arguments; only `#[process]` has a `state: &mut S`, \
             before the columns",
        );
    }
    let span = reference.span();
    match &*reference.elem {
        Type::Path(path) if path.path.is_ident("str") => Ok(()),
        Type::Path(path) if path.path.is_ident("String") => error(span, "write `&str`"),
        Type::Path(path) if is_column(path) => {
            error(span, "values are taken as they are: leave out the `&`")
        }
        Type::Path(_) => error(
            span,
            "only the configuration is taken by reference, as the first parameter",
        ),
        Type::Slice(slice) if !is_byte(&slice.elem) => error(
            span,
            "this function takes one row at a time: leave out `&[…]`, or write \
             `#[scalar(columns)]` or `#[holistic]`",
        ),
        _ => Ok(()),
    }
}

/// What a function returns.
pub(crate) fn check_result(ty: &Type) -> syn::Result<()> {
    match ty {
        Type::Path(path) => match path.path.segments.last() {
            Some(last) if last.ident == "Result" => {
                arguments(last).take(1).try_for_each(check_result)
            }
            _ => check_path(path, check_result),
        },
        _ => Ok(()),
    }
}

/// The type of the rows in `Vec<T>`, `Option<T>`, `impl Iterator<Item = T>` or a `Result` of one.
pub(crate) fn row(ty: &Type) -> syn::Result<Option<&Type>> {
    let row = match ty {
        Type::Path(path) => match path.path.segments.last() {
            Some(last) if last.ident == "Result" => {
                return arguments(last).next().map_or(Ok(None), row);
            }
            Some(last) if last.ident == "Vec" || last.ident == "Option" => arguments(last).next(),
            _ if is_column(path) => {
                return error(
                    ty.span(),
                    "a function of this kind returns any number of rows: `Vec<T>`, `Option<T>` or \
                     `impl Iterator<Item = T>`",
                );
            }
            _ => None,
        },
        Type::ImplTrait(iterator) => iterator.bounds.iter().find_map(item),
        _ => None,
    };
    row.map_or(Ok(()), check_result)?;
    Ok(row)
}

/// `T` in `Iterator<Item = T>`.
fn item(bound: &TypeParamBound) -> Option<&Type> {
    let TypeParamBound::Trait(bound) = bound else {
        return None;
    };
    let PathArguments::AngleBracketed(arguments) = &bound.path.segments.last()?.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(item) if item.ident == "Item" => Some(&item.ty),
        _ => None,
    })
}

/// A field of a state.
pub(crate) fn check_field(ty: &Type) -> syn::Result<()> {
    match ty {
        Type::Reference(_) => error(
            ty.span(),
            "a state owns its fields: write `String` or `Vec<u8>`",
        ),
        Type::Path(path) => match path.path.segments.last() {
            Some(last) if last.ident == "Vec" && !arguments(last).all(is_byte) => error(
                ty.span(),
                "a state has no lists: its fields are columns of one value for each key or group",
            ),
            _ => check_path(path, check_field),
        },
        _ => Ok(()),
    }
}

fn check_path(path: &TypePath, inner: fn(&Type) -> syn::Result<()>) -> syn::Result<()> {
    let Some(last) = path.path.segments.last() else {
        return Ok(());
    };
    let instead = match last.ident.to_string().as_str() {
        "Option" => return arguments(last).try_for_each(inner),
        "str" => return error(path.span(), "text is taken by reference: write `&str`"),
        "u8" | "i8" | "u16" | "i16" => "i32",
        "u32" | "u64" | "usize" | "isize" | "u128" | "i128" => "i64",
        "char" => "String",
        _ => return Ok(()),
    };
    error(
        path.span(),
        &format!("there is no column of this type: use `{instead}`"),
    )
}

fn arguments(segment: &PathSegment) -> impl Iterator<Item = &Type> {
    let arguments = match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
        _ => None,
    };
    arguments
        .into_iter()
        .flat_map(Punctuated::iter)
        .filter_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        })
}

fn is_byte(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.is_ident("u8"))
}

/// Whether a reference to the type is no configuration, since it would be a column.
pub(crate) fn is_column(path: &TypePath) -> bool {
    const COLUMNS: [&str; 10] = [
        "bool",
        "i32",
        "i64",
        "f32",
        "f64",
        "str",
        "String",
        "Timestamp",
        "Option",
        "Vec",
    ];
    let last = path.path.segments.last();
    last.is_some_and(|segment| COLUMNS.iter().any(|name| segment.ident == name))
}

/// Whether the type is `bool`, or a `Result` of it.
pub(crate) fn is_bool(ty: &Type) -> bool {
    match ty {
        Type::Path(path) if path.path.is_ident("bool") => true,
        Type::Path(path) if is_result(ty) => {
            let last = path.path.segments.last();
            let first = last.and_then(|last| arguments(last).next());
            first.is_some_and(is_bool)
        }
        _ => false,
    }
}

/// Whether the type is called `Result`. An alias with another name cannot be seen through.
pub(crate) fn is_result(ty: &Type) -> bool {
    match ty {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == "Result"),
        _ => false,
    }
}
