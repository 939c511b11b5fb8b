//! A protector's row: its kind, when it was created, its parameters, perhaps a label, a commitment to its key, and the store key wrapped
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
/// The format of a row with a label.
const LABELLED: u8 = 2;
/// Format, kind, time.
const FIXED: usize = 1 + 1 + 8;
const COMMITMENT: usize = 32;

/// A decoded row.
pub(super) struct Row<'r> {
    kind: Kind,
    made_at: u64,
    parameters: &'r [u8],
    label: &'r str,
    header: &'r [u8],
    commitment: &'r [u8; COMMITMENT],
    wrapped: &'r [u8],
}

/// The plain part of a new row.
pub(super) struct Description {
    pub(super) kind: Kind,
    pub(super) made_at: u64,
    pub(super) parameters: Vec<u8>,
    /// The user's own name for the protector; empty if it has none.
    pub(super) label: String,
}

impl Description {
    /// `format ‖ kind ‖ time ‖ length of the parameters ‖ parameters ‖ commitment ‖ wrapped store key`; a row of the
    /// format 2 has `length of the label ‖ label` before the commitment. The wrapping is bound to everything before the
    /// commitment.
    pub(super) fn wrap(&self, id: [u8; 16], keys: &ProtectorKeys, store_key: &StoreKey) -> Vec<u8> {
        let length = u16::try_from(self.parameters.len()).expect("parameters are short");
        let format = if self.label.is_empty() { FORMAT } else { LABELLED };
        let mut row = vec![format, self.kind as u8];
        row.extend_from_slice(&self.made_at.to_be_bytes());
        row.extend_from_slice(&length.to_be_bytes());
        row.extend_from_slice(&self.parameters);
        if format == LABELLED {
            let length = u16::try_from(self.label.len()).expect("a label is short");
            row.extend_from_slice(&length.to_be_bytes());
            row.extend_from_slice(self.label.as_bytes());
        }
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
        if !matches!(format, FORMAT | LABELLED) {
            return None;
        }
        let kind = Kind::ALL.into_iter().find(|known| *known as u8 == kind)?;
        let made_at = u64::from_be_bytes(time.try_into().ok()?);
        let (parameters, rest) = with_length(rest)?;
        let (label, rest) = if format == LABELLED { with_length(rest)? } else { (&[][..], rest) };
        let label = std::str::from_utf8(label).ok()?;
        let header = &row[..row.len() - rest.len()];
        let (commitment, wrapped) = rest.split_first_chunk::<COMMITMENT>()?;
        Some(Self { kind, made_at, parameters, label, header, commitment, wrapped })
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

    pub(super) fn label(&self) -> &str {
        self.label
    }

    /// `None` if this is not the key with which the row was made.
    pub(super) fn unwrap(&self, id: [u8; 16], keys: &ProtectorKeys) -> Option<StoreKey> {
        if keys.commitment() != *self.commitment {
            return None;
        }
        keys.unwrap(&id, self.header, self.wrapped).ok()
    }
}

/// Splits bytes behind their length in two bytes from what follows them.
fn with_length(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

#[cfg(test)]
mod tests {
    use crate::crypto::{ProtectorKey, StoreId};

    use super::*;

    #[test]
    fn a_row_has_its_label_bound_to_the_wrapped_key() {
        let (store, id, store_key) = (StoreId([1; 16]), [2; 16], StoreKey::generate());
        let keys = ProtectorKeys::derive(store, &ProtectorKey::generate());
        for label in ["", "laptop", "鍵"] {
            let described = Description {
                kind: Kind::Keyring,
                made_at: 7,
                parameters: vec![9; 3],
                label: label.to_owned(),
            };
            let row = described.wrap(id, &keys, &store_key);
            assert_eq!(row[0], if label.is_empty() { FORMAT } else { LABELLED });
            let read = Row::decode(&row).unwrap();
            assert_eq!(
                (read.kind(), read.made_at(), read.parameters(), read.label()),
                (Kind::Keyring, 7, &[9; 3][..], label)
            );
            assert!(read.unwrap(id, &keys).is_some());
        }
        let described =
            Description { kind: Kind::Keyring, made_at: 7, parameters: Vec::new(), label: "a".into() };
        let mut row = described.wrap(id, &keys, &store_key);
        let at = row.iter().position(|byte| *byte == b'a').unwrap();
        row[at] = b'b';
        assert!(Row::decode(&row).unwrap().unwrap(id, &keys).is_none());
    }
}
