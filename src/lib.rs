//! `plugin-vault`: a private, encrypted store for editor extensions, with a JSON-RPC interface on stdin and stdout.
//!
//! The rooms of the program, lowest first. A table in `docs/architecture.md` says which room may name which, and
//! `tests/tidy.rs` checks the code against it.

#[cfg(all(feature = "faults", not(debug_assertions)))]
compile_error!("the feature faults lets the environment break the store; it is for tests");

pub mod faults;
pub mod files;
pub mod json;
pub mod limits;
pub mod logging;
pub mod process;
pub mod rows;
pub mod sync;

pub mod crypto;
pub mod protector;
pub mod remote;
pub mod store;

pub mod vault;

pub mod rpc;
pub mod session;

pub mod transport;

pub mod cli;
pub mod server;
