//! Writes. Each decides under the store's lock, from what the store holds at that moment.
//!
//! A record that does not authenticate is kept until its owner replaces it. A write that depends on its content is
//! refused. A write that does not (a set or a delete without `ifRevision`) takes its place.

mod delete;
mod patch;
mod relocate;
mod set;

use std::sync::Arc;

use serde_json::value::RawValue;

use crate::crypto::DataKeys;
use crate::limits::Limits;
use crate::rows::{RecordHeader, Table};

pub use delete::{Delete, Deleted};
pub use patch::{MergePatch, Patch};
pub use relocate::{Move, Moved};
pub use set::{Set, Written};

use super::access::Access;
use super::changes::seal as seal_change;
use super::draft::{Changes, Draft};
use super::key_row::Use;
use super::reasons::OverLimit;
use super::record::{self, Head, SealedRecord};
use super::{Address, Caller, Error, Target, Timestamp, lease, namespace};

/// What the store has at the address of a write.
enum Current {
    /// No record, or an expired one.
    Absent,
    /// A record.
    Live(Head, SealedRecord),
    /// A row that does not authenticate.
    Damaged,
}

impl Current {
    /// Compares the record's revision with `ifRevision`. An absent record has revision 0.
    fn check_revision(&self, wanted: Option<u64>) -> Result<(), Error> {
        let Some(wanted) = wanted else { return Ok(()) };
        let current = match self {
            Self::Absent => 0,
            Self::Live(head, _) => head.header.revision,
            Self::Damaged => return Err(Error::RECORD_DAMAGED),
        };
        if wanted == current { Ok(()) } else { Err(Error::RevisionConflict { current }) }
    }
}

impl Current {
    /// Takes the record, to be opened. After this, only its head is known.
    fn take(&mut self) -> Option<SealedRecord> {
        match self {
            Self::Live(_, sealed) => Some(sealed.take()),
            Self::Absent | Self::Damaged => None,
        }
    }
}

/// The address of a write, and what the store has there.
struct Spot {
    access: Option<Arc<Access>>,
    address: Address,
    current: Current,
}

impl Spot {
    /// Checks key, folder and scope, in this order, and reads what the store has.
    fn find(draft: &Draft<'_>, target: &Target) -> Result<Self, Error> {
        let access = draft.access(&target.caller)?;
        let address = target.address(&draft.opened.machine_name(), access.as_ref(), Use::Write)?;
        let current = match &access {
            Some(access) => look(draft, access, &address)?,
            None => Current::Absent,
        };
        Ok(Self { access, address, current })
    }

    fn check_lease(&self, draft: &Draft<'_>, token: Option<u64>) -> Result<(), Error> {
        token.map_or(Ok(()), |token| lease::check(draft, self.access.as_deref(), token))
    }

    /// Stores a text. If the namespace has not begun, it begins with this.
    fn put(
        self,
        draft: &Draft<'_>,
        caller: &Caller,
        text: &str,
        expires_at: Option<Timestamp>,
    ) -> Result<(Written, Option<Changes>), Error> {
        let mut changes = draft.changes();
        // A key that was never issued is valid as well: its namespace begins with the first write.
        let access = if let Some(access) = self.access {
            access
        } else {
            let slot = caller.key.slot(draft.opened, draft.secrets);
            namespace::begin(draft, &mut changes, &slot, |_| ())?
        };
        let created_at = match &self.current {
            Current::Live(head, _) => head.header.created_at,
            Current::Absent | Current::Damaged => draft.now.millis(),
        };
        check_room(draft, &access.data, &self.address, text)?;
        let revision = changes.next_revision()?;
        let header = RecordHeader {
            revision,
            created_at,
            updated_at: draft.now.millis(),
            expires_at: record::end(expires_at),
        };
        put_record(&mut changes, &access.data, &self.address, header, text);
        tell(&mut changes, &access.data, caller, revision, &self.address, false);
        Ok((Written { revision }, Some(changes)))
    }
}

fn look(draft: &Draft<'_>, access: &Access, address: &Address) -> Result<Current, Error> {
    let id = access.data.record_id(&address.encode());
    let sealed = match SealedRecord::found(id, draft.get(Table::Records, &id.0)) {
        Ok(Some(sealed)) => sealed,
        Ok(None) => return Ok(Current::Absent),
        Err(Error::RecordDamaged(_)) => return Ok(Current::Damaged),
        Err(error) => return Err(error),
    };
    Ok(match sealed.head(&access.data) {
        Ok(head) if head.is_expired(draft.now) => Current::Absent,
        Ok(head) => Current::Live(head, sealed),
        Err(_) => Current::Damaged,
    })
}

