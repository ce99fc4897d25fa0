//! Calls of `scalar`: one row out for each row in.

use arrow::array::ArrayRef;

use super::{
    call_error::CallError,
    catalog::Function,
    check::{self, Excuses, Expected},
    contract::Interface,
    given::Given,
    instance::{Columns, Instance, RowError, batch},
    lift::ScalarResult,
    lower::Moved,
    weight::{Unit, weight},
};

/// What a scalar function gives back.
#[derive(Clone, Debug)]
pub struct ScalarOutput {
    /// The function's results, each as long as the arguments.
    pub columns: Vec<ArrayRef>,
    /// The rows that were refused, in order. What the columns hold for them is of no meaning.
    pub errors: Vec<RowError>,
}

impl Instance {
    /// Computes a scalar function for every row.
    ///
    /// # Errors
    ///
    /// See [`CallError`]. The call is discarded as a whole.
    pub fn scalar(
        &mut self,
        function: &Function,
        arguments: Columns<'_>,
    ) -> Result<ScalarOutput, CallError> {
        let call = self.export(Interface::Scalar, |exports| exports.scalar)?;
        let Columns { rows, arrays } = arguments;
        let moved = Moved::of(arrays);
        let columns = moved.columns(&function.parameters, arrays, rows)?;
        self.check_weight(Unit::Row, rows, weight(&columns))?;
        let batch = batch(rows, &columns)?;
        let given = || {
            Given::new("scalar", &function.name)
                .numbers(&[batch.rows])
                .columns(arrays)
        };
        let params = (function.index, batch);
        let result: ScalarResult = self.invoke(call, given, params)?;
        let errors = check::errors(function, result.errors, rows)?;
        let excuses = Excuses::of_rows(function, arrays, &errors);
        let columns = Expected::results(function, rows).columns(result.columns, &excuses)?;
        Ok(ScalarOutput { columns, errors })
    }
}
