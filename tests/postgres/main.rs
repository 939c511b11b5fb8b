//! The shared log on a real PostgreSQL server, which this program starts on loopback and ends.

#![allow(clippy::unwrap_used, reason = "a test that can't do its work has failed")]
#![allow(clippy::disallowed_methods, reason = "a file of the test's own server needs no mode")]

#[path = "../support/harness.rs"]
mod harness;

mod attacker;
mod cable;
mod commits;
mod decisions;
mod failover;
mod forensic;
mod leaving;
mod login;
mod machines;
#[cfg(feature = "namespace-tests")]
mod networks;
mod page;
mod proxy;
mod renewed;
mod replica;
mod schema;
mod sharing;
mod sidecars;
mod twice;

use harness::postgres as server;
