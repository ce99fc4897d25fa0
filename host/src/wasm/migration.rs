//! Whether a function can take up what another version of it has kept, found out without any of it.

use arrow::array::{ArrayRef, new_empty_array};

use super::{
    call_error::CallError,
    catalog::{Function, Kind},
    instance::{Columns, Instance},
};

impl Instance {
    /// Asks `function` to convert no rows at all of the state of `old`, another version of it. Every
    /// component has the function `migrate`; which versions it knows, only itself can tell.
    ///
    /// # Errors
    ///
    /// See [`CallError`]; [`CallError::Refused`] if the function cannot convert that version.
    pub fn try_migration(&mut self, function: &Function, old: &Function) -> Result<(), CallError> {
        let fields = &old.state;
        let empty = |field: &crate::batch::Field| new_empty_array(&field.data_type.to_arrow());
        let arrays: Vec<ArrayRef> = fields.iter().map(empty).collect();
        let states = Columns {
            rows: 0,
            arrays: &arrays,
        };
        let version = old.state_version;
        match function.kind {
            Kind::Aggregate => self.aggregate_migrate(function, version, fields, states)?,
            Kind::Process => self.process_migrate(function, version, fields, states)?,
            Kind::Scalar | Kind::Table | Kind::Holistic => Vec::new(),
        };
        Ok(())
    }
}
