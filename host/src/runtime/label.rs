//! What a checkpoint says of the pipeline that it is of.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    checkpoint::{StageComponents, stage_components, stage_identities},
    pipeline::Plan,
};

/// What a checkpoint says of the pipeline that it is of.
#[derive(Clone, Debug, Default)]
pub(super) struct Label {
    pub(super) job: String,
    pub(super) stages: BTreeMap<Arc<str>, String>,
    pub(super) components: StageComponents,
}

impl Label {
    pub(super) fn of(plan: &Plan) -> Self {
        Self {
            job: plan.name.clone(),
            stages: stage_identities(plan),
            components: stage_components(plan),
        }
    }
}
