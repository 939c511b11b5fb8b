//! `--store`: the data folder of a machine may vanish, as in a workspace that is built anew. The machine then takes its store
//! from the server again. What it needs for that lies in its key folder.

use crate::remote::{self, Credentials, Position};
use crate::rows::{Id, Table, meta};
use crate::store::{NewStore, ProtectorChange, ProtectorRow, Row, Store, StoreError};

use super::reasons::Server;
use super::replica::Replica;
use super::{Config, Error};

/// The replica of the store that `--store` names, for an empty data folder.
pub(super) struct RenewedReplica<'c> {
    config: &'c Config,
    url: &'c str,
}

impl<'c> RenewedReplica<'c> {
    pub(super) const fn new(config: &'c Config, url: &'c str) -> Self {
        Self { config, url }
    }

    /// The store that this machine has joined, its credentials, and the protectors that open it.
    fn joined(&self) -> Result<(Id, Credentials, Vec<ProtectorRow>), Error> {
        let keys = &self.config.keys;
        let mut found = Vec::new();
        for store in Credentials::stores_at(keys, self.url)? {
            let kept = remote::kept_protectors(keys, &store)?.filter(|rows| !rows.is_empty());
            if let (Some(credentials), Some(rows)) = (Credentials::load(keys, &store)?, kept) {
                found.push((store, credentials, rows));
            }
        }
        match (found.pop(), found.is_empty()) {
            (Some(only), true) => Ok(only),
            _ => Err(Error::ServerRefused(Server::NotJoined)),
        }
    }
}

impl NewStore for RenewedReplica<'_> {
    type Error = Error;

    fn may_be_made(&self) -> Result<(), Error> {
        self.joined().map(drop)
    }

    fn begin(&self) -> Result<(Id, ProtectorRow, Vec<Row>), Error> {
        let (store, credentials, protectors) = self.joined()?;
        let first = protectors.into_iter().next().ok_or(Error::Internal)?;
        Ok((store, first, rows_of_empty_replica(&credentials.machine)))
    }
}

/// The rows of a replica that has nothing yet.
pub(super) fn rows_of_empty_replica(machine: &str) -> Vec<Row> {
    let machine = machine.as_bytes().to_vec();
    let machine = Row { table: Table::Meta, key: meta::MACHINE.to_vec(), value: Some(machine) };
    vec![Position::default().row(), machine]
}

/// Before a replica is used that was just opened: takes everything from the server if the replica is empty, since it would say
/// that there is no data. Then keeps what the next empty data folder needs, if the store is the one that `--store` names.
pub(super) fn complete(config: &Config, store: &Store, replica: Option<&Replica>) -> Result<(), Error> {
    let id = store.id();
    if let Some(url) = &config.store {
        let credentials = replica.map(|_| Credentials::load(&config.keys, &id)).transpose()?.flatten();
        if credentials.is_none_or(|found| found.url != *url) {
            return Err(Error::ServerRefused(Server::OtherStore));
        }
    }
    let Some(replica) = replica else { return Ok(()) };
    let snapshot = store.snapshot()?;
    let is_empty = remote::position(&snapshot)? == Position::default() && snapshot.revision()? == 0;
    drop(snapshot);
    if is_empty {
        add_kept_protectors(config, store)?;
        replica.fill(store)?;
    }
    if config.store.is_some() {
        keep(config, store);
    }
    Ok(())
}

/// Adds the protectors beyond the first one, with which the store was made.
fn add_kept_protectors(config: &Config, store: &Store) -> Result<(), StoreError> {
    let Some(kept) = remote::kept_protectors(&config.keys, &store.id())? else { return Ok(()) };
    let there = store.protectors()?;
    let missing: Vec<_> = kept.into_iter().filter(|row| !there.contains(row)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let lock = store.lock()?;
    missing.into_iter().try_for_each(|row| store.change_protector(&lock, &ProtectorChange::Add(row)))
}

/// Keeps the protectors. If that fails, the store can be used all the same.
fn keep(config: &Config, store: &Store) {
    let (keys, id) = (&config.keys, store.id());
    let keep = || -> Result<(), StoreError> {
        if remote::kept_protectors(keys, &id)?.as_ref() == Some(&store.protectors()?) {
            return Ok(());
        }
        // Under the lock, so that a protector which is removed meanwhile is not kept again.
        let _lock = store.lock()?;
        remote::keep_protectors(keys, &id, &store.protectors()?)
    };
    if let Err(error) = keep() {
        tracing::warn!(
            ?error,
            "the protectors of the store could not be kept in the key folder; if the data folder vanishes, join again"
        );
    }
}
