//! Reads. They copy out of a short snapshot, and only then open what they copied.

use std::sync::Arc;

use crate::crypto::RecordId;
use crate::store::Table;

use super::access::Access;
use super::key_row::Use;
use super::record::{Head, SealedRecord, head_of};
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

impl Opened {
    /// The record, or `None` where there is none or it has expired.
    pub fn record(&self, target: &Target) -> Result<Option<Record>, Error> {
        let Some((access, sealed)) = self.find(target)? else { return Ok(None) };
        let head = sealed.head(&access.data)?;
        if head.is_expired(Timestamp::now()) {
            return Ok(None);
        }
        Ok(Some(Record {
            text: sealed.text(&access.data)?,
            revision: head.header.revision,
            created_at: Timestamp::from_millis(head.header.created_at),
            updated_at: Timestamp::from_millis(head.header.updated_at),
            expires_at: head.expires_at(),
        }))
    }

    /// What the caller has stored, in no promised order; of one context, or one folder, if asked so.
    pub fn list(
        &self,
        caller: &Caller,
        context: Option<Context>,
        place: Option<&Place>,
    ) -> Result<Vec<Entry>, Error> {
        let found = caller.read(self, |snapshot, access| {
            let folder = place.map(Place::folder).transpose()?.flatten().cloned();
            let Some(access) = access else { return Ok(None) };
            let mut rows = Vec::new();
            snapshot.scan(Table::Records, &access.data.namespace().0, |key, row| {
                if let Ok(id) = key.try_into() {
                    rows.push(SealedRecord::new(RecordId(id), head_of(row)));
                }
            })?;
            Ok(Some((access.clone(), folder, rows)))
        })?;
        let Some((access, folder, rows)) = found else { return Ok(Vec::new()) };
        let now = Timestamp::now();
        let mut entries = Vec::with_capacity(rows.len());
        for row in rows {
            let head = row.head(&access.data)?;
            let wanted = context.is_none_or(|context| head.address.context() == context)
                && (folder.is_none() || head.address.folder == folder)
                && access.row.permit(&head.address, Use::Read).is_ok();
            if wanted && !head.is_expired(now) {
                entries.push(Entry::new(head));
            }
        }
        Ok(entries)
    }

    fn find(&self, target: &Target) -> Result<Option<(Arc<Access>, SealedRecord)>, Error> {
        target.caller.read(self, |snapshot, access| {
            let address = target.address(access, Use::Read)?;
            let Some(access) = access else { return Ok(None) };
            let id = access.data.record_id(&address.encode());
            let sealed = SealedRecord::found(id, snapshot.get(Table::Records, &id.0))?;
            Ok(sealed.map(|sealed| (access.clone(), sealed)))
        })
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
