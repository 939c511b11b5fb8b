//! The store's protectors: which there are, and how one is added or removed.

use std::collections::BTreeMap;

use crate::crypto::StoreId;
use crate::protector::{self, New, NotMade, Protector, StoredRow, Unavailable, UnlockMode};
use crate::remote;
use crate::store::{ProtectorChange, StoreError, WriteLock};

use super::draft::{Changes, Draft, Write};
use super::replica::Replica;
use super::{Caller, Config, Error, Opened, Timestamp};

impl Opened {
    /// The protectors of the store.
    pub fn protectors(&self) -> Result<Vec<Protector>, Error> {
        Ok(protector::list(&self.store().protectors()?))
    }

    /// The labels of the protectors that have one.
    pub fn protector_labels(&self) -> Result<BTreeMap<[u8; 16], String>, Error> {
        Ok(protector::labels(&self.store().protectors()?))
    }

    /// The id of a wanted protector that gives the key now. The protectors are really asked, not the session's cache.
    pub fn try_protectors(
        &self,
        config: &Config,
        wanted: impl Fn(&Protector) -> bool,
        mode: &UnlockMode<'_>,
    ) -> Result<[u8; 16], Error> {
        let rows = self.store().protectors()?;
        if self.is_marked_locked()? {
            return Err(protector::store_locked(&rows).into());
        }
        let wanted: Vec<_> = protector::list(&rows).into_iter().filter(wanted).collect();
        let rows: Vec<_> =
            rows.into_iter().filter(|(id, _)| wanted.iter().any(|wanted| wanted.id == *id)).collect();
        let (means, store) = (config.means(), StoreId(self.store().id()));
        let turn = if protector::asks(&rows, mode) {
            protector::turn(&means, mode).map_err(StoreError::from)?
        } else {
            None
        };
        let tested = protector::test(&means, store, &rows, mode);
        drop(turn);
        Ok(tested?)
    }

    /// Creates a protector, with everything that it keeps outside of the store. It has no effect before
    /// [`AddProtector`] is carried out. `label` is the user's own name for it, or empty.
    pub fn make_protector(&self, config: &Config, new: &New, label: &str) -> Result<AddProtector, Error> {
        let secrets = self.secrets()?;
        let store_key = secrets.keys.store_key();
        let store = StoreId(self.store().id());
        let made = protector::make(&config.means(), new, label, store, store_key, Timestamp::now().millis());
        made.map(AddProtector).map_err(Into::into)
    }

    /// Deletes what a protector keeps outside of the store. The store has no row for this protector: it was removed, or
    /// never added.
    pub fn forget_protector(&self, config: &Config, protector: Protector) {
        protector::forget(&config.means(), StoreId(self.store().id()), protector);
    }

    /// Carries out a change of the protectors, also of those that are kept for an empty data folder: a removed one must not
    /// open the store from there.
    pub(super) fn change_protector(
        &self,
        lock: &WriteLock<'_>,
        change: &ProtectorChange,
    ) -> Result<(), StoreError> {
        let (store, keys) = (self.store(), self.replica().and_then(Replica::keys));
        let kept = match keys {
            Some(keys) => remote::kept_protectors(keys, &store.id())?.map(|rows| (keys, rows)),
            None => None,
        };
        let Some((keys, mut rows)) = kept else { return store.change_protector(lock, change) };
        match change {
            ProtectorChange::Add(row) => rows.push(row.clone()),
            ProtectorChange::Remove(id) => rows.retain(|row| row.0 != *id),
        }
        remote::keep_protectors(keys, &store.id(), &rows)?;
        store.change_protector(lock, change)
    }
}

impl From<NotMade> for Error {
    fn from(error: NotMade) -> Self {
        match error {
            NotMade::Io(error) => StoreError::from(error).into(),
            NotMade::Unavailable(Unavailable { protector, reason }) => {
                Unavailable { protector, reason }.into()
            }
        }
    }
}

/// Adds a protector's file to the store.
pub struct AddProtector(StoredRow);

impl AddProtector {
    /// The protector that is added.
    pub fn protector(&self) -> Protector {
        let [protector] = protector::list(std::slice::from_ref(&self.0))[..] else {
            unreachable!("a row that was just made can be read")
        };
        protector
    }
}

impl Write for AddProtector {
    type Outcome = ();

    fn caller(&self) -> Option<&Caller> {
        None
    }

    fn evaluate(&self, draft: &Draft<'_>) -> Result<((), Option<Changes>), Error> {
        let mut changes = draft.changes();
        changes.change_protector(ProtectorChange::Add(self.0.clone()));
        Ok(((), Some(changes)))
    }

    fn stands_alone(&self) -> bool {
        true
    }
}

/// Overwrites a protector's file, if the store still has another protector that works.
pub struct RemoveProtector {
    /// The protector to remove.
    pub protector: Protector,
    /// The id of a protector that stays, and that gave the key just now.
    pub stays: [u8; 16],
}

impl Write for RemoveProtector {
    /// Whether it was removed. `false` if another process has meanwhile removed the protector that was to stay.
    type Outcome = bool;

    fn caller(&self) -> Option<&Caller> {
        None
    }

    fn evaluate(&self, draft: &Draft<'_>) -> Result<(bool, Option<Changes>), Error> {
        // Under the store's lock, so that nothing comes between this check and the change.
        let there = draft.opened.store().protectors()?;
        if self.stays == self.protector.id || !there.iter().any(|(id, _)| *id == self.stays) {
            return Ok((false, None));
        }
        let mut changes = draft.changes();
        changes.change_protector(ProtectorChange::Remove(self.protector.id));
        Ok((true, Some(changes)))
    }

    fn stands_alone(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::Passphrase;
    use crate::vault::sample::Sample;

    /// Two processes may each remove the protector that the other one found to work.
    #[test]
    fn the_one_that_was_found_to_work_has_to_be_there_still() {
        let sample = Sample::new();
        let opened = sample.opened();
        for word in ["one", "two"] {
            let said = Passphrase::new(word.as_bytes()).ok().unwrap();
            let made = opened.make_protector(sample.vault.config(), &New::Passphrase(said), "");
            sample.write(made.ok().unwrap()).unwrap();
        }
        let all = opened.protectors().ok().unwrap();
        let remove = |protector: Protector, stays: Protector| {
            sample.write(RemoveProtector { protector, stays: stays.id }).unwrap()
        };
        assert!(!remove(all[0], all[0]));
        assert!(remove(all[0], all[1]));
        assert!(!remove(all[1], all[0]), "what is left was not found to work");
        assert!(remove(all[1], all[2]));
    }
}
