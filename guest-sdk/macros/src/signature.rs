//! The signature of an author's function, taken apart and checked.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{
    FnArg, GenericParam, Ident, ItemFn, Lifetime, Pat, PatType, ReturnType, Type, parse_quote,
};

use crate::options::{error, plain};
use crate::types::{self, is_column, is_result};

/// A function that the macros can call.
pub(crate) struct Function {
    pub(crate) item: ItemFn,
    /// The type behind `config: &…`.
    pub(crate) config: Option<Type>,
    /// The type behind `state: &mut …`.
    pub(crate) state: Option<Type>,
    pub(crate) parameters: Vec<Parameter>,
    /// Whether it returns a `Result`.
    pub(crate) fallible: bool,
}

/// A parameter that a column is for.
pub(crate) struct Parameter {
    pub(crate) name: Ident,
    pub(crate) ty: Type,
}

impl Function {
    pub(crate) fn parse(tokens: TokenStream, attribute: &str) -> syn::Result<Self> {
        let item: ItemFn = syn::parse2(tokens).map_err(|error| {
            let message = format!("`#[{attribute}]` is for a function: {error}");
            syn::Error::new(error.span(), message)
        })?;
        check(&item)?;
        let mut inputs = item.sig.inputs.iter().map(typed).peekable();
        let config = match inputs.peek() {
            Some(Ok(input)) => config(input)?,
            _ => None,
        };
        if config.is_some() {
            inputs.next();
        }
        let state = match inputs.peek() {
            Some(Ok(input)) if attribute == "process" => Some(state(input)?),
            None if attribute == "process" => return error(item.sig.span(), STATE),
            _ => None,
        };
        if state.is_some() {
            inputs.next();
        }
        let parameters: Vec<Parameter> = inputs
            .map(|input| parameter(input?))
            .collect::<syn::Result<_>>()?;
        if let Some(ninth) = parameters.get(8) {
            return error(ninth.name.span(), "a function takes at most 8 columns");
        }
        let fallible = match &item.sig.output {
            ReturnType::Default => {
                return error(item.sig.span(), NOTHING);
            }
            ReturnType::Type(_, ty) => is_result(ty),
        };
        Ok(Self {
            config,
            state,
            parameters,
            fallible,
            item,
        })
    }

    /// Refuses types that are not those of a column, as far as they can be told by their names.
    pub(crate) fn check_types(&self) -> syn::Result<()> {
        self.parameters
            .iter()
            .try_for_each(|parameter| types::check_parameter(&parameter.ty))
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        self.parameters
            .iter()
            .map(|parameter| plain(&parameter.name))
    }

    /// The type of the result, as one can write it inside a function.
    pub(crate) fn result(&self) -> syn::Result<Type> {
        match &self.item.sig.output {
            ReturnType::Type(_, ty) => {
                types::check_result(ty)?;
                Ok(without_lifetimes(ty))
            }
            ReturnType::Default => error(self.item.sig.span(), NOTHING),
        }
    }

    /// The type of the rows of the result, if it can be told.
    pub(crate) fn rows(&self) -> syn::Result<Type> {
        match types::row(&self.result()?)? {
            Some(ty) => Ok(ty.clone()),
            None => Ok(parse_quote!(_)),
        }
    }

    /// Whether the function returns `bool`, or a `Result` of it.
    pub(crate) fn returns_bool(&self) -> bool {
        match &self.item.sig.output {
            ReturnType::Type(_, ty) => types::is_bool(ty),
            ReturnType::Default => false,
        }
    }

    /// Places for the parameters in a closure: names that shadow nothing of the author's.
    pub(crate) fn places(&self) -> Vec<Ident> {
        (0..self.parameters.len())
            .map(|place| Ident::new(&format!("column_{place}"), Span::mixed_site()))
            .collect()
    }

    /// The types of the parameters as a tuple. Each goes through `Argument`, so that the compiler
    /// complains about the one that is wrong and not about the tuple.
    pub(crate) fn tuple<'t>(types: impl Iterator<Item = &'t Type>) -> TokenStream {
        let types = types.map(|ty| {
            let ty = without_lifetimes(ty);
            quote_spanned!(ty.span()=> <#ty as support::Argument<'_>>::Type)
        });
        quote!((#(#types,)*))
    }
}

fn check(item: &ItemFn) -> syn::Result<()> {
    let signature = &item.sig;
    if let Some(token) = &signature.asyncness {
        return error(
            token.span(),
            "a function of a library cannot be `async`: it has nothing to wait for",
        );
    }
    if let Some(token) = &signature.unsafety {
        return error(token.span(), "a function of a library cannot be `unsafe`");
    }
    if let Some(token) = &signature.variadic {
        return error(
            token.span(),
            "a function of a library has a fixed number of parameters",
        );
    }
    for generic in &signature.generics.params {
        if !matches!(generic, GenericParam::Lifetime(_)) {
            return error(
                generic.span(),
                "a function of a library cannot be generic: write one for each type, with the same `name = \"…\"`",
            );
        }
    }
    Ok(())
}

fn typed(input: &FnArg) -> syn::Result<&PatType> {
    match input {
        FnArg::Typed(input) => Ok(input),
        FnArg::Receiver(receiver) => error(
            receiver.span(),
            "a function of a library has no `self`: put the attribute on a free function",
        ),
    }
}

/// The configuration, if this is it: a reference to a type that is not one of a column.
fn config(input: &PatType) -> syn::Result<Option<Type>> {
    let named =
        matches!(&*input.pat, Pat::Ident(pat) if pat.ident == "config" || pat.ident == "_config");
    match &*input.ty {
        Type::Reference(reference) if reference.mutability.is_none() => match &*reference.elem {
            Type::Path(path) if named || !is_column(path) => {
                Ok(Some(without_lifetimes(&reference.elem)))
            }
            _ => Ok(None),
        },
        Type::Path(path) if named && !is_column(path) => error(
            input.ty.span(),
            "the configuration is taken by reference: write `&` before its type",
        ),
        _ => Ok(None),
    }
}

const NOTHING: &str = "the function must return its results";

const STATE: &str = "a process function takes `state: &mut S` before the columns, with `#[derive(State, Default)]` on `S`";

fn state(input: &PatType) -> syn::Result<Type> {
    match &*input.ty {
        Type::Reference(reference) if reference.mutability.is_some() => {
            Ok(without_lifetimes(&reference.elem))
        }
        _ => error(input.ty.span(), STATE),
    }
}

fn parameter(input: &PatType) -> syn::Result<Parameter> {
    match &*input.pat {
        Pat::Ident(pat) => Ok(Parameter {
            name: pat.ident.clone(),
            ty: (*input.ty).clone(),
        }),
        pat => error(
            pat.span(),
            "give the parameter a name: it is the name of a column",
        ),
    }
}

/// The type with `'_` for each lifetime, as one can write it inside a function.
pub(crate) fn without_lifetimes(ty: &Type) -> Type {
    struct Elide;
    impl VisitMut for Elide {
        fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
            if lifetime.ident != "static" {
                *lifetime = Lifetime::new("'_", lifetime.span());
            }
        }
    }
    let mut ty = ty.clone();
    Elide.visit_type_mut(&mut ty);
    ty
}
