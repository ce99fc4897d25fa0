//! Calls of `table`: any number of rows out for each row in.

use arrow::array::ArrayRef;

use super::{
    call_error::CallError,
    catalog::Function,
    check::{self, Excuses, Expected},
    contract::Interface,
    given::Given,
    instance::{Columns, Instance, RowError, batch},
    lift::TableResult,
    lower::Moved,
    weight::{Unit, weight},
};

/// What a table function gives back.
#[derive(Clone, Debug)]
pub struct TableOutput {
    /// The function's results, each as long as `parents`.
    pub columns: Vec<ArrayRef>,
    /// The argument row that each result row comes from; never decreasing.
    pub parents: Vec<u32>,
    /// The rows that were refused, in order. They are nobody's parents.
    pub errors: Vec<RowError>,
}

impl Instance {
    /// Computes a table function for every row.
    ///
    /// # Errors
    ///
    /// See [`CallError`]. The call is discarded as a whole.
    pub fn table(
        &mut self,
        function: &Function,
        arguments: Columns<'_>,
    ) -> Result<TableOutput, CallError> {
        let call = self.export(Interface::Table, |exports| exports.table)?;
        let Columns { rows, arrays } = arguments;
        let moved = Moved::of(arrays);
        let columns = moved.columns(&function.parameters, arrays, rows)?;
        self.check_weight(Unit::Row, rows, weight(&columns))?;
        let batch = batch(rows, &columns)?;
        let given = || {
            Given::new("table", &function.name)
                .numbers(&[batch.rows])
                .columns(arrays)
        };
        let params = (function.index, batch);
        let result: TableResult = self.invoke(call, given, params)?;
        let parents = result.parents;
        check::row_limit(function, parents.len(), self.options().limits.output_rows)?;
        let errors = check::errors(function, result.errors, rows)?;
        check::parents(function, &parents, rows, &errors)?;
        let excuses = Excuses::of_parents(function, arrays, &parents);
        let columns =
            Expected::results(function, parents.len()).columns(result.columns, &excuses)?;
        Ok(TableOutput {
            columns,
            parents,
            errors,
        })
    }
}
