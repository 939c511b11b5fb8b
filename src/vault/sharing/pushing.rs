//! `remote push`: the store moves to a server. It counts as shared with the last step alone, a commit on this machine.

use zeroize::Zeroizing;

use crate::crypto::{self, StoreId};
use crate::remote::{
    self, Appended, Commit, Credentials, Machine, PlacedRow, Position, PostgresLog, RemoteError,
};
use crate::rows::Table;
use crate::store::{Batch, CommitError};

use super::rows::{KEPT, own_rows, removed_leases};
use super::{Config, Opened, Server, SharingError, soon, transfer};
use crate::vault::Vault;

/// Bytes of rows in one commit of a push.
const PAGE: usize = 4 << 20;

/// A store that was moved to a server.
pub struct Pushed {
    /// The id of the store.
    pub store: String,
    /// The number of its records.
    pub records: u64,
    /// Bytes of the rows that were sent.
    pub bytes: u64,
}

impl Vault {
    /// Moves the store to a server, under the store's lock. This machine keeps its name in addresses, which is empty unless
    /// the store was shared before.
    ///
    /// # Errors
    /// If the store is not shared then. What was made on the server is removed again, if the server can be reached.
    pub fn push(&self, opened: &Opened, server: &Server, offline_days: u32) -> Result<Pushed, SharingError> {
        let store = opened.store();
        let lock = store.lock()?;
        let snapshot = store.snapshot()?;
        if remote::is_replica(&snapshot)? {
            Credentials::remove_unfinished(&self.config.keys, &store.id())?;
            return Err(SharingError::AlreadyShared);
        }
        let secrets = opened.secrets()?;
        let (revision, forgotten) = (snapshot.revision()?, snapshot.forgotten_changes()?);
        let rows = own_rows(store, &secrets, &snapshot, true)?;
        let mut local = removed_leases(&snapshot)?;
        let records = snapshot.count(Table::Records)?;
        drop(snapshot);

        discard_unfinished(self.config(), opened);
        let token = Zeroizing::new(crypto::random::<32>());
        let name = opened.machine_name();
        let label = secrets.keys.seal_machine_label(&crypto::token_hash(&token), name.as_bytes());
        let (url, machine) = (server.text.clone(), name.to_string());
        let credentials = Credentials { url, token: *token, machine, offline_days };
        let mut log = self.created(server, opened, &credentials, &label)?;
        let shared = send(&mut log, &rows, revision, forgotten).and_then(|position| {
            credentials.save(&self.config.keys, &store.id())?;
            local.push(position.row());
            Ok(store.commit(&lock, &Batch { expected: revision, revision, rows: local })?)
        });
        match shared {
            // The row may be there, so the server must keep the store.
            Err(error) if error == CommitError::Unknown.into() => return Err(error),
            Err(error) => {
                take_back(&mut log, self.config(), opened, &credentials);
                return Err(error);
            }
            Ok(()) => {}
        }
        drop(lock);
        Credentials::remove_unfinished(&self.config.keys, &store.id())?;
        self.announce();
        let bytes =
            rows.iter().map(|row| row.key.len() + row.value.as_ref().map_or(0, Vec::len)).sum::<usize>();
        Ok(Pushed { store: StoreId(store.id()).to_text(), records, bytes: bytes as u64 })
    }
}

impl Vault {
    /// Creates the store on the server. The credentials are saved first, apart, so that the next push can clear up what
    /// one that was killed has left on the server.
    fn created(
        &self,
        server: &Server,
        opened: &Opened,
        credentials: &Credentials,
        label: &[u8],
    ) -> Result<PostgresLog, SharingError> {
        let (keys, store) = (&self.config.keys, opened.store().id());
        let machine = || Machine { store, token: credentials.token };
        credentials.save_unfinished(keys, &store)?;
        let mut log = PostgresLog::new(server.url.clone(), machine());
        let created = remote::create(&server.url, &machine(), label, crate::limits::SHARED_BYTES, &soon());
        match created {
            Ok(true) => return Ok(log),
            Err(RemoteError::Unanswered) => take_back(&mut log, self.config(), opened, credentials),
            Ok(false) | Err(_) => Credentials::remove_unfinished(keys, &store)?,
        }
        Err(created.map_or_else(SharingError::from, |_| SharingError::OnServer))
    }
}

