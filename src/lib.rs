//! `plugin-vault`: a private, encrypted store for editor extensions, spoken to over stdin and stdout.
//!
//! The map of the house, one line a room, lowest first. Which room may name which is a table in
//! `docs/architecture.md`, and `tests/tidy.rs` holds it.

#[cfg(all(feature = "faults", not(debug_assertions)))]
compile_error!("the feature faults lets the environment break the store; it is for tests");

pub mod faults;
pub mod files;
pub mod json;
pub mod limits;
pub mod logging;
pub mod rows;
pub mod sync;

pub mod crypto;
pub mod protector;
pub mod store;

pub mod vault;

pub mod rpc;
pub mod session;

pub mod transport;

pub mod cli;
pub mod server;
