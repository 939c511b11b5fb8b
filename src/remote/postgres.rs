//! A log on a PostgreSQL server: the functions of `schema/postgres/vault.sql`, one statement for each call.
//!
//! Nothing here needs a session on the server, so a pooler that gives each statement another connection works.

mod connection;
mod machines;
mod message;
mod password;
mod stream;
mod url;

use super::log::{Appended, Commit, Head, Log, Page, PlacedRow, WriteId};
use super::{Deadline, Position, RemoteError};
use crate::rows::Id;
use crate::store::FORMAT;

use connection::Connection;
use message::{Columns, Failure, Value};

pub use machines::{Admission, Device, TokenHash, admissions};
pub use url::{BadUrl, Password, ServerUrl};

/// The tables and functions, as one file that may be run again.
const SCHEMA: &str = include_str!("../../schema/postgres/vault.sql");
/// Rows in a page, and bytes after which a page ends.
const PAGE_ROWS: usize = 4_096;
const PAGE_BYTES: usize = 4 << 20;

/// What a machine shows to the server in order to use a store.
pub struct Machine {
    /// The store.
    pub store: Id,
    /// The machine's token.
    pub token: [u8; 32],
}

/// A log on a PostgreSQL server. It connects when it is first used, and again after the connection has failed.
pub struct PostgresLog {
    url: ServerUrl,
    machine: Machine,
    connection: Option<Connection>,
    /// The number of the last request.
    last: u64,
}

impl PostgresLog {
    /// The log of a machine's store. This connects to nothing yet.
    pub fn new(url: ServerUrl, machine: Machine) -> Self {
        Self { url, machine, connection: None, last: 0 }
    }

