//! The machines of a store: who was admitted, and what was left for a machine that is about to join.

use crate::remote::{Deadline, RemoteError};
use crate::rows::Id;

use super::connection::Connection;
use super::message::{Columns, Failure, Value};
use super::{PostgresLog, ServerUrl};

/// The SHA-256 of a machine's token: the name by which the server knows the machine.
pub type TokenHash = [u8; 32];

/// A machine of a store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Device {
    /// The hash of its token.
    pub token_hash: TokenHash,
    /// Its label, sealed.
    pub label: Vec<u8>,
    /// When it was admitted, by the server's clock: milliseconds since 1970 UTC.
    pub added_at: u64,
    /// Whether it has taken the key that was left for it.
    pub has_joined: bool,
}

/// A store that a machine was admitted to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Admission {
    /// The store.
    pub store: Id,
    /// The key of the store, sealed for this machine; absent once the machine has joined.
    pub sealed_key: Option<Vec<u8>>,
}

/// The stores that a machine with this token was admitted to: normally none, or one.
///
/// # Errors
/// If the server does not answer, or refuses.
pub fn admissions(
    url: &ServerUrl,
    token: &[u8; 32],
    deadline: &Deadline,
) -> Result<Vec<Admission>, RemoteError> {
    let mut connection = Connection::open(url, deadline)?;
    let sql = "select store, sealed_key from plugin_vault.joined($1)";
    let rows = connection.call(sql, [Value::Bytes(token)].iter(), deadline).map_err(Failure::error)?;
    let admission = |row: &Columns| {
        Some(Admission {
            store: row.bytes(0)?.try_into().ok()?,
            sealed_key: row.bytes(1).map(<[u8]>::to_vec),
        })
    };
    rows.iter().map(admission).collect::<Option<_>>().ok_or(RemoteError::Failed)
}

impl PostgresLog {
    /// Lets one more machine use the store, and leaves the key of the store for it, which the caller has sealed.
    ///
    /// # Errors
    /// If the server does not answer, or refuses. The same call may be made again.
    pub fn admit(
        &mut self,
        machine: &TokenHash,
        label: &[u8],
        sealed_key: &[u8],
        deadline: &Deadline,
    ) -> Result<(), RemoteError> {
        let sql = "select plugin_vault.admit($1, $2, $3, $4, $5)";
        let arguments = [Value::Bytes(machine), Value::Bytes(label), Value::Bytes(sealed_key)];
        self.repeat(sql, &arguments, deadline).map(drop)
    }

    /// Removes the key that was left for this machine, and sets the machine's label.
    ///
    /// # Errors
    /// As [`Self::admit`].
    pub fn settle(&mut self, label: &[u8], deadline: &Deadline) -> Result<(), RemoteError> {
        self.repeat("select plugin_vault.settle($1, $2, $3)", &[Value::Bytes(label)], deadline).map(drop)
    }

    /// The machines of the store, the oldest first.
    ///
    /// # Errors
    /// If the server does not answer, or refuses.
    pub fn machines(&mut self, deadline: &Deadline) -> Result<Vec<Device>, RemoteError> {
        let sql = "select token_hash, label, added_at, has_joined from plugin_vault.machines($1, $2)";
        let device = |row: &Columns| {
            Some(Device {
                token_hash: row.bytes(0)?.try_into().ok()?,
                label: row.bytes(1)?.to_vec(),
                added_at: row.number::<8>(2)?,
                has_joined: row.is_true(3)?,
            })
        };
        let rows = self.read(sql, &[], deadline)?;
        rows.iter().map(device).collect::<Option<_>>().ok_or(RemoteError::Failed)
    }

    /// Ends the token of a machine, which may be this one. Returns whether the machine was there.
    ///
    /// # Errors
    /// As [`Self::admit`].
    pub fn remove(&mut self, machine: &TokenHash, deadline: &Deadline) -> Result<bool, RemoteError> {
        let rows =
            self.repeat("select plugin_vault.remove($1, $2, $3)", &[Value::Bytes(machine)], deadline)?;
        rows.first().and_then(|row| row.is_true(0)).ok_or(RemoteError::Failed)
    }

    /// Removes the store from the server, with everything in it.
    ///
    /// # Errors
    /// As [`Self::admit`].
    pub fn discard(&mut self, deadline: &Deadline) -> Result<(), RemoteError> {
        self.repeat("select plugin_vault.discard($1, $2)", &[], deadline).map(drop)
    }

    /// Makes a call that may be made twice. If its answer is lost, makes it again, until the deadline.
    fn repeat(
        &mut self,
        sql: &str,
        arguments: &[Value<'_>],
        deadline: &Deadline,
    ) -> Result<Vec<Columns>, RemoteError> {
        loop {
            match self.call(sql, arguments, deadline) {
                Err(RemoteError::Unanswered) if !deadline.is_over() => {}
                outcome => return outcome,
            }
        }
    }
}
