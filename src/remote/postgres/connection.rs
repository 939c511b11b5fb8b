//! One connection to a server: messages, and one unnamed statement at a time.

use std::io;

use bytes::BytesMut;
use postgres_protocol::IsNull;
use postgres_protocol::message::backend::{Header, Message};
use postgres_protocol::message::frontend::{self, BindError};

use crate::remote::{Deadline, RemoteError};

use super::ServerUrl;
use super::message::{Columns, Failure, Value};
use super::stream::Stream;

mod login;

/// The longest message of a server: a page with one row of the largest size.
const LONGEST: i32 = 64 << 20;

/// A connection on which the server waits for a statement.
pub(super) struct Connection {
    stream: Stream,
    input: BytesMut,
}

impl Connection {
    /// Connects and logs in.
    pub(super) fn open(url: &ServerUrl, deadline: &Deadline) -> Result<Self, RemoteError> {
        let mut connection = Self { stream: Stream::open(url, deadline)?, input: BytesMut::new() };
        login::log_in(&mut connection, url, deadline)?;
        Ok(connection)
    }

    /// Whether the connection can be used for another request, as far as this side knows.
    pub(super) fn rests(&self) -> bool {
        self.input.is_empty() && self.stream.rests()
    }

    pub(super) fn is_tls(&self) -> bool {
        self.stream.is_tls()
    }

    /// Sends a message of the login.
    pub(super) fn write(
        &mut self,
        message: impl FnOnce(&mut BytesMut) -> io::Result<()>,
        deadline: &Deadline,
    ) -> Result<(), RemoteError> {
        let mut out = BytesMut::new();
        message(&mut out).map_err(|_| RemoteError::Failed)?;
        self.stream.send(&out, deadline).map_err(|_| RemoteError::Unreachable)
    }

    /// The next message of the login.
    pub(super) fn next(&mut self, deadline: &Deadline) -> Result<Message, RemoteError> {
        self.receive(deadline).map_err(|_| RemoteError::Unreachable)
    }

    fn receive(&mut self, deadline: &Deadline) -> io::Result<Message> {
        loop {
            // The parser makes room for the length that the server says.
            if Header::parse(&self.input)?.is_some_and(|header| header.len() > LONGEST) {
                return Err(io::ErrorKind::InvalidData.into());
            }
            if let Some(message) = Message::parse(&mut self.input)? {
                return Ok(message);
            }
            self.stream.receive(&mut self.input, deadline)?;
        }
    }

    /// Runs one statement with its arguments, and returns the rows of its answer.
    pub(super) fn call<'v>(
        &mut self,
        sql: &str,
        arguments: impl Iterator<Item = &'v Value<'v>> + Clone,
        deadline: &Deadline,
    ) -> Result<Vec<Columns>, Failure> {
        let mut out = BytesMut::new();
        written(sql, arguments, &mut out).map_err(|_| Failure::Answered(RemoteError::Failed))?;
        self.answered(&out, deadline)
    }

    /// Runs statements without arguments, all of them or none.
    pub(super) fn run(&mut self, sql: &str, deadline: &Deadline) -> Result<(), Failure> {
        let mut out = BytesMut::new();
        frontend::query(sql, &mut out).map_err(|_| Failure::Answered(RemoteError::Failed))?;
        self.answered(&out, deadline).map(drop)
    }

    /// Sends a request, and reads until the server waits for the next one.
    fn answered(&mut self, request: &[u8], deadline: &Deadline) -> Result<Vec<Columns>, Failure> {
        let broken = |_| Failure::Broken;
        self.stream.send(request, deadline).map_err(broken)?;
        let (mut rows, mut failure) = (Vec::new(), None);
        loop {
            match self.receive(deadline).map_err(broken)? {
                Message::DataRow(body) => rows.push(Columns::parse(&body).ok_or(Failure::Broken)?),
                Message::ErrorResponse(body) => failure = Some(Failure::of(&body)),
                Message::ReadyForQuery(_) => return failure.map_or(Ok(rows), Err),
                _ => {}
            }
        }
    }
}

/// One unnamed statement: what it is, its arguments, and the end, as one message after another.
fn written<'v>(
    sql: &str,
    arguments: impl Iterator<Item = &'v Value<'v>> + Clone,
    out: &mut BytesMut,
) -> io::Result<()> {
    const BINARY: i16 = 1;
    frontend::parse("", sql, arguments.clone().map(Value::type_number), out)?;
    let value = |value: &Value<'_>, out: &mut BytesMut| {
        value.write(out);
        Ok(IsNull::No)
    };
    frontend::bind("", "", [BINARY], arguments, value, [BINARY], out).map_err(|error| match error {
        BindError::Conversion(_) => io::ErrorKind::InvalidData.into(),
        BindError::Serialization(error) => error,
    })?;
    frontend::execute("", 0, out)?;
    frontend::sync(out);
    Ok(())
}
