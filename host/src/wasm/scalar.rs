//! Calls of `scalar`: one row out for each row in.

use arrow::array::ArrayRef;

use super::{
    call_error::CallError,
    catalog::Function,
    check::{self, Excuses, Expected},
    contract::Interface,
    instance::{Columns, Instance, RowError, batch},
    lift::ScalarResult,
    lower::Moved,
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
        let params = (function.index, batch(rows, &columns)?);
        let result: ScalarResult = self.running().invoke(call, params)?;
        let errors = check::errors(function, result.errors, rows)?;
        let excuses = Excuses::of_rows(function, arrays, &errors);
        let columns = Expected::results(function, rows).columns(result.columns, &excuses)?;
        Ok(ScalarOutput { columns, errors })
    }
}
