//! The Wasm instances of a stage and the arguments that calls are made with.

use std::{ops::Range, sync::Arc};

use arrow::{array::ArrayRef, compute, error::ArrowError};

use super::{Argument, Call};
use crate::{
    batch::Batch,
    wasm::{CallError, Instance},
};

/// The instances that the functions of one stage run in, in one subtask: one for each library and
/// configuration.
pub struct Guests {
    instances: Vec<(usize, Instance)>,
}

impl Guests {
    /// Instances by the place of their library in the plan.
    pub const fn new(instances: Vec<(usize, Instance)>) -> Self {
        Self { instances }
    }

    /// The digest of the component that `call` goes to.
    pub(super) fn digest(&self, call: &Call) -> Arc<str> {
        let (_, instance) = &self.instances[self.place(call)];
        instance.component().digest().to_string().into()
    }

    /// Makes a call. If it leaves the instance unusable, the next call gets a fresh one: no state is
    /// lost, for a guest has none.
    pub(super) fn call<T>(
        &mut self,
        call: &Call,
        run: impl FnOnce(&mut Instance) -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        let place = self.place(call);
        let (_, instance) = &mut self.instances[place];
        if instance.is_poisoned() {
            instance.renew()?;
        }
        run(instance)
    }

    fn place(&self, call: &Call) -> usize {
        self.instances
            .iter()
            .position(|(library, _)| *library == call.library)
            .expect("the stage's libraries are instantiated with it")
    }
}

/// The columns that `arguments` name, converted where a parameter is wider than its column.
pub(super) fn arguments(
    arguments: &[Argument],
    batch: &Batch,
) -> Result<Vec<ArrayRef>, ArrowError> {
    arguments
        .iter()
        .map(|argument| {
            let column = batch.column(argument.column);
            match argument.cast {
                None => Ok(Arc::clone(column)),
                Some(wider) => compute::cast(column, &wider.to_arrow()),
            }
        })
        .collect()
}

/// A part of `columns`, without copying.
pub(super) fn slice(columns: &[ArrayRef], rows: &Range<usize>) -> Vec<ArrayRef> {
    columns
        .iter()
        .map(|column| column.slice(rows.start, rows.len()))
        .collect()
}
