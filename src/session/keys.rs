//! The keys that a connection has set, and which one a call without a handle means.
//!
//! It means the only key, and nothing else: one plugin's data never lands in another's namespace by accident. A second
//! key ends that for the rest of the connection; a refused one ends it until the only key so far is set again. Since
//! requests are read faster than keys are looked up, a key that is being looked up counts from the moment it was read.

use std::sync::Arc;

use crate::vault::{Error, Key};

/// A key that is being looked up.
#[must_use = "an attempt that is neither accepted nor refused keeps its key in the balance"]
pub struct Attempt {
    key: Arc<Key>,
    must_exist: bool,
}

struct Entry {
    key: Arc<Key>,
    handle: String,
    accepted: bool,
    /// Attempts without a condition that have no outcome yet.
    attempts: usize,
    /// Attempts that have none yet, and ask that the key has a namespace.
    conditional: usize,
}

#[derive(Default)]
pub(super) struct Keys {
    entries: Vec<Entry>,
    lapsed: bool,
}

impl Keys {
    pub(super) fn begin(
        &mut self,
        key: Key,
        must_exist: bool,
        most: usize,
    ) -> Result<(Attempt, Arc<Key>), Error> {
        let position = match self.entries.iter().position(|entry| entry.key.is(&key)) {
            Some(position) => position,
            None if self.entries.len() >= most => {
                self.lapse();
                return Err(Error::DataTooLarge { limit: most as u64 });
            }
            None => {
                self.entries.push(Entry {
                    key: Arc::new(key),
                    handle: crate::vault::random_handle(),
                    accepted: false,
                    attempts: 0,
                    conditional: 0,
                });
                self.entries.len() - 1
            }
        };
        if self.entries.len() == 1 {
            self.lapsed = false;
        }
        let entry = &mut self.entries[position];
        *if must_exist { &mut entry.conditional } else { &mut entry.attempts } += 1;
        let key = entry.key.clone();
        Ok((Attempt { key: key.clone(), must_exist }, key))
    }

    pub(super) fn accept(&mut self, attempt: Attempt) -> String {
        let position = self.settle(attempt);
        let entry = &mut self.entries[position];
        entry.accepted = true;
        entry.handle.clone()
    }

    pub(super) fn refuse(&mut self, attempt: Attempt) {
        let position = self.settle(attempt);
        let entry = &self.entries[position];
        if !entry.accepted && entry.attempts == 0 && entry.conditional == 0 {
            self.entries.remove(position);
        }
        self.lapse();
    }

    fn settle(&mut self, attempt: Attempt) -> usize {
        let Attempt { key, must_exist } = attempt;
        let position = self.entries.iter().position(|entry| Arc::ptr_eq(&entry.key, &key));
        let position = position.expect("an entry stays while an attempt at it has no outcome");
        let entry = &mut self.entries[position];
        *if must_exist { &mut entry.conditional } else { &mut entry.attempts } -= 1;
        position
    }

    /// A key was refused: no call without a handle means anything until the only key so far is set again.
    pub(super) fn lapse(&mut self) {
        self.lapsed = !self.entries.is_empty();
    }

    /// The key that is meant, and whether that holds only if it has a namespace.
    pub(super) fn find(&self, handle: Option<&str>) -> Option<(Arc<Key>, bool)> {
        match (handle, self.entries.as_slice()) {
            (Some(handle), entries) => {
                let entry = entries.iter().find(|entry| entry.accepted && entry.handle == handle)?;
                Some((entry.key.clone(), false))
            }
            (None, [entry]) if !self.lapsed => Some((entry.key.clone(), entry.conditional > 0)),
            (None, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: char = '1';
    const TWO: char = '2';

    fn key(digit: char) -> Key {
        Key::parse(&String::from(digit).repeat(40)).unwrap()
    }

    fn accepted(keys: &mut Keys, digit: char) -> String {
        let (attempt, _) = keys.begin(key(digit), false, 9).ok().unwrap();
        keys.accept(attempt)
    }

    fn refused(keys: &mut Keys, digit: char) {
        let (attempt, _) = keys.begin(key(digit), true, 9).ok().unwrap();
        keys.refuse(attempt);
    }

    fn meant(keys: &Keys) -> Option<char> {
        let (found, _) = keys.find(None)?;
        [ONE, TWO].into_iter().find(|digit| found.is(&key(*digit)))
    }

    #[test]
    fn a_call_without_a_handle_means_the_only_key() {
        let mut keys = Keys::default();
        assert_eq!(meant(&keys), None);
        let handle = accepted(&mut keys, ONE);
        assert_eq!(meant(&keys), Some(ONE));
        assert_eq!(accepted(&mut keys, ONE), handle);
        assert_eq!(meant(&keys), Some(ONE));
    }

    #[test]
    fn a_second_key_ends_that_for_good() {
        let mut keys = Keys::default();
        let one = accepted(&mut keys, ONE);
        let two = accepted(&mut keys, TWO);
        assert_eq!(meant(&keys), None);
        accepted(&mut keys, ONE);
        assert_eq!(meant(&keys), None);
        assert!(keys.find(Some(&one)).is_some_and(|(found, _)| found.is(&key(ONE))));
        assert!(keys.find(Some(&two)).is_some_and(|(found, _)| found.is(&key(TWO))));
        assert!(keys.find(Some("no handle")).is_none());
    }

    #[test]
    fn a_refused_key_ends_that_until_the_only_key_is_set_again() {
        let mut keys = Keys::default();
        accepted(&mut keys, ONE);
        refused(&mut keys, TWO);
        assert_eq!(meant(&keys), None);
        accepted(&mut keys, ONE);
        assert_eq!(meant(&keys), Some(ONE));
        keys.lapse();
        assert_eq!(meant(&keys), None);
        refused(&mut keys, ONE);
        assert_eq!(meant(&keys), None);
        accepted(&mut keys, ONE);
        assert_eq!(meant(&keys), Some(ONE));
    }

    #[test]
    fn a_refused_first_key_is_as_if_it_had_never_been() {
        let mut keys = Keys::default();
        refused(&mut keys, ONE);
        assert_eq!(meant(&keys), None);
        accepted(&mut keys, TWO);
        assert_eq!(meant(&keys), Some(TWO));
    }

    #[test]
    fn a_key_that_is_being_looked_up_counts_already() {
        let mut keys = Keys::default();
        let (one, _) = keys.begin(key(ONE), true, 9).ok().unwrap();
        assert!(keys.find(None).is_some_and(|(found, conditional)| found.is(&key(ONE)) && conditional));
        let (two, _) = keys.begin(key(TWO), false, 9).ok().unwrap();
        assert_eq!(meant(&keys), None);
        keys.refuse(two);
        let handle = keys.accept(one);
        assert_eq!(meant(&keys), None);
        assert!(keys.find(Some(&handle)).is_some());
        assert_eq!(accepted(&mut keys, ONE), handle);
        assert_eq!(meant(&keys), Some(ONE));
    }

    #[test]
    fn there_are_only_so_many_handles() {
        let mut keys = Keys::default();
        accepted(&mut keys, ONE);
        let refused = keys.begin(key(TWO), false, 1).err();
        assert_eq!(refused, Some(Error::DataTooLarge { limit: 1 }));
        assert!(keys.begin(key(ONE), false, 1).is_ok());
    }
}
