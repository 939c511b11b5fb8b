//! `remote push`: the store moves to a server. It counts as shared with the last step alone, a commit on this machine.

use zeroize::Zeroizing;

use crate::crypto::{self, StoreId};
use crate::remote::{
    self, Appended, Commit, Credentials, Machine, OFFLINE_DAYS, PlacedRow, Position, PostgresLog, RemoteError,
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
    /// Moves the store to a server, under the store's lock. This machine keeps the empty name in addresses.
    ///
    /// # Errors
    /// If the store is not shared then. What was made on the server is removed again, if the server can be reached.
    pub fn push(&self, opened: &Opened, server: &Server) -> Result<Pushed, SharingError> {
        let store = opened.store();
        let lock = store.lock()?;
        let snapshot = store.snapshot()?;
        if remote::is_replica(&snapshot)? {
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
        let label = secrets.keys.seal_machine_label(&crypto::token_hash(&token), b"");
        let mut log = self.created(server, opened, &token, &label)?;
        let sent = send(&mut log, &rows, revision, forgotten).map_err(SharingError::from);
        let shared = sent.and_then(|position| {
            local.push(position.row());
            Ok(store.commit(&lock, &Batch { expected: revision, revision, rows: local })?)
        });
        match shared {
            // The row may be there, so the server must keep the store.
            Err(error) if error == CommitError::Unknown.into() => return Err(error),
            Err(error) => {
                take_back(&mut log, self.config(), opened);
                return Err(error);
            }
            Ok(()) => {}
        }
        drop(lock);
        self.announce();
        let bytes =
            rows.iter().map(|row| row.key.len() + row.value.as_ref().map_or(0, Vec::len)).sum::<usize>();
        Ok(Pushed { store: StoreId(store.id()).to_text(), records, bytes: bytes as u64 })
    }
}

impl Vault {
    /// Creates the store on the server. The credentials are saved first, so that a push that ends here can be cleared up.
    fn created(
        &self,
        server: &Server,
        opened: &Opened,
        token: &[u8; 32],
        label: &[u8],
    ) -> Result<PostgresLog, SharingError> {
        let (keys, store) = (&self.config.keys, opened.store().id());
        let machine = || Machine { store, token: *token };
        let credentials = Credentials {
            url: server.text.clone(),
            token: *token,
            machine: String::new(),
            offline_days: OFFLINE_DAYS,
        };
        credentials.save(keys, &store)?;
        let mut log = PostgresLog::new(server.url.clone(), machine());
        match remote::create(&server.url, &machine(), label, crate::limits::SHARED_BYTES, &soon()) {
            Ok(true) => Ok(log),
            Ok(false) => {
                Credentials::remove(keys, &store)?;
                Err(SharingError::OnServer)
            }
            Err(RemoteError::Unanswered) => {
                take_back(&mut log, self.config(), opened);
                Err(RemoteError::Unanswered.into())
            }
            Err(error) => {
                Credentials::remove(keys, &store)?;
                Err(error.into())
            }
        }
    }
}

/// Removes from the server what a push has left there that was killed: its token is here, and the store is not shared.
fn discard_unfinished(config: &Config, opened: &Opened) {
    let store = opened.store().id();
    if let Ok(Some(left)) = Credentials::load(&config.keys, &store)
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
) -> Result<Position, RemoteError> {
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
) -> Result<Position, RemoteError> {
    let write_id = crypto::random();
    let commit = Commit { position: &position, write_id: &write_id, revision, rows };
    match remote::append(log, &commit, &transfer())? {
        Appended::Done => Ok(Position { turn: position.turn + 1, write_id }),
        Appended::Conflict | Appended::Forgotten => Err(RemoteError::Failed),
    }
}

/// Removes what a push that failed has made.
fn take_back(log: &mut PostgresLog, config: &Config, opened: &Opened) {
    let store = opened.store().id();
    if log.discard(&soon()).is_err() {
        let id = StoreId(store).to_text();
        tracing::warn!(
            "the server could not be reached, so the incomplete store {id} is still there; its owner removes it with: \
             select plugin_vault.destroy('\\x{id}')"
        );
    }
    if Credentials::remove(&config.keys, &store).is_err() {
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
