//! Any answer of a guest.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tidemill::fuzzing::fuzz_guest(data));