/// The text of a JSON object from a caller. A text over the limit is not kept. That error comes only after the errors
/// of the key and of the folder.
pub struct Text(Result<Box<str>, Error>);

impl Text {
    /// Takes an object's text.
    pub fn of(object: &RawValue, limits: &Limits) -> Self {
        Self(check_size(limits, object.get()).map(|()| object.get().into()))
    }

    fn get(&self) -> Result<&str, Error> {
        self.0.as_deref().map_err(|error| *error)
    }
}

fn check_size(limits: &Limits, text: &str) -> Result<(), Error> {
    let limit = limits.data;
    if text.len() > limit {
        Err(Error::DataTooLarge { reason: OverLimit::Data, limit: limit as u64 })
    } else {
        Ok(())
    }
}

/// Checks the limits of the namespace. A row that is replaced makes room for the new one, whatever it holds.
///
/// Scans the namespace only for a write that could exceed a limit: all namespaces together have as much as one may have,
/// and the write adds a record or bytes. In a large store each scan would cost more than the commit.
fn check_room(draft: &Draft<'_>, keys: &DataKeys, address: &Address, text: &str) -> Result<(), Error> {
    let limits = draft.opened.limits();
    let added = record::row_length(address, text) as u64;
    let many = draft.all_rows(Table::Records)? >= limits.records;
    let large = draft.all_bytes()? + added > limits.namespace;
    if !many && !large {
        return Ok(());
    }
    let id = keys.record_id(&address.encode());
    let replaced = match draft.get(Table::Records, &id.0) {
        Ok(None) => None,
        Ok(Some(row)) => Some(row.len() as u64),
        Err(_) => Some(0),
    };
    let one_more = many && replaced.is_none();
    let grows = large && replaced.is_none_or(|replaced| added > replaced);
    if !one_more && !grows {
        return Ok(());
    }
    let size = draft.size(keys.namespace())?;
    if one_more && size.records >= limits.records {
        Err(Error::DataTooLarge { reason: OverLimit::Records, limit: limits.records })
    } else if grows && size.bytes - replaced.unwrap_or(0).min(size.bytes) + added > limits.namespace {
        Err(Error::DataTooLarge { reason: OverLimit::Namespace, limit: limits.namespace })
    } else {
        Ok(())
    }
}

fn put_record(changes: &mut Changes, keys: &DataKeys, address: &Address, header: RecordHeader, text: &str) {
    let row = record::seal(keys, address, header, text);
    changes.put(row.table, &row.key, row.value.unwrap_or_default());
}

/// Writes a change notice for the watchers of the namespace.
fn tell(
    changes: &mut Changes,
    keys: &DataKeys,
    caller: &Caller,
    revision: u64,
    address: &Address,
    deleted: bool,
) {
    let row = seal_change(keys, caller, revision, address, deleted);
    changes.put(Table::Changes, &revision.to_be_bytes(), row);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::draft::Write;
    use crate::vault::sample::{KEY, Sample};

    #[test]
    fn only_a_write_that_could_exceed_a_limit_scans_the_namespace() {
        let check = |limits: Limits, name: &str, text: &str, scans: bool| {
            let sample = Sample::with_limits(limits);
            sample.set(Sample::target(KEY, Some("old")), r#"{"n":123}"#, None).unwrap();
            let opened = sample.opened();
            let (snapshot, secrets) = (opened.store().snapshot().unwrap(), opened.secrets().unwrap());
            let draft = Draft::new(&opened, &secrets, &snapshot).unwrap();
            let (target, text) =
                (Sample::target(KEY, Some(name)), crate::json::parse(text.as_bytes()).unwrap());
            let text = Text::of(text, &limits);
            let write = Set { target, text, if_revision: None, expires_at: None, lease: None };
            // It may be refused.
            drop(write.evaluate(&draft));
            assert_eq!(draft.has_scanned(), scans, "{name}");
        };
        let few = Limits { records: 1, ..Limits::default() };
        check(few, "old", r#"{"n":12345}"#, false);
        check(few, "new", "{}", true);
        let small = Limits { namespace: 1_000, ..Limits::default() };
        check(small, "old", "{}", false);
        check(small, "old", r#"{"n":456}"#, false);
        check(small, "old", &format!(r#"{{"n":"{}"}}"#, "long".repeat(300)), true);
        check(small, "new", "{}", true);
        check(Limits::default(), "new", "{}", false);
    }
}
