//! The real binary, over real pipes and sockets: what a client meets. `tests/support/harness.rs` says how.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]
#![allow(clippy::disallowed_methods, reason = "the files that a test makes are its own")]

#[path = "../support/harness.rs"]
mod harness;

mod canaries;
mod concurrency;
mod contract;
mod data;
mod folders;
mod keys;
mod leases;
mod life;
mod pressure;
// The sockets and commands of its clients are those of Unix.
#[cfg(unix)]
mod relay;
mod store;
// Limits, mounts and stopped processes are those of Linux.
#[cfg(target_os = "linux")]
mod system;
mod watching;
