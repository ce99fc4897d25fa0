//! Calls of `holistic`: one row out for each group of rows, with all of them at hand.

use arrow::array::ArrayRef;

use super::{
    call_error::CallError,
    catalog::Function,
    check::{self, Excuses, Expected},
    contract::Interface,
    given::Given,
    instance::{Columns, Instance, RowError, batch, check_groups, count},
    lift::HolisticResult,
    lower::Moved,
    weight::{Unit, weight},
};

/// What a holistic function gives back.
#[derive(Clone, Debug)]
pub struct HolisticOutput {
    /// The function's results, one row a group.
    pub columns: Vec<ArrayRef>,
    /// The groups that have no result, in order: `row` is the group.
    pub errors: Vec<RowError>,
}

impl Instance {
    /// Computes a holistic function for each of `group_count` groups. Row `i` of the arguments
    /// belongs to group `groups[i]`, which never decreases.
    ///
    /// # Errors
    ///
    /// See [`CallError`]. The call is discarded as a whole.
    pub fn holistic_evaluate(
        &mut self,
        function: &Function,
        group_count: usize,
        groups: &[u32],
        arguments: Columns<'_>,
    ) -> Result<HolisticOutput, CallError> {
        let call = self.export(Interface::Holistic, |exports| exports.holistic)?;
        let Columns { rows, arrays } = arguments;
        check_groups(groups, rows, group_count)?;
        let moved = Moved::of(arrays);
        let columns = moved.columns(&function.parameters, arrays, rows)?;
        let bytes = size_of_val(groups) + weight(&columns);
        self.check_weight(Unit::Group, group_count, bytes)?;
        let group_number = count(group_count)?;
        let given = || {
            let given = Given::new("evaluate", &function.name);
            given
                .numbers(&[group_number])
                .numbers(groups)
                .columns(arrays)
        };
        let params = (function.index, group_number, groups, batch(rows, &columns)?);
        let result: HolisticResult = self.invoke(call, given, params)?;
        let errors = check::errors(function, result.errors, group_count)?;
        let excuses = Excuses::of_groups(&errors);
        let columns = Expected::results(function, group_count).columns(result.columns, &excuses)?;
        Ok(HolisticOutput { columns, errors })
    }
}
