//! Opening a store. A damaged store is repaired while every other process has it closed, and opened again. If there is
//! no store, a new one is created.

use crate::rows::Id;

use super::folder::Folder;
use super::lmdb::enter::Entered;
use super::lmdb::open::LmdbStore;
use super::lmdb::this_process::ThisProcess;
use super::{ProtectorRow, Row, StoreError};

/// The initial content of a new store. It is requested only if there is no store.
pub trait NewStore {
    /// The reason why no store could be opened.
    type Error: From<StoreError>;

    /// Checks whether a store may be created, before anything is.
    ///
    /// # Errors
    /// The reason why not.
    fn may_be_made(&self) -> Result<(), Self::Error>;

    /// Returns its identity, the protector that opens it, and its first rows.
    ///
    /// # Errors
    /// The reason why there is no content.
    fn begin(&self) -> Result<(Id, ProtectorRow, Vec<Row>), Self::Error>;
}

/// The reason why a store was not opened: an error of the store, or of [`NewStore`].
enum NotOpened<E> {
    Store(StoreError),
    New(E),
}

impl<E: From<StoreError>> NotOpened<E> {
    fn error(self) -> E {
        match self {
            Self::Store(error) => error.into(),
            Self::New(error) => error,
        }
    }
}

impl<E, S: Into<StoreError>> From<S> for NotOpened<E> {
    fn from(error: S) -> Self {
        Self::Store(error.into())
    }
}

/// See [`super::Location::open`]. Also returns whether the store was repaired.
pub(super) fn open<N: NewStore + ?Sized>(
    folder: &Folder,
    this_process: &ThisProcess,
    limit: u64,
    now: fn() -> u64,
    new: Option<&N>,
) -> Result<Option<(LmdbStore, bool)>, N::Error> {
    let (inner, was_repaired) = match open_once(folder, this_process, limit, new) {
        Err(NotOpened::Store(StoreError::Damaged)) => {
            let was_repaired = repair(folder, now)?;
            (open_once(folder, this_process, limit, new).map_err(NotOpened::error)?, was_repaired)
        }
        opened => (opened.map_err(NotOpened::error)?, false),
    };
    let Some(inner) = inner else { return Ok(None) };
    // Ensures a backup with the new numbers: an older backup would have them assigned again.
    if was_repaired && let Err(error) = inner.back_up() {
        tracing::warn!(?error, "there is no backup yet of the repaired store");
    }
    // Before anything is read, what another process had begun to destroy before it ended is destroyed.
    if folder.finish_removals().is_err() {
        tracing::error!(
            "a removed protector could not be overwritten; it is tried again at the next opening"
        );
    }
    Ok(Some((inner, was_repaired)))
}

/// Repairs the store. Returns false if another process has already done it.
fn repair(folder: &Folder, now: fn() -> u64) -> Result<bool, StoreError> {
    if folder.protectors()?.is_empty() {
        let path = folder.path().display();
        tracing::error!(
            "the store in '{path}' has no whole protector file, so nothing opens it; run: plugin-vault restore \
             with a backup of yours, or plugin-vault reset, which puts the store aside"
        );
        return Err(StoreError::NoProtector);
    }
    let alone = folder.alone()?;
    Ok(folder.repair(&alone, now())?.is_some())
}

fn open_once<N: NewStore + ?Sized>(
    folder: &Folder,
    this_process: &ThisProcess,
    limit: u64,
    new: Option<&N>,
) -> Result<Option<LmdbStore>, NotOpened<N::Error>> {
    loop {
        if !folder.has_remains()? {
            let Some(new) = new else { return Ok(None) };
            new.may_be_made().map_err(NotOpened::New)?;
        }
        match folder.enter()? {
            Entered::Store(present) => {
                let dead = this_process.begin(folder)?;
                let store = LmdbStore::open(present, limit, this_process.ended(&dead))?;
                this_process.trust(dead);
                return Ok(Some(store));
            }
            Entered::Empty(creation) => {
                // The remains that were found a moment ago are gone.
                let Some(new) = new else { return Ok(None) };
                let (id, protector, rows) = new.begin().map_err(NotOpened::New)?;
                creation.finish(id, &protector, rows)?;
            }
        }
    }
}
