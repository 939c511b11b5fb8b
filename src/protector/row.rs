//! A protector's row: its kind, when it was created, its parameters, a commitment to its key, and the store key wrapped
//! under that key.

use crate::crypto::{ProtectorKeys, StoreKey};

/// The kind of a protector. The numbers are part of the disk format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Kind {
    /// A key file, outside of the data folder.
    KeyFile = 1,
    /// The operating system's keyring.
    Keyring = 2,
    /// A passphrase that the user knows.
    Passphrase = 3,
    /// A passphrase that a program prints.
    Command = 4,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::KeyFile, Self::Keyring, Self::Passphrase, Self::Command];

    /// Its name in the protocol and on the command line.
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

/// A decoded row.
pub(super) struct Row<'r> {
    kind: Kind,
    made_at: u64,
    parameters: &'r [u8],
    header: &'r [u8],
    commitment: &'r [u8; COMMITMENT],
    wrapped: &'r [u8],
}

/// The plain part of a new row.
pub(super) struct Description {
    pub(super) kind: Kind,
    pub(super) made_at: u64,
    pub(super) parameters: Vec<u8>,
}

impl Description {
    /// `format ‖ kind ‖ time ‖ length of the parameters ‖ parameters ‖ commitment ‖ wrapped store key`; the wrapping is
    /// bound to everything before the commitment.
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

    /// `None` if this is not the key with which the row was made.
    pub(super) fn unwrap(&self, id: [u8; 16], keys: &ProtectorKeys) -> Option<StoreKey> {
        if keys.commitment() != *self.commitment {
            return None;
        }
        keys.unwrap(&id, self.header, self.wrapped).ok()
    }
}
