//! Taking a folder's records along when the folder has moved.

use crate::crypto::RecordId;
use crate::store::{RecordHeader, Table};
use crate::vault::draft::{Changes, Draft, Write};
use crate::vault::folder::WorkspaceFolder;
use crate::vault::key_row::Use;
use crate::vault::record::{self, SealedRecord, head_of};
use crate::vault::{Address, Caller, Error, Place};

use super::{Current, look, put_record, tell};

/// Moves all records of one folder to another, or none.
pub struct Move {
    /// Who calls.
    pub caller: Caller,
    /// The folder that was.
    pub from: Place,
    /// The folder that is.
    pub to: Place,
}

/// What became of a move.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moved {
    /// How many records.
    pub moved: u64,
    /// The last revision; 0 if there was nothing.
    pub revision: u64,
}

impl Write for Move {
    type Outcome = Moved;

    fn evaluate(&self, draft: &Draft<'_>) -> Result<(Moved, Option<Changes>), Error> {
        let access = draft.access(&self.caller)?;
        let from = self.from.folder()?.ok_or(Error::WorkspaceFolderRequired)?;
        let to = self.to.folder()?.ok_or(Error::WorkspaceFolderRequired)?;
        let nothing = Ok((Moved { moved: 0, revision: 0 }, None));
        let Some(access) = access else { return nothing };
        for folder in [from, to] {
            access.row.permit(&Address { folder: Some(folder.clone()), name: None }, Use::Write)?;
        }
        if from == to {
            return nothing;
        }
        let keys = &access.data;
        let mut changes = draft.changes();
        let mut result = Moved { moved: 0, revision: 0 };
        for (id, head) in draft.scan(Table::Records, &keys.namespace().0, head_of)? {
            let id = RecordId(id.try_into().map_err(|_| Error::RecordDamaged)?);
            let head = SealedRecord::new(id, head).head(keys)?;
            if head.address.folder.as_ref() != Some(from) || head.is_expired(draft.now) {
                continue;
            }
            let target = address_in(to, &head.address);
            if !matches!(look(draft, &access, &target)?, Current::Absent) {
                return Err(Error::TargetExists);
            }
            let sealed = SealedRecord::found(id, draft.get(Table::Records, &id.0))?;
            let (_, text) = sealed.ok_or(Error::RecordDamaged)?.open(keys)?;
            let gone = changes.next_revision()?;
            changes.delete(Table::Records, &id.0);
            tell(&mut changes, keys, &self.caller, gone, &head.address, true);
            let revision = changes.next_revision()?;
            let header = RecordHeader {
                revision,
                created_at: head.header.created_at,
                updated_at: draft.now.millis(),
                expires_at: record::end(head.expires_at()),
            };
            put_record(&mut changes, keys, &target, header, &text);
            tell(&mut changes, keys, &self.caller, revision, &target, false);
            result = Moved { moved: result.moved + 1, revision };
        }
        let changes = (result.moved > 0).then_some(changes);
        Ok((result, changes))
    }
}

fn address_in(folder: &WorkspaceFolder, address: &Address) -> Address {
    Address { folder: Some(folder.clone()), name: address.name.clone() }
}
