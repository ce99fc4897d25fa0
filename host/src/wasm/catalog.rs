//! What a library says it holds, checked.

use std::fmt;

use crate::batch::Field;

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
    /// What it gives.
    pub results: Vec<Field>,
    /// The columns of its accumulator or state.
    pub state: Vec<Field>,
    /// The version of `state`.
    pub state_version: u32,
}

/// `name(parameter: type, …) -> result: type, …`.
impl fmt::Display for Function {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |fields: &[Field]| {
            let fields: Vec<String> = fields.iter().map(Field::to_string).collect();
            fields.join(", ")
        };
        write!(formatter, "{}({})", self.name, list(&self.parameters))?;
        write!(formatter, " -> {}", list(&self.results))
    }
}
