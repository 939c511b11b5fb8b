//! Reads. A read copies out of a short snapshot, and only then opens what it copied.

use std::sync::Arc;

use crate::crypto::RecordId;
use crate::rows::{RecordHeader, Table};

use super::access::Access;
use super::folder::WorkspaceFolder;
use super::key_row::Use;
use super::reading::{LIST, Read};
use super::reasons::OverLimit;
use super::record::{Head, SealedRecord, expires_at, head_of, is_expired};
use super::view::View;
use super::{Address, Caller, Context, Error, Name, Opened, Place, Target, Timestamp};

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
    /// When it expires, if it does.
    pub expires_at: Option<Timestamp>,
    /// Whether it came back from a backup and has not been written since. It may not be what was stored last.
    pub restored: bool,
}

/// A record in a list.
pub struct Entry {
    /// Its folder and its name.
    pub address: Address,
    /// The revision of the write that last changed it.
    pub revision: u64,
    /// When it was first written.
    pub created_at: Timestamp,
    /// When it was last written.
    pub updated_at: Timestamp,
    /// When it expires, if it does.
    pub expires_at: Option<Timestamp>,
    /// The length of its text, in bytes.
    pub bytes: u64,
}

/// Reads a record; `None` if there is none, or if it has expired.
pub struct GetRecord(pub Target);

impl Read for GetRecord {
    type Copied = Option<(Arc<Access>, SealedRecord)>;
    type Outcome = Option<Record>;

    fn caller(&self) -> &Caller {
        &self.0.caller
    }

    fn copy(&self, view: &dyn View, access: Option<&Arc<Access>>) -> Result<Self::Copied, Error> {
        let Some(access) = access else { return self.0.place.folder().map(|_| None) };
        let address = self.0.address(&access.machine, Some(access), Use::Read)?;
        let id = access.data.record_id(&address.encode());
        let row = view.value(Table::Records, &id.0);
        if let Ok(Some(row)) = row {
            view.reserve(row.len())?;
        }
        let sealed = SealedRecord::found(id, row)?;
        Ok(sealed.map(|sealed| (access.clone(), sealed)))
    }

    fn finish(&self, opened: &Opened, copied: Self::Copied) -> Result<Option<Record>, Error> {
        let Some((access, sealed)) = copied else { return Ok(None) };
        // The address that is stored beside the text is for lists. The record's id binds the text to the address that
        // was asked for.
        let (header, text) = sealed.open(&access.data)?;
        Ok((!is_expired(&header, opened.now())).then(|| Record::new(opened, &header, text)))
    }

    fn bytes(outcome: &Option<Record>) -> usize {
        outcome.as_ref().map_or(0, |record| record.text.len())
    }
}

/// Lists the caller's records. The order is always the same, and says nothing about the records.
pub struct ListRecords {
    /// The caller, whose scope bounds the list.
    pub caller: Caller,
    /// Only records of this context, if one is given.
    pub context: Option<Context>,
    /// Only records of this folder, if one is given.
    pub place: Option<Place>,
    /// Only records after this one in the order, if one is given.
    pub after: Option<After>,
    /// The most entries, if there is a limit.
    pub limit: Option<usize>,
    /// The most bytes of text that the list may take.
    pub most: usize,
}

/// Where a list continues: after the record with this folder and this name, whether or not it still exists.
pub struct After {
    /// The record's folder.
    pub place: Place,
    /// Its name.
    pub name: Option<Name>,
}

impl Read for ListRecords {
    type Copied = Vec<Entry>;
    type Outcome = Vec<Entry>;

    fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Opens each record as it finds it. A copy of ten thousand sealed records would take more memory than the list,
    /// and most of them may not be wanted.
    fn copy(&self, view: &dyn View, access: Option<&Arc<Access>>) -> Result<Vec<Entry>, Error> {
        let folder = folder(self.place.as_ref())?;
        let after = self.after.as_ref().map(After::place).transpose()?;
        let Some(access) = access else { return Ok(Vec::new()) };
        let after = after.map(|(folder, name)| {
            access.data.record_id(&Address::new(&access.machine, folder, name).encode())
        });
        let (now, limit) = (view.now(), self.limit.unwrap_or(usize::MAX));
        let (mut entries, mut bytes, mut outcome) = (Vec::new(), 0, Ok(()));
        let namespace = access.data.namespace();
        let mut take = |key: &[u8], row: &[u8]| {
            let Ok(id) = key.try_into() else { return Ok(true) };
            let head = SealedRecord::new(RecordId(id), head_of(row)).head(&access.data)?;
            let wanted = head.address.is_on(&access.machine)
                && self.context.is_none_or(|context| head.address.context() == context)
                && (folder.is_none() || head.address.folder.as_ref() == folder)
                && access.row.permit(&head.address, Use::Read).is_ok();
            if wanted && !head.is_expired(now) {
                let entry = Entry::new(head);
                bytes += entry.least_text();
                if bytes > self.most {
                    return Err(Error::DataTooLarge { reason: OverLimit::Answer, limit: self.most as u64 });
                }
                entries.push(entry);
            }
            Ok(entries.len() < limit)
        };
        let after = after.as_ref().map(|id| &id.0[..]);
        view.each_after(Table::Records, &namespace.0, after, &mut |key, row| {
            take(key, row).unwrap_or_else(|error| {
                outcome = Err(error);
                false
            })
        })?;
        outcome?;
        view.reserve(bytes)?;
        Ok(entries)
    }

    fn finish(&self, _: &Opened, entries: Vec<Entry>) -> Result<Vec<Entry>, Error> {
        Ok(entries)
    }

    fn bytes(outcome: &Vec<Entry>) -> usize {
        outcome.iter().map(Entry::least_text).sum()
    }

    fn weight(&self) -> usize {
        LIST
    }
}

fn folder(place: Option<&Place>) -> Result<Option<&WorkspaceFolder>, Error> {
    Ok(place.map(Place::folder).transpose()?.flatten())
}

impl After {
    fn place(&self) -> Result<(Option<WorkspaceFolder>, Option<Name>), Error> {
        Ok((self.place.folder()?.cloned(), self.name.clone()))
    }
}

impl Record {
    pub(super) fn new(opened: &Opened, header: &RecordHeader, text: String) -> Self {
        Self {
            text,
            revision: header.revision,
            created_at: Timestamp::from_millis(header.created_at),
            updated_at: Timestamp::from_millis(header.updated_at),
            expires_at: expires_at(header),
            restored: opened.is_restored(header.revision),
        }
    }
}

impl Entry {
    /// The least bytes that the entry takes as text: those that every entry takes, and its folder and name.
    fn least_text(&self) -> usize {
        const ALL: usize = r#"{"context":"user","revision":1,"createdAt":"2030-01-01T00:00:00.000Z","updatedAt":"2030-01-01T00:00:00.000Z","bytes":2},"#.len();
        let folder = self.address.folder.as_ref().map_or(0, |folder| folder.as_str().len());
        ALL + folder + self.address.name.as_ref().map_or(0, |name| name.as_str().len())
    }

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
