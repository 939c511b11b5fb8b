//! The life of API keys: issued, shared, rotated, revoked, expired, over several processes on one store, against the
//! raw bytes that are left of them, and against a person who moves those bytes about.
//!
//! [`server`] says how the program is started, [`disk`] is the store as a reader sees it who has read
//! `docs/format.md` and has the key file. Nothing here sleeps: what takes time to come is waited for as a message.

#![allow(clippy::unwrap_used, reason = "a test that can't talk to its server has failed")]

#[path = "../support/harness.rs"]
mod harness;

mod disk;
mod server;

#[cfg(feature = "faults")]
mod crashes;
mod damaged_row;
mod expiry;
mod forensic;
mod installation;
mod leases;
mod limits;
mod model;
mod order;
mod protectors;
mod put_back;
mod revocation;
mod rotation;
mod scope;
mod swaps;
mod threats;
