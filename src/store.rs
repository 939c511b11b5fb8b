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
mod error;
mod events;
mod file_system;
mod folder;
mod lmdb;
mod protectors;
mod reset;
mod slot;

pub use archive::{
    BadArchive, CopySource, CopyTarget, Member, NotPacked, NotUnpacked, Progress, Unpacked, pack, unpack,
};
pub use backup::Backup;
pub use batch::{Batch, Row};
pub use boot::boot_id;
pub use error::{Refusal, StoreError};
pub use events::{StoreEvent, StoreWatcher};
pub use folder::Folder;
pub use lmdb::check::{Checked, Damage, Unsound, What, check, check_heads};
pub use lmdb::create::Creation;
pub use lmdb::engine::CommitError;
pub use lmdb::enter::{Entered, Present};
pub use lmdb::header::FORMAT;
pub use lmdb::liveness::{LivenessLock, StaleProcesses};
pub use lmdb::lock::{ExclusiveLock, WriteLock};
pub use lmdb::open::{Ended, Store};
pub use lmdb::replace::{Replacement, StoreSummary};
pub use lmdb::salvage::{DamagedRow, Lost, Salvaged, Standing, WholeRow, salvage};
pub use lmdb::snapshot::Snapshot;
pub use protectors::ProtectorRow;
pub use slot::{SLOT_HEADER, Slot};
