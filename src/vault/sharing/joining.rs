//! `remote join` and `remote approve`: a machine shows a code, a machine of the store approves it, and the first one takes
//! the store. The server sees neither the store key nor anything that opens it.

use std::path::{Path, PathBuf};

use crate::crypto::{JoinCode, JoinSecret, StoreId, StoreKey, random};
use crate::faults::{self, Point};
use crate::protector::{self, Kind, Protector};
use crate::remote::{self, Admission, Credentials, Machine, PendingJoin, PostgresLog, admissions};
use crate::rows::Id;
use crate::store::{Location, NewStore, ProtectorRow, Row, Store, StoreError};

use super::rows::apply;
use super::{Config, Opened, Server, Shared, SharingError, soon, transfer};
use crate::limits;
use crate::vault::renewed::rows_of_empty_replica;
use crate::vault::{Error, Timestamp, Vault};

/// A join that this machine has begun.
pub struct Joining {
    server: Server,
    secret: JoinSecret,
    machine: String,
    offline_days: u32,
    /// Whether the data folder may vanish, so that the machine will take the store again: see `--store`.
    is_renewed: bool,
}

/// What a machine of the store has left for this one.
pub struct Approved {
    store: StoreId,
    key: StoreKey,
    /// The passphrase of the other machine, which opens the store here as well. Otherwise this machine makes a key file.
    passphrase: Option<ProtectorRow>,
}

/// A store that this machine has joined.
pub struct Joined {
    /// The id of the store.
    pub store: String,
    /// The number of its records.
    pub records: u64,
    /// The folder with the store that was here before, if there was one.
    pub quarantine: Option<PathBuf>,
}

/// The URL of the server where this machine has begun a join that is not done yet, if there is one.
///
/// # Errors
/// [`StoreError::Refused`] if other users may read its secrets.
pub fn unfinished_join(keys: &Path) -> Result<Option<String>, SharingError> {
    Ok(PendingJoin::load(keys)?.map(|pending| pending.url.clone()))
}

impl Joining {
    /// Begins a join, or continues one that was interrupted: with the same server and name, it has the same code.
    ///
    /// # Errors
    /// If what has to be remembered can't be written, or the name is not valid.
    pub fn begin(
        keys: &Path,
        server: Server,
        machine: Option<&str>,
        offline_days: u32,
    ) -> Result<Self, SharingError> {
        if machine.is_some_and(|name| !is_machine_name(name)) {
            return Err(SharingError::MachineName);
        }
        let is_same = |pending: &PendingJoin| {
            pending.url == server.text && machine.is_none_or(|name| name == pending.machine)
        };
        if let Some(pending) = PendingJoin::load(keys)?.filter(is_same) {
            let secret = JoinSecret::from_parts(&pending.key, &pending.token);
            let machine = pending.machine.clone();
            return Ok(Self { server, secret, machine, offline_days, is_renewed: false });
        }
        let random_name = || format!("machine-{}", base16ct::lower::encode_string(&random::<4>()));
        let secret = JoinSecret::generate();
        let machine = machine.map_or_else(random_name, str::to_owned);
        let pending = PendingJoin {
            url: server.text.clone(),
            key: *secret.key(),
            token: *secret.token(),
            machine: machine.clone(),
        };
        pending.save(keys)?;
        Ok(Self { server, secret, machine, offline_days, is_renewed: false })
    }

    /// The same join, on a machine whose data folder may vanish.
    #[must_use]
    pub fn renewed(self) -> Self {
        Self { is_renewed: true, ..self }
    }

    /// The code to give to a machine of the store.
    pub fn code(&self) -> String {
        self.secret.code().to_text()
    }

    /// The name of this machine.
    pub fn machine(&self) -> &str {
        &self.machine
    }

    /// Asks the server once whether the code was approved.
    ///
    /// # Errors
    /// If the server does not answer, or what was left there is not for this machine.
    pub fn approved(&self) -> Result<Option<Approved>, SharingError> {
        let found = admissions(&self.server.url, self.secret.token(), &soon())?;
        let Some(Admission { store, sealed_key }) = found.first() else { return Ok(None) };
        if found.len() > 1 {
            return Err(SharingError::SeveralStores);
        }
        let sealed = sealed_key.as_deref().ok_or(SharingError::NotForThisMachine)?;
        let store = StoreId(*store);
        let (key, more) = self.secret.open(store, sealed).map_err(|_| SharingError::NotForThisMachine)?;
        let passphrase = if more.is_empty() { None } else { Some(decode_passphrase(&more)?) };
        Ok(Some(Approved { store, key, passphrase }))
    }
}

