//! Messages of PostgreSQL's protocol: the values of a call, the columns of an answer, the codes of errors.

use bytes::{BufMut, Bytes, BytesMut};
use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::{DataRowBody, ErrorResponseBody};

use crate::remote::{PlacedRow, Refused, RemoteError};

/// The numbers of PostgreSQL's types.
const BYTEA: u32 = 17;
const INT8: u32 = 20;
const INT2: u32 = 21;
const INT4: u32 = 23;
const INT2_ARRAY: u32 = 1005;
const BYTEA_ARRAY: u32 = 1001;

/// One argument of a call.
#[derive(Clone, Copy)]
pub(super) enum Value<'v> {
    Small(i16),
    Integer(i32),
    Large(i64),
    Bytes(&'v [u8]),
    /// The numbers of the rows' tables, as an array.
    Tables(&'v [PlacedRow]),
    /// The rows' keys, as an array.
    Keys(&'v [PlacedRow]),
    /// The rows' values, as an array with nulls.
    Values(&'v [PlacedRow]),
}

impl Value<'_> {
    /// A turn, a revision or a number of bytes. These are far below the largest number of PostgreSQL.
    pub(super) fn number(number: u64) -> Self {
        Self::Large(i64::try_from(number).unwrap_or(i64::MAX))
    }

    pub(super) fn type_number(&self) -> u32 {
        match self {
            Self::Small(_) => INT2,
            Self::Integer(_) => INT4,
            Self::Large(_) => INT8,
            Self::Bytes(_) => BYTEA,
            Self::Tables(_) => INT2_ARRAY,
            Self::Keys(_) | Self::Values(_) => BYTEA_ARRAY,
        }
    }

    /// Writes the value in PostgreSQL's binary form.
    pub(super) fn write(&self, out: &mut BytesMut) {
        match self {
            Self::Small(number) => out.put_i16(*number),
            Self::Integer(number) => out.put_i32(*number),
            Self::Large(number) => out.put_i64(*number),
            Self::Bytes(bytes) => out.put_slice(bytes),
            Self::Tables(rows) => {
                let tables: Vec<_> = rows.iter().map(|row| i16::from(row.table).to_be_bytes()).collect();
                write_array(INT2, tables.iter().map(|table| Some(table.as_slice())), out);
            }
            Self::Keys(rows) => write_array(BYTEA, rows.iter().map(|row| Some(row.key.as_slice())), out),
            Self::Values(rows) => write_array(BYTEA, rows.iter().map(|row| row.value.as_deref()), out),
        }
    }
}

/// An array of one dimension that begins at 1; an array without elements has no dimension.
fn write_array<'e>(
    type_number: u32,
    elements: impl ExactSizeIterator<Item = Option<&'e [u8]>>,
    out: &mut BytesMut,
) {
    let count = length(elements.len());
    out.put_i32((count > 0).into());
    // The flag for nulls is only a hint.
    out.put_i32(1);
    out.put_u32(type_number);
    if count > 0 {
        out.put_i32(count);
        out.put_i32(1);
    }
    for element in elements {
        match element {
            Some(element) => {
                out.put_i32(length(element.len()));
                out.put_slice(element);
            }
            None => out.put_i32(-1),
        }
    }
}

fn length(length: usize) -> i32 {
    i32::try_from(length).expect("a commit is smaller than 2 GiB")
}

/// One row of an answer.
pub(super) struct Columns(Vec<Option<Bytes>>);

impl Columns {
    /// The columns of a row; `None` if the message has another form.
    pub(super) fn parse(body: &DataRowBody) -> Option<Self> {
        let bytes = body.buffer_bytes();
        let columns = body.ranges().map(|range| Ok(range.map(|range| bytes.slice(range)))).collect();
        columns.ok().map(Self)
    }

    /// A column's bytes; `None` if it is null, or not there.
    pub(super) fn bytes(&self, column: usize) -> Option<&[u8]> {
        self.0.get(column)?.as_deref()
    }

    /// A column with a number of `LENGTH` bytes that is not negative.
    pub(super) fn number<const LENGTH: usize>(&self, column: usize) -> Option<u64> {
        let bytes: [u8; LENGTH] = self.bytes(column)?.try_into().ok()?;
        let is_negative = bytes[0] >= 0x80;
        (!is_negative).then(|| bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// The number in the last column.
    pub(super) fn last_number(&self) -> Option<u64> {
        self.number::<8>(self.0.len().checked_sub(1)?)
    }

    /// A column with a truth value.
    pub(super) fn is_true(&self, column: usize) -> Option<bool> {
        Some(self.bytes(column)? == [1])
    }
}

/// Why a call has no rows as its answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Failure {
    /// The server has answered with an error and done nothing. The connection can be used further.
    Answered(RemoteError),
    /// The connection has failed, or the server has, and what it did is not known.
    Broken,
}

impl Failure {
    pub(super) fn error(self) -> RemoteError {
        match self {
            Self::Answered(error) => error,
            Self::Broken => RemoteError::Unanswered,
        }
    }

    /// What an error of the server means for a call.
    pub(super) fn of(body: &ErrorResponseBody) -> Self {
        let code = code(body);
        match &code {
            b"PV001" => Self::Answered(RemoteError::Refused(Refused::Machine)),
            // The quota, or the server's disk.
            b"PV002" | b"53100" => Self::Answered(RemoteError::Full),
            b"PV003" => Self::Answered(RemoteError::TooNew),
            // A schema, a function or a table that is not there.
            b"3F000" | b"42883" | b"42P01" => Self::Answered(RemoteError::NotInstalled),
            b"42501" => Self::Answered(RemoteError::Refused(Refused::Permission)),
            // The server ends the connection, or the transaction met another one: the same call may succeed.
            [b'5', b'7', ..] | [b'0', b'8', ..] | [b'4', b'0', ..] => Self::Broken,
            // The server reads only at this moment, since it is a standby.
            b"25006" => Self::Answered(RemoteError::Unreachable),
            _ => {
                let code = String::from_utf8_lossy(&code).into_owned();
                tracing::warn!(code, "the server refused a call with an error of PostgreSQL");
                Self::Answered(RemoteError::Failed)
            }
        }
    }
}

/// What an error of the server means while a connection is made. Nothing was asked for yet.
pub(super) fn not_connected(body: &ErrorResponseBody) -> RemoteError {
    match &code(body) {
        // Wrong user, password, or no right to connect; no such database.
        [b'2', b'8', ..] | b"3D000" | b"42501" => RemoteError::Refused(Refused::Login),
        _ => RemoteError::Unreachable,
    }
}

/// The five characters that say which error it is.
fn code(body: &ErrorResponseBody) -> [u8; 5] {
    let mut fields = body.fields();
    while let Ok(Some(field)) = fields.next() {
        if field.type_() == b'C' {
            return field.value_bytes().try_into().unwrap_or_default();
        }
    }
    [0; 5]
}
