//! What a client may send, and what it may take from the machine and from others: no input takes more than 128 MiB of
//! memory, and none keeps another plugin out. Memory is measured, as the most that the process ever had; fairness is
//! counted in requests, not in time.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that can't talk to its processes has failed")]

#[path = "../rig/mod.rs"]
mod rig;

mod answers;
mod client;
mod fairness;
mod messages;
mod namespaces;
mod patches;
mod unlocking;
mod waiting;
