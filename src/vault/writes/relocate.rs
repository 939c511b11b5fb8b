//! Moves a folder's records when the folder has moved.

use crate::crypto::RecordId;
use crate::limits;
use crate::rows::{RecordHeader, Table};
use crate::vault::access::Access;
use crate::vault::draft::{Changes, Draft, Write};
use crate::vault::folder::WorkspaceFolder;
use crate::vault::key_row::Use;
use crate::vault::record::{self, SealedRecord, head_of};
use crate::vault::view::View as _;
use crate::vault::{Address, Caller, Error, Place};

use super::{Current, look, put_record, tell};
use crate::vault::reasons::OverLimit;

/// Moves all records of one folder to another, or none.
pub struct Move {
    /// The caller, whose scope must cover both folders.
    pub caller: Caller,
    /// The folder that the records are in.
    pub from: Place,
    /// The folder that the records move to.
    pub to: Place,
}

/// The result of a move.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moved {
    /// How many records were moved.
    pub moved: u64,
    /// The last of their revisions; 0 if no record was moved.
    pub revision: u64,
}

impl Write for Move {
    type Outcome = Moved;

    fn caller(&self) -> Option<&Caller> {
        Some(&self.caller)
    }

    fn evaluate(&self, draft: &Draft<'_>) -> Result<(Moved, Option<Changes>), Error> {
        let access = draft.access(&self.caller)?;
        let from = self.from.folder()?.ok_or(Error::WorkspaceFolderRequired)?;
        let to = self.to.folder()?.ok_or(Error::WorkspaceFolderRequired)?;
        let nothing = Ok((Moved { moved: 0, revision: 0 }, None));
        let Some(access) = access else { return nothing };
        for folder in [from, to] {
            access.row.permit(&Address::new(&access.machine, Some(folder.clone()), None), Use::Write)?;
        }
        if from == to {
            return nothing;
        }
        let keys = &access.data;
        let mut changes = draft.changes();
        let mut result = Moved { moved: 0, revision: 0 };
        for id in in_folder(draft, &access, from)? {
            let sealed =
                SealedRecord::found(id, draft.get(Table::Records, &id.0))?.ok_or(Error::RECORD_DAMAGED)?;
            let head = sealed.head(keys)?;
            let target = Address::new(&access.machine, Some(to.clone()), head.address.name.clone());
            if !matches!(look(draft, &access, &target)?, Current::Absent) {
                return Err(Error::TargetExists);
            }
            let (_, text) = sealed.open(keys)?;
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
            if changes.bytes() > limits::CHANGE_BYTES {
                return Err(Error::DataTooLarge {
                    reason: OverLimit::Change,
                    limit: limits::CHANGE_BYTES as u64,
                });
            }
        }
        let changes = (result.moved > 0).then_some(changes);
        Ok((result, changes))
    }
}

/// The records of a folder. It opens one head at a time, because all sealed heads together may be long.
fn in_folder(draft: &Draft<'_>, access: &Access, folder: &WorkspaceFolder) -> Result<Vec<RecordId>, Error> {
    let keys = &access.data;
    let (mut found, mut outcome) = (Vec::new(), Ok(()));
    draft.each(Table::Records, &keys.namespace().0, &mut |key, row| {
        let looked_at = key.try_into().map_err(|_| Error::RECORD_DAMAGED).and_then(|id| {
            let id = RecordId(id);
            let head = SealedRecord::new(id, head_of(row)).head(keys)?;
            let is_there =
                head.address.folder.as_ref() == Some(folder) && head.address.is_on(&access.machine);
            if is_there && !head.is_expired(draft.now) {
                found.push(id);
            }
            Ok(())
        });
        outcome = outcome.and(looked_at);
    })?;
    outcome.map(|()| found)
}
