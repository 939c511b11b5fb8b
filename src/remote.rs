//! A store that several machines share: the log of commits that lies on a server, and how a replica on this machine
//! follows it.
//!
//! A replica is an ordinary store of the room `store`. Everything here is synchronous, and each call has a deadline. The
//! room never sees a key or a plain value: rows arrive here sealed. Only `remote/postgres/` knows that the server is
//! PostgreSQL; the rest works with any [`Log`].
//!
//! This file is the room's whole face.

#![warn(clippy::missing_errors_doc)]

mod appending;
mod catch_up;
mod confirmed;
mod credentials;
mod deadline;
mod error;
#[cfg(test)]
pub(crate) mod fake;
mod joining;
mod kept;
mod log;
#[cfg(test)]
mod model;
mod position;
mod postgres;
#[cfg(test)]
mod sample;

pub use appending::append;
pub use catch_up::{CaughtUp, NotCaughtUp, Whole, catch_up, is_replica, position, take_whole};
pub use confirmed::{confirmed, keep_confirmed};
pub use credentials::{Credentials, OFFLINE_DAYS};
pub use deadline::Deadline;
pub use error::{Refused, RemoteError};
pub use joining::PendingJoin;
pub use kept::{forget_protectors, keep_protectors, kept_protectors};
pub use log::{Appended, Commit, Head, Log, Page, PlacedRow, Position, WriteId};
pub use position::{Standing, shared_rows, slot_row};
pub use postgres::{
    Admission, BadUrl, Device, Machine, Password, PostgresLog, ServerUrl, TokenHash, admissions, create,
    install,
};
