//! The contract between host and guest, by name and number: `tidemill:udf`, as `wit/` defines it.

use std::fmt;

use wasmtime::component::{ComponentType, Lift, Lower};

use super::catalog::Kind;
use crate::batch;

/// The WIT package.
pub(super) const PACKAGE: &str = "tidemill:udf";

/// The version of the contract that this host speaks.
pub const VERSION: &str = "0.1.0";

/// An interface that a component may export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Interface {
    /// What the library holds.
    Catalog,
    /// Functions that make one row of each row.
    Scalar,
    /// Functions that make any number of rows of each row.
    Table,
    /// Functions that make one row of many by way of an accumulator.
    Aggregate,
    /// Functions that make one row of many with all of them at hand.
    Holistic,
    /// Functions with a state for each key.
    Process,
}

impl Interface {
    /// Every interface.
    pub const ALL: [Self; 6] = [
        Self::Catalog,
        Self::Scalar,
        Self::Table,
        Self::Aggregate,
        Self::Holistic,
        Self::Process,
    ];

    /// Its name in the contract.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Catalog => "catalog",
            Self::Scalar => "scalar",
            Self::Table => "table",
            Self::Aggregate => "aggregate",
            Self::Holistic => "holistic",
            Self::Process => "process",
        }
    }

    /// The interface that functions of a kind are called through.
    pub const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Scalar => Self::Scalar,
            Kind::Table => Self::Table,
            Kind::Aggregate => Self::Aggregate,
            Kind::Holistic => Self::Holistic,
            Kind::Process => Self::Process,
        }
    }

    /// Its name as components spell it.
    pub(super) fn qualified(self) -> String {
        format!("{PACKAGE}/{}@{VERSION}", self.name())
    }
}

impl fmt::Display for Interface {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A set of interfaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interfaces(u8);

impl Interfaces {
    /// Whether the set holds `interface`.
    pub const fn contains(self, interface: Interface) -> bool {
        self.0 & (1 << interface as u8) != 0
    }

    /// The interfaces of the set, in the order of the contract.
    pub fn iter(self) -> impl Iterator<Item = Interface> {
        Interface::ALL
            .into_iter()
            .filter(move |&interface| self.contains(interface))
    }

    pub(super) const fn insert(&mut self, interface: Interface) {
        self.0 |= 1 << interface as u8;
    }
}

/// A name as components spell it: `namespace:package/interface@version`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name<'a> {
    pub(super) package: &'a str,
    pub(super) interface: &'a str,
    pub(super) version: &'a str,
}

impl<'a> Name<'a> {
    /// The parts of a qualified name; nothing for a plain one.
    pub(super) fn parse(name: &'a str) -> Option<Self> {
        let (package, rest) = name.split_once('/')?;
        let (interface, version) = rest.split_once('@').unwrap_or((rest, ""));
        Some(Self {
            package,
            interface,
            version,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
pub(super) enum DataType {
    #[component(name = "boolean")]
    Boolean,
    #[component(name = "int32")]
    Int32,
    #[component(name = "int64")]
    Int64,
    #[component(name = "float32")]
    Float32,
    #[component(name = "float64")]
    Float64,
    #[component(name = "timestamp")]
    Timestamp,
    #[component(name = "utf8")]
    Utf8,
    #[component(name = "binary")]
    Binary,
}

impl From<DataType> for batch::DataType {
    fn from(data_type: DataType) -> Self {
        match data_type {
            DataType::Boolean => Self::Boolean,
            DataType::Int32 => Self::Int32,
            DataType::Int64 => Self::Int64,
            DataType::Float32 => Self::Float32,
            DataType::Float64 => Self::Float64,
            DataType::Timestamp => Self::Timestamp,
            DataType::Utf8 => Self::Utf8,
            DataType::Binary => Self::Binary,
        }
    }
}

impl From<batch::DataType> for DataType {
    fn from(data_type: batch::DataType) -> Self {
        match data_type {
            batch::DataType::Boolean => Self::Boolean,
            batch::DataType::Int32 => Self::Int32,
            batch::DataType::Int64 => Self::Int64,
            batch::DataType::Float32 => Self::Float32,
            batch::DataType::Float64 => Self::Float64,
            batch::DataType::Timestamp => Self::Timestamp,
            batch::DataType::Utf8 => Self::Utf8,
            batch::DataType::Binary => Self::Binary,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ComponentType, Lift)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "guests make them")]
pub(super) enum KindName {
    #[component(name = "scalar")]
    Scalar,
    #[component(name = "table")]
    Table,
    #[component(name = "aggregate")]
    Aggregate,
    #[component(name = "holistic")]
    Holistic,
    #[component(name = "process")]
    Process,
}

impl From<KindName> for Kind {
    fn from(kind: KindName) -> Self {
        match kind {
            KindName::Scalar => Self::Scalar,
            KindName::Table => Self::Table,
            KindName::Aggregate => Self::Aggregate,
            KindName::Holistic => Self::Holistic,
            KindName::Process => Self::Process,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_qualified_name_has_three_parts() {
        let name = Name::parse("tidemill:udf/catalog@0.2.0").expect("qualified");
        assert_eq!(name.package, "tidemill:udf");
        assert_eq!(name.interface, "catalog");
        assert_eq!(name.version, "0.2.0");
        assert_eq!(Name::parse("run"), None);
    }

    #[test]
    fn interfaces_are_a_set() {
        let mut interfaces = Interfaces::default();
        interfaces.insert(Interface::Process);
        interfaces.insert(Interface::Catalog);
        let listed: Vec<_> = interfaces.iter().collect();
        assert_eq!(listed, [Interface::Catalog, Interface::Process]);
        assert!(!interfaces.contains(Interface::Table));
    }
}
