//! AES-256-GCM-SIV (RFC 8452) over padded text.
//!
//! A nonce that is used twice reveals only whether two texts are equal. So random nonces are safe, also on a machine
//! that was cloned.

use aes_gcm_siv::aead::{AeadInOut, KeyInit};
use aes_gcm_siv::{Aes256GcmSiv, Nonce, Tag};

use super::ids::StoreId;

const NONCE: usize = 12;
const TAG: usize = 16;
/// The length in front of the text.
const LENGTH: usize = 4;
/// Texts are padded to a multiple of this, so that a sealed length reveals the text's length only up to this step.
const PADDING: usize = 64;

/// The error for a value that is damaged, was sealed under another key, or was sealed for another place.
#[derive(Debug, PartialEq, Eq)]
pub struct NotAuthentic;

/// Where a sealed value is stored. The value is bound to it. The numbers are part of the disk format.
#[derive(Clone, Copy)]
#[repr(u8)]
pub enum Place {
    /// A protector's row in the table `meta`.
    Meta = 1,
    /// The table `keys`.
    Keys = 2,
    /// The address in a row of the table `records`.
    RecordAddress = 3,
    /// The data in a row of the table `records`.
    RecordData = 4,
    /// The table `changes`.
    Changes = 5,
    /// A slot file.
    Slot = 6,
    /// The list of a namespace's live keys, in the table `key index`.
    KeyList = 7,
    /// The store key, for a machine that joins.
    JoinKey = 8,
    /// The label of a machine on the server of a shared store.
    MachineLabel = 9,
}

/// What a sealed value is bound to, so that it can't be moved, swapped with another, or given another value's date.
pub struct AssociatedData(Vec<u8>);

impl AssociatedData {
    /// Store id, place, key and plain header, each with a fixed width or its length in front.
    ///
    /// # Panics
    /// For a key or header of 64 KiB or more. LMDB's keys have at most 511 bytes.
    pub fn new(store: StoreId, place: Place, key: &[u8], header: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(16 + 1 + 2 + key.len() + 2 + header.len());
        bytes.extend_from_slice(&store.0);
        bytes.push(place as u8);
        for part in [key, header] {
            let length = u16::try_from(part.len()).expect("keys and headers are short");
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(part);
        }
        Self(bytes)
    }
}

/// The sealed length, in bytes, of a text of `text` bytes.
pub const fn sealed_length(text: usize) -> usize {
    NONCE + (LENGTH + text).next_multiple_of(PADDING) + TAG
}

/// One subkey, ready to seal and open.
pub struct Cipher(Aes256GcmSiv);

impl Cipher {
    /// The cipher of a subkey.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(Aes256GcmSiv::new(key.into()))
    }

    /// `nonce ‖ AES-256-GCM-SIV(length ‖ text ‖ zeros)`.
    ///
    /// # Panics
    /// For a text of 4 GiB or more, which is far above every limit.
    pub fn seal(&self, data: &AssociatedData, text: &[u8]) -> Vec<u8> {
        self.seal_with(super::random(), data, text)
    }

    fn seal_with(&self, nonce: [u8; NONCE], data: &AssociatedData, text: &[u8]) -> Vec<u8> {
        let length = u32::try_from(text.len()).expect("a sealed text is shorter than 4 GiB");
        let padded = (LENGTH + text.len()).next_multiple_of(PADDING);
        // Space for the checksum that the store appends to the value.
        let mut sealed = Vec::with_capacity(NONCE + padded + TAG + 64);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&length.to_be_bytes());
        sealed.extend_from_slice(text);
        sealed.resize(NONCE + padded, 0);
        let tag = self
            .0
            .encrypt_inout_detached(&Nonce::from(nonce), &data.0, (&mut sealed[NONCE..]).into())
            .expect("a sealed text is shorter than the cipher's limit");
        sealed.extend_from_slice(&tag);
        sealed
    }

    /// Opens what [`Self::seal`] made for the same place.
    ///
    /// # Errors
    /// [`NotAuthentic`] if the value is damaged, was sealed under another key, or was sealed for another place.
    pub fn open(&self, data: &AssociatedData, sealed: &[u8]) -> Result<Vec<u8>, NotAuthentic> {
        self.open_in_place(data, sealed.to_vec(), 0)
    }

    /// Opens the last bytes of a buffer, from `at` on. The buffer then holds the text.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_in_place(
        &self,
        data: &AssociatedData,
        mut buffer: Vec<u8>,
        at: usize,
    ) -> Result<Vec<u8>, NotAuthentic> {
        let sealed = buffer.get_mut(at..).ok_or(NotAuthentic)?;
        let (nonce, rest) = sealed.split_first_chunk_mut::<NONCE>().ok_or(NotAuthentic)?;
        let (text, tag) = rest.split_last_chunk_mut::<TAG>().ok_or(NotAuthentic)?;
        self.0
            .decrypt_inout_detached(&Nonce::from(*nonce), &data.0, (&mut *text).into(), &Tag::from(*tag))
            .map_err(|_| NotAuthentic)?;
        let length = u32::from_be_bytes(*text.first_chunk::<LENGTH>().ok_or(NotAuthentic)?) as usize;
        if LENGTH + length > text.len() || text.len() % PADDING != 0 {
            return Err(NotAuthentic);
        }
        let start = at + NONCE + LENGTH;
        buffer.copy_within(start..start + length, 0);
        buffer.truncate(length);
        Ok(buffer)
    }
}
