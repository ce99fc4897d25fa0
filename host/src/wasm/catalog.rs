//! What a library says it holds, checked.

use std::{collections::HashSet, fmt};

use super::{
    contract::{Interface, Interfaces},
    lift,
    quote::quote,
};
use crate::batch::{Field, is_visible, visible_line};

/// What a function does with rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// One row in, one row out.
    Scalar,
    /// One row in, any number out.
    Table,
    /// Many rows in, one out, by way of an accumulator.
    Aggregate,
    /// Many rows in, one out, with all of them at hand.
    Holistic,
    /// One row in, any number out, with a state for each key.
    Process,
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Scalar => "scalar",
            Self::Table => "table",
            Self::Aggregate => "aggregate",
            Self::Holistic => "holistic",
            Self::Process => "process",
        })
    }
}

/// A function of a library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its place in the catalog, by which it is called.
    pub index: u32,
    /// Functions of one name differ in the types of their parameters.
    pub name: String,
    /// What it does with rows.
    pub kind: Kind,
    /// What it is for.
    pub doc: String,
    /// What it takes.
    pub parameters: Vec<Field>,
    /// What it gives; nothing if it only says which rows pass.
    pub results: Vec<Field>,
    /// The columns of its accumulator or state.
    pub state: Vec<Field>,
    /// The version of `state`.
    pub state_version: u32,
}

/// `name(parameter: type, …) -> result: type, …`; without results, no arrow.
impl fmt::Display for Function {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |fields: &[Field]| {
            let fields: Vec<String> = fields.iter().map(Field::to_string).collect();
            fields.join(", ")
        };
        write!(formatter, "{}({})", self.name, list(&self.parameters))?;
        if self.results.is_empty() {
            return Ok(());
        }
        write!(formatter, " -> {}", list(&self.results))
    }
}

/// The most functions of a library.
const MAX_FUNCTIONS: usize = 4096;

/// The most columns of a list.
const MAX_FIELDS: usize = 512;

/// The longest name, in bytes.
const MAX_NAME: usize = 128;

/// The longest documentation of a function, in bytes.
const MAX_DOC: usize = 64 << 10;

/// Checks a catalog of a library that exports `interfaces`, or tells what is wrong with it.
pub(super) fn check(
    functions: Vec<lift::Function>,
    interfaces: Interfaces,
) -> Result<Vec<Function>, String> {
    if functions.len() > MAX_FUNCTIONS {
        return Err(format!(
            "{} functions, of at most {MAX_FUNCTIONS}",
            functions.len()
        ));
    }
    let mut signatures = HashSet::new();
    let mut checked = Vec::with_capacity(functions.len());
    for (index, function) in (0..).zip(functions) {
        let name = quote(&function.name, MAX_NAME);
        let function = check_function(index, function, interfaces)
            .map_err(|problem| format!("function {index}, `{name}`: {problem}"))?;
        let types: Vec<_> = function
            .parameters
            .iter()
            .map(|field| field.data_type)
            .collect();
        if !signatures.insert((function.name.clone(), types)) {
            return Err(format!(
                "function {index}, `{name}`: another function has the same name and parameters"
            ));
        }
        checked.push(function);
    }
    Ok(checked)
}

fn check_function(
    index: u32,
    function: lift::Function,
    interfaces: Interfaces,
) -> Result<Function, String> {
    check_name(&function.name)?;
    if function.doc.len() > MAX_DOC {
        return Err(format!(
            "documentation of {} bytes, of at most {MAX_DOC}",
            function.doc.len()
        ));
    }
    let kind = Kind::from(function.kind);
    let interface = Interface::of(kind);
    if !interfaces.contains(interface) {
        return Err(format!(
            "its kind is {kind}, but the component does not export `{}`",
            interface.qualified()
        ));
    }
    if function.results.is_empty() && kind != Kind::Process {
        return Err("it has no results".to_owned());
    }
    if !matches!(kind, Kind::Aggregate | Kind::Process) && !function.state.is_empty() {
        return Err(format!("its kind is {kind}, which has no state"));
    }
    Ok(Function {
        index,
        name: function.name,
        kind,
        doc: quote(&function.doc, MAX_DOC),
        parameters: check_fields("parameter", function.parameters)?,
        results: check_fields("result", function.results)?,
        state: check_fields("state", function.state)?,
        state_version: function.state_version,
    })
}

