//! Calls of `process`: any number of rows out for each row in, with a state for each key that the
//! host keeps.

use arrow::array::ArrayRef;

use super::{
    aggregate::Groups,
    call_error::CallError,
    catalog::Function,
    check::{self, Excuses, Expected},
    contract::Interface,
    exports::ProcessFunctions,
    given::Given,
    instance::{Columns, Instance, RowError, count},
    lift::{self, ProcessResult},
};
use crate::batch::Field;

/// What a keyed function gives back.
#[derive(Clone, Debug)]
pub struct ProcessOutput {
    /// The states, as many as were sent, in the same order.
    pub state: Vec<ArrayRef>,
    /// The function's results, each as long as `parents`.
    pub columns: Vec<ArrayRef>,
    /// The argument row that each result row comes from; never decreasing.
    pub parents: Vec<u32>,
    /// The rows that were refused, in order. They have changed no state and are nobody's parents.
    pub errors: Vec<RowError>,
}

impl Instance {
    /// Makes the state of `rows` keys that have seen no row.
    ///
    /// # Errors
    ///
    /// See [`CallError`].
    pub fn process_init(
        &mut self,
        function: &Function,
        rows: usize,
    ) -> Result<Vec<ArrayRef>, CallError> {
        let call = self.process_functions()?.init;
        let rows_sent = count(rows)?;
        let given = || Given::new("init", &function.name).numbers(&[rows_sent]);
        let result: lift::Batch = self.invoke(call, given, (function.index, rows_sent))?;
        Ok(Expected::state(function, rows).batch(result)?)
    }

    /// Handles the rows of the arguments in order. Row `i` belongs to the key whose state is row
    /// `keys[i]` of `state`, which has the keys in order of first touch.
    ///
    /// # Errors
    ///
    /// See [`CallError`]. The call is discarded as a whole: the states that were sent are still the
    /// present ones.
    pub fn process(
        &mut self,
        function: &Function,
        state: Columns<'_>,
        keys: &[u32],
        arguments: Columns<'_>,
    ) -> Result<ProcessOutput, CallError> {
        let call = self.process_functions()?.process;
        let groups = Groups {
            accumulators: state,
            groups: keys,
        };
        let result: ProcessResult = groups.send(
            self,
            ("process", call),
            function,
            &function.parameters,
            arguments,
        )?;
        let parents = result.parents;
        check::row_limit(function, parents.len(), self.options().limits.output_rows)?;
        let errors = check::errors(function, result.errors, arguments.rows)?;
        check::parents(function, &parents, arguments.rows, &errors)?;
        let excuses = Excuses::of_parents(function, arguments.arrays, &parents);
        let columns =
            Expected::results(function, parents.len()).columns(result.columns, &excuses)?;
        Ok(ProcessOutput {
            state: Expected::state(function, state.rows).batch(result.state)?,
            columns,
            parents,
            errors,
        })
    }

    /// Converts states with the columns `old_fields` of version `old_version` to the present ones.
    ///
    /// # Errors
    ///
    /// See [`CallError`]; [`CallError::Refused`] if the function cannot convert that version.
    pub fn process_migrate(
        &mut self,
        function: &Function,
        old_version: u32,
        old_fields: &[Field],
        states: Columns<'_>,
    ) -> Result<Vec<ArrayRef>, CallError> {
        let call = self.process_functions()?.migrate;
        self.migrate(call, function, old_version, old_fields, states)
    }

    fn process_functions(&self) -> Result<ProcessFunctions<wasmtime::component::Func>, CallError> {
        self.export(Interface::Process, |exports| exports.process)
    }
}
