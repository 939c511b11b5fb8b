//! A row of the table `records`: a plain header, then two sealed values, the address and the data.
//!
//! The two are sealed separately, so that a list of records reads no data.

/// The `expiresAt` of a record that does not expire.
pub const NEVER: u64 = u64::MAX;

const FORMAT: u8 = 1;
/// Names the data key of the namespace that seals a value. So far there is only one.
pub(crate) const GENERATION: u8 = 0;
const HEADER: usize = 2 + 4 * 8;
/// Bytes of a row that hold the revision.
pub(crate) const REVISION: std::ops::Range<usize> = 2..10;

/// The part of a record that can be read without its keys. Times are milliseconds since 1970 UTC.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RecordHeader {
    /// The revision of the write that last changed the record.
    pub revision: u64,
    /// Time of the first write.
    pub created_at: u64,
    /// Time of the last write.
    pub updated_at: u64,
    /// Time of expiry; [`NEVER`] if the record does not expire.
    pub expires_at: u64,
}

impl RecordHeader {
    /// The header's bytes. Both sealed values are bound to them.
    pub fn encode(&self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..2].copy_from_slice(&[FORMAT, GENERATION]);
        let numbers = [self.revision, self.created_at, self.updated_at, self.expires_at];
        for (field, number) in bytes[2..].chunks_exact_mut(8).zip(numbers) {
            field.copy_from_slice(&number.to_be_bytes());
        }
        bytes
    }

    fn decode(bytes: &[u8; HEADER]) -> Option<Self> {
        let (head, numbers) = bytes.split_first_chunk()?;
        let mut numbers = numbers
            .chunks_exact(8)
            .map(|number| u64::from_be_bytes(number.try_into().expect("chunks of eight")));
        let mut number = || numbers.next();
        (*head == [FORMAT, GENERATION]).then_some(Self {
            revision: number()?,
            created_at: number()?,
            updated_at: number()?,
            expires_at: number()?,
        })
    }
}

/// A decoded row of the table `records`.
pub struct StoredRecord<'r> {
    /// The plain header.
    pub header: RecordHeader,
    /// The sealed address.
    pub address: &'r [u8],
    /// The sealed data.
    pub data: &'r [u8],
}

impl<'r> StoredRecord<'r> {
    /// Bytes before the sealed address.
    pub const HEAD: usize = HEADER + 4;

    /// `header ‖ length of the sealed address ‖ sealed address ‖ sealed data`.
    ///
    /// # Panics
    /// For an address of 4 GiB or more; the limits are far below that.
    pub fn encode(&self) -> Vec<u8> {
        let length = u32::try_from(self.address.len()).expect("addresses are short");
        let mut row = Vec::with_capacity(HEADER + 4 + self.address.len() + self.data.len() + 16);
        row.extend_from_slice(&self.header.encode());
        row.extend_from_slice(&length.to_be_bytes());
        row.extend_from_slice(self.address);
        row.extend_from_slice(self.data);
        row
    }

    /// Decodes a row; `None` if the bytes are too short or their lengths do not fit.
    pub fn decode(row: &'r [u8]) -> Option<Self> {
        let (header, rest) = row.split_first_chunk::<HEADER>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (address, data) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        Some(Self { header: RecordHeader::decode(header)?, address, data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_comes_apart_as_it_was_put_together() {
        let header = RecordHeader { revision: 7, created_at: 1, updated_at: 2, expires_at: NEVER };
        let row = StoredRecord { header, address: b"address", data: b"data" }.encode();
        let read = StoredRecord::decode(&row).unwrap();
        assert_eq!((read.header, read.address, read.data), (header, &b"address"[..], &b"data"[..]));
    }

    #[test]
    fn what_has_not_the_shape_of_a_row_is_none() {
        let header = RecordHeader { revision: 7, created_at: 1, updated_at: 2, expires_at: 3 };
        let row = StoredRecord { header, address: b"address", data: b"" }.encode();
        for length in 0..row.len() {
            assert!(StoredRecord::decode(&row[..length]).is_none(), "{length} bytes");
        }
        for byte in 0..2 {
            let mut later = row.clone();
            later[byte] += 1;
            assert!(StoredRecord::decode(&later).is_none(), "a later format, or a later data key");
        }
        let mut long = row;
        long[HEADER] = 0xff;
        assert!(StoredRecord::decode(&long).is_none());
    }
}
