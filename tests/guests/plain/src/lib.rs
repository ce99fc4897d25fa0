//! A library without an SDK: one scalar function, on what `wit-bindgen` makes of the contract.
//!
//! What an SDK would do stands here in full: the catalog is written by hand, columns are taken by their types, nulls
//! are looked up in bitmaps, and rows are refused by number.
#![cfg_attr(
    target_arch = "wasm32",
    expect(unsafe_code, reason = "bindings are generated")
)]

mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit",
        world: "scalar-library",
    });
}

use bindings::{
    exports::tidemill::udf::{
        catalog::{self, Kind},
        scalar,
    },
    tidemill::udf::{
        log::{Level, write},
        types::{Batch, Buffer, Column, DataType, Field, RowError},
    },
};

/// What exports the functions.
#[derive(Debug)]
pub struct Plain;

fn field(name: &str) -> Field {
    Field {
        name: name.to_owned(),
        data_type: DataType::Int64,
        nullable: false,
    }
}

impl catalog::Guest for Plain {
    fn configure(config: String) -> Result<Vec<catalog::Function>, String> {
        if config != "{}" {
            return Err("this library has nothing to configure".to_owned());
        }
        write(Level::Info, "one function, without an SDK");
        Ok(vec![catalog::Function {
            name: "add".to_owned(),
            kind: Kind::Scalar,
            doc: "The sum of two numbers.".to_owned(),
            parameters: vec![field("a"), field("b")],
            results: vec![field("sum")],
            state: Vec::new(),
            state_version: 0,
        }])
    }
}

impl scalar::Guest for Plain {
    fn call(function: u32, arguments: Batch) -> Result<scalar::ScalarResult, String> {
        if function != 0 {
            return Err(format!("there is no function {function}"));
        }
        let [a, b] = &arguments.columns[..] else {
            return Err(format!("{} columns, not 2", arguments.columns.len()));
        };
        let (Buffer::Int64(left), Buffer::Int64(right)) = (&a.buffer, &b.buffer) else {
            return Err("the columns are not of type int64".to_owned());
        };
        // A row is there if both of its arguments are.
        let validity: Option<Vec<u8>> = match (&a.validity, &b.validity) {
            (Some(a), Some(b)) => Some(a.iter().zip(b).map(|(a, b)| a & b).collect()),
            (one, other) => one.clone().or_else(|| other.clone()),
        };
        let is_there = |row: usize| match &validity {
            Some(bits) => bits
                .get(row / 8)
                .is_some_and(|byte| byte >> (row % 8) & 1 == 1),
            None => true,
        };
        let mut errors = Vec::new();
        let mut sums = Vec::with_capacity(left.len());
        for (row, (a, b)) in left.iter().zip(right).enumerate() {
            // What stands at the place of a null means nothing.
            let sum = if is_there(row) {
                a.checked_add(*b)
            } else {
                Some(0)
            };
            if sum.is_none() {
                let row = u32::try_from(row).map_err(|error| error.to_string())?;
                let message = format!("{a} + {b} is too large");
                errors.push(RowError { row, message });
            }
            sums.push(sum.unwrap_or_default());
        }
        let columns = vec![Column {
            buffer: Buffer::Int64(sums),
            validity,
        }];
        Ok(scalar::ScalarResult { columns, errors })
    }
}

#[cfg(target_arch = "wasm32")]
bindings::export!(Plain with_types_in bindings);