/// Removes from the server what a push has left there that was killed.
fn discard_unfinished(config: &Config, opened: &Opened) {
    let store = opened.store().id();
    if let Ok(Some(left)) = Credentials::load_unfinished(&config.keys, &store)
        && let Ok(mut log) = left.log(store)
    {
        // If this fails, the server says that the store is there, and nothing is lost.
        let _ = log.discard(&soon());
    }
}

/// Sends all rows to a store that has none, and returns its head.
fn send(
    log: &mut PostgresLog,
    rows: &[PlacedRow],
    revision: u64,
    forgotten: u64,
) -> Result<Position, SharingError> {
    let mut position = Position::default();
    if forgotten > revision.saturating_sub(KEPT) {
        // The server derives from a revision up to which one notices are forgotten.
        position = commit(log, position, forgotten.saturating_add(KEPT), &[])?;
    }
    let mut rest = rows;
    while !rest.is_empty() {
        let (page, others) = rest.split_at(page_length(rest));
        position = commit(log, position, revision, page)?;
        rest = others;
    }
    Ok(position)
}

/// How many of these rows go together: at least one.
fn page_length(rows: &[PlacedRow]) -> usize {
    let mut bytes = 0;
    let fits = |row: &&PlacedRow| {
        let is_first = bytes == 0;
        bytes += row.key.len() + row.value.as_ref().map_or(0, Vec::len);
        is_first || bytes <= PAGE
    };
    rows.iter().take_while(fits).count()
}

/// Commits rows at a head, and returns the next one.
pub(super) fn commit(
    log: &mut PostgresLog,
    position: Position,
    revision: u64,
    rows: &[PlacedRow],
) -> Result<Position, SharingError> {
    let write_id = crypto::random();
    let commit = Commit { position: &position, write_id: &write_id, revision, rows };
    match remote::append(log, &commit, &transfer())? {
        Appended::Done => Ok(Position { turn: position.turn + 1, write_id }),
        Appended::Conflict | Appended::Forgotten => Err(SharingError::Overtaken),
    }
}

/// Removes what a push that failed has made.
fn take_back(log: &mut PostgresLog, config: &Config, opened: &Opened, credentials: &Credentials) {
    let (keys, store) = (&config.keys, opened.store().id());
    if log.discard(&soon()).is_err() {
        let id = StoreId(store).to_text();
        tracing::warn!(
            "the server could not be reached, so the incomplete store {id} is still there; its owner removes it with: \
             select plugin_vault.destroy('\\x{id}')"
        );
    }
    // Others may be of a store that was shared before and is in use.
    let is_own = |found: &Credentials| found.token == credentials.token;
    let removed = match Credentials::load(keys, &store) {
        Ok(Some(found)) if is_own(&found) => Credentials::remove(keys, &store),
        _ => Ok(()),
    };
    if removed.and_then(|()| Credentials::remove_unfinished(keys, &store)).is_err() {
        tracing::warn!("the file with the credentials of the server could not be removed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_together_up_to_a_size_and_a_large_one_goes_alone() {
        #[track_caller]
        fn check(sizes: &[usize], expected: usize) {
            let row = |size: &usize| PlacedRow { table: 3, key: vec![0; 1], value: Some(vec![0; *size]) };
            assert_eq!(page_length(&sizes.iter().map(row).collect::<Vec<_>>()), expected);
        }
        check(&[1], 1);
        check(&[PAGE * 2, 1], 1);
        check(&[1, PAGE * 2], 1);
        check(&[PAGE / 2, PAGE / 4, PAGE / 2], 2);
        check(&[10; 1000], 1000);
    }
}
