//! JSON-RPC 2.0: life cycle, parameters, the error table, dispatch. Each method has a file in `methods/`.
//!
//! [`Connection::receive`] runs on the reading thread. It settles what a request means, runs its method until the
//! method has to wait, and answers. A method that has to wait continues as a task. Each request gets one answer with
//! its own id, even after a panic. This room parses the envelope itself, strictly. `jsonrpsee` holds the methods, calls
//! them and writes their answers as text.
//!
//! This room never sees a key, and never puts a caller's text into an error or a log line.

mod batch;
mod connection;
#[cfg(feature = "schema")]
pub mod contract;
mod details;
mod error;
mod message;
mod methods;
mod notices;
mod params;
mod rules;
mod values;

pub use connection::{Connection, Flow};
pub use error::{Cause, Code, TABLE, kind, message};
pub use methods::{CONTRACT, NAMES, PROTOCOL_VERSION};
