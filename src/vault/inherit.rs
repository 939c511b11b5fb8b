//! Reads that inherit: what a folder does not have, it gets from the nearest folder above it, and at last from the user.

use std::iter;
use std::sync::Arc;

use crate::limits;
use crate::rows::Table;

use super::access::Access;
use super::folder::WorkspaceFolder;
use super::key_row::Use;
use super::reading::Read;
use super::reads::Record;
use super::record::{SealedRecord, head_of};
use super::view::View;
use super::{Address, Caller, Error, Opened, Target};

/// Reads a record of the target's folder; if there is none, that of the nearest folder above it, of at most
/// [`limits::PARENTS`]; if there is none, the user's. All have the target's name. A folder outside of the key's scope
/// counts as empty, as an expired record does. A damaged record is an error, because a record further up would be
/// another value than the one that was stored.
pub struct GetInherited(pub Target);

/// A record, and the folder that has it.
pub struct Inherited {
    /// The record.
    pub record: Record,
    /// Where it was found.
    pub address: Address,
}

/// A record that was found, before it is opened.
pub struct SealedStep {
    access: Arc<Access>,
    address: Address,
    sealed: SealedRecord,
}

impl Read for GetInherited {
    type Copied = Option<SealedStep>;
    type Outcome = Option<Inherited>;

    fn caller(&self) -> &Caller {
        &self.0.caller
    }

    fn copy(&self, view: &dyn View, access: Option<&Arc<Access>>) -> Result<Self::Copied, Error> {
        let folder = self.0.place.folder()?;
        let Some(access) = access else { return Ok(None) };
        let now = view.now();
        for folder in steps(folder) {
            let address = Address::new(&access.machine, folder, self.0.name.clone());
            if access.row.permit(&address, Use::Read).is_err() {
                continue;
            }
            let id = access.data.record_id(&address.encode());
            let row = view.value(Table::Records, &id.0);
            if let Ok(Some(row)) = row {
                // Only the opened head says for certain whether the record has expired.
                if SealedRecord::new(id, head_of(row)).head(&access.data)?.is_expired(now) {
                    continue;
                }
                view.reserve(row.len())?;
            }
            if let Some(sealed) = SealedRecord::found(id, row)? {
                return Ok(Some(SealedStep { access: access.clone(), address, sealed }));
            }
        }
        Ok(None)
    }

    fn finish(&self, opened: &Opened, copied: Self::Copied) -> Result<Option<Inherited>, Error> {
        let Some(SealedStep { access, address, sealed }) = copied else { return Ok(None) };
        let (header, text) = sealed.open(&access.data)?;
        Ok(Some(Inherited { record: Record::new(opened, &header, text), address }))
    }

    fn bytes(outcome: &Option<Inherited>) -> usize {
        outcome.as_ref().map_or(0, |found| found.record.text.len())
    }

    fn weight(&self) -> usize {
        let folder = self.0.place.folder().ok().flatten();
        let segments = folder.map_or(0, |folder| folder.as_str().matches('/').count());
        1 + segments.min(limits::PARENTS)
    }
}

/// The folders to look in, the nearest one first. The last one is `None`, the user.
fn steps(folder: Option<&WorkspaceFolder>) -> impl Iterator<Item = Option<WorkspaceFolder>> {
    let folders = iter::successors(folder.cloned(), WorkspaceFolder::parent).take(1 + limits::PARENTS);
    folders.map(Some).chain(iter::once(None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixty_four_folders_above_are_looked_in_and_then_the_user() {
        let deep = format!("file://{}", "/d".repeat(limits::PARENTS + 9));
        let deep = WorkspaceFolder::parse(&deep).ok().unwrap();
        let all: Vec<_> = steps(Some(&deep)).collect();
        assert_eq!(all.len(), limits::PARENTS + 2);
        assert!(all[0].as_ref() == Some(&deep) && all.last().is_some_and(Option::is_none));
        assert_eq!(all[limits::PARENTS].as_ref().unwrap().as_str(), format!("file://{}", "/d".repeat(9)));
        assert_eq!(steps(None).count(), 1);
    }
}
