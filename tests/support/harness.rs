//! How a test starts the program and talks to it. Every target that starts the program uses this harness:
//! `#[path = "../support/harness.rs"] mod harness;`. A test in `tests/tidy.rs` holds that.
//!
//! A [`Home`] is a data folder, a key folder and a log file below one temporary folder. It also makes the keys, names,
//! values and folders that a test uses, and remembers them as canaries. [`Home::client`] and [`Home::script`] start the
//! program in it, [`Home::start`] does so in any other way, and [`Start::ran`] gives a command its input and waits for
//! its end. A [`Server`] is one running process.
//!
//! What no test has to ask for:
//! - the program sees none of the caller's own settings: every `PLUGIN_VAULT_…` variable and `RUST_LOG` are removed;
//! - every wait has a deadline, and none of them is a sleep;
//! - every frame of the server's has the exact bytes that clients want, and every message exactly the members that
//!   JSON-RPC gives it; every error is a line of the table of errors, with its kind;
//! - every message of the server's, and every request of the client's that is carried out, is one that the contract
//!   (`schema/openrpc.json`) has, unknown members included; `contract.rs` says how;
//! - a server that goes out of scope is ended politely (`shutdown` and `exit` if it was initialised, else the end of
//!   its input), and must then have exit code 0, no message that the test did not read, and no panic on stderr or in
//!   the log;
//! - when the last handle of a home goes out of scope, it is searched: no canary may stand in stderr, in a log, or in any
//!   file of the data or key folder. Keys are searched for as digits in both cases and as bytes, all else as text. Keys
//!   and long texts in the parameters of a request, and the lines of a command's input, are canaries without being
//!   asked for.

#![allow(dead_code, unused_imports, reason = "no target needs all of it")]
#![allow(clippy::disallowed_methods, reason = "the files that a test makes are its own")]

#[cfg(target_os = "linux")]
pub(crate) mod cached;
pub(crate) mod canaries;
pub(crate) mod contract;
mod errors;
mod files;
mod home;
mod message;
#[cfg(all(target_os = "linux", feature = "namespace-tests"))]
pub(crate) mod mount;
#[cfg(all(target_os = "linux", feature = "postgres-tests"))]
#[path = "../postgres/server.rs"]
pub(crate) mod postgres;
mod run;
mod server;
#[cfg(all(target_os = "linux", feature = "postgres-tests"))]
pub(crate) mod shared;
mod start;

pub(crate) use errors::Refused;
pub(crate) use files::{copy, files};
pub(crate) use home::Home;
pub(crate) use message::Message;
pub(crate) use run::{Ran, check_lines, finish, reading, request_lines};
pub(crate) use server::{DEADLINE, End, Server};
pub(crate) use start::{BINARY, Framing, Start, Started};
