//! What a guest says about rows: which were refused, and which each result comes from.

use arrow::array::{Array, ArrayRef};

use super::{Malformed, malformed};
use crate::{
    batch::Field,
    wasm::{catalog::Function, instance::RowError, lift, limits::Exceeded, quote},
};

/// Checks the errors of single rows of a call with `rows` rows, and sorts them.
pub(in super::super) fn errors(
    function: &Function,
    errors: Vec<lift::RowError>,
    rows: usize,
) -> Result<Vec<RowError>, Malformed> {
    if errors.is_empty() {
        return Ok(Vec::new());
    }
    if errors.len() > rows {
        return Err(malformed(
            function,
            format_args!("{} row errors for {rows} rows", errors.len()),
        ));
    }
    if let Some(error) = errors.iter().find(|error| error.row as usize >= rows) {
        return Err(malformed(
            function,
            format_args!("error for row {} of {rows} rows", error.row),
        ));
    }
    let mut errors: Vec<RowError> = errors
        .into_iter()
        .map(|error| RowError {
            row: error.row,
            message: quote::reason(error.message),
        })
        .collect();
    errors.sort_by_key(|error| error.row);
    errors.dedup_by_key(|error| error.row);
    Ok(errors)
}

/// Checks the number of rows that a function gives back.
pub(in super::super) fn row_limit(
    function: &Function,
    requested: usize,
    limit: usize,
) -> Result<(), Exceeded> {
    if requested <= limit {
        return Ok(());
    }
    Err(Exceeded::OutputRows {
        function: function.name.clone(),
        limit,
        requested,
    })
}

/// Checks the parents of result rows: in range, never decreasing, and none of them refused.
pub(in super::super) fn parents(
    function: &Function,
    parents: &[u32],
    rows: usize,
    errors: &[RowError],
) -> Result<(), Malformed> {
    let Some(&last) = parents.last() else {
        return Ok(());
    };
    if let Some(place) = parents.windows(2).position(|pair| pair[0] > pair[1]) {
        return Err(malformed(
            function,
            format_args!(
                "parent {} is row {}, before the one before, row {}",
                place + 1,
                parents[place + 1],
                parents[place]
            ),
        ));
    }
    if last as usize >= rows {
        return Err(malformed(
            function,
            format_args!("parent is row {last} of {rows} rows"),
        ));
    }
    for error in errors {
        if parents.binary_search(&error.row).is_ok() {
            return Err(malformed(
                function,
                format_args!("row {} has both an error and results", error.row),
            ));
        }
    }
    Ok(())
}

/// What excuses a null in a result column that is declared without nulls: a null in a parameter
/// that is declared without them, or an error for the row.
pub(in super::super) struct Excuses<'a> {
    parameters: &'a [Field],
    arguments: &'a [ArrayRef],
    /// The argument row of each result row; `None` if they are the same.
    parents: Option<&'a [u32]>,
    /// Sorted by row.
    errors: &'a [RowError],
}

