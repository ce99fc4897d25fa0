//! Any file as Parquet. Panics of the reader are errors of the file, so they are not told apart here.

#![no_main]

libfuzzer_sys::fuzz_target!(init: std::panic::set_hook(Box::new(|_| {})), |data: &[u8]| tidemill::fuzzing::fuzz_parquet(data));
