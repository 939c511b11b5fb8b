//! Whether a meta page has the number of the transaction that wrote it.
//!
//! A number that is two too small makes the newest snapshot look like the one before the last, and the last commit
//! would be lost silently. But each transaction frees pages, and records them under its own number: the newest record
//! in a snapshot's tree of free pages names the transaction that made the snapshot.

use std::fs::File;

use super::super::layout::{META_PAGES, Meta, Page, kind, word_at};
use super::super::pages::Pages;
use super::{Damage, Unsound, What, heads};

/// The first transaction of a file. It has no pages to free.
const FIRST: u64 = 1;

/// Whether the newest record of free pages belongs to the transaction of the meta page.
pub(super) fn is_own(meta: &Meta, last_freed: Option<u64>) -> bool {
    match last_freed {
        Some(txn) => txn == meta.txn,
        None => meta.txn <= FIRST,
    }
}

/// Checks the meta page from which the walk did not start. LMDB does not reuse a page of the last snapshot but one
/// before it overwrites this meta page.
pub(super) fn other(file: &File, page_size: usize, metas: [Meta; 2], walked: Meta) -> Result<(), Unsound> {
    let Some(other) = metas.into_iter().find(|meta| meta.txn != walked.txn) else { return Ok(()) };
    let (pages, now) = heads(file, page_size)?;
    let is_its_own = match other.free.root {
        // Damage of pages that only the last snapshot but one has affects no row.
        Some(root) => last_freed(&pages, &other, root).is_none_or(|txn| is_own(&other, Some(txn))),
        None => is_own(&other, None),
    };
    if is_its_own || now != metas || heads(file, page_size)?.1 != metas {
        return Ok(());
    }
    Err(Damage::at(other.txn % META_PAGES, What::Meta))
}

/// The last key of the tree of free pages; `None` if it can't be read.
fn last_freed(pages: &Pages<'_>, meta: &Meta, root: u64) -> Option<u64> {
    let mut number = root;
    let mut bytes = vec![0; pages.size()];
    for level in (1..=meta.free.depth).rev() {
        if number < META_PAGES || number > meta.last {
            return None;
        }
        pages.read(number, &mut bytes).ok()?;
        let page = Page::new(&bytes);
        if page.number()? != number || page.flags()? != kind(level) {
            return None;
        }
        let last = page.count()?.checked_sub(1)?;
        if level == 1 {
            return word_at(page.entry(last)?.key, 0);
        }
        number = page.child(last)?.page;
    }
    None
}
