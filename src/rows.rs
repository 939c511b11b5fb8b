//! The formats that every engine keeps: the tables and their names, the row of a record, the rows that the store has of
//! its own, and the checksum behind each value.
//!
//! Pure functions over bytes: no file, no transaction, no key.

pub(crate) mod checksum;
pub(crate) mod record;
mod repaired;
mod table;

pub use record::{NEVER, RecordHeader, StoredRecord};
pub use repaired::Repair;
pub use table::{Table, meta};

/// A random identity: of a store, or of a key slot.
pub type Id = [u8; 16];

/// An identity as the names of files have it.
pub(crate) fn id_text(id: &Id) -> String {
    base16ct::lower::encode_string(id)
}

/// The identity that a name of a file says.
pub(crate) fn parse_id(text: &str) -> Option<Id> {
    let mut id = Id::default();
    (base16ct::lower::decode(text, &mut id).ok()?.len() == id.len()).then_some(id)
}
