//! The window of bytes that were read and not yet used, and the buffer in which a long message grows.
//!
//! Used by the reader's thread alone. Must never allocate memory for bytes that have not come: the window has a fixed
//! size, and [`Growing`] is at most twice as long as its content, or one piece.

use std::io::{self, Read};

use zeroize::Zeroize;

use super::frame::{Frame, Wiped};
use crate::limits;

/// The size of the window. A whole block of headers must fit, with the byte after it.
const WINDOW: usize = limits::HEADERS + 4096;
/// The smallest step in which a long message grows.
const PIECE: usize = 64 * 1024;

/// A window over the input. Consumed bytes are zeroed.
pub(super) struct Window {
    bytes: Wiped,
    start: usize,
    end: usize,
    /// How much of the data is known to have no line feed, so that a line that comes byte by byte is searched once.
    searched: usize,
    /// The input has ended. It is not read again, since a terminal would wait for new input.
    pub(super) ended: bool,
}

impl Window {
    pub(super) fn new() -> Self {
        Self { bytes: Wiped(vec![0; WINDOW]), start: 0, end: 0, searched: 0, ended: false }
    }

    pub(super) fn data(&self) -> &[u8] {
        &self.bytes.0[self.start..self.end]
    }

    pub(super) fn consume(&mut self, count: usize) {
        let next = self.start + count;
        self.bytes.0[self.start..next].zeroize();
        self.start = next;
        self.searched = 0;
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
    }

    /// The length of the first line with its line feed, if that is among the first `within` bytes.
    pub(super) fn line(&mut self, within: usize) -> Option<usize> {
        let data = &self.bytes.0[self.start..self.end];
        let look = data.len().min(within);
        let from = self.searched.min(look);
        let found = data[from..look].iter().position(|&byte| byte == b'\n');
        if found.is_none() {
            self.searched = look;
        }
        found.map(|at| from + at + 1)
    }

    /// Reads once into the free part of the window.
    pub(super) fn fill(&mut self, input: &mut impl Read) -> io::Result<()> {
        if self.start > 0 {
            // Happens at most once for each message: from then on the data begins at 0.
            let kept = self.end - self.start;
            self.bytes.0.copy_within(self.start..self.end, 0);
            self.bytes.0[kept..self.end].zeroize();
            (self.start, self.end) = (0, kept);
        }
        let count = read(input, &mut self.bytes.0[self.end..])?;
        self.end += count;
        self.ended |= count == 0;
        Ok(())
    }

    /// Reads once directly into a message that is longer than its part in the window.
    pub(super) fn fill_directly(&mut self, message: &mut Growing, input: &mut impl Read) -> io::Result<()> {
        debug_assert!(self.data().is_empty(), "the bytes in the window come first");
        let count = read(input, message.spare())?;
        message.filled += count;
        self.ended |= count == 0;
        Ok(())
    }
}

fn read(input: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// A message that is not complete yet.
pub(super) struct Growing {
    bytes: Wiped,
    filled: usize,
    /// The maximum length: the exact one for a body, the limit for a line.
    most: usize,
}

impl Growing {
    pub(super) fn new(most: usize) -> Self {
        Self { bytes: Wiped::default(), filled: 0, most }
    }

    pub(super) fn data(&self) -> &[u8] {
        &self.bytes.0[..self.filled]
    }

    /// How many more bytes it may take.
    pub(super) fn missing(&self) -> usize {
        self.most - self.filled
    }

    /// Appends bytes, at most as many as [`Self::missing`] gives.
    pub(super) fn push(&mut self, data: &[u8]) {
        let filled = self.filled + data.len();
        if filled > self.bytes.0.len() {
            self.grow(filled.max(self.bytes.0.len() * 2));
        }
        self.bytes.0[self.filled..filled].copy_from_slice(data);
        self.filled = filled;
    }

    /// Space to read into. Not empty as long as bytes are missing.
    fn spare(&mut self) -> &mut [u8] {
        if self.filled == self.bytes.0.len() {
            self.grow(PIECE.max(self.filled * 2));
        }
        &mut self.bytes.0[self.filled..]
    }

    fn grow(&mut self, length: usize) {
        let mut longer = Wiped(vec![0; length.min(self.most)]);
        longer.0[..self.filled].copy_from_slice(&self.bytes.0[..self.filled]);
        self.bytes = longer;
    }

    /// The message without its last `less` bytes, in memory of exactly its length.
    pub(super) fn finish(mut self, less: usize) -> Frame {
        let length = self.filled - less;
        if length == self.bytes.0.capacity() {
            return Frame::new(std::mem::take(&mut self.bytes.0).into_boxed_slice());
        }
        Frame::new(self.bytes.0[..length].into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_uses_memory_for_the_bytes_that_came() {
        let mut message = Growing::new(1 << 40);
        message.push(b"ten bytes.");
        assert_eq!(message.bytes.0.capacity(), 10);
        assert_eq!(message.spare().len(), PIECE - 10);
        message.filled = PIECE;
        assert_eq!(message.spare().len(), PIECE);
        assert_eq!(message.data()[..10], *b"ten bytes.");
    }

    #[test]
    fn a_message_never_grows_past_its_maximum() {
        let mut message = Growing::new(3);
        message.push(b"ab");
        assert_eq!(message.spare().len(), 1);
        message.push(b"c");
        assert_eq!(message.missing(), 0);
        assert_eq!(message.finish(0).as_ref(), b"abc");
    }

    #[test]
    fn consumed_and_moved_bytes_are_zeroed() {
        let mut window = Window::new();
        window.fill(&mut &b"key and more"[..]).unwrap();
        window.consume(4);
        window.fill(&mut &b"!"[..]).unwrap();
        assert_eq!(window.data(), b"and more!");
        assert!(window.bytes.0[9..].iter().all(|&byte| byte == 0));
        window.consume(9);
        assert!(window.bytes.0.iter().all(|&byte| byte == 0));
    }
}