    /// Calls a function that changes nothing. If a connection that was open before has failed, tries another.
    fn read(
        &mut self,
        sql: &str,
        arguments: &[Value<'_>],
        deadline: &Deadline,
    ) -> Result<Vec<Columns>, RemoteError> {
        let was_open = self.connection.is_some();
        let answer = match self.call(sql, arguments, deadline) {
            Err(RemoteError::Unanswered) if was_open => self.call(sql, arguments, deadline),
            answer => answer,
        };
        answer.map_err(|error| match error {
            // Nothing was to be changed, so nothing is left open.
            RemoteError::Unanswered => RemoteError::Unreachable,
            error => error,
        })
    }

    fn call(
        &mut self,
        sql: &str,
        arguments: &[Value<'_>],
        deadline: &Deadline,
    ) -> Result<Vec<Columns>, RemoteError> {
        // A request on a connection that has ended would leave its outcome open.
        let mut connection = match self.connection.take().filter(Connection::rests) {
            Some(connection) => connection,
            None => Connection::open(&self.url, deadline)?,
        };
        self.last += 1;
        let own = [Value::Bytes(&self.machine.token), Value::Bytes(&self.machine.store)];
        let number = Value::number(self.last);
        let sql = numbered(sql, own.len() + arguments.len() + 1);
        let outcome = connection.call(&sql, own.iter().chain(arguments).chain([&number]), deadline);
        let outcome = outcome.and_then(|rows| {
            // An answer that arrives twice must not count as that of the next request.
            let is_ours = rows.iter().all(|row| row.last_number() == Some(self.last));
            if is_ours { Ok(rows) } else { Err(Failure::Broken) }
        });
        // A refusal, and an answer without rows, have no number: a second copy of one would count as the next answer. After any
        // other failure it is not known what the server sends next.
        if outcome.as_ref().is_ok_and(|rows| !rows.is_empty()) {
            self.connection = Some(connection);
        }
        outcome.map_err(Failure::error)
    }
}

impl Log for PostgresLog {
    fn head(&mut self, turn: u64, deadline: &Deadline) -> Result<Head, RemoteError> {
        let sql = "select turn, write_id, revision, forgotten, format, then_id, clock \
                   from plugin_vault.head($1, $2, $3)";
        let rows = self.read(sql, &[Value::number(turn)], deadline)?;
        head(rows.first().ok_or(RemoteError::Failed)?).ok_or(RemoteError::Failed)
    }

    fn append(&mut self, commit: &Commit<'_>, deadline: &Deadline) -> Result<Appended, RemoteError> {
        let sql = "select outcome from plugin_vault.append($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let arguments = [
            Value::number(commit.position.turn),
            Value::Bytes(&commit.position.write_id),
            Value::Bytes(commit.write_id),
            Value::number(commit.revision),
            Value::Tables(commit.rows),
            Value::Keys(commit.rows),
            Value::Values(commit.rows),
        ];
        let rows = self.call(sql, &arguments, deadline)?;
        // The server has answered, but with what, is not known: as if it had not.
        let outcome = rows.first().and_then(|row| row.number::<4>(0)).ok_or(RemoteError::Unanswered)?;
        match outcome {
            0 | 1 => Ok(Appended::Done),
            2 => Ok(Appended::Conflict),
            3 => Ok(Appended::Forgotten),
            _ => Err(RemoteError::Unanswered),
        }
    }

    fn since(&mut self, at: u64, behind: (u64, u8, &[u8]), deadline: &Deadline) -> Result<Page, RemoteError> {
        let sql = "select head_turn, head_id, revision, forgotten, format, then_id, clock, row_turn, tab, key, value \
                   from plugin_vault.since($1, $2, $3, $4, $5, $6, $7, $8)";
        let arguments = [
            Value::number(at),
            Value::number(behind.0),
            Value::Small(i16::from(behind.1)),
            Value::Bytes(behind.2),
            Value::Integer(i32::try_from(PAGE_ROWS).expect("few rows")),
            Value::number(PAGE_BYTES as u64),
        ];
        let rows = self.read(sql, &arguments, deadline)?;
        page(&rows).ok_or(RemoteError::Failed)
    }

    fn rest(&mut self) {
        self.connection = None;
    }
}

/// The statement with one more column behind the others: the argument with this place, which is the request's number.
fn numbered(sql: &str, place: usize) -> String {
    match sql.split_once(" from ") {
        Some((columns, source)) => format!("{columns}, ${place} from {source}"),
        None => format!("{sql}, ${place}"),
    }
}

/// The head that the first columns of a row say.
fn head(row: &Columns) -> Option<Head> {
    let id = |column| row.bytes(column).and_then(|id| WriteId::try_from(id).ok());
    Some(Head {
        position: Position { turn: row.number::<8>(0)?, write_id: id(1)? },
        revision: row.number::<8>(2)?,
        forgotten: row.number::<8>(3)?,
        format: u32::try_from(row.number::<4>(4)?).ok()?,
        then: id(5),
        clock: row.number::<8>(6)?,
    })
}

/// A page of rows. `None` if it has another form than the function `since` gives it.
fn page(answer: &[Columns]) -> Option<Page> {
    let head = head(answer.first()?)?;
    let mut rows = Vec::with_capacity(answer.len());
    let mut bytes = 0;
    for row in answer {
        let Some(key) = row.bytes(9) else { continue };
        let (key, value) = (key.to_vec(), row.bytes(10).map(<[u8]>::to_vec));
        bytes += key.len() + value.as_ref().map_or(0, Vec::len);
        let table = u8::try_from(row.number::<2>(8)?).ok()?;
        rows.push((row.number::<8>(7)?, PlacedRow { table, key, value }));
    }
    let is_last = rows.len() < PAGE_ROWS && bytes < PAGE_BYTES;
    Some(Page { head, rows, is_last })
}

/// Installs the schema in the database of `url`, or upgrades it. The user of the URL becomes its owner.
///
/// # Errors
/// [`RemoteError::TooNew`] if a newer schema is installed; [`super::Refused::Permission`] if the user may not install it.
pub fn install(url: &ServerUrl, deadline: &Deadline) -> Result<(), RemoteError> {
    Connection::open(url, deadline)?.run(SCHEMA, deadline).map_err(Failure::error)
}

/// Creates a store with its first machine, and its quota in bytes. The user of the URL owns the schema. Returns `false` if
/// the server has a store with this id already.
///
/// # Errors
/// [`RemoteError::NotInstalled`] without the schema; [`super::Refused::Permission`] if the user may not create stores.
pub fn create(
    url: &ServerUrl,
    machine: &Machine,
    label: &[u8],
    max_bytes: u64,
    deadline: &Deadline,
) -> Result<bool, RemoteError> {
    let sql = "select plugin_vault.create($2, sha256($1), $3, $4, $5)";
    let arguments = [
        Value::Bytes(&machine.token),
        Value::Bytes(&machine.store),
        Value::Bytes(label),
        Value::number(max_bytes),
        Value::Integer(FORMAT.cast_signed()),
    ];
    let mut connection = Connection::open(url, deadline)?;
    let rows = connection.call(sql, arguments.iter(), deadline).map_err(Failure::error)?;
    rows.first().and_then(|row| row.is_true(0)).ok_or(RemoteError::Failed)
}
