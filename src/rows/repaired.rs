//! The result of the last repair, as the store itself records it: the row `repaired` of the table `meta`.

use crate::rows::meta;

/// The format number of the row.
const FORMAT: u8 = 1;
/// Flag: the number of lost records is known.
const LOST: u8 = 1;
/// Flag: a backup was restored.
const BACKUP: u8 = 2;
/// Bytes before the name: format, flags, and four numbers.
const HEAD: usize = 2 + 4 * 8;

/// The result of a repair. Times are milliseconds since 1970 UTC.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Repair {
    /// Time of the repair.
    pub at: u64,
    /// Records of the damaged store that were whole. They are unchanged.
    pub kept: u64,
    /// Records of the damaged store that were not whole; `None` if the number is unknown. A lost record that the backup
    /// contains has the backup's value.
    pub lost: Option<u64>,
    /// The time at which the restored backup was taken; `None` if no backup was restored.
    pub restored_from: Option<u64>,
    /// The folder below `quarantine/` that holds the damaged file, if there was one.
    pub quarantine: Option<String>,
}

impl Repair {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let known = |number: Option<u64>, flag| if number.is_some() { flag } else { 0 };
        let flags = known(self.lost, LOST) | known(self.restored_from, BACKUP);
        let numbers =
            [self.at, self.kept, self.lost.unwrap_or_default(), self.restored_from.unwrap_or_default()];
        let numbers = numbers.into_iter().flat_map(u64::to_be_bytes);
        let name = self.quarantine.iter().flat_map(|name| name.bytes());
        [FORMAT, flags].into_iter().chain(numbers).chain(name).collect()
    }

    /// `None` if the bytes are no such row.
    pub(crate) fn decode(row: &[u8]) -> Option<Self> {
        let ([format, flags, numbers @ ..], name) = row.split_first_chunk::<HEAD>()?;
        let number = |at: usize| meta::counter(&numbers[8 * at..8 * at + 8]);
        let (lost, restored_from) = (number(2)?, number(3)?);
        (*format == FORMAT).then_some(Self {
            at: number(0)?,
            kept: number(1)?,
            lost: (flags & LOST != 0).then_some(lost),
            restored_from: (flags & BACKUP != 0).then_some(restored_from),
            quarantine: if name.is_empty() { None } else { Some(String::from_utf8(name.to_vec()).ok()?) },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_what_was_written_into_it() {
        let whole = Repair {
            at: 1,
            kept: 2,
            lost: Some(3),
            restored_from: Some(4),
            quarantine: Some("0005".to_owned()),
        };
        let bare = Repair { lost: None, restored_from: None, quarantine: None, ..whole.clone() };
        for repair in [whole, bare] {
            let row = repair.encode();
            assert_eq!(Repair::decode(&row), Some(repair));
            assert_eq!(Repair::decode(&row[..HEAD - 1]), None);
            assert_eq!(Repair::decode(&[&[FORMAT + 1], &row[1..]].concat()), None);
            // A counter above every possible revision.
            assert_eq!(Repair::decode(&[&row[..10], &[0xFF; 8][..], &row[18..]].concat()), None);
        }
    }
}
