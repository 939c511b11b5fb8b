//! Locking the store at the user's request, for `vault/lock`: the store gets a mark, and every process drops its keys.

use std::sync::Arc;

use crate::crypto::StoreId;
use crate::protector::{self, Kind};
use crate::sync;

use super::{Error, Opened, Vault};

/// What a request to lock the store did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Locking {
    /// The store is locked.
    Locked,
    /// There is no store.
    NoStore,
    /// A key file is the only protector. Every process of the user can read it, so nothing was done.
    KeyFile,
}

impl Vault {
    /// Marks the store as locked, and drops its key in this process. Every other process that has the store open
    /// notices the mark, and does the same.
    ///
    /// # Errors
    /// If the store could not be marked. Nothing was changed then.
    pub fn lock(&self, opened: &Opened) -> Result<Locking, Error> {
        if opened.protectors()?.iter().all(|one| one.kind == Kind::KeyFile) {
            return Ok(Locking::KeyFile);
        }
        opened.store().mark_locked()?;
        opened.drop_key();
        self.announce();
        Ok(Locking::Locked)
    }

    /// Drops the store key if the user has locked the store.
    pub(super) fn obey_lock(&self) {
        let opened: Option<Arc<Opened>> = sync::read(&self.opened).clone();
        if let Some(opened) = opened
            && opened.is_marked_locked().is_ok_and(|is_locked| is_locked)
        {
            opened.drop_key();
        }
    }
}

impl Opened {
    /// Whether other processes of this login session get the key that one of them gets.
    pub fn shares_key(&self) -> bool {
        protector::has_cache(StoreId(self.store().id()))
    }
}

#[cfg(all(test, target_os = "linux"))]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::FileExt as _;
    use std::sync::mpsc::channel;

    use zeroize::Zeroize as _;

    use super::*;
    use crate::limits::Limits;
    use crate::protector::{New, Passphrase};
    use crate::vault::OneByOne;
    use crate::vault::{
        Caller, Config, Deadline, GetRecord, Key, Need, Place, RemoveProtector, Set, Target, Text,
        UnlockMode, Write,
    };

    /// How many copies of 32 bytes are in the memory of this process that can be written to. The bytes come masked, so
    /// that the search does not find itself.
    fn copies(masked: [u8; 32]) -> usize {
        let memory = File::open("/proc/self/mem").unwrap();
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let mut buffer = vec![0; 1 << 20];
        let mut found = 0;
        for line in maps.lines().filter(|line| line.contains(" rw")) {
            let (start, rest) = line.split_once('-').unwrap();
            let end = rest.split(' ').next().unwrap();
            let [mut at, end] = [start, end].map(|text| u64::from_str_radix(text, 16).unwrap());
            while at < end {
                // Zeroed before each read, since the memory that is read includes the buffer.
                buffer.as_mut_slice().zeroize();
                let length = usize::try_from(end - at).unwrap().min(buffer.len());
                let Ok(read) = memory.read_at(&mut buffer[..length], at) else { break };
                if read < 32 {
                    break;
                }
                let is_it =
                    |window: &&[u8]| window.iter().zip(&masked).all(|(one, mask)| one ^ 0x55 == *mask);
                found += buffer[..read].windows(32).filter(is_it).count();
                // The next piece overlaps by less than a key, so that none is cut and none counts twice.
                let is_last = at + read as u64 >= end;
                at += read as u64 - if is_last { 0 } else { 31 };
            }
        }
        buffer.as_mut_slice().zeroize();
        found
    }

    fn write<W: Write + 'static>(vault: &Arc<Vault>, write: W) -> Result<W::Outcome, Error>
    where
        W::Outcome: 'static,
    {
        let (done, outcome) = channel();
        vault.submit(write, move |result| drop(done.send(result)));
        outcome.recv().unwrap()
    }

    fn opened(vault: &Arc<Vault>) -> Arc<Opened> {
        let (done, opened) = channel();
        vault.open(Need::Existing, move |result| drop(done.send(result)));
        opened.recv().unwrap().ok().flatten().unwrap()
    }

    #[test]
    fn a_lock_takes_the_keys_out_of_the_memory() {
        let folder = tempfile::tempdir().unwrap();
        let (data, keys) = (folder.path().join("data"), folder.path().join("keys"));
        let config =
            Config { data, keys, askpass: None, allow_network: true, store: None, limits: Limits::default() };
        let vault = Vault::new(config);
        let passphrase = || Passphrase::new(b"word").ok().unwrap();
        let key = Arc::new(Key::parse(&"1".repeat(40)).ok().unwrap());
        let caller = Caller { key: key.clone(), must_exist: false, origin: [0; 16] };
        let target = Target { caller, place: Place::User, name: None };
        let set = Set {
            target: target.clone(),
            text: Text::of(crate::json::parse(b"{}").unwrap(), vault.limits()),
            if_revision: None,
            expires_at: None,
            lease: None,
        };
        assert!(write(&vault, set).is_ok());
        let store = opened(&vault);
        let file = store.protectors().ok().unwrap()[0];
        let made = store.make_protector(vault.config(), &New::Passphrase(passphrase()), "").ok().unwrap();
        let stays = made.protector().id;
        assert!(write(&vault, made).is_ok());
        assert!(matches!(write(&vault, RemoveProtector { protector: file, stays }), Ok(true)));
        store.forget_protector(vault.config(), file);
        assert!(matches!(store.read(&GetRecord(target.clone()), &OneByOne), Ok(Some(_))));

        let secrets = store.secrets().ok().unwrap();
        // Byte for byte: an array that is passed on leaves a copy.
        let mut masked = [0x55; 32];
        masked.iter_mut().zip(secrets.keys.store_key().expose()).for_each(|(mask, byte)| *mask ^= byte);
        let weak = Arc::downgrade(&secrets);
        drop(secrets);
        assert!(copies(masked) > 0, "the search finds the store key of an open store");
        let access = key.access_for_test().expect("it is cached");

        assert_eq!(vault.lock(&store).ok(), Some(Locking::Locked));
        key.forget();
        assert!(weak.upgrade().is_none() && access.upgrade().is_none(), "something keeps the keys");
        assert_eq!(copies(masked), 0, "the store key is still in the memory");
        assert!(matches!(store.read(&GetRecord(target.clone()), &OneByOne), Err(Error::KeyUnavailable(_))));

        let deadline = Deadline::of(std::time::Duration::from_mins(1));
        let given = passphrase();
        let asks = UnlockMode::AskUser { passphrase: Some(&given), deadline: &deadline };
        assert!(matches!(store.unlock_for_user(vault.config(), &asks), Ok(true)));
        assert!(matches!(store.read(&GetRecord(target), &OneByOne), Ok(Some(_))));
        protector::forget_cached(StoreId(store.store().id()));
    }
}
