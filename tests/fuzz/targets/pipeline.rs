//! Any text as a pipeline file.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tidemill::fuzzing::fuzz_pipeline(data));
