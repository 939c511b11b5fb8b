//! `cargo +nightly fuzz run faulty`; see `bodies.rs`.

#![no_main]
#![allow(dead_code, reason = "each target has one of the bodies")]

#[path = "../bodies.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::faulty(data));
