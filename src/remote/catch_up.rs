//! What a replica lacks, as one commit for it. Rows only move forward in the log, so pages of different moments make
//! exactly the state of the last page's head.

use std::collections::BTreeMap;

use crate::limits;
use crate::rows::{Id, Table, meta};
use crate::store::{Batch, FORMAT, Row, Snapshot, StoreError};

use super::log::{Head, Log, Page, PlacedRow};
use super::position::{SLOTS, Standing, is_shared};
use super::{Deadline, Position, RemoteError};

/// The longest key of a row.
const KEY: usize = 511;
/// Sorts behind every row of a commit.
const END_OF_TURN: (u8, &[u8]) = (u8::MAX, &[]);

/// The way from what a replica holds to the head of the log.
pub struct CaughtUp {
    /// The head that the replica reaches.
    pub head: Head,
    /// The commit that brings it there; `None` if it is there already.
    pub batch: Option<Batch>,
    /// Slots to write before that commit, and slots (`None`) to overwrite after it.
    pub slots: Vec<(Id, Option<Vec<u8>>)>,
}

/// The reason why a replica could not be brought to the head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotCaughtUp {
    /// The server.
    Remote(RemoteError),
    /// The replica.
    Store(StoreError),
}

impl From<RemoteError> for NotCaughtUp {
    fn from(error: RemoteError) -> Self {
        Self::Remote(error)
    }
}