/// The row of a protector, as it goes with the store key: `id ‖ row`.
fn decode_passphrase(bytes: &[u8]) -> Result<ProtectorRow, SharingError> {
    let (id, row) = bytes.split_first_chunk().ok_or(SharingError::NotForThisMachine)?;
    let row = (*id, row.to_vec());
    let is_passphrase = |one: &Protector| one.kind == Kind::Passphrase;
    // Another kind would need something that this machine does not have.
    let is_valid = protector::list(std::slice::from_ref(&row)).iter().any(is_passphrase);
    if is_valid { Ok(row) } else { Err(SharingError::NotForThisMachine) }
}

/// Whether a machine may have this name: it is a part of addresses, and people read it.
fn is_machine_name(name: &str) -> bool {
    (1..=limits::NAME).contains(&name.len()) && !name.chars().any(char::is_control)
}

impl Opened {
    /// Approves the machine that shows this code: the server lets it use the store, and keeps the store key for it, sealed.
    /// If `with_passphrase` is set, the passphrase of this store opens it there as well. Returns the id of the store.
    ///
    /// # Errors
    /// If the store is not shared or is locked, or the server does not answer.
    pub fn approve(
        &self,
        config: &Config,
        code: &JoinCode,
        with_passphrase: bool,
    ) -> Result<String, SharingError> {
        let mut shared = Shared::of(config, self)?;
        let secrets = self.secrets()?;
        let store = secrets.keys.store();
        let more = if with_passphrase { self.passphrase_row()? } else { Vec::new() };
        let sealed = code.seal(store, secrets.keys.store_key(), &more).ok_or(SharingError::WeakCode)?;
        let label = secrets.keys.seal_machine_label(code.token_hash(), b"");
        shared.log.admit(code.token_hash(), &label, &sealed, &soon())?;
        Ok(store.to_text())
    }

    /// The row of the only passphrase.
    fn passphrase_row(&self) -> Result<Vec<u8>, SharingError> {
        let kind = |id: [u8; 16], list: &[Protector]| {
            list.iter().any(|one| one.id == id && one.kind == Kind::Passphrase)
        };
        let rows = self.store().protectors()?;
        let list = protector::list(&rows);
        let mut found = rows.iter().filter(|(id, _)| kind(*id, &list));
        match (found.next(), found.next()) {
            (Some((id, row)), None) => Ok([id.as_slice(), row].concat()),
            _ => Err(SharingError::NotOnePassphrase),
        }
    }

