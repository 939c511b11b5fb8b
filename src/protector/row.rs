//! A protector's row: its kind, when it was made, its parameters, a commitment to its key, and the store key wrapped
//! under that key.

use crate::crypto::{ProtectorKeys, StoreKey};

/// Which protector it is. The numbers are part of the disk format; 2 (`keyring`), 3 (`passphrase`) and
/// 4 (`command`) are taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Kind {
    /// A file of its own, in a folder apart from the store's.
    KeyFile = 1,
}

impl Kind {
    /// As it is named on the wire and the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::KeyFile => "key-file",
        }
    }
}

const FORMAT: u8 = 1;
/// Format, kind, time.
const FIXED: usize = 1 + 1 + 8;
const COMMITMENT: usize = 32;

pub(super) struct Row<'r> {
    kind: Kind,
    header: &'r [u8],
    commitment: &'r [u8; COMMITMENT],
    wrapped: &'r [u8],
}

impl<'r> Row<'r> {
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// `format ‖ kind ‖ time ‖ length of the parameters ‖ parameters ‖ commitment ‖ wrapped store key`; all that
    /// stands before the commitment is bound to the wrapping.
    pub(super) fn wrap(
        id: [u8; 16],
        kind: Kind,
        now: u64,
        keys: &ProtectorKeys,
        store_key: &StoreKey,
    ) -> Vec<u8> {
        let mut row = vec![FORMAT, kind as u8];
        row.extend_from_slice(&now.to_be_bytes());
        row.extend_from_slice(&0_u16.to_be_bytes());
        let wrapped = keys.wrap(&id, &row, store_key);
        row.extend_from_slice(&keys.commitment());
        row.extend_from_slice(&wrapped);
        row
    }

    pub(super) fn decode(row: &'r [u8]) -> Option<Self> {
        let (fixed, rest) = row.split_first_chunk::<FIXED>()?;
        let kind = match (fixed[0], fixed[1]) {
            (FORMAT, 1) => Kind::KeyFile,
            _ => return None,
        };
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let parameters = usize::from(u16::from_be_bytes(*length));
        let rest = rest.get(parameters..)?;
        let header = &row[..FIXED + 2 + parameters];
        let (commitment, wrapped) = rest.split_first_chunk::<COMMITMENT>()?;
        Some(Self { kind, header, commitment, wrapped })
    }

    /// `None` if the key is not the one that the row was made with.
    pub(super) fn unwrap(&self, id: [u8; 16], keys: &ProtectorKeys) -> Option<StoreKey> {
        if keys.commitment() != *self.commitment {
            return None;
        }
        keys.unwrap(&id, self.header, self.wrapped).ok()
    }
}
