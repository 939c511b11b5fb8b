//! JSON-RPC 2.0: life cycle, parameters, the error table, dispatch. One file a method in `methods/`.
//!
//! [`Connection::receive`] runs on the thread that reads. It settles what a request means, runs its method at once as
//! far as that goes without waiting, and answers; what has to wait goes on as a task. Whatever happens, a panic too,
//! each request gets one answer with its own id. The envelope is parsed here, strictly; `jsonrpsee` holds the methods,
//! calls them and writes their answers down.
//!
//! Never sees a key, and never lets a caller's word into an error or a log line.

mod answer;
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
mod values;

pub use connection::{Connection, Flow};
pub use error::{Cause, Code, TABLE, message};
pub use methods::{CONTRACT, NAMES};
