//! A walk through the trees that continues at broken places and records them.

use crate::rows::{Table, meta};

use super::super::layout::{
    DEEPEST, Entry, Heads, LEAF, META_PAGES, Meta, Page, Part, Tree, Value, free_pages, kind, overflow_pages,
};
use super::Standing;
use super::keep::Kept;
use super::row::{Place, Reader};

/// Number of broken places that are recorded separately. If there are more, everything counts as broken.
const GAPS: usize = 1_000;

/// The known state of a page of the file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// No page that was read refers to it.
    Unknown,
    /// The page is free.
    Free,
    /// The page is in use, and was read.
    Read,
    /// The page is in use, and its place holds something else.
    Broken,
}

/// A range of keys for which the content of the snapshot is unknown.
struct Gap {
    /// `None` for any table.
    table: Option<Table>,
    from: Vec<u8>,
    below: Option<Vec<u8>>,
}

pub(super) struct Survey<'f> {
    pub(super) reader: Reader<'f>,
    states: Vec<State>,
    last: u64,
    /// Whether all free pages and all pages of large values are known. Then a page to which no page refers is in use
    /// below a broken one.
    free_is_whole: bool,
    /// Whether the snapshot belongs to the last commit.
    is_newest: bool,
    gaps: Vec<Gap>,
    /// The key of the last whole row of the current table.
    last_key: Vec<u8>,
    /// Whether the walk met a broken place since `last_key`.
    broken: bool,
    heads: Heads,
    pub(super) lost_pages: u64,
    pub(super) lost_rows: u64,
    /// Rows of the snapshot that are not what was written.
    pub(super) damaged: Vec<(Table, Vec<u8>, Place)>,
    last_revision: Option<u64>,
}

impl<'f> Survey<'f> {
    pub(super) fn new(reader: Reader<'f>, is_newest: bool) -> Self {
        let count = usize::try_from(reader.pages.count()).unwrap_or(0);
        Self {
            reader,
            states: vec![State::Unknown; count],
            last: 0,
            free_is_whole: false,
            is_newest,
            gaps: Vec::new(),
            last_key: Vec::new(),
            broken: false,
            heads: Heads::default(),
            lost_pages: 0,
            lost_rows: 0,
            damaged: Vec::new(),
            last_revision: None,
        }
    }

    /// The number of rows that the snapshot had in a table; `None` if that is unknown.
    pub(super) fn expected(&self, table: Table) -> Option<u64> {
        Some(self.heads.of(table)?.entries)
    }

    pub(super) fn state(&self, page: u64) -> State {
        let place = usize::try_from(page).ok().and_then(|page| self.states.get(page));
        place.copied().unwrap_or(State::Broken)
    }

    fn set(&mut self, page: u64, state: State) {
        if let Some(place) = usize::try_from(page).ok().and_then(|page| self.states.get_mut(page)) {
            *place = state;
        }
    }

    /// Without a meta page every part of the file counts as unknown.
    pub(super) fn nothing_is_known(&mut self) {
        self.gap(None, Vec::new(), None);
    }

    pub(super) fn trees(&mut self, meta: &Meta, kept: &mut Kept) {
        self.last = meta.last;
        self.free_is_whole = true;
        self.tree(&meta.free, Part::Free, kept);
        self.tree(&meta.tables, Part::Tables, kept);
        for table in Table::ALL {
            match self.heads.of(table) {
                Some(head) => self.tree(&head, Part::Rows(table), kept),
                None => self.gap(Some(table), Vec::new(), None),
            }
        }
        self.free_is_whole &= self.leaves_no_page_over(meta);
    }

