//! `remote leave`, `keep-server` and `keep-mine`: the store comes back from the server, or one of two histories is chosen
//! after the server has lost commits. Each gives higher numbers than any that a client may remember.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use crate::crypto;
use crate::remote::{self, Credentials, Log as _, PlacedRow, Position, RemoteError, Standing, slot_row};
use crate::rows::{Table, meta};
use crate::store::{Batch, Replacing, Row};

use super::pushing::commit;
use super::rows::{apply, leap, own_rows, renumbered};
use super::{Opened, Shared, SharingError, soon, transfer};
use crate::vault::Vault;

/// A store that is this machine's alone again.
pub struct Left {
    /// The number of its records.
    pub records: u64,
    /// What the server said before the store was taken back; an error if it could not be reached. Commits that this
    /// machine had not seen are missing then.
    pub caught_up: Result<(), RemoteError>,
    /// Whether the server knows that this machine has left.
    pub server_knows: Result<(), RemoteError>,
}

/// What was kept after a server had gone back.
pub struct Kept {
    /// The number of records in the store.
    pub records: u64,
    /// The folder with the tables that this machine had, if they were replaced.
    pub quarantine: Option<PathBuf>,
}

impl Vault {
    /// Makes the replica an ordinary store of this machine. If `destroy` is set, removes the store from the server first,
    /// for all its machines.
    ///
    /// # Errors
    /// If the store is not shared, or can't be changed; with `destroy` also if the server does not answer. The store is
    /// still shared then.
    pub fn leave_server(&self, opened: &Opened, destroy: bool) -> Result<Left, SharingError> {
        let store = opened.store();
        let lock = store.lock()?;
        let mut server = match Shared::of(self.config(), opened) {
            // Without credentials the server can't be told.
            Err(SharingError::NoCredentials | SharingError::Url(_)) if !destroy => None,
            shared => Some(shared?),
        };
        let caught_up = match &mut server {
            Some(shared) => match remote::catch_up(&mut shared.log, &store.snapshot()?, &transfer()) {
                Ok(caught_up) => Ok(apply(store, &lock, caught_up)?),
                Err(remote::NotCaughtUp::Remote(error)) => Err(error),
                Err(error) => return Err(error.into()),
            },
            None => Err(RemoteError::Unreachable),
        };
        if let Some(shared) = server.as_mut().filter(|_| destroy) {
            shared.log.discard(&soon())?;
        }
        let snapshot = store.snapshot()?;
        let (expected, records) = (snapshot.revision()?, snapshot.count(Table::Records)?);
        let revision = leap(expected);
        let mut rows = renumbered(&snapshot, revision)?;
        rows.push(Row { table: Table::Meta, key: meta::REMOTE.to_vec(), value: None });
        // The records of this machine's folders keep their addresses.
        let name = opened.machine_name().as_bytes().to_vec();
        let name = (!name.is_empty()).then_some(name);
        rows.push(Row { table: Table::Meta, key: meta::MACHINE.to_vec(), value: name });
        drop(snapshot);
        store.commit(&lock, &Batch { expected, revision, rows })?;
        drop(lock);
        let server_knows = match &mut server {
            Some(_) if destroy => Ok(()),
            Some(shared) => {
                let own = crypto::token_hash(&shared.credentials.token);
                shared.log.remove(&own, &soon()).map(drop)
            }
            None => Err(RemoteError::Unreachable),
        };
        Credentials::remove(&self.config.keys, &store.id())?;
        remote::forget_protectors(&self.config.keys, &store.id())?;
        self.announce();
        Ok(Left { records, caught_up, server_knows })
    }

