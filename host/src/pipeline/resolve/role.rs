//! What a stage wants of a function.

use crate::{
    batch::DataType,
    pipeline::{Diagnostic, Span},
    wasm::{Function, Kind},
};

/// The kind of a stage, as far as functions matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Filter,
    Map,
    FlatMap,
    Process,
    Aggregate,
}

impl Role {
    /// Whether the stage can call a function.
    pub(super) fn takes(self, function: &Function) -> bool {
        match self {
            Self::Filter => is_condition(function),
            Self::Map => function.kind == Kind::Scalar,
            Self::FlatMap => function.kind == Kind::Table,
            Self::Process => function.kind == Kind::Process,
            Self::Aggregate => matches!(function.kind, Kind::Aggregate | Kind::Holistic),
        }
    }

    /// What messages call the stage.
    pub(super) const fn stage(self) -> &'static str {
        match self {
            Self::Filter => "a `filter` stage",
            Self::Map => "a `map` stage",
            Self::FlatMap => "a `flat_map` stage",
            Self::Process => "a `process` stage",
            Self::Aggregate => "an `aggregate` stage",
        }
    }

    /// Says that the stage cannot call a function, and which can.
    pub(super) fn refuse(self, function: &Function, span: Span) -> Diagnostic {
        let name = &function.name;
        if self == Self::Filter && function.kind == Kind::Scalar {
            let results: Vec<String> = function.results.iter().map(|r| r.to_string()).collect();
            let message = format!(
                "a filter needs one boolean, and `{name}` gives {}",
                results.join(", ")
            );
            let help = "call it in a `map` stage, or choose a function that says yes or no";
            return Diagnostic::new(span, message).help(help.to_owned());
        }
        let (article, stages) = match function.kind {
            Kind::Scalar if is_condition(function) => ("a", "a `filter` or `map` stage"),
            Kind::Scalar => ("a", Self::Map.stage()),
            Kind::Table => ("a", Self::FlatMap.stage()),
            Kind::Process => ("a", Self::Process.stage()),
            Kind::Aggregate => ("an", Self::Aggregate.stage()),
            Kind::Holistic => ("a", Self::Aggregate.stage()),
        };
        let message = format!(
            "{} cannot call `{name}`, which is {article} {} function",
            self.stage(),
            function.kind
        );
        Diagnostic::new(span, message).help(format!("call it in {stages}"))
    }
}

/// Whether a function says yes or no to a row.
fn is_condition(function: &Function) -> bool {
    let is_boolean = match &function.results[..] {
        [result] => result.data_type == DataType::Boolean,
        _ => false,
    };
    function.kind == Kind::Scalar && is_boolean
}