    /// Whether at most as many pages are not free as the heads of the trees count. An extra page is missing from the
    /// records of free pages: it may hold rows that were removed.
    fn leaves_no_page_over(&self, meta: &Meta) -> bool {
        let pages = |tree: &Tree| [tree.branch_pages, tree.leaf_pages, tree.overflow_pages];
        let mut expected =
            pages(&meta.free).into_iter().chain(pages(&meta.tables)).fold(0, u64::saturating_add);
        for head in Table::ALL.map(|table| self.heads.of(table)) {
            // Where a head is damaged, no comparison is possible.
            let Some(head) = head else { return true };
            expected = pages(&head).into_iter().fold(expected, u64::saturating_add);
        }
        let end = usize::try_from(self.last).unwrap_or(usize::MAX).saturating_add(1).min(self.states.len());
        let first = usize::try_from(META_PAGES).unwrap_or(usize::MAX);
        let trees = self.states.get(first..end).unwrap_or_default();
        trees.iter().filter(|state| **state != State::Free).count() as u64 <= expected
    }

    fn tree(&mut self, head: &Tree, part: Part, kept: &mut Kept) {
        self.last_key.clear();
        self.broken = false;
        if let Some(root) = head.root {
            self.below(root, head.depth.min(DEEPEST), part, kept);
        }
        if let (true, Part::Rows(table)) = (self.broken, part) {
            let from = self.last_key.clone();
            self.gap(Some(table), from, None);
        }
    }

    /// Records that the walk met a broken place. The lost rows are between the whole rows before and after it: the keys
    /// in the pages above have no checksums, so they can't be trusted.
    fn is_broken(&mut self, part: Part) {
        match part {
            Part::Free => self.free_is_whole = false,
            Part::Tables => self.gap(None, Vec::new(), None),
            Part::Rows(_) => self.broken = true,
        }
    }

    /// Records that the walk read a whole row.
    fn pass(&mut self, table: Table, key: &[u8]) {
        if *key <= *self.last_key && !self.last_key.is_empty() {
            // The pages are in the wrong order, so the place of a missing row is unknown.
            self.gap(Some(table), Vec::new(), None);
        } else if std::mem::take(&mut self.broken) {
            let from = self.last_key.clone();
            self.gap(Some(table), from, Some(key.to_vec()));
        }
        self.last_key = key.to_vec();
    }

    fn gap(&mut self, table: Option<Table>, from: Vec<u8>, below: Option<Vec<u8>>) {
        if self.gaps.len() < GAPS {
            self.gaps.push(Gap { table, from, below });
        } else {
            self.gaps.truncate(1);
            self.gaps[0] = Gap { table: None, from: Vec::new(), below: None };
        }
    }

    pub(super) fn is_in_gap(&self, table: Table, key: &[u8]) -> bool {
        self.gaps.iter().any(|gap| {
            gap.table.is_none_or(|of| of == table)
                && *gap.from <= *key
                && gap.below.as_ref().is_none_or(|below| *key < **below)
        })
    }

    fn below(&mut self, number: u64, levels: u16, part: Part, kept: &mut Kept) {
        let is_new = number >= META_PAGES && number <= self.last && self.state(number) == State::Unknown;
        let mut bytes = vec![0; self.reader.pages.size()];
        let is_it = is_new && self.reader.pages.read(number, &mut bytes).is_ok() && {
            let page = Page::new(&bytes);
            page.number() == Some(number) && page.flags() == Some(kind(levels)) && page.count().is_some()
        };
        if !is_it {
            self.lost_pages += 1;
            if is_new {
                self.set(number, State::Broken);
            }
            return self.is_broken(part);
        }
        self.set(number, State::Read);
        let page = Page::new(&bytes);
        if levels == 1 {
            self.leaf(page, part, kept);
        } else {
            self.branch(page, levels, part, kept);
        }
    }

    fn branch(&mut self, page: Page<'_>, levels: u16, part: Part, kept: &mut Kept) {
        let count = page.count().unwrap_or(0);
        let mut filled = 0;
        for index in 0..count {
            if let Some(child) = page.child(index) {
                filled += child.size();
                self.below(child.page, levels - 1, part, kept);
            } else {
                self.lost_pages += 1;
                self.is_broken(part);
            }
        }
        // A wrong count hides children.
        if !page.is_filled_by(filled) {
            self.lost_pages += 1;
            self.is_broken(part);
        }
    }

