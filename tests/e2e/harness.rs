//! How a test meets the binary.
//!
//! A [`Home`] is a data folder, a key folder and a log file below one temporary folder; it also makes every key, name,
//! value and folder that a test uses, and remembers them as canaries. [`Home::client`] and [`Home::script`] start the
//! binary in it, [`Home::start`] does so in any other way; a [`Server`] is one running process.
//!
//! What nobody has to ask for:
//! - every wait has a deadline, and none of them is a sleep;
//! - every frame of the server's has the exact bytes that clients want, and every message exactly the members that
//!   JSON-RPC gives it; every error is a line of the table of errors, with its kind;
//! - every message of the server's, and every request of the client's that is carried out, is one that the contract
//!   (`schema/openrpc.json`) has, unknown members included; `tests/contract/check.rs` says how;
//! - a server that goes out of scope is ended politely (`shutdown` and `exit` if it was initialised, else the end of
//!   its input), and must then have exit code 0, no message that nobody read, and no fault on stderr or in the log;
//! - a home that goes out of scope is searched: no canary may stand in stderr, in a log, or in any file of the data or
//!   key folder. Keys are looked for as digits in both cases and as bytes, all else as text.

mod canaries;
mod errors;
mod home;
mod message;
mod server;
mod start;

pub(crate) use errors::Refused;
pub(crate) use home::Home;
pub(crate) use message::Message;
pub(crate) use server::{DEADLINE, Server};
pub(crate) use start::{Framing, Start};
