//! Any bytes as the manifest and the packs of a checkpoint.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tidemill::fuzzing::fuzz_checkpoint(data));
