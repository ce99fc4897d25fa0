//! Any text, in pieces of any size, as the input of a source.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tidemill::fuzzing::fuzz_text(data));