    fn leaf(&mut self, page: Page<'_>, part: Part, kept: &mut Kept) {
        let count = page.count().unwrap_or(0);
        let mut filled = 0;
        for index in 0..count {
            filled += page.entry(index).map_or(0, |entry| entry.size());
            let whole = match (part, page.entry(index)) {
                (_, None) => false,
                (Part::Free, Some(entry)) => self.free_record(entry.value).is_some(),
                (Part::Tables, Some(entry)) => self.heads.take(entry).is_some(),
                (Part::Rows(table), Some(entry)) => match self.reader.known(entry) {
                    Some(known) if known.table == table => {
                        self.pass(table, entry.key);
                        self.note_run(entry.value);
                        self.note_revision(table, entry.key, entry.value);
                        kept.take(entry.key, known, Standing::Live, Place::of(entry.value));
                        true
                    }
                    _ => {
                        self.lost_rows += 1;
                        self.damaged.push((table, entry.key.to_vec(), Place::of(entry.value)));
                        false
                    }
                },
            };
            if !whole {
                // The damage may be in its key.
                self.is_broken(part);
                let is_inline = |entry: Entry<'_>| matches!(entry.value, Value::Inline(_));
                self.free_is_whole &= page.entry(index).is_some_and(is_inline);
            }
        }
        // A wrong count hides rows.
        if !page.is_filled_by(filled) {
            self.is_broken(part);
            self.free_is_whole = false;
        }
    }

    /// Marks the pages of a value as read: they are in use, and their content has no page header.
    fn note_run(&mut self, value: Value<'_>) {
        if let Value::Big { page, length } = value {
            let pages = overflow_pages(length, self.reader.pages.size());
            (page..page.saturating_add(pages)).for_each(|page| self.set(page, State::Read));
        }
    }

    fn note_revision(&mut self, table: Table, key: &[u8], value: Value<'_>) {
        if let (Table::Meta, meta::REVISION, Value::Inline(stored)) = (table, key, value) {
            self.last_revision = stored.first_chunk::<8>().and_then(|number| meta::counter(number));
        }
    }

    fn free_record(&mut self, value: Value<'_>) -> Option<()> {
        let mut record = Vec::new();
        match value {
            Value::Inline(inline) => record.extend_from_slice(inline),
            Value::Big { page, length } => {
                self.reader.pages.value(page, length, |piece| record.extend_from_slice(piece)).ok()?;
                self.note_run(value);
            }
            Value::Named(_) => return None,
        }
        for page in free_pages(&record)? {
            if self.state(page) == State::Unknown {
                self.set(page, State::Free);
            }
        }
        Some(())
    }

    /// Searches for rows in a page that the trees did not reach, or whose place holds something else.
    pub(super) fn page(&mut self, number: u64, bytes: &[u8], kept: &mut Kept) {
        let page = Page::new(bytes);
        // The header of a page in a broken place is not reliable, so it is searched in any case. Elsewhere only leaf
        // pages are searched.
        if page.flags() != Some(LEAF) && self.state(number) != State::Broken {
            return;
        }
        // A page in another page's place is still the page that its number gives.
        let said = page.number().unwrap_or(0);
        let is_live = match self.state(said) {
            State::Broken => said >= META_PAGES && said < self.reader.pages.count(),
            State::Unknown => self.free_is_whole && said >= META_PAGES && said <= self.last,
            State::Free | State::Read => false,
        };
        let most = bytes.len() / 2;
        for index in 0..page.count().unwrap_or(most).min(most) {
            let Some(entry) = page.entry(index) else { continue };
            let Some(known) = self.reader.known(entry) else { continue };
            let is_later = self.last_revision.is_some() && known.revision > self.last_revision;
            let standing = match (is_live, is_later) {
                (true, _) => Standing::Live,
                // The last commit is known. A newer row belongs to a commit that did not happen.
                (false, true) if self.is_newest => continue,
                (false, true) => Standing::Later,
                (false, false) if self.is_in_gap(known.table, entry.key) => Standing::Stale,
                (false, false) => continue,
            };
            kept.take(entry.key, known, standing, Place::of(entry.value));
        }
    }
}