impl From<StoreError> for NotCaughtUp {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Where the replica stands, by its own row.
///
/// # Errors
/// [`StoreError::Damaged`] if the row is not one of this program.
pub fn position(replica: &Snapshot<'_>) -> Result<Position, StoreError> {
    match replica.get(Table::Meta, meta::REMOTE)? {
        Some(row) => Position::decode(row).ok_or(StoreError::Damaged),
        None => Ok(Position::default()),
    }
}

/// Whether the store is a replica of a shared one.
///
/// # Errors
/// If the row can't be read.
pub fn is_replica(store: &Snapshot<'_>) -> Result<bool, StoreError> {
    Ok(store.get(Table::Meta, meta::REMOTE)?.is_some())
}

/// Everything that the log has at one moment.
pub struct Whole {
    /// The head at that moment.
    pub head: Head,
    /// The rows, in the order of their tables and keys.
    pub rows: Vec<Row>,
    /// The slots, as [`crate::store::Store::put_slot`] takes them.
    pub slots: Vec<(Id, Vec<u8>)>,
}

/// Reads the whole log, whatever a replica holds.
///
/// # Errors
/// If the server does not answer, or refuses.
pub fn take_whole(log: &mut impl Log, deadline: &Deadline) -> Result<Whole, RemoteError> {
    // A store that nothing was committed to has no rows.
    let Some(Read { head, rows, .. }) = read(log, Position::default(), deadline)? else {
        let head = log.head(0, deadline)?;
        return Ok(Whole { head, rows: Vec::new(), slots: Vec::new() });
    };
    let (mut kept, mut slots) = (Vec::new(), Vec::new());
    for ((number, key), value) in rows {
        let Some(value) = value else { continue };
        // An earlier page may have notices that the server has forgotten since.
        if number == Table::Changes as u8 && key.as_slice() <= head.forgotten.to_be_bytes().as_slice() {
            continue;
        }
        match table(number) {
            Some(table) => kept.push(Row { table, key, value: Some(value) }),
            None => slots.push((key.as_slice().try_into().map_err(|_| RemoteError::Failed)?, value)),
        }
    }
    Ok(Whole { head, rows: kept, slots })
}

/// Reads what the replica lacks. Changes nothing in the replica.
///
/// # Errors
/// [`RemoteError::WentBack`] if the replica has commits that the server has not. Otherwise the error of the server or
/// of the replica.
pub fn catch_up(
    log: &mut (impl Log + ?Sized),
    replica: &Snapshot<'_>,
    deadline: &Deadline,
) -> Result<CaughtUp, NotCaughtUp> {
    let (mine, revision) = (position(replica)?, replica.revision()?);
    let Some(read) = read(log, mine, deadline)? else {
        let head = log.head(mine.turn, deadline)?;
        return Ok(CaughtUp { head, batch: None, slots: Vec::new() });
    };
    let Read { head, mut rows, is_whole } = read;
    // An earlier page may have notices that the server has forgotten since.
    let forgotten = head.forgotten.to_be_bytes();
    rows.retain(|(table, key), _| *table != Table::Changes as u8 || key.as_slice() > forgotten.as_slice());
    let mut slots = Vec::new();
    rows.retain(|(table, key), value| {
        let slot = (*table == SLOTS).then(|| key.as_slice().try_into().ok()).flatten();
        slots.extend(slot.map(|slot: Id| (slot, value.take())));
        slot.is_none()
    });
    let mut changed = Vec::new();
    if is_whole {
        add_removed(replica, &rows, &mut changed)?;
    }
    for ((number, key), value) in rows {
        let table = table(number).ok_or(RemoteError::Failed)?;
        changed.push(Row { table, key, value });
    }
    if is_whole || revision < head.forgotten {
        forget_changes(replica, head.forgotten, &mut changed)?;
    }
    changed.push(head.position.row());
    // A repair of this machine has given the replica a higher revision than the server has.
    let batch = Batch { expected: revision, revision: head.revision.max(revision), rows: changed };
    Ok(CaughtUp { head, batch: Some(batch), slots })
}

/// The rows of all pages: by table and key, the newest value.
type Rows = BTreeMap<(u8, Vec<u8>), Option<Vec<u8>>>;

struct Read {
    head: Head,
    rows: Rows,
    /// Whether these are all rows of the store, and not only those that have changed.
    is_whole: bool,
}

/// Reads pages until the head of the last one; `None` if the replica is at the head.
fn read(
    log: &mut (impl Log + ?Sized),
    mine: Position,
    deadline: &Deadline,
) -> Result<Option<Read>, RemoteError> {
    // The commit that each page has to continue: the replica's, or, if everything is read, the head of the first page.
    let mut known = Some(mine);
    let mut is_whole = false;
    let mut rows = Rows::new();
    let (mut turn, mut place) = (mine.turn, (END_OF_TURN.0, END_OF_TURN.1.to_vec()));
    loop {
        let at = known.map_or(0, |known| known.turn);
        let Page { head, rows: page, is_last } = log.since(at, (turn, place.0, &place.1), deadline)?;
        if head.format > FORMAT {
            return Err(RemoteError::TooNew);
        }
        if head.revision > limits::REVISION {
            return Err(RemoteError::Failed);
        }
        match known.map(|known| known.standing(&head)) {
            Some(Standing::Ahead) => return Err(RemoteError::WentBack),
            Some(Standing::AtHead) if !is_whole => return Ok(None),
            Some(Standing::FarBehind) => {
                // What is gone may be forgotten by now, so everything is read.
                (known, is_whole, turn, place) = (None, true, 0, (0, Vec::new()));
                rows.clear();
                continue;
            }
            Some(Standing::AtHead | Standing::Behind) => {}
            None => known = Some(head.position),
        }
        for (written, row) in page {
            if (written, row.table, &row.key) <= (turn, place.0, &place.1) || !is_valid(&row) {
                return Err(RemoteError::Failed);
            }
            (turn, place) = (written, (row.table, row.key.clone()));
            rows.insert((row.table, row.key), row.value);
        }
        if is_last {
            return Ok(Some(Read { head, rows, is_whole }));
        }
        if deadline.is_over() {
            return Err(RemoteError::Unreachable);
        }
    }
}

/// The table with this number.
fn table(number: u8) -> Option<Table> {
    Table::ALL.into_iter().find(|table| *table as u8 == number)
}

/// Whether a replica may take a row: the server is not trusted to send only rows that a machine has written.
fn is_valid(row: &PlacedRow) -> bool {
    match table(row.table) {
        Some(table) => {
            let length = row.key.len();
            let fits = table.key_length().map_or((1..=KEY).contains(&length), |it| it == length);
            // The store's check would take another value for damage of the file.
            let is_counter = || row.value.as_deref().is_some_and(|value| meta::counter(value).is_some());
            fits && is_shared(table, &row.key) && (!is_keys_revision(table, &row.key) || is_counter())
        }
        None => row.table == SLOTS && row.key.len() == size_of::<Id>(),
    }
}

/// Whether it is the row that every store has.
fn is_keys_revision(table: Table, key: &[u8]) -> bool {
    table == Table::Meta && key == meta::KEYS_REVISION
}

/// The rows of the replica that the log does not have.
fn add_removed(replica: &Snapshot<'_>, rows: &Rows, removed: &mut Vec<Row>) -> Result<(), StoreError> {
    for table in Table::ALL {
        replica.scan(table, &[], |key, _| {
            let is_missing = !rows.contains_key(&(table as u8, key.to_vec()));
            if is_missing && is_shared(table, key) && !is_keys_revision(table, key) {
                removed.push(Row { table, key: key.to_vec(), value: None });
            }
        })?;
    }
    Ok(())
}

/// Removes the change notices behind which others are missing, so that a watcher knows it.
fn forget_changes(replica: &Snapshot<'_>, forgotten: u64, rows: &mut Vec<Row>) -> Result<(), StoreError> {
    if forgotten == 0 {
        return Ok(());
    }
    let forgotten = forgotten.to_be_bytes();
    replica.scan(Table::Changes, &[], |key, _| {
        if key <= forgotten.as_slice() {
            rows.push(Row { table: Table::Changes, key: key.to_vec(), value: None });
        }
    })?;
    rows.push(Row { table: Table::Meta, key: meta::FORGOTTEN.to_vec(), value: Some(forgotten.to_vec()) });
    Ok(())
}

#[cfg(test)]
mod tests;