    /// Replaces this machine's history by that of a server that went back. The tables of this machine go to quarantine.
    ///
    /// # Errors
    /// [`SharingError::DidNotGoBack`] if there is nothing to choose. The tables are unchanged then.
    pub fn keep_server(&self, opened: Arc<Opened>) -> Result<Kept, SharingError> {
        let mut shared = Shared::of(self.config(), &opened)?;
        let (store, mine) = (opened.store().id(), opened.store().snapshot()?.revision()?);
        let went_back = WentBack::find(&mut shared, &opened)?;
        // Clients remember numbers of the lost commits, and the server would assign them again.
        commit(&mut shared.log, went_back.position, leap(mine.max(went_back.revision)), &[])?;
        let whole = remote::take_whole(&mut shared.log, &transfer())?;
        let records = whole.rows.iter().filter(|row| row.table == Table::Records).count() as u64;
        let mut rows = whole.rows;
        if whole.head.forgotten > 0 {
            let forgotten = whole.head.forgotten.to_be_bytes().to_vec();
            rows.push(Row { table: Table::Meta, key: meta::FORGOTTEN.to_vec(), value: Some(forgotten) });
        }
        rows.push(whole.head.position.row());
        // Only a store that this process has closed can be replaced.
        drop(opened);
        let replacing = Replacing { store, revision: whole.head.revision, rows, slots: whole.slots };
        let quarantine = self.location.replace(replacing)?;
        self.announce();
        Ok(Kept { records, quarantine })
    }

    /// Replaces the history of a server that went back by this machine's, in one commit.
    ///
    /// # Errors
    /// [`SharingError::DidNotGoBack`] if there is nothing to choose. [`SharingError::Unknown`] if the server may have
    /// committed it; the same call finds out.
    pub fn keep_mine(&self, opened: &Opened) -> Result<Kept, SharingError> {
        let store = opened.store();
        let lock = store.lock()?;
        let mut shared = Shared::of(self.config(), opened)?;
        let went_back = WentBack::find(&mut shared, opened)?;
        let theirs = remote::take_whole(&mut shared.log, &transfer())?;
        if theirs.head.position != went_back.position {
            return Err(SharingError::Overtaken);
        }
        let secrets = opened.secrets()?;
        let snapshot = store.snapshot()?;
        let expected = snapshot.revision()?;
        let revision = leap(expected.max(went_back.revision));
        let mut rows = renumbered(&snapshot, revision)?;
        let mut mine = own_rows(store, &secrets, &snapshot, false)?;
        let records = snapshot.count(Table::Records)?;
        drop(snapshot);
        let own: BTreeSet<_> = mine.iter().map(|row| (row.table, row.key.clone())).collect();
        mine.retain(|row| row.table != Table::Meta as u8 || row.key != meta::KEYS_REVISION);
        let number = revision.to_be_bytes().to_vec();
        let (table, key) = (Table::Meta as u8, meta::KEYS_REVISION.to_vec());
        mine.push(PlacedRow { table, key, value: Some(number) });
        let there = theirs.rows.iter().map(|row| (row.table as u8, row.key.clone()));
        let slots = theirs.slots.iter().map(|(slot, _)| slot_row(slot, None)).map(|row| (row.table, row.key));
        let gone = there.chain(slots).filter(|row| !own.contains(row));
        mine.extend(gone.map(|(table, key)| PlacedRow { table, key, value: None }));
        let position = commit(&mut shared.log, went_back.position, revision, &mine).map_err(unknown)?;
        rows.push(position.row());
        store.commit(&lock, &Batch { expected, revision, rows })?;
        drop(lock);
        self.announce();
        Ok(Kept { records, quarantine: None })
    }
}

fn unknown(error: SharingError) -> SharingError {
    if error == RemoteError::Unanswered.into() { SharingError::Unknown } else { error }
}

/// The head of a server that went back.
struct WentBack {
    position: Position,
    revision: u64,
}

impl WentBack {
    fn find(shared: &mut Shared, opened: &Opened) -> Result<Self, SharingError> {
        let mine = opened.position()?;
        let head = shared.log.head(mine.turn, &soon())?;
        if opened.standing(&mine, &head)? != Standing::Ahead {
            return Err(SharingError::DidNotGoBack);
        }
        Ok(Self { position: head.position, revision: head.revision })
    }
}