fn check_fields(part: &str, fields: Vec<lift::Field>) -> Result<Vec<Field>, String> {
    if fields.len() > MAX_FIELDS {
        return Err(format!(
            "{} columns as {part}, of at most {MAX_FIELDS}",
            fields.len()
        ));
    }
    let mut names = HashSet::new();
    for field in &fields {
        check_name(&field.name).map_err(|problem| format!("{part}: {problem}"))?;
        if !names.insert(field.name.as_str()) {
            return Err(format!("{part}: two columns are called `{}`", field.name));
        }
    }
    let checked = fields.into_iter().map(|field| Field {
        name: field.name,
        data_type: field.data_type.into(),
        nullable: field.nullable,
    });
    Ok(checked.collect())
}

fn check_name(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("a name is empty".to_owned());
    }
    if name.len() > MAX_NAME {
        return Err(format!(
            "a name has {} bytes, of at most {MAX_NAME}",
            name.len()
        ));
    }
    if !name.chars().all(is_visible) {
        return Err(format!(
            "the name `{}` has characters that cannot be seen",
            visible_line(name)
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wasm::contract::{DataType, KindName};

    fn field(name: &str) -> lift::Field {
        lift::Field {
            name: name.to_owned(),
            data_type: DataType::Float64,
            nullable: false,
        }
    }

    fn function() -> lift::Function {
        lift::Function {
            name: "is_hot".to_owned(),
            kind: KindName::Scalar,
            doc: "Is it hot?".to_owned(),
            parameters: vec![field("temperature")],
            results: vec![field("is_hot")],
            state: Vec::new(),
            state_version: 0,
        }
    }

    fn interfaces() -> Interfaces {
        let mut interfaces = Interfaces::default();
        interfaces.insert(Interface::Scalar);
        interfaces
    }

    #[track_caller]
    fn refused(change: impl FnOnce(&mut lift::Function), expected: &str) {
        let mut function = function();
        change(&mut function);
        let error = check(vec![function], interfaces()).expect_err("not valid");
        assert_eq!(error, expected);
    }

    #[test]
    fn functions_are_numbered() {
        let mut other = function();
        other.parameters.push(field("limit"));
        let functions = check(vec![function(), other], interfaces()).expect("valid");
        let shown: Vec<_> = functions.iter().map(Function::to_string).collect();
        assert_eq!(
            shown,
            [
                "is_hot(temperature: float64) -> is_hot: float64",
                "is_hot(temperature: float64, limit: float64) -> is_hot: float64"
            ]
        );
        assert_eq!(functions[1].index, 1);
    }

    #[test]
    fn functions_differ_in_name_or_parameters() {
        let error = check(vec![function(), function()], interfaces()).expect_err("twice");
        assert_eq!(
            error,
            "function 1, `is_hot`: another function has the same name and parameters"
        );
    }

    #[test]
    fn names_are_checked() {
        refused(|f| f.name.clear(), "function 0, ``: a name is empty");
        refused(
            |f| f.parameters.push(field("temperature")),
            "function 0, `is_hot`: parameter: two columns are called `temperature`",
        );
        refused(
            |f| f.results[0].name = "x".repeat(129),
            "function 0, `is_hot`: result: a name has 129 bytes, of at most 128",
        );
    }

    #[test]
    fn a_kind_needs_its_interface() {
        refused(
            |f| f.kind = KindName::Table,
            "function 0, `is_hot`: its kind is table, but the component does not export \
             `tidemill:udf/table@0.1.0`",
        );
    }

    #[test]
    fn a_process_function_may_have_no_results() {
        let mut interfaces = Interfaces::default();
        interfaces.insert(Interface::Process);
        let mut function = function();
        function.kind = KindName::Process;
        function.results.clear();
        let functions = check(vec![function], interfaces).expect("valid");
        assert_eq!(functions[0].to_string(), "is_hot(temperature: float64)");
    }

    #[test]
    fn state_and_results_are_for_some_kinds() {
        refused(
            |f| f.state.push(field("sum")),
            "function 0, `is_hot`: its kind is scalar, which has no state",
        );
        refused(
            |f| f.results.clear(),
            "function 0, `is_hot`: it has no results",
        );
    }
}
