//! Names and types of columns, and what they are in Arrow.

use std::{collections::HashSet, fmt, sync::Arc};

use arrow::datatypes::{self as arrow_types, SchemaRef, TimeUnit};

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DataType {
    /// True or false.
    Boolean,
    /// A signed integer of 32 bits.
    Int32,
    /// A signed integer of 64 bits.
    Int64,
    /// An IEEE 754 number of 32 bits.
    Float32,
    /// An IEEE 754 number of 64 bits.
    Float64,
    /// Microseconds since the Unix epoch, UTC.
    Timestamp,
    /// Text.
    Utf8,
    /// Bytes.
    Binary,
}

impl DataType {
    /// Every type.
    pub const ALL: [Self; 8] = [
        Self::Boolean,
        Self::Int32,
        Self::Int64,
        Self::Float32,
        Self::Float64,
        Self::Timestamp,
        Self::Utf8,
        Self::Binary,
    ];

    /// The name by which pipelines call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Float32 => "float32",
            Self::Float64 => "float64",
            Self::Timestamp => "timestamp",
            Self::Utf8 => "utf8",
            Self::Binary => "binary",
        }
    }

    /// The type that pipelines call `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The type in Arrow.
    pub fn to_arrow(self) -> arrow_types::DataType {
        match self {
            Self::Boolean => arrow_types::DataType::Boolean,
            Self::Int32 => arrow_types::DataType::Int32,
            Self::Int64 => arrow_types::DataType::Int64,
            Self::Float32 => arrow_types::DataType::Float32,
            Self::Float64 => arrow_types::DataType::Float64,
            Self::Timestamp => {
                arrow_types::DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
            }
            Self::Utf8 => arrow_types::DataType::Utf8,
            Self::Binary => arrow_types::DataType::Binary,
        }
    }

    /// The type whose values are exactly those of an Arrow type, if there is one.
    pub fn from_arrow(arrow: &arrow_types::DataType) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.to_arrow() == *arrow)
    }

    /// Whether every value of this type is also one of `wider`.
    pub const fn widens_to(self, wider: Self) -> bool {
        matches!(
            (self, wider),
            (Self::Int32, Self::Int64 | Self::Float64) | (Self::Float32, Self::Float64)
        )
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The name and type of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Unique in its schema.
    pub name: String,
    /// The type of its values.
    pub data_type: DataType,
    /// Whether it may hold nulls.
    pub nullable: bool,
}

impl Field {
    /// A column that may hold nulls.
    pub fn nullable(name: impl Into<String>, data_type: DataType) -> Self {
        Self {
            name: name.into(),
            data_type,
            nullable: true,
        }
    }

    /// A column without nulls.
    pub fn required(name: impl Into<String>, data_type: DataType) -> Self {
        Self {
            name: name.into(),
            data_type,
            nullable: false,
        }
    }

    /// The column in Arrow. Always nullable there: what a column holds is checked where it
    /// matters, and batches with different promises can follow each other.
    pub fn to_arrow(&self) -> arrow_types::Field {
        arrow_types::Field::new(&self.name, self.data_type.to_arrow(), true)
    }
}

/// `name: type`, with a question mark if nulls may come.
impl fmt::Display for Field {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.nullable { "?" } else { "" };
        write!(formatter, "{}: {}{mark}", self.name, self.data_type)
    }
}

/// The columns of a stream, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    fields: Vec<Field>,
}

impl Schema {
    /// The schema of `fields`, or the first name that stands in it twice.
    pub fn new(fields: Vec<Field>) -> Result<Self, String> {
        let mut names = HashSet::with_capacity(fields.len());
        let twice = fields.iter().find(|field| !names.insert(&field.name));
        match twice {
            Some(field) => Err(field.name.clone()),
            None => Ok(Self { fields }),
        }
    }

    /// The columns of an Arrow schema, all of which may hold nulls; `None` if one has a type that there is not here, or
    /// two have one name.
    pub fn from_arrow(schema: &arrow_types::Schema) -> Option<Self> {
        let fields = schema.fields().iter().map(|field| {
            let data_type = DataType::from_arrow(field.data_type())?;
            Some(Field::nullable(field.name(), data_type))
        });
        Self::new(fields.collect::<Option<_>>()?).ok()
    }

    /// The columns, in order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The place and type of the column called `name`.
    pub fn find(&self, name: &str) -> Option<(usize, &Field)> {
        self.fields
            .iter()
            .enumerate()
            .find(|(_, field)| field.name == name)
    }

    /// The schema in Arrow.
    pub fn to_arrow(&self) -> SchemaRef {
        let fields: Vec<_> = self.fields.iter().map(Field::to_arrow).collect();
        Arc::new(arrow_types::Schema::new(fields))
    }
}

/// The columns, separated by commas.
impl fmt::Display for Schema {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, field) in self.fields.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(formatter, "{comma}{field}")?;
        }
        Ok(())
    }
}
