//! What stands in the parentheses of an attribute.

use proc_macro2::{Span, TokenStream};
use syn::meta::ParseNestedMeta;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Ident, LitStr, Token};

/// The options of an attribute, checked against those that it knows.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) name: Option<String>,
    pub(crate) result: Option<String>,
    pub(crate) columns: bool,
    pub(crate) parameters: Option<Vec<Ident>>,
}

/// The options that an attribute has beside `name` and `result`.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Also {
    Nothing,
    Columns,
    Parameters,
}

impl Options {
    pub(crate) fn parse(tokens: TokenStream, also: Also) -> syn::Result<Self> {
        let mut options = Self::default();
        let parser = syn::meta::parser(|meta| options.option(&meta, also));
        parser.parse2(tokens)?;
        Ok(options)
    }

    fn option(&mut self, meta: &ParseNestedMeta<'_>, also: Also) -> syn::Result<()> {
        if meta.path.is_ident("name") {
            self.name = Some(name(&meta.value()?.parse()?)?);
        } else if meta.path.is_ident("result") {
            self.result = Some(name(&meta.value()?.parse()?)?);
        } else if meta.path.is_ident("columns") && also == Also::Columns {
            self.columns = true;
        } else if meta.path.is_ident("parameters") && also == Also::Parameters {
            let content;
            syn::parenthesized!(content in meta.input);
            let names = Punctuated::<Ident, Token![,]>::parse_terminated(&content)?;
            self.parameters = Some(names.into_iter().collect());
        } else {
            let known = match also {
                Also::Nothing => "`name = \"…\"` and `result = \"…\"`",
                Also::Columns => "`name = \"…\"`, `result = \"…\"` and `columns`",
                Also::Parameters => "`name = \"…\"`, `result = \"…\"` and `parameters(…)`",
            };
            return Err(meta.error(format!("unknown option; there are {known}")));
        }
        Ok(())
    }
}

/// A name that pipelines can spell.
fn name(literal: &LitStr) -> syn::Result<String> {
    let name = literal.value();
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    match plain && !name.is_empty() {
        true => Ok(name),
        false => Err(syn::Error::new(
            literal.span(),
            "a name has letters, digits and `_` only",
        )),
    }
}

/// An identifier as a name: without `r#`.
pub(crate) fn plain(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").unwrap_or(&name).to_owned()
}

/// An error at `span`.
pub(crate) fn error<T>(span: Span, message: &str) -> syn::Result<T> {
    Err(syn::Error::new(span, message))
}
