//! A library that breaks the contract: written against it without the SDK, which would not let it.
//!
//! What it does is said by `config = { do = "PLACE:DEED" }`: in which function of the contract, and what. Without
//! that, or for rows in which there is no 13, it does what its catalog promises. With `version = 2` it says that it
//! keeps another state than before, so that it is asked to convert what there is.

// There is nothing of it elsewhere: linkers of other targets do not take the names of what it exports.
#![cfg(target_arch = "wasm32")]

mod catalog;
mod columns;
mod deeds;
mod functions;

mod bindings {
    wit_bindgen::generate!({ path: "../../../wit", world: "library" });
}

mod wasi {
    wit_bindgen::generate!({ path: "wit", generate_all });
}

use std::sync::OnceLock;

/// What the functions are exported by.
struct Hostile;

bindings::export!(Hostile with_types_in bindings);

/// The number that brings out the worst.
const UNLUCKY: i64 = 13;

/// The place and the deed of the configuration.
static WISH: OnceLock<(String, String)> = OnceLock::new();

/// The version of its state that it speaks of.
static STATE_VERSION: OnceLock<u32> = OnceLock::new();

/// Reads the configuration, or as much of it as is needed.
fn wish(config: &str) {
    let text = config.split_once("\"do\":\"").map_or("", |(_, rest)| rest);
    let text = text.split('"').next().unwrap_or_default();
    let (place, deed) = text.split_once(':').unwrap_or_default();
    drop(WISH.set((place.to_owned(), deed.to_owned())));
    drop(STATE_VERSION.set(1 + u32::from(config.contains("\"version\":2"))));
}

/// What is to be done here; nothing if it is wished for elsewhere, or the numbers are lucky.
fn deed(place: &str, numbers: &[i64]) -> &'static str {
    match WISH.get() {
        Some((wished, deed)) if wished == place && numbers.contains(&UNLUCKY) => deed,
        _ => "",
    }
}
