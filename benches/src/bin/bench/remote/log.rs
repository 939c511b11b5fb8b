//! Commits to the log of a shared store, and plain statements with the same bytes.

use std::error::Error;
use std::time::{Duration, Instant};

use crate::floor::{CHANGE, record_length};
use crate::postgres::{Argument, Postgres};

use crate::Done;
use crate::proc::processor_time;

use super::Connection;

const STORE: [u8; 16] = [9; 16];
const TOKEN: [u8; 32] = [9; 32];
/// The numbers of the tables in `docs/format.md`.
const RECORDS_TABLE: i16 = 3;
const CHANGES_TABLE: i16 = 5;

/// How long each of some calls took, and how much processor time the server used for all of them.
#[derive(Default)]
pub(super) struct Calls {
    pub(super) took: Vec<Duration>,
    processor: f64,
}

impl Calls {
    /// Makes `count` calls, which the process `server` serves.
    fn make(count: usize, server: u32, mut call: impl FnMut() -> Done) -> Result<Self, Box<dyn Error>> {
        let mut took = Vec::with_capacity(count);
        let before = processor_time(server)?;
        for _ in 0..count {
            let began = Instant::now();
            call()?;
            took.push(began.elapsed());
        }
        Ok(Self { took, processor: processor_time(server)? - before })
    }

    pub(super) fn extend(&mut self, others: Self) {
        self.took.extend(others.took);
        self.processor += others.processor;
    }

    /// The server's processor time for a call, in microseconds.
    pub(super) fn processor(&self) -> f64 {
        self.processor / self.took.len() as f64
    }
}

/// The key of a record is anywhere in its table.
fn key(record: u64) -> [u8; 32] {
    let mut key = [0; 32];
    key[16..24].copy_from_slice(&record.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
    key
}

/// Like a sealed value, the value differs at each write.
fn value(length: usize, number: u64) -> Vec<u8> {
    let mut value = vec![0; length];
    value[..8].copy_from_slice(&number.to_be_bytes());
    value
}

/// A store on the server to which this program commits by itself.
pub(super) struct Commits {
    connection: Connection,
    process: u32,
    records: u64,
    length: usize,
    turn: u64,
    write_id: [u8; 16],
    revision: u64,
}

impl Commits {
    /// A store of its own in a database that has the schema, with `records` records.
    pub(super) fn create(
        server: &Postgres,
        database: &str,
        records: u64,
        bytes: usize,
    ) -> Result<Self, Box<dyn Error>> {
        let mut connection = server.connect(database)?;
        let own = [Argument::bytes(&STORE), Argument::bytes(&TOKEN)];
        connection.call("select plugin_vault.create($1, sha256($2), '', 1 << 30, 1)", &own)?;
        let length = record_length(bytes);
        let process = connection.process()?;
        let mut commits =
            Self { connection, process, records, length, turn: 0, write_id: [0; 16], revision: 0 };
        // So many that from now on each commit drops an old notice of a change, as those of a store in use do.
        commits.append(&(0..records.max(1_000)).map(|record| record % records).collect::<Vec<_>>())?;
        // The server's plans for a connection depend on the calls that it has seen there.
        commits.connection = server.connect(database)?;
        commits.process = commits.connection.process()?;
        Ok(commits)
    }

    pub(super) fn appends(&mut self, count: usize) -> Result<Calls, Box<dyn Error>> {
        Calls::make(count, self.process, || self.append(&[self.turn % self.records]))
    }

    fn append(&mut self, records: &[u64]) -> Done {
        let (mut tables, mut rows) = (Vec::new(), Vec::new());
        for record in records {
            self.revision += 1;
            tables.extend([RECORDS_TABLE, CHANGES_TABLE]);
            rows.push((key(*record).to_vec(), value(self.length, self.revision)));
            rows.push((self.revision.to_be_bytes().to_vec(), value(CHANGE, self.revision)));
        }
        let write_id = u128::from(self.turn + 1).to_be_bytes();
        let arguments = [
            Argument::bytes(&TOKEN),
            Argument::bytes(&STORE),
            Argument::number(self.turn),
            Argument::bytes(&self.write_id),
            Argument::bytes(&write_id),
            Argument::number(self.revision),
            Argument::small_numbers(&tables),
            Argument::byte_strings(rows.iter().map(|(key, _)| key.as_slice())),
            Argument::byte_strings(rows.iter().map(|(_, value)| value.as_slice())),
        ];
        let sql = "select outcome from plugin_vault.append($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        if self.connection.call(sql, &arguments)? != [0; 4] {
            return Err("a commit has failed".into());
        }
        (self.turn, self.write_id) = (self.turn + 1, write_id);
        Ok(())
    }

    pub(super) fn heads(&mut self, count: usize) -> Result<Calls, Box<dyn Error>> {
        let sql = "select turn, write_id, revision, forgotten, format, then_id, clock from plugin_vault.head($1, $2, $3)";
        let arguments = [Argument::bytes(&TOKEN), Argument::bytes(&STORE), Argument::number(self.turn)];
        Calls::make(count, self.process, || match self.connection.call(sql, &arguments)?.len() {
            8 => Ok(()),
            _ => Err("the head has not come".into()),
        })
    }
}

/// A plain table with rows of the same lengths.
pub(super) struct Plain {
    connection: Connection,
    process: u32,
    records: u64,
    length: usize,
    next: u64,
}

impl Plain {
    pub(super) fn create(
        mut connection: Connection,
        records: u64,
        bytes: usize,
    ) -> Result<Self, Box<dyn Error>> {
        connection.run("create table plain (key bytea primary key, value bytea not null)")?;
        connection.run("alter table plain alter column value set storage external")?;
        let process = connection.process()?;
        let mut plain = Self { connection, process, records, length: record_length(bytes), next: 0 };
        for _ in 0..records {
            plain.insert()?;
        }
        Ok(plain)
    }

    pub(super) fn inserts(&mut self, count: usize) -> Result<Calls, Box<dyn Error>> {
        Calls::make(count, self.process, || self.insert())
    }

    fn insert(&mut self) -> Done {
        self.next += 1;
        let arguments = [
            Argument::bytes(&key(self.next)),
            Argument::bytes(&value(self.length, self.next)),
            Argument::bytes(&self.next.to_be_bytes()),
            Argument::bytes(&value(CHANGE, self.next)),
        ];
        self.connection.call("insert into plain values ($1, $2), ($3, $4)", &arguments).map(drop)
    }

    pub(super) fn selects(&mut self, count: usize) -> Result<Calls, Box<dyn Error>> {
        let mut record = 0;
        Calls::make(count, self.process, || {
            record = record % self.records + 1;
            let found = self
                .connection
                .call("select value from plain where key = $1", &[Argument::bytes(&key(record))])?;
            if found.len() == self.length { Ok(()) } else { Err("a row is not there".into()) }
        })
    }
}
