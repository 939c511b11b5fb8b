//! The engine: one LMDB environment in the data folder, and all code that knows LMDB's file format. Pages and meta
//! pages, the check of a file before LMDB opens it, locks between processes, repair.
//!
//! Code outside of `store` uses only the names that `store.rs` exports.

pub(super) mod check;
mod closed;
pub(super) mod create;
pub(super) mod engine;
pub(super) mod enter;
mod error;
mod free_space;
pub(super) mod header;
mod layout;
pub(super) mod liveness;
pub(super) mod lock;
pub(super) mod meta_page;
pub(super) mod open;
mod pages;
mod reader_table;
mod repair;
pub(super) mod replace;
pub(super) mod salvage;
#[cfg(test)]
mod sample;
pub(super) mod snapshot;
pub(super) mod this_process;
mod waiting;

/// LMDB's data file. A store exists exactly if this file exists.
pub(super) const DATA_FILE: &str = "data.mdb";
/// LMDB's reader table, which is also its lock file.
pub(super) const READERS_FILE: &str = "lock.mdb";
