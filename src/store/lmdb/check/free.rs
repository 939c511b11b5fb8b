//! Records of free pages. The page numbers in a record descend.

use super::super::layout::{Entry, Value, WORD, free_pages, word_at};
use super::walk::Walk;
use super::{Damage, Unsound, What};

impl Walk<'_> {
    /// Marks the pages of a record as free. Returns the number of pages that the record itself takes besides its leaf.
    pub(super) fn free_record(&mut self, number: u64, entry: Entry<'_>) -> Result<u64, Unsound> {
        let txn = word_at(entry.key, 0).unwrap_or(0);
        let length = match entry.value {
            Value::Inline(value) => value.len() as u64,
            Value::Big { length, .. } => length,
            Value::Named(_) => 0,
        };
        if txn == 0 || txn > self.meta.txn || !length.is_multiple_of(WORD as u64) {
            return Err(Damage::at(number, What::Free));
        }
        self.last_freed = Some(txn);
        match entry.value {
            Value::Inline(record) => self.free_pages(number, record).map(|()| 0),
            Value::Big { page, length } => {
                let mut record = Vec::new();
                let run = self.value(page, length, |piece| record.extend_from_slice(piece))?;
                self.free_pages(number, &record).map(|()| run)
            }
            Value::Named(_) => Err(Damage::at(number, What::Free)),
        }
    }

    fn free_pages(&mut self, number: u64, record: &[u8]) -> Result<(), Unsound> {
        let wrong = || Damage::at(number, What::Free);
        let mut before = u64::MAX;
        for page in free_pages(record).ok_or_else(wrong)? {
            if page >= before {
                return Err(wrong());
            }
            before = page;
            self.see(page, true)?;
        }
        Ok(())
    }
}
