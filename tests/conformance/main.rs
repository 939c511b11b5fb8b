//! Conformance: what goes over the wire and what lies on the disk, held to cases that are files of bytes.
//!
//! `README.md` says how a case is written. A case is added by adding a file; a folder without cases, a word that the
//! runner does not know, and a case that says nothing about its outcome all fail.

#![allow(clippy::disallowed_methods, reason = "the files that a test makes are its own")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

#[path = "../support/harness.rs"]
mod harness;

mod case;
mod expect;
mod flow;
mod frames;
mod frozen;
mod passphrases;
mod process;
mod properties;
mod sealed;
mod store;
