//! Sealed bytes in tables and slot files, locks, transactions: one folder on the disk, shared by any number of
//! processes.
//!
//! Never sees a key or a plain value. The only room that names LMDB; its face is narrow on purpose, since it is
//! all that another engine has to offer: read one, scan a prefix, lock, commit a batch on condition that the last
//! revision is still N, changes since a revision.
//!
//! [`Folder::enter`] says whether a store is there; [`Creation::finish`] makes one; [`Store::open`] opens it.
//! Reads go through [`Store::snapshot`], writes through [`Store::lock`] and [`Store::commit`].

mod archive;
mod backup;
mod batch;
mod boot;
mod check;
mod checksum;
mod closed;
mod create;
mod engine;
mod error;
mod events;
mod file_system;
mod folder;
mod free_space;
mod header;
mod layout;
mod liveness;
mod lock;
mod meta_page;
mod open;
mod pages;
mod protectors;
mod record;
mod repair;
mod repaired;
mod replace;
mod reset;
mod salvage;
#[cfg(test)]
mod sample;
mod slot;
mod snapshot;
mod table;
mod waiting;

pub use archive::{
    BadArchive, CopySource, CopyTarget, Member, NotPacked, NotUnpacked, Progress, Unpacked, pack, unpack,
};
pub use backup::Backup;
pub use batch::{Batch, Row};
pub use boot::boot_id;
pub use check::{Checked, Damage, Unsound, What, check, check_heads};
pub use create::Creation;
pub use engine::CommitError;
pub use error::{BusyReason, FullReason, Refusal, StoreError};
pub use events::{StoreEvent, StoreWatcher};
pub use folder::{Entered, Folder, Present};
pub use header::FORMAT;
pub use liveness::{LivenessLock, StaleProcesses};
pub use lock::{ExclusiveLock, WriteLock};
pub use open::{Ended, Store};
pub use protectors::ProtectorRow;
pub use record::{NEVER, RecordHeader, StoredRecord};
pub use repaired::Repair;
pub use replace::{Replacement, StoreSummary};
pub use salvage::{DamagedRow, Lost, Salvaged, Standing, WholeRow, salvage};
pub use slot::{SLOT_HEADER, Slot};
pub use snapshot::Snapshot;
pub use table::{Table, meta};

/// A random identity: of a store, or of a key slot.
pub type Id = [u8; 16];

fn id_text(id: &Id) -> String {
    base16ct::lower::encode_string(id)
}

fn parse_id(text: &str) -> Option<Id> {
    let mut id = Id::default();
    (base16ct::lower::decode(text, &mut id).ok()?.len() == id.len()).then_some(id)
}
