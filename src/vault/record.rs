//! Converts between a caller's record and its row in the store.

use crate::crypto::{DataKeys, RecordId, sealed_length};
use crate::rows::{NEVER, RecordHeader, StoredRecord, Table};
use crate::store::{Row, StoreError};

use super::{Address, Error, Timestamp};

/// A row of the table `records`, copied from a snapshot.
pub struct SealedRecord {
    id: RecordId,
    row: Vec<u8>,
}

/// The part that is sealed beside the data: the data's length, so that a list need not open the data, and the address.
pub(super) struct Head {
    pub(super) header: RecordHeader,
    pub(super) bytes: u64,
    pub(super) address: Address,
}

impl SealedRecord {
    /// A record's row as a read returned it. A row with a wrong checksum is damaged, not absent.
    pub(super) fn found(id: RecordId, row: Result<Option<&[u8]>, StoreError>) -> Result<Option<Self>, Error> {
        match row {
            Ok(row) => Ok(row.map(|row| Self { id, row: row.to_vec() })),
            Err(StoreError::Damaged) => Err(Error::RECORD_DAMAGED),
            Err(error) => Err(error.into()),
        }
    }

    /// Moves the row out instead of copying it, since it may be long.
    pub(super) fn take(&mut self) -> Self {
        Self { id: self.id, row: std::mem::take(&mut self.row) }
    }

    /// The whole row, or as much of it as [`Self::head`] needs.
    pub(super) fn new(id: RecordId, row: Vec<u8>) -> Self {
        Self { id, row }
    }

    /// Opens everything but the data. The header is not authentic before this.
    pub(super) fn head(&self, keys: &DataKeys) -> Result<Head, Error> {
        let stored = StoredRecord::decode(&self.row).ok_or(Error::RECORD_DAMAGED)?;
        let content = keys
            .open_address(self.id, &stored.header.encode(), stored.address)
            .map_err(|_| Error::RECORD_DAMAGED)?;
        let (bytes, address) = content.split_first_chunk::<4>().ok_or(Error::RECORD_DAMAGED)?;
        Ok(Head {
            header: stored.header,
            bytes: u64::from(u32::from_be_bytes(*bytes)),
            address: Address::decode(address).ok_or(Error::RECORD_DAMAGED)?,
        })
    }

    /// Opens the data: the text as it was stored, and the header, which is authentic then.
    pub(super) fn open(self, keys: &DataKeys) -> Result<(RecordHeader, String), Error> {
        let stored = StoredRecord::decode(&self.row).ok_or(Error::RECORD_DAMAGED)?;
        let (header, at) = (stored.header, self.row.len() - stored.data.len());
        let text =
            keys.open_record(self.id, &header.encode(), self.row, at).map_err(|_| Error::RECORD_DAMAGED)?;
        Ok((header, String::from_utf8(text).map_err(|_| Error::RECORD_DAMAGED)?))
    }
}

/// The part of a row that [`SealedRecord::head`] needs.
pub(super) fn head_of(row: &[u8]) -> Vec<u8> {
    let head = StoredRecord::decode(row).map_or(row.len(), |stored| row.len() - stored.data.len());
    row[..head].to_vec()
}

impl Head {
    pub(super) fn is_expired(&self, now: Timestamp) -> bool {
        is_expired(&self.header, now)
    }

    pub(super) fn expires_at(&self) -> Option<Timestamp> {
        expires_at(&self.header)
    }
}

/// Whether a record has expired.
pub(super) fn is_expired(header: &RecordHeader, now: Timestamp) -> bool {
    header.expires_at <= now.millis()
}

/// When a record expires, if it does.
pub(super) fn expires_at(header: &RecordHeader) -> Option<Timestamp> {
    (header.expires_at != NEVER).then(|| Timestamp::from_millis(header.expires_at))
}

/// The length of a record's row, in bytes.
pub(super) fn row_length(address: &Address, text: &str) -> usize {
    let address = sealed_length(4 + address.encode().len());
    StoredRecord::HEAD + address + sealed_length(text.len())
}

/// Seals a record; returns its row.
pub(super) fn seal(keys: &DataKeys, address: &Address, header: RecordHeader, text: &str) -> Row {
    let encoded = address.encode();
    let id = keys.record_id(&encoded);
    let length = u32::try_from(text.len()).expect("limits keep data below 4 GiB");
    let bound = header.encode();
    let sealed_address = keys.seal_address(id, &bound, &[&length.to_be_bytes(), encoded.as_slice()].concat());
    let sealed_data = keys.seal_record(id, &bound, text.as_bytes());
    let row = StoredRecord { header, address: &sealed_address, data: &sealed_data }.encode();
    Row { table: Table::Records, key: id.0.to_vec(), value: Some(row) }
}

/// The stored form of an optional end.
pub(super) fn end(expires_at: Option<Timestamp>) -> u64 {
    expires_at.map_or(NEVER, Timestamp::millis)
}
