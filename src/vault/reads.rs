//! Reads. They copy out of a short snapshot, and only then open what they copied.

use std::sync::Arc;

use crate::crypto::RecordId;
use crate::store::Table;

use super::access::Access;
use super::folder::WorkspaceFolder;
use super::key_row::Use;
use super::record::{Head, SealedRecord, expires_at, head_of, is_expired};
use super::view::{Read, View};
use super::{Address, Caller, Context, Error, Opened, Place, Target, Timestamp};

/// A record and its dates.
pub struct Record {
    /// The object, exactly as stored.
    pub text: String,
    /// The revision of the write that last changed it.
    pub revision: u64,
    /// When it was first written.
    pub created_at: Timestamp,
    /// When it was last written.
    pub updated_at: Timestamp,
    /// When it ends, if it does.
    pub expires_at: Option<Timestamp>,
    /// Whether it came back from a backup, and has not been written since: it may not be what was stored last.
    pub restored: bool,
}

/// A record in a list.
pub struct Entry {
    /// Where it is.
    pub address: Address,
    /// The revision of the write that last changed it.
    pub revision: u64,
    /// When it was first written.
    pub created_at: Timestamp,
    /// When it was last written.
    pub updated_at: Timestamp,
    /// When it ends, if it does.
    pub expires_at: Option<Timestamp>,
    /// Bytes of its text.
    pub bytes: u64,
}

/// Reads a record: `None` where there is none, or it has expired.
pub struct GetRecord(pub Target);

impl Read for GetRecord {
    type Copied = Option<(Arc<Access>, SealedRecord)>;
    type Outcome = Option<Record>;

    fn caller(&self) -> &Caller {
        &self.0.caller
    }

    fn copy(&self, view: &dyn View, access: Option<&Arc<Access>>) -> Result<Self::Copied, Error> {
        let address = self.0.address(access, Use::Read)?;
        let Some(access) = access else { return Ok(None) };
        let id = access.data.record_id(&address.encode());
        let sealed = SealedRecord::found(id, view.value(Table::Records, &id.0))?;
        Ok(sealed.map(|sealed| (access.clone(), sealed)))
    }

    fn finish(&self, opened: &Opened, copied: Self::Copied) -> Result<Option<Record>, Error> {
        let Some((access, sealed)) = copied else { return Ok(None) };
        // The address beside it is for lists: where the record lies binds it to the one that was asked for.
        let (header, text) = sealed.open(&access.data)?;
        if is_expired(&header, Timestamp::now()) {
            return Ok(None);
        }
        Ok(Some(Record {
            text,
            revision: header.revision,
            created_at: Timestamp::from_millis(header.created_at),
            updated_at: Timestamp::from_millis(header.updated_at),
            expires_at: expires_at(&header),
            restored: opened.is_restored(header.revision),
        }))
    }

    fn bytes(outcome: &Option<Record>) -> usize {
        outcome.as_ref().map_or(0, |record| record.text.len())
    }
}

/// Lists what the caller has stored, in no promised order.
pub struct ListRecords {
    /// Who calls.
    pub caller: Caller,
    /// Only of this context, if one is named.
    pub context: Option<Context>,
    /// Only of this folder, if one is named.
    pub place: Option<Place>,
}

impl Read for ListRecords {
    type Copied = Option<(Arc<Access>, Vec<SealedRecord>)>;
    type Outcome = Vec<Entry>;

    fn caller(&self) -> &Caller {
        &self.caller
    }

    fn copy(&self, view: &dyn View, access: Option<&Arc<Access>>) -> Result<Self::Copied, Error> {
        self.folder()?;
        let Some(access) = access else { return Ok(None) };
        let mut rows = Vec::new();
        view.each(Table::Records, &access.data.namespace().0, &mut |key, row| {
            if let Ok(id) = key.try_into() {
                rows.push(SealedRecord::new(RecordId(id), head_of(row)));
            }
        })?;
        Ok(Some((access.clone(), rows)))
    }

    fn finish(&self, _: &Opened, copied: Self::Copied) -> Result<Vec<Entry>, Error> {
        let Some((access, rows)) = copied else { return Ok(Vec::new()) };
        let (now, folder) = (Timestamp::now(), self.folder()?);
        let mut entries = Vec::with_capacity(rows.len());
        for row in rows {
            let head = row.head(&access.data)?;
            let wanted = self.context.is_none_or(|context| head.address.context() == context)
                && (folder.is_none() || head.address.folder.as_ref() == folder)
                && access.row.permit(&head.address, Use::Read).is_ok();
            if wanted && !head.is_expired(now) {
                entries.push(Entry::new(head));
            }
        }
        Ok(entries)
    }

    fn bytes(outcome: &Vec<Entry>) -> usize {
        outcome.len() * size_of::<Entry>()
    }
}

impl ListRecords {
    fn folder(&self) -> Result<Option<&WorkspaceFolder>, Error> {
        Ok(self.place.as_ref().map(Place::folder).transpose()?.flatten())
    }
}

impl Entry {
    fn new(head: Head) -> Self {
        Self {
            revision: head.header.revision,
            created_at: Timestamp::from_millis(head.header.created_at),
            updated_at: Timestamp::from_millis(head.header.updated_at),
            expires_at: head.expires_at(),
            bytes: head.bytes,
            address: head.address,
        }
    }
}