    /// Whether this store is what an interrupted join has made here, so that the join only has to be finished.
    ///
    /// # Errors
    /// If the store or the credentials can't be read.
    pub fn is_of_join(&self, config: &Config, joining: &Joining) -> Result<bool, SharingError> {
        match Shared::of(config, self) {
            Ok(shared) => Ok(shared.credentials.token == *joining.secret.token()),
            Err(SharingError::NotShared | SharingError::NoCredentials) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Vault {
    /// Takes a store that approved this machine. A store that is here already goes to quarantine.
    ///
    /// # Errors
    /// Until the whole store was read from the server, the store that is here stays. Later the same join continues.
    pub fn join(&self, joining: &Joining, approved: &Approved) -> Result<Joined, SharingError> {
        let id = approved.store.0;
        let mut log = joining.log(id);
        // A store that is here must not go before it is known that the other one can be had.
        if self.has_store() {
            remote::take_whole(&mut log, &transfer())?;
        }
        let quarantine = self.location.reset()?;
        step()?;
        let credentials = Credentials {
            url: joining.server.text.clone(),
            token: *joining.secret.token(),
            machine: joining.machine.clone(),
            offline_days: joining.offline_days,
        };
        credentials.save(&self.config.keys, &id)?;
        step()?;
        remote::forget_protectors(&self.config.keys, &id)?;
        let store = made(&self.location, &self.config, joining, approved)?;
        step()?;
        catch_up(&store, &mut log)?;
        step()?;
        joining.keep_protectors(&self.config, &store)?;
        let records = store.status()?.records;
        store.close();
        self.settle(joining, approved.store, &approved.key)?;
        Ok(Joined { store: approved.store.to_text(), records, quarantine })
    }

    /// Finishes a join that was interrupted after it had made the store.
    ///
    /// # Errors
    /// If the server does not answer; the same join continues then.
    pub fn finish_join(&self, opened: &Opened, joining: &Joining) -> Result<Joined, SharingError> {
        let store = opened.store();
        catch_up(store, &mut joining.log(store.id()))?;
        joining.keep_protectors(&self.config, store)?;
        let secrets = opened.secrets()?;
        self.settle(joining, secrets.keys.store(), secrets.keys.store_key())?;
        Ok(Joined {
            store: secrets.keys.store().to_text(),
            records: store.status()?.records,
            quarantine: None,
        })
    }

    /// Removes what was left for this machine, here and on the server.
    fn settle(&self, joining: &Joining, store: StoreId, key: &StoreKey) -> Result<(), SharingError> {
        let hash = *joining.secret.code().token_hash();
        let key = StoreKey::from_slice(key.expose()).ok_or(Error::Internal)?;
        let label = crate::crypto::StoreKeys::derive(store, key);
        let label = label.seal_machine_label(&hash, joining.machine.as_bytes());
        joining.log(store.0).settle(&label, &soon())?;
        step()?;
        PendingJoin::remove(&self.config.keys)?;
        self.announce();
        Ok(())
    }
}

impl Joining {
    fn log(&self, store: Id) -> PostgresLog {
        PostgresLog::new(self.server.url.clone(), Machine { store, token: *self.secret.token() })
    }

    /// Keeps what an empty data folder needs, if this one may vanish. From then on the URL means this store alone.
    fn keep_protectors(&self, config: &Config, store: &Store) -> Result<(), SharingError> {
        if !self.is_renewed {
            return Ok(());
        }
        for other in Credentials::stores_at(&config.keys, &self.server.text)? {
            if other != store.id() {
                remote::forget_protectors(&config.keys, &other)?;
            }
        }
        Ok(remote::keep_protectors(&config.keys, &store.id(), &store.protectors()?)?)
    }
}

/// A point at which a test ends the process.
fn step() -> Result<(), SharingError> {
    Ok(faults::reach(Point::Joining).map_err(StoreError::from)?)
}

/// An empty replica of the store, with a key file of this machine or the passphrase of the other one.
struct EmptyReplica<'a> {
    config: &'a Config,
    machine: &'a str,
    approved: &'a Approved,
}

impl NewStore for EmptyReplica<'_> {
    type Error = Error;

    fn may_be_made(&self) -> Result<(), Error> {
        Ok(protector::may_keep(&self.config.means()).map_err(StoreError::from)?)
    }

    fn begin(&self) -> Result<(Id, ProtectorRow, Vec<Row>), Error> {
        let Approved { store, key, passphrase } = self.approved;
        let now = Timestamp::now().millis();
        let protector = match passphrase {
            Some(row) => row.clone(),
            None => protector::make_with_key_file(&self.config.means(), *store, key, now)?,
        };
        Ok((store.0, protector, rows_of_empty_replica(self.machine)))
    }
}

fn made(
    location: &Location,
    config: &Config,
    joining: &Joining,
    approved: &Approved,
) -> Result<Store, SharingError> {
    let new = EmptyReplica { config, machine: &joining.machine, approved };
    let now = || Timestamp::now().millis();
    let store = location.open(config.limits.store, now, Some(&new))?.ok_or(Error::Internal)?;
    // Another process may have made a store of its own meanwhile.
    if store.id() == approved.store.0 { Ok(store) } else { Err(Error::TargetExists.into()) }
}

fn catch_up(store: &Store, log: &mut PostgresLog) -> Result<(), SharingError> {
    let lock = store.lock()?;
    let caught_up = remote::catch_up(log, &store.snapshot()?, &transfer())?;
    apply(store, &lock, caught_up)
}
