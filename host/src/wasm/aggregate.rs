//! Calls of `aggregate`: one row out for many, by way of accumulators that the host keeps.

use arrow::array::ArrayRef;

use super::{
    call_error::CallError,
    catalog::Function,
    check::{self, Expected},
    contract::Interface,
    exports::AggregateFunctions,
    given::Given,
    instance::{Columns, Instance, RowError, batch, check_groups, count},
    lift::{self, UpdateResult},
    lower::{FieldName, Moved},
    weight::{Unit, weight},
};
use crate::batch::Field;

/// What an update gives back.
#[derive(Clone, Debug)]
pub struct UpdateOutput {
    /// The accumulators, as many as were sent, in the same order.
    pub accumulators: Vec<ArrayRef>,
    /// The rows that were refused, in order. They have changed no accumulator.
    pub errors: Vec<RowError>,
}

impl Instance {
    /// Makes `rows` accumulators that have seen no row.
    ///
    /// # Errors
    ///
    /// See [`CallError`].
    pub fn aggregate_init(
        &mut self,
        function: &Function,
        rows: usize,
    ) -> Result<Vec<ArrayRef>, CallError> {
        let call = self.aggregate()?.init;
        let rows_sent = count(rows)?;
        let given = || Given::new("init", &function.name).numbers(&[rows_sent]);
        let result: lift::Batch = self.invoke(call, given, (function.index, rows_sent))?;
        Ok(Expected::state(function, rows).batch(result)?)
    }

    /// Adds row `i` of the arguments to accumulator `groups[i]`, in the order of the rows.
    ///
    /// # Errors
    ///
    /// See [`CallError`]. The call is discarded as a whole: the accumulators that were sent are
    /// still the present ones.
    pub fn aggregate_update(
        &mut self,
        function: &Function,
        accumulators: Columns<'_>,
        groups: &[u32],
        arguments: Columns<'_>,
    ) -> Result<UpdateOutput, CallError> {
        let call = self.aggregate()?.update;
        let groups = Groups {
            accumulators,
            groups,
        };
        let result: UpdateResult = groups.send(
            self,
            ("update", call),
            function,
            &function.parameters,
            arguments,
        )?;
        let errors = check::errors(function, result.errors, arguments.rows)?;
        let expected = Expected::state(function, accumulators.rows);
        Ok(UpdateOutput {
            accumulators: expected.batch(result.accumulators)?,
            errors,
        })
    }

    /// Adds what accumulator `i` of the partials has seen to accumulator `groups[i]`.
    ///
    /// # Errors
    ///
    /// See [`CallError`]. The call is discarded as a whole.
    pub fn aggregate_merge(
        &mut self,
        function: &Function,
        accumulators: Columns<'_>,
        groups: &[u32],
        partials: Columns<'_>,
    ) -> Result<Vec<ArrayRef>, CallError> {
        let call = self.aggregate()?.merge;
        let groups = Groups {
            accumulators,
            groups,
        };
        let result: lift::Batch =
            groups.send(self, (MERGE, call), function, &function.state, partials)?;
        Ok(Expected::state(function, accumulators.rows).batch(result)?)
    }

    /// Computes the results, one row for each accumulator.
    ///
    /// # Errors
    ///
    /// See [`CallError`].
    pub fn aggregate_finish(
        &mut self,
        function: &Function,
        accumulators: Columns<'_>,
    ) -> Result<Vec<ArrayRef>, CallError> {
        let call = self.aggregate()?.finish;
        let Columns { rows, arrays } = accumulators;
        let moved = Moved::of(arrays);
        let columns = moved.columns(&function.state, arrays, rows)?;
        self.check_weight(Unit::Row, rows, weight(&columns))?;
        let batch = batch(rows, &columns)?;
        let given = || {
            let given = Given::new("finish", &function.name);
            given.numbers(&[batch.rows]).columns(arrays)
        };
        let result: lift::Batch = self.invoke(call, given, (function.index, batch))?;
        Ok(Expected::results(function, rows).batch(result)?)
    }

    /// Converts accumulators with the columns `old_fields` of version `old_version` to the present
    /// state.
    ///
    /// # Errors
    ///
    /// See [`CallError`]; [`CallError::Refused`] if the function cannot convert that version.
    pub fn aggregate_migrate(
        &mut self,
        function: &Function,
        old_version: u32,
        old_fields: &[Field],
        accumulators: Columns<'_>,
    ) -> Result<Vec<ArrayRef>, CallError> {
        let call = self.aggregate()?.migrate;
        self.migrate(call, function, old_version, old_fields, accumulators)
    }

    /// Calls a function that converts states: that of aggregates or that of keyed functions.
    pub(super) fn migrate(
        &mut self,
        call: wasmtime::component::Func,
        function: &Function,
        old_version: u32,
        old_fields: &[Field],
        states: Columns<'_>,
    ) -> Result<Vec<ArrayRef>, CallError> {
        let Columns { rows, arrays } = states;
        let names: Vec<FieldName<'_>> = old_fields.iter().map(FieldName::from).collect();
        let moved = Moved::of(arrays);
        let columns = moved.columns(old_fields, arrays, rows)?;
        self.check_weight(Unit::Row, rows, weight(&columns))?;
        let batch = batch(rows, &columns)?;
        let given = || {
            let given = Given::new("migrate", &function.name);
            given.numbers(&[old_version, batch.rows]).columns(arrays)
        };
        let params = (function.index, old_version, names.as_slice(), batch);
        let result: lift::Batch = self.invoke(call, given, params)?;
        Ok(Expected::state(function, rows).batch(result)?)
    }

    fn aggregate(&self) -> Result<AggregateFunctions<wasmtime::component::Func>, CallError> {
        self.export(Interface::Aggregate, |exports| exports.aggregate)
    }
}

/// The call that is made with accumulators instead of rows.
const MERGE: &str = "merge";

/// Accumulators or states, and which of them each row belongs to.
pub(super) struct Groups<'a> {
    pub(super) accumulators: Columns<'a>,
    pub(super) groups: &'a [u32],
}

impl Groups<'_> {
    /// Calls a function, which the contract calls `name`, with rows of the columns `fields`.
    pub(super) fn send<T: wasmtime::component::Lift>(
        &self,
        instance: &mut Instance,
        (name, call): (&'static str, wasmtime::component::Func),
        function: &Function,
        fields: &[Field],
        rows: Columns<'_>,
    ) -> Result<T, CallError> {
        let state = self.accumulators;
        check_groups(self.groups, rows.rows, state.rows)?;
        let (moved_state, moved_rows) = (Moved::of(state.arrays), Moved::of(rows.arrays));
        let state_columns = moved_state.columns(&function.state, state.arrays, state.rows)?;
        let row_columns = moved_rows.columns(fields, rows.arrays, rows.rows)?;
        let bytes = size_of_val(self.groups) + weight(&state_columns) + weight(&row_columns);
        let count = match name == MERGE && rows.rows != state.rows {
            // For a single row there may be several accumulators, so nobody could send fewer.
            true => 1,
            false => rows.rows,
        };
        instance.check_weight(Unit::Row, count, bytes)?;
        let params = (
            function.index,
            batch(state.rows, &state_columns)?,
            self.groups,
            batch(rows.rows, &row_columns)?,
        );
        let given = || {
            let given = Given::new(name, &function.name).numbers(self.groups);
            given.columns(state.arrays).columns(rows.arrays)
        };
        instance.invoke(call, given, params)
    }
}
