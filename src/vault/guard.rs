//! The store's protectors: which there are, and how one is added or removed.

use crate::crypto::StoreId;
use crate::protector::{self, Effort, Kind, New, NotMade, Protector, StoredRow, Unavailable};
use crate::store::{Snapshot, StoreError, Table, meta};

use super::draft::{Changes, Draft, Write};
use super::{Config, Error, Opened, Timestamp};

fn row_key(id: [u8; 16]) -> Vec<u8> {
    [meta::PROTECTOR, &id].concat()
}

/// The rows of the store's protectors.
pub(super) fn rows(snapshot: &Snapshot<'_>) -> Result<Vec<StoredRow>, StoreError> {
    let mut rows = Vec::new();
    snapshot.scan(Table::Meta, meta::PROTECTOR, |key, value| {
        if let Ok(id) = key[meta::PROTECTOR.len()..].try_into() {
            rows.push((id, value.to_vec()));
        }
    })?;
    Ok(rows)
}

impl Opened {
    /// The protectors of the store.
    pub fn protectors(&self) -> Result<Vec<Protector>, Error> {
        Ok(protector::list(&rows(&self.store().snapshot()?)?))
    }

    /// Whether one of the wanted protectors gives the key now. They are really asked.
    pub fn try_protectors(
        &self,
        config: &Config,
        wanted: impl Fn(&Protector) -> bool,
        effort: &Effort<'_>,
    ) -> Result<Kind, Error> {
        let rows = rows(&self.store().snapshot()?)?;
        let wanted: Vec<_> = protector::list(&rows).into_iter().filter(wanted).collect();
        let rows: Vec<_> =
            rows.into_iter().filter(|(id, _)| wanted.iter().any(|wanted| wanted.id == *id)).collect();
        let store = StoreId(self.store().id());
        let turn = protector::asks(&rows, effort).then(|| self.turn_to_ask(effort));
        let tested = protector::test(&config.means(), store, &rows, effort);
        drop(turn);
        Ok(tested?)
    }

    /// Takes a backup with the protectors as they are now: an older one may open with none of them.
    pub fn back_up_protectors(&self) {
        if let Err(error) = self.store().back_up() {
            tracing::warn!(
                ?error,
                "no backup could be taken with the new protectors; the next daily one has them"
            );
        }
    }

    /// Makes a protector and all that it keeps outside of the store. It guards nothing before [`AddProtector`] is
    /// carried out.
    pub fn make_protector(&self, config: &Config, new: &New) -> Result<AddProtector, Error> {
        let store_key = self.secrets()?.keys.store_key();
        let store = StoreId(self.store().id());
        let made = protector::make(&config.means(), new, store, store_key, Timestamp::now().millis());
        made.map(AddProtector).map_err(Into::into)
    }

    /// Takes away what a removed protector kept outside of the store.
    pub fn forget_protector(&self, config: &Config, protector: Protector) {
        protector::forget(&config.means(), StoreId(self.store().id()), protector);
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

/// Puts a protector's row into the store.
pub struct AddProtector(StoredRow);

impl Write for AddProtector {
    type Outcome = ();

    fn evaluate(&self, draft: &Draft<'_>) -> Result<((), Option<Changes>), Error> {
        let (id, row) = &self.0;
        let mut changes = draft.changes();
        // A backup that was taken before is not the newest any more.
        changes.next_revision()?;
        changes.put(Table::Meta, &row_key(*id), row.clone());
        Ok(((), Some(changes)))
    }
}

/// Takes a protector's row out of the store, unless it is the last.
pub struct RemoveProtector(pub Protector);

impl Write for RemoveProtector {
    /// Whether it was removed: the last one is not.
    type Outcome = bool;

    fn evaluate(&self, draft: &Draft<'_>) -> Result<(bool, Option<Changes>), Error> {
        let rows = draft.scan(Table::Meta, meta::PROTECTOR, <[u8]>::to_vec)?;
        if rows.keys().all(|key| *key == row_key(self.0.id)) {
            return Ok((false, None));
        }
        let mut changes = draft.changes();
        changes.next_revision()?;
        changes.delete(Table::Meta, &row_key(self.0.id));
        Ok((true, Some(changes)))
    }
}