impl<'a> Excuses<'a> {
    /// No excuses.
    pub(in super::super) const NONE: Excuses<'static> = Excuses {
        parameters: &[],
        arguments: &[],
        parents: None,
        errors: &[],
    };

    /// Excuses for results that have a row for each argument row.
    pub(in super::super) fn of_rows(
        function: &'a Function,
        arguments: &'a [ArrayRef],
        errors: &'a [RowError],
    ) -> Self {
        Self {
            parameters: &function.parameters,
            arguments,
            parents: None,
            errors,
        }
    }

    /// Excuses for results whose rows come from these argument rows.
    pub(in super::super) fn of_parents(
        function: &'a Function,
        arguments: &'a [ArrayRef],
        parents: &'a [u32],
    ) -> Self {
        Self {
            parameters: &function.parameters,
            arguments,
            parents: Some(parents),
            errors: &[],
        }
    }

    /// Excuses for results that have a row for each group.
    pub(in super::super) const fn of_groups(errors: &'a [RowError]) -> Self {
        Self {
            errors,
            ..Self::NONE
        }
    }

    /// Whether a null in row `row` is excused.
    pub(super) fn row(&self, row: usize) -> bool {
        let by_row = |error: &RowError| (error.row as usize).cmp(&row);
        if self.errors.binary_search_by(by_row).is_ok() {
            return true;
        }
        let argument = self.parents.map_or(row, |parents| parents[row] as usize);
        self.parameters
            .iter()
            .zip(self.arguments)
            .any(|(parameter, array)| !parameter.nullable && array.is_null(argument))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::Int32Array;

    use super::*;
    use crate::{
        batch::DataType,
        wasm::{catalog::Kind, check::Expected},
    };

    fn function() -> Function {
        Function {
            index: 0,
            name: "f".to_owned(),
            kind: Kind::Table,
            doc: String::new(),
            parameters: vec![
                Field::required("a", DataType::Int32),
                Field::nullable("b", DataType::Int32),
            ],
            results: vec![Field::required("x", DataType::Int32)],
            state: Vec::new(),
            state_version: 0,
        }
    }

    fn lifted(rows: &[u32]) -> Vec<lift::RowError> {
        rows.iter()
            .map(|&row| lift::RowError {
                row,
                message: format!("no. {row}"),
            })
            .collect()
    }

    #[test]
    fn errors_are_sorted_and_one_a_row() {
        let errors = errors(&function(), lifted(&[2, 0, 2]), 3).expect("well formed");
        let rows: Vec<u32> = errors.iter().map(|error| error.row).collect();
        assert_eq!(rows, [0, 2]);
        assert_eq!(errors[1].message, "no. 2");
    }

    #[test]
    fn errors_are_of_rows_that_exist() {
        let error = errors(&function(), lifted(&[3]), 3).expect_err("beyond");
        assert_eq!(error.0, "function `f`: error for row 3 of 3 rows");
        let error = errors(&function(), lifted(&[0, 0]), 1).expect_err("too many");
        assert_eq!(error.0, "function `f`: 2 row errors for 1 rows");
    }

    #[test]
    fn parents_are_checked() {
        let refused = RowError {
            row: 1,
            message: String::new(),
        };
        let check =
            |places: &[u32]| parents(&function(), places, 3, std::slice::from_ref(&refused));
        assert_eq!(check(&[]), Ok(()));
        assert_eq!(check(&[0, 0, 2]), Ok(()));
        let error = |places| check(places).expect_err("malformed").0;
        assert_eq!(error(&[0, 3]), "function `f`: parent is row 3 of 3 rows");
        assert_eq!(
            error(&[0, 2, 0]),
            "function `f`: parent 2 is row 0, before the one before, row 2"
        );
        assert_eq!(
            error(&[0, 1, 2]),
            "function `f`: row 1 has both an error and results"
        );
    }

    #[test]
    fn a_null_is_excused_by_an_argument_or_an_error() {
        let function = function();
        let arguments: [ArrayRef; 2] = [
            Arc::new(Int32Array::from(vec![None, Some(1), Some(1), Some(1)])),
            Arc::new(Int32Array::from(vec![Some(1), None, Some(1), Some(1)])),
        ];
        let errors = [RowError {
            row: 2,
            message: String::new(),
        }];
        let excuses = Excuses::of_rows(&function, &arguments, &errors);
        let excused: Vec<bool> = (0..4).map(|row| excuses.row(row)).collect();
        assert_eq!(excused, [true, false, true, false]);
        let excuses = Excuses::of_parents(&function, &arguments, &[3, 0]);
        assert!(!excuses.row(0) && excuses.row(1));
    }

    #[test]
    fn columns_are_counted() {
        let error = Expected::results(&function(), 1)
            .columns(Vec::new(), &Excuses::NONE)
            .expect_err("none");
        assert_eq!(error.0, "function `f`: expected 1 result columns, found 0");
        let batch = lift::Batch {
            rows: 2,
            columns: Vec::new(),
        };
        let error = Expected::state(&function(), 1).batch(batch).expect_err("2");
        assert_eq!(error.0, "function `f`: expected 1 state rows, found 2");
    }
}
