//! What a guest gives back, as it gives it: owned, and not yet to be trusted.
//!
//! Each list is copied once, out of the guest's memory; `check` makes Arrow columns of them without
//! another copy.

use wasmtime::component::{ComponentType, Lift};

use super::contract::{DataType, KindName};

#[derive(Clone, Debug, PartialEq, ComponentType, Lift)]
#[component(record)]
pub(super) struct Batch {
    pub(super) rows: u32,
    pub(super) columns: Vec<Column>,
}

#[derive(Clone, Debug, PartialEq, ComponentType, Lift)]
#[component(record)]
pub(super) struct Column {
    pub(super) buffer: Buffer,
    pub(super) validity: Option<Vec<u8>>,
}

#[derive(Clone, Debug, PartialEq, ComponentType, Lift)]
#[component(variant)]
pub(super) enum Buffer {
    #[component(name = "boolean")]
    Boolean(Vec<u8>),
    #[component(name = "int32")]
    Int32(Vec<i32>),
    #[component(name = "int64")]
    Int64(Vec<i64>),
    #[component(name = "float32")]
    Float32(Vec<f32>),
    #[component(name = "float64")]
    Float64(Vec<f64>),
    #[component(name = "timestamp")]
    Timestamp(Vec<i64>),
    #[component(name = "utf8")]
    Utf8(VarBytes),
    #[component(name = "binary")]
    Binary(VarBytes),
}

#[derive(Clone, Debug, PartialEq, ComponentType, Lift)]
#[component(record)]
pub(super) struct VarBytes {
    pub(super) offsets: Vec<u32>,
    pub(super) data: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, ComponentType, Lift)]
#[component(record)]
pub(super) struct RowError {
    pub(super) row: u32,
    pub(super) message: String,
}

#[derive(Debug, ComponentType, Lift)]
#[component(record)]
pub(super) struct ScalarResult {
    pub(super) columns: Vec<Column>,
    pub(super) errors: Vec<RowError>,
}

#[derive(Debug, ComponentType, Lift)]
#[component(record)]
pub(super) struct TableResult {
    pub(super) columns: Vec<Column>,
    pub(super) parents: Vec<u32>,
    pub(super) errors: Vec<RowError>,
}

#[derive(Debug, ComponentType, Lift)]
#[component(record)]
pub(super) struct UpdateResult {
    pub(super) accumulators: Batch,
    pub(super) errors: Vec<RowError>,
}

#[derive(Debug, ComponentType, Lift)]
#[component(record)]
pub(super) struct HolisticResult {
    pub(super) columns: Vec<Column>,
    pub(super) errors: Vec<RowError>,
}

#[derive(Debug, ComponentType, Lift)]
#[component(record)]
pub(super) struct ProcessResult {
    pub(super) state: Batch,
    pub(super) columns: Vec<Column>,
    pub(super) parents: Vec<u32>,
    pub(super) errors: Vec<RowError>,
}

#[derive(Clone, Debug, ComponentType, Lift)]
#[component(record)]
pub(super) struct Field {
    pub(super) name: String,
    #[component(name = "data-type")]
    pub(super) data_type: DataType,
    pub(super) nullable: bool,
}

#[derive(Clone, Debug, ComponentType, Lift)]
#[component(record)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) kind: KindName,
    pub(super) doc: String,
    pub(super) parameters: Vec<Field>,
    pub(super) results: Vec<Field>,
    pub(super) state: Vec<Field>,
    #[component(name = "state-version")]
    pub(super) state_version: u32,
}

impl Buffer {
    pub(super) const fn type_name(&self) -> &'static str {
        match self {
            Self::Boolean(_) => "boolean",
            Self::Int32(_) => "int32",
            Self::Int64(_) => "int64",
            Self::Float32(_) => "float32",
            Self::Float64(_) => "float64",
            Self::Timestamp(_) => "timestamp",
            Self::Utf8(_) => "utf8",
            Self::Binary(_) => "binary",
        }
    }
}
