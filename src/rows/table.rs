//! The tables, by name. The numbers and names are part of the disk format.

/// One table of the store.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Table {
    /// Counters, by name.
    Meta = 1,
    /// API keys, by slot id.
    Keys = 2,
    /// Records, by record id.
    Records = 3,
    /// Leases, by lease id.
    Leases = 4,
    /// The newest changes, by revision.
    Changes = 5,
    /// An index derived from the table of keys, by the value that is searched for. It is rebuilt when it is lost.
    KeyIndex = 6,
}

impl Table {
    /// Every table, in ascending order of the numbers.
    pub const ALL: [Self; 6] =
        [Self::Meta, Self::Keys, Self::Records, Self::Leases, Self::Changes, Self::KeyIndex];

    /// Length in bytes of each key of the table; `None` where the keys are names.
    pub(crate) const fn key_length(self) -> Option<usize> {
        match self {
            Self::Meta => None,
            Self::Keys => Some(16),
            Self::Records | Self::Leases => Some(32),
            Self::Changes => Some(8),
            Self::KeyIndex => Some(33),
        }
    }

    /// The table's name on the disk.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Keys => "keys",
            Self::Records => "records",
            Self::Leases => "leases",
            Self::Changes => "changes",
            Self::KeyIndex => "key index",
        }
    }
}

/// Names of rows in [`Table::Meta`].
pub mod meta {
    use crate::limits;

    /// The number in the row of a counter. `None` for a number above the highest revision: no store counts that far, so
    /// the row is damaged, and arithmetic with the number could overflow.
    pub fn counter(value: &[u8]) -> Option<u64> {
        value.try_into().ok().map(u64::from_be_bytes).filter(|number| *number <= limits::REVISION)
    }

    /// The last revision that was assigned: 8 bytes.
    pub const REVISION: &[u8] = b"revision";
    /// The revision of the last change to the table of keys: 8 bytes.
    pub const KEYS_REVISION: &[u8] = b"keys revision";
    /// The revision of the newest change notice that was deleted: 8 bytes; absent as long as all notices are kept.
    pub const FORGOTTEN: &[u8] = b"forgotten changes";
    /// The store's id: 16 bytes, the same as in the header.
    pub const STORE_ID: &[u8] = b"store id";
    /// Prefix of the rows that name a slot file to be overwritten; the slot's 16-byte id follows.
    pub const DESTROY: &[u8] = b"destroy ";
    /// The revision up to which a backup restored records: 8 bytes; absent if no backup was ever restored.
    pub const RESTORED: &[u8] = b"restored";
    /// The result of the last repair; absent if there was none.
    pub const REPAIRED: &[u8] = b"repaired";
    /// The commit of the shared log that a replica is at: its number (8 bytes) and its id (16); absent in a store that is
    /// not shared.
    pub const REMOTE: &[u8] = b"remote";
    /// The length of its value.
    pub const REMOTE_LENGTH: usize = 24;
    /// The name of this machine in the addresses of folders, in a store that is or was shared; absent for
    /// the empty name.
    pub const MACHINE: &[u8] = b"machine";
    /// Marks the index of keys as complete: a key that is not in it does not exist.
    pub const KEY_INDEX: &[u8] = b"key index";
}
