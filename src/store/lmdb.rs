//! The engine: one LMDB environment in the data folder, and all that knows how LMDB keeps it. Pages and meta pages,
//! the check of a file before LMDB sees it, locks between processes, repair.
//!
//! Nothing outside of `store` names anything in here but by what `store.rs` shows.

pub mod check;
mod closed;
pub(super) mod create;
pub(super) mod engine;
pub(super) mod enter;
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
pub mod salvage;
#[cfg(test)]
mod sample;
pub(super) mod snapshot;
pub(super) mod this_process;
mod waiting;

/// LMDB's data file. Whether it is there is whether a store is there.
pub(super) const DATA_FILE: &str = "data.mdb";
/// LMDB's table of readers.
pub(super) const READERS_FILE: &str = "lock.mdb";
