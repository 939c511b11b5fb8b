//! The pages of a data file, read by number and never through a memory map. A missing page is an error here, and a
//! signal there.

use std::fs::File;
use std::io;

use crate::files::read_exact_at;

use super::layout::{self, HEADER, META_PAGES, Meta, OVERFLOW, Page};

/// The size of the largest map in bytes. No page of a store is beyond it.
pub(in crate::store) const LARGEST_MAP: u64 = 64 << 30;
/// Bytes of a large value that are read at a time.
const CHUNK: usize = 64 * 1024;
/// Number of reads of the meta pages at most, until two reads agree.
const READS: usize = 100;

/// A data file, page by page.
pub(in crate::store) struct Pages<'f> {
    file: &'f File,
    size: usize,
    count: u64,
    chunk: Vec<u8>,
}

/// The reason why a value in overflow pages can't be read.
pub(in crate::store) enum BadRun {
    /// The pages could not be read.
    Failed(io::Error),
    /// They are not the run that the node refers to.
    Damaged,
}

impl From<io::Error> for BadRun {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

impl<'f> Pages<'f> {
    /// `None` if LMDB has no pages of this size, or the file is too short for the meta pages.
    pub(in crate::store) fn new(file: &'f File, size: usize) -> io::Result<Option<Self>> {
        if !layout::is_page_size(size) {
            return Ok(None);
        }
        let count = file.metadata()?.len().min(LARGEST_MAP) / size as u64;
        Ok((count >= META_PAGES).then(|| Self { file, size, count, chunk: Vec::new() }))
    }

    /// Bytes of a page.
    pub(in crate::store) fn size(&self) -> usize {
        self.size
    }

    /// The number of whole pages in the file.
    pub(in crate::store) fn count(&self) -> u64 {
        self.count
    }

    /// Reads as many pages as fit into the buffer, from `number` on.
    pub(in crate::store) fn read(&self, number: u64, into: &mut [u8]) -> io::Result<()> {
        let at = number.checked_mul(self.size as u64).ok_or(io::ErrorKind::UnexpectedEof)?;
        read_exact_at(self.file, into, at)
    }

    /// Both meta pages; `None` for a damaged one. Other processes may write meanwhile: two equal reads prove that
    /// neither read a page while it changed.
    pub(in crate::store) fn metas(&self) -> io::Result<[Option<Meta>; 2]> {
        let mut before: Option<[[u8; Meta::LENGTH]; 2]> = None;
        for _ in 0..READS {
            let mut metas = [[0; Meta::LENGTH]; 2];
            for (number, meta) in (0..).zip(&mut metas) {
                self.read(number, meta)?;
            }
            if before == Some(metas) {
                break;
            }
            before = Some(metas);
        }
        let metas = before.unwrap_or([[0; Meta::LENGTH]; 2]);
        Ok([0, 1]
            .map(|number: u64| Meta::read(&metas[usize::from(number == 1)], number, self.size, LARGEST_MAP)))
    }

    /// Passes a value in overflow pages to `take` in pieces, each of whole words except the last. Returns the number of
    /// pages in its run.
    pub(in crate::store) fn value(
        &mut self,
        page: u64,
        length: u64,
        take: impl FnMut(&[u8]),
    ) -> Result<u64, BadRun> {
        let needed = self.needed(page, length)?;
        let mut chunk = std::mem::take(&mut self.chunk);
        chunk.resize(CHUNK.max(self.size), 0);
        let result = self.pieces(page, length, needed, &mut chunk, take);
        self.chunk = chunk;
        result
    }

    /// The number of pages in the run that holds a value, from the header of its first page alone.
    pub(in crate::store) fn run_of(&self, page: u64, length: u64) -> Result<u64, BadRun> {
        let needed = self.needed(page, length)?;
        let mut head = [0; HEADER];
        self.read(page, &mut head)?;
        self.run(page, &head, needed)
    }

    /// The number of pages that a value takes. They have to be in the file.
    fn needed(&self, page: u64, length: u64) -> Result<u64, BadRun> {
        let needed = layout::overflow_pages(length, self.size);
        let fits = page >= META_PAGES && page.checked_add(needed).is_some_and(|end| end <= self.count);
        if fits { Ok(needed) } else { Err(BadRun::Damaged) }
    }

    /// The number of pages in a run, from the header of its first page.
    fn run(&self, page: u64, head: &[u8], needed: u64) -> Result<u64, BadRun> {
        let head = Page::new(head);
        let run = head.run().unwrap_or(0);
        let whole = head.number() == Some(page) && head.flags() == Some(OVERFLOW) && run >= needed;
        let fits = page.checked_add(run).is_some_and(|end| end <= self.count);
        if whole && fits { Ok(run) } else { Err(BadRun::Damaged) }
    }

    fn pieces(
        &self,
        page: u64,
        length: u64,
        needed: u64,
        chunk: &mut [u8],
        mut take: impl FnMut(&[u8]),
    ) -> Result<u64, BadRun> {
        let per_chunk = (chunk.len() / self.size) as u64;
        let mut left = length;
        let mut run = 0;
        for first in (0..needed).step_by(chunk.len() / self.size) {
            let pages = per_chunk.min(needed - first);
            let bytes = &mut chunk[..usize::try_from(pages).unwrap_or(0) * self.size];
            self.read(page + first, bytes)?;
            let mut piece = &*bytes;
            if first == 0 {
                run = self.run(page, piece, needed)?;
                piece = &piece[HEADER..];
            }
            let here = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
            take(&piece[..here]);
            left -= here as u64;
        }
        Ok(run)
    }
}
