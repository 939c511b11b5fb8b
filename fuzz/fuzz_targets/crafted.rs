//! `cargo +nightly fuzz run crafted`; see `crafted.rs` beside `bodies.rs`.

#![no_main]
#![allow(dead_code, reason = "the cases are the tests'")]

#[path = "../crafted.rs"]
mod crafted;

libfuzzer_sys::fuzz_target!(|data: &[u8]| crafted::crafted(data));
