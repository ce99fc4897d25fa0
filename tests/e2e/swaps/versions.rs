//! As many versions of the library `marks` as tests want, made of one build: its bytes say which version
//! it is, and what is wrong with it.

use std::fs;

use crate::support::library;

/// What is wrong with a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    Nothing,
    /// It fails on every row.
    Trap,
    /// It fails on every thousandth row only.
    Late,
    /// It never returns.
    Spin,
    /// It takes all memory there is.
    Heap,
    /// It takes some time for each row.
    Slow,
}

/// The text in the components that is overwritten, without the version.
const TEXT: &[u8] = b"version of marks: ";

/// `marks` as a version from 1 to 9.
pub fn marks(version: i64) -> Vec<u8> {
    marked(version, Wrong::Nothing)
}

/// `marks` as a version from 1 to 9 with which something is wrong.
pub fn marked(version: i64, wrong: Wrong) -> Vec<u8> {
    altered_text("marks", version, wrong)
}

/// `marks_next`, whose functions keep other state, as a version with which nothing is wrong, or only later.
pub(super) fn next(version: i64, wrong: Wrong) -> Vec<u8> {
    altered_text("marks_next", version, wrong)
}

/// `hostile` with functions whose states are of this version, from 1 to 9.
pub(super) fn hostile(version: u8) -> Vec<u8> {
    const TEXT: &[u8] = b"version of hostile: ";
    let mut bytes = fs::read(library("hostile")).expect("a component");
    let place = bytes.windows(TEXT.len()).position(|window| window == TEXT);
    bytes[place.expect("the component has the text") + TEXT.len()] = b'0' + version;
    bytes
}

fn altered_text(name: &str, version: i64, wrong: Wrong) -> Vec<u8> {
    let mut bytes = fs::read(library(name)).expect("a component");
    let mut places = bytes.windows(TEXT.len());
    let place = places
        .position(|window| window == TEXT)
        .expect("the component has the text");
    let text = match wrong {
        Wrong::Nothing => "none",
        Wrong::Trap => "trap",
        Wrong::Late => "late",
        Wrong::Spin => "spin",
        Wrong::Heap => "heap",
        Wrong::Slow => "wait",
    };
    let text = format!("{version} {text}");
    let rest = place + TEXT.len();
    bytes[rest..rest + text.len()].copy_from_slice(text.as_bytes());
    bytes
}

/// The component of a library with a digest of its own: it has one section more, which says nothing.
pub fn altered(mut component: Vec<u8>) -> Vec<u8> {
    // A custom section: its id, its size, the size of its name, its name.
    component.extend(b"\x00\x06\x05noted");
    component
}
