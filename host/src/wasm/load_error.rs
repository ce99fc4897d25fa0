//! Why a component cannot be used.

use thiserror::Error;

use super::{compile::CostError, contract::VERSION};

/// Why bytes cannot be loaded as a component.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum LoadError {
    /// There is nothing.
    #[error("not a WebAssembly component: the file is empty")]
    Empty,
    /// A core module: what a compiler makes before it is wrapped.
    #[error(
        "not a component but a core WebAssembly module: wrap it with `wasm-tools component new`, \
         or build it for a component target"
    )]
    CoreModule,
    /// WebAssembly, but of no known kind.
    #[error("WebAssembly of an unknown kind: version {version}, layer {layer}")]
    UnknownBinary {
        /// The version in the header.
        version: u16,
        /// The layer in the header: 0 is a module, 1 a component.
        layer: u16,
    },
    /// The text format.
    #[error(
        "not a WebAssembly component but its text format: translate it with `wasm-tools parse`"
    )]
    Text,
    /// Something else altogether.
    #[error("not a WebAssembly component: the file begins with {0}")]
    NotWasm(
        /// The first bytes.
        String,
    ),
    /// A component that is broken or cut off, or uses what the host does not know.
    #[error("not a valid component: {0}")]
    Invalid(
        /// What the compiler says.
        String,
    ),
    /// It takes too much time or memory to compile, or is compiled to too much.
    #[error(transparent)]
    Cost(CostError),
    /// The compiler has failed on it.
    #[error("compiling it has failed: {0}")]
    Compiler(
        /// How.
        String,
    ),
    /// Nobody waits for it any more.
    #[error("compiling it was broken off: nobody waits for it any more")]
    Unwanted,
    /// Made for another version of the contract.
    #[error("the component is made for `{found}`, this host speaks {VERSION} of the contract")]
    OtherVersion {
        /// The first name of another version among its imports and exports.
        found: String,
    },
    /// Not a library of functions.
    #[error("the component exports no `tidemill:udf/catalog@{VERSION}`; it exports {exports}")]
    NoCatalog {
        /// What it exports instead.
        exports: String,
    },
    /// A function of the contract has other types than the contract says.
    #[error("the component's `{function}` is not the one of the contract: {reason}")]
    OtherSignature {
        /// The interface and the function.
        function: String,
        /// What differs.
        reason: String,
    },
    /// It needs what no guest gets.
    #[error("the component imports {}, which this host does not offer", .0.join(", "))]
    UnknownImports(
        /// The names, in backquotes.
        Vec<String>,
    ),
    /// What it imports has another shape than what the host offers.
    #[error("the component's imports do not fit this host: {0}")]
    Link(
        /// What differs.
        String,
    ),
}

impl LoadError {
    /// What bytes are that do not begin as a component does; nothing for a component.
    pub(super) fn of_header(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self::Empty);
        }
        if let Some(header) = bytes.strip_prefix(b"\0asm") {
            let Some(&[v0, v1, l0, l1]) = header.first_chunk() else {
                return Some(Self::Invalid("the file ends in its header".to_owned()));
            };
            let version = u16::from_le_bytes([v0, v1]);
            let layer = u16::from_le_bytes([l0, l1]);
            return match (version, layer) {
                (_, 1) => None,
                (1, 0) => Some(Self::CoreModule),
                (version, layer) => Some(Self::UnknownBinary { version, layer }),
            };
        }
        let text = bytes.trim_ascii_start();
        if text.starts_with(b"(") || text.starts_with(b";;") {
            return Some(Self::Text);
        }
        let first = &bytes[..bytes.len().min(4)];
        let hexadecimal: Vec<String> = first.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut description = format!("the bytes {}", hexadecimal.join(" "));
        if first.iter().all(u8::is_ascii_graphic) {
            // All graphic ASCII, so nothing is lost.
            description.push_str(&format!(" (`{}`)", String::from_utf8_lossy(first)));
        }
        Some(Self::NotWasm(description))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expected: &str) {
        let error = LoadError::of_header(bytes).expect("not a component");
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn what_is_not_a_component_is_told() {
        check(b"", "not a WebAssembly component: the file is empty");
        check(
            b"\x7fELF\x02",
            "not a WebAssembly component: the file begins with the bytes 7f 45 4c 46",
        );
        check(
            b"#!/bin/sh",
            "not a WebAssembly component: the file begins with the bytes 23 21 2f 62 (`#!/b`)",
        );
        check(
            b"\0asm\x01\0\0\0",
            "not a component but a core WebAssembly module: wrap it with \
             `wasm-tools component new`, or build it for a component target",
        );
        check(
            b"\0asm\x01\0\x02\0",
            "WebAssembly of an unknown kind: version 1, layer 2",
        );
        check(
            b"\0asm\x0d",
            "not a valid component: the file ends in its header",
        );
        check(
            b"\n (component)",
            "not a WebAssembly component but its text format: translate it with `wasm-tools parse`",
        );
    }

    #[test]
    fn the_header_of_a_component_passes() {
        assert_eq!(LoadError::of_header(b"\0asm\x0d\0\x01\0"), None);
    }
}
