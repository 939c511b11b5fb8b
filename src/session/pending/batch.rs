//! The memory for answers that wait for other answers of their batch. It is counted before an answer is made.
//!
//! The answers of one batch together are at most as long as a message may be. All waiting answers share a second limit,
//! and they count in the ledger that bounds how much is read. Any thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::limits;
use crate::vault::{Error, OverLimit, Overload, Room};

use super::PendingRequests;

/// Memory reserved for the answers of one batch. Dropping it releases the memory.
pub struct BatchRoom {
    ledger: Arc<PendingRequests>,
    most: usize,
    taken: AtomicUsize,
    /// The part of `taken` that the ledger counts, in bytes.
    counted: AtomicUsize,
}

impl BatchRoom {
    /// Room for at most `most` bytes. Reserves none of them yet.
    pub(in crate::session) fn new(ledger: &Arc<PendingRequests>, most: usize) -> Self {
        Self { ledger: ledger.clone(), most, taken: AtomicUsize::default(), counted: AtomicUsize::default() }
    }
}

impl Room for BatchRoom {
    fn take(&self, bytes: usize) -> Result<(), Error> {
        let taken = self.taken.fetch_add(bytes, Ordering::Relaxed) + bytes;
        // Short answers need no count, because a batch has a limited number of elements.
        if bytes <= limits::SHORT_ANSWER {
            return Ok(());
        }
        if taken > self.most {
            self.taken.fetch_sub(bytes, Ordering::Relaxed);
            return Err(Error::DataTooLarge { reason: OverLimit::Batch, limit: self.most as u64 });
        }
        if !self.ledger.hold_batched(bytes, limits::BATCHED_BYTES.max(self.most)) {
            self.taken.fetch_sub(bytes, Ordering::Relaxed);
            return Err(Error::Overloaded(Overload::Answers));
        }
        self.counted.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }
}

impl Drop for BatchRoom {
    fn drop(&mut self) {
        self.ledger.release_batched(*self.counted.get_mut());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: usize = limits::SHORT_ANSWER + 1;

    #[test]
    fn the_answers_of_a_batch_have_a_limit_and_short_ones_have_none() {
        let room = BatchRoom::new(&Arc::default(), 2 * LONG);
        assert_eq!(room.take(LONG), Ok(()));
        assert_eq!(room.take(limits::SHORT_ANSWER), Ok(()));
        assert_eq!(
            room.take(LONG),
            Err(Error::DataTooLarge { reason: OverLimit::Batch, limit: 2 * LONG as u64 })
        );
        assert_eq!(room.take(limits::SHORT_ANSWER), Ok(()));
    }

    #[test]
    fn batches_share_what_there_is_and_give_it_back() {
        let ledger = Arc::default();
        let one = BatchRoom::new(&ledger, limits::BATCHED_BYTES);
        let other = BatchRoom::new(&ledger, limits::BATCHED_BYTES);
        assert_eq!(one.take(limits::BATCHED_BYTES), Ok(()));
        assert_eq!(other.take(LONG), Err(Error::Overloaded(Overload::Answers)));
        drop(one);
        assert_eq!(other.take(limits::BATCHED_BYTES), Ok(()));
    }
}
