//! A protector's row: its kind, when it was made, its parameters, a commitment to its key, and the store key wrapped
//! under that key.

use crate::crypto::{ProtectorKeys, StoreKey};

/// Which protector it is. The numbers are part of the disk format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Kind {
    /// A file of its own, in a folder apart from the store's.
    KeyFile = 1,
    /// The operating system's keyring.
    Keyring = 2,
    /// What a person knows.
    Passphrase = 3,
    /// What a program of the user's says.
    Command = 4,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::KeyFile, Self::Keyring, Self::Passphrase, Self::Command];

    /// As it is named on the wire and the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::KeyFile => "key-file",
            Self::Keyring => "keyring",
            Self::Passphrase => "passphrase",
            Self::Command => "command",
        }
    }

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

const FORMAT: u8 = 1;
/// Format, kind, time.
const FIXED: usize = 1 + 1 + 8;
const COMMITMENT: usize = 32;

/// A protector's row, taken apart.
pub(super) struct Row<'r> {
    kind: Kind,
    made_at: u64,
    parameters: &'r [u8],
    header: &'r [u8],
    commitment: &'r [u8; COMMITMENT],
    wrapped: &'r [u8],
}

/// What a new row says of its protector.
pub(super) struct Description {
    pub(super) kind: Kind,
    pub(super) made_at: u64,
    pub(super) parameters: Vec<u8>,
}

impl Description {
    /// `format ‖ kind ‖ time ‖ length of the parameters ‖ parameters ‖ commitment ‖ wrapped store key`; all that
    /// stands before the commitment is bound to the wrapping.
    pub(super) fn wrap(&self, id: [u8; 16], keys: &ProtectorKeys, store_key: &StoreKey) -> Vec<u8> {
        let length = u16::try_from(self.parameters.len()).expect("parameters are short");
        let mut row = vec![FORMAT, self.kind as u8];
        row.extend_from_slice(&self.made_at.to_be_bytes());
        row.extend_from_slice(&length.to_be_bytes());
        row.extend_from_slice(&self.parameters);
        let wrapped = keys.wrap(&id, &row, store_key);
        row.extend_from_slice(&keys.commitment());
        row.extend_from_slice(&wrapped);
        row
    }
}

impl<'r> Row<'r> {
    /// `None` for a row that this version can't read.
    pub(super) fn decode(row: &'r [u8]) -> Option<Self> {
        let (fixed, rest) = row.split_first_chunk::<FIXED>()?;
        let (format, kind, time) = (fixed[0], fixed[1], &fixed[2..]);
        if format != FORMAT {
            return None;
        }
        let kind = Kind::ALL.into_iter().find(|known| *known as u8 == kind)?;
        let made_at = u64::from_be_bytes(time.try_into().ok()?);
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (parameters, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        let header = &row[..FIXED + 2 + parameters.len()];
        let (commitment, wrapped) = rest.split_first_chunk::<COMMITMENT>()?;
        Some(Self { kind, made_at, parameters, header, commitment, wrapped })
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) fn made_at(&self) -> u64 {
        self.made_at
    }

    pub(super) fn parameters(&self) -> &[u8] {
        self.parameters
    }

    /// `None` if the key is not the one that the row was made with.
    pub(super) fn unwrap(&self, id: [u8; 16], keys: &ProtectorKeys) -> Option<StoreKey> {
        if keys.commitment() != *self.commitment {
            return None;
        }
        keys.unwrap(&id, self.header, self.wrapped).ok()
    }
}
