//! `#[aggregate]`.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{
    FnArg, Ident, ImplItem, ImplItemFn, ImplItemType, ItemImpl, Lifetime, Pat, ReturnType, Type,
    TypeReference, parse_quote,
};

use crate::attributes::conditions;
use crate::body::signature;
use crate::doc;
use crate::options::{Also, Options, error, plain};
use crate::types::check_parameter;

pub(crate) fn expand(options: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let options = Options::parse(options, Also::Parameters)?;
    let mut item: ItemImpl = syn::parse2(item).map_err(|error| {
        let message = format!("`#[aggregate]` is for an `impl Aggregate for …`: {error}");
        syn::Error::new(error.span(), message)
    })?;
    check_trait(&item)?;
    let default_name = snake_case(&struct_name(&item.self_ty)?.to_string());
    let parameters = parameters(&item, &options)?;
    let outcomes = [
        ("Updated", outcome(method(&item, "update")?)),
        ("Merged", outcome(method(&item, "merge")?)),
    ];
    for (name, ty) in outcomes {
        let ident = Ident::new(name, Span::call_site());
        item.items.push(parse_quote!(type #ident = #ty;));
    }
    borrow_input(&mut item)?;
    let doc = doc::text(&item.attrs);
    let signature = signature(&default_name, &doc, parameters.into_iter(), &options);
    let entry = entry(&item, &signature);
    Ok(quote!(#item #entry))
}

/// The implementation of `Function`.
fn entry(item: &ItemImpl, signature: &TokenStream) -> TokenStream {
    let mut generics = item.generics.clone();
    let config = Ident::new("AnyConfig", Span::mixed_site());
    generics.params.push(parse_quote!(#config));
    let (generics, _, wheres) = generics.split_for_impl();
    let (conditions, ty) = (conditions(&item.attrs), &item.self_ty);
    quote! {
        #conditions
        const _: () = {
            use ::tidemill_sdk::support;
            static SIGNATURE: support::Signature = #signature;
            impl #generics ::tidemill_sdk::Function<#config> for #ty #wheres {
                const ENTRY: support::Entry<#config> = support::Entry {
                    describe: || support::aggregate::describe::<Self>(&SIGNATURE),
                    body: support::Body::Aggregate(support::aggregate::body::<Self>()),
                };
            }
        };
    }
}

fn check_trait(item: &ItemImpl) -> syn::Result<()> {
    match &item.trait_ {
        Some((None, path, _))
            if path
                .segments
                .last()
                .is_some_and(|last| last.ident == "Aggregate") =>
        {
            Ok(())
        }
        _ => error(
            item.self_ty.span(),
            "`#[aggregate]` is for an `impl Aggregate for …`",
        ),
    }
}

fn struct_name(ty: &Type) -> syn::Result<&Ident> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|last| &last.ident),
        _ => None,
    }
    .ok_or_else(|| syn::Error::new(ty.span(), "an aggregate is a struct"))
}

fn method<'i>(item: &'i ItemImpl, name: &str) -> syn::Result<&'i ImplItemFn> {
    let mut methods = item.items.iter().filter_map(|item| match item {
        ImplItem::Fn(method) => Some(method),
        _ => None,
    });
    match methods.find(|method| method.sig.ident == name) {
        Some(method) => match &method.sig.asyncness {
            Some(token) => error(
                token.span(),
                "an aggregate cannot be `async`: it has nothing to wait for",
            ),
            None => Ok(method),
        },
        None => error(
            item.self_ty.span(),
            &format!("an aggregate needs a method `{name}`"),
        ),
    }
}

fn outcome(method: &ImplItemFn) -> Type {
    match &method.sig.output {
        ReturnType::Default => parse_quote!(()),
        ReturnType::Type(_, ty) => (**ty).clone(),
    }
}

/// The names of the parameters: those of the pattern that `update` takes its row with.
fn parameters(item: &ItemImpl, options: &Options) -> syn::Result<Vec<String>> {
    let expected = match &input(item)?.ty {
        Type::Tuple(tuple) => tuple.elems.len(),
        _ => 1,
    };
    if let Some(names) = &options.parameters {
        return match names.len() == expected {
            true => Ok(names.iter().map(plain).collect()),
            false => error(
                names.first().map_or_else(Span::call_site, Ident::span),
                &format!("`Input` has {expected} values, so give {expected} names"),
            ),
        };
    }
    let update = method(item, "update")?;
    let pattern = match update.sig.inputs.iter().nth(1) {
        Some(FnArg::Typed(input)) => &*input.pat,
        _ => {
            return error(
                update.sig.span(),
                "`update` takes `&mut self` and the input",
            );
        }
    };
    let names: Option<Vec<String>> = match pattern {
        Pat::Ident(pat) if expected == 1 => Some(vec![plain(&pat.ident)]),
        Pat::Tuple(tuple) if expected == tuple.elems.len() => {
            tuple.elems.iter().map(name).collect()
        }
        _ if expected == 0 => Some(Vec::new()),
        _ => None,
    };
    names.ok_or_else(|| {
        let message = "the parameters have no names: give the parts of the tuple names, or write \
                       `#[aggregate(parameters(first, second))]`";
        syn::Error::new(pattern.span(), message)
    })
}

fn name(pattern: &Pat) -> Option<String> {
    match pattern {
        Pat::Ident(pat) => Some(plain(&pat.ident)),
        _ => None,
    }
}

fn input(item: &ItemImpl) -> syn::Result<&ImplItemType> {
    let mut types = item.items.iter().filter_map(|item| match item {
        ImplItem::Type(ty) => Some(ty),
        _ => None,
    });
    types.find(|ty| ty.ident == "Input").map_or_else(
        || {
            error(
                item.self_ty.span(),
                "an aggregate needs `type Input = …;`, the type of a column or a tuple of such types",
            )
        },
        Ok,
    )
}

/// Makes `type Input<'a> = &'a str` of `type Input = &str`.
fn borrow_input(item: &mut ItemImpl) -> syn::Result<()> {
    struct Name;
    impl VisitMut for Name {
        fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
            if lifetime.ident == "_" {
                *lifetime = Lifetime::new("'tidemill", lifetime.span());
            }
        }

        fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
            if reference.lifetime.is_none() {
                reference.lifetime = Some(Lifetime::new("'_", reference.and_token.span()));
            }
            syn::visit_mut::visit_type_reference_mut(self, reference);
        }
    }
    for item in &mut item.items {
        match item {
            ImplItem::Type(ty) if ty.ident == "Input" => {
                if let Some(generic) = ty.generics.params.first() {
                    return error(
                        generic.span(),
                        "write `type Input = &str;`, without a lifetime",
                    );
                }
                ty.generics.params.push(parse_quote!('tidemill));
                Name.visit_type_mut(&mut ty.ty);
                check(&ty.ty)?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn check(ty: &Type) -> syn::Result<()> {
    match ty {
        Type::Tuple(tuple) => tuple.elems.iter().try_for_each(check_parameter),
        ty => check_parameter(ty),
    }
}

/// `WeightedMean` as `weighted_mean`.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for (place, letter) in name.chars().enumerate() {
        if letter.is_uppercase() && place > 0 {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_snake_case() {
        assert_eq!(snake_case("Mean"), "mean");
        assert_eq!(snake_case("WeightedMean"), "weighted_mean");
    }
}
