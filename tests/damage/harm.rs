//! What can happen to a file.

use crate::random::Random;

/// One kind of damage.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Harm {
    /// One bit turned over, anywhere.
    Bit,
    /// Some bits turned over in a page that is no piece of a large value, mostly where it says what lies where.
    BitsOfTree,
    ZeroedPage,
    ZeroedSector,
    SwappedPages,
    CutAtPage,
    CutInPage,
    /// A page as it was before: what a disk leaves that did not write it.
    OlderPage,
    Garbage,
}

impl Harm {
    pub(crate) const ALL: [Self; 9] = [
        Self::Bit,
        Self::BitsOfTree,
        Self::ZeroedPage,
        Self::ZeroedSector,
        Self::SwappedPages,
        Self::CutAtPage,
        Self::CutInPage,
        Self::OlderPage,
        Self::Garbage,
    ];

    pub(crate) fn damage(self, newest: &[u8], older: &[u8], page: usize, chance: &mut Random) -> Vec<u8> {
        let mut file = newest.to_vec();
        let pages = file.len() / page;
        let at = chance.below(pages) * page;
        match self {
            Self::Bit => {
                let bit = chance.below(file.len() * 8);
                file[bit / 8] ^= 1 << (bit % 8);
            }
            Self::BitsOfTree => {
                // Pages that say that they are a branch, a leaf or a meta page.
                let is_tree = |at: &usize| matches!(file[at + 10], 1 | 2 | 8);
                let tree: Vec<_> = (0..pages).map(|number| number * page).filter(is_tree).collect();
                let at = tree[chance.below(tree.len())];
                for _ in 0..=chance.below(4) {
                    let bytes = if chance.below(3) == 0 { page } else { 64 };
                    file[at + chance.below(bytes)] ^= 1 << chance.below(8);
                }
            }
            Self::ZeroedPage => file[at..at + page].fill(0),
            Self::ZeroedSector => {
                let at = chance.below(file.len() / 512) * 512;
                file[at..at + 512].fill(0);
            }
            Self::SwappedPages => {
                let other = chance.below(pages) * page;
                let first = file[at..at + page].to_vec();
                file.copy_within(other..other + page, at);
                file[other..other + page].copy_from_slice(&first);
            }
            Self::CutAtPage => file.truncate(at),
            Self::CutInPage => file.truncate(at + 1 + chance.below(page - 1)),
            Self::OlderPage => {
                let differs = |at: &usize| newest[*at..at + page] != older[*at..at + page];
                let both = newest.len().min(older.len()) / page;
                let changed: Vec<_> = (0..both).map(|number| number * page).filter(differs).collect();
                let at = changed[chance.below(changed.len())];
                file[at..at + page].copy_from_slice(&older[at..at + page]);
            }
            Self::Garbage => file[at..at + page].fill_with(|| chance.next().to_le_bytes()[3]),
        }
        file
    }
}
