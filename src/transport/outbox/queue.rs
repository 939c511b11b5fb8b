//! The queue of frames that wait to be written, oldest first.
//!
//! Plain data behind the outbox's lock. Must never drop a byte that was not written, nor use more than twice the memory
//! of the queued frames, however small they are.

use std::collections::VecDeque;

use crate::transport::frame::Wiped;

/// Whole frames, of which the first bytes may be written already.
pub(super) struct Chunk {
    bytes: Wiped,
    written: usize,
}

impl Chunk {
    pub(super) fn new(bytes: Wiped) -> Self {
        Self { bytes, written: 0 }
    }

    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes.0[self.written..]
    }

    pub(super) fn written(&mut self, count: usize) {
        self.written += count;
    }
}

#[derive(Default)]
pub(super) struct Queue(VecDeque<Chunk>);

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a frame at the end. Frames of together at most `shared` bytes share a buffer, and so a write.
    pub(super) fn push(&mut self, chunk: Chunk, shared: usize) {
        let Some(last) = self.0.back_mut() else {
            return self.0.push_back(chunk);
        };
        let (have, more) = (last.bytes.0.len(), chunk.bytes.0.len());
        if have + more > shared {
            return self.0.push_back(chunk);
        }
        if last.bytes.0.capacity() < have + more {
            let mut longer = Wiped(Vec::with_capacity(shared));
            longer.0.extend_from_slice(&last.bytes.0);
            last.bytes = longer;
        }
        last.bytes.0.extend_from_slice(&chunk.bytes.0);
    }

    pub(super) fn pop(&mut self) -> Option<Chunk> {
        self.0.pop_front()
    }

    /// Puts the rest of a chunk back to the front.
    pub(super) fn put_back(&mut self, chunk: Chunk) {
        if !chunk.rest().is_empty() {
            self.0.push_front(chunk);
        }
    }
}
