//! The contract as data: the files below `schema/` are what the code says, and everything else is made from them.
//!
//! `UPDATE=1 cargo test --features schema --test schema` writes them.

#![allow(clippy::unwrap_used, reason = "a test that can't read its own repository has failed")]
#![allow(clippy::disallowed_methods, reason = "documents, for everybody to read")]

#[path = "../support/harness.rs"]
mod harness;

mod compatible;
mod files;
mod fuzz;
mod generator;
mod json;
