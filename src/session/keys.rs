//! The keys that a connection has set, and which one a call without a handle means.
//!
//! Such a call means the only key and nothing else, so that one plugin's data never lands in another's namespace by
//! accident. A second key ends this for the rest of the connection. A refused key ends it until the only key so far is
//! set again.
//!
//! The connection reads requests faster than the vault looks up keys. It therefore keeps the attempts to set a key in
//! the order of reading until each has an outcome. Only the attempts before a call determine what that call means.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::vault::{Error, Key, OverLimit};

/// An attempt to set a key, which the vault is looking up.
#[must_use = "an attempt that is neither accepted nor refused keeps its key in the balance"]
pub struct Attempt(u64);

/// A place in the order of reading.
#[derive(Clone, Copy)]
pub(super) struct Position(u64);

/// Which key a call means.
pub(super) enum Resolved {
    /// This key. If the flag is set, the key counts only if it has a namespace.
    Key(Arc<Key>, bool),
    /// No key.
    None,
    /// Not known yet, because an earlier attempt has no outcome.
    Open,
}

struct Entry {
    key: Arc<Key>,
    handle: String,
}

struct PendingAttempt {
    number: u64,
    /// `None` for a text that was not a key.
    key: Option<Arc<Key>>,
    must_exist: bool,
    accepted: Option<bool>,
}

/// What a call without a handle means once the settled attempts are applied.
#[derive(Clone, Default)]
struct Selection {
    keys: Vec<Arc<Key>>,
    lapsed: bool,
}

impl Selection {
    fn accept(&mut self, key: &Arc<Key>) {
        if !self.keys.iter().any(|known| Arc::ptr_eq(known, key)) {
            self.keys.push(key.clone());
        }
        if self.keys.len() == 1 {
            self.lapsed = false;
        }
    }

    fn refuse(&mut self) {
        self.lapsed = !self.keys.is_empty();
    }

    /// Whether this key can be set without becoming a second key.
    fn takes(&self, key: &Arc<Key>) -> bool {
        self.keys.iter().all(|known| Arc::ptr_eq(known, key))
    }
}

#[derive(Default)]
pub(super) struct Keys {
    /// The accepted keys, and the keys that are being looked up.
    entries: Vec<Entry>,
    standing: Selection,
    /// The attempts that are not applied to `standing` yet, in the order of reading.
    made: VecDeque<PendingAttempt>,
    last: u64,
    waiting: usize,
}

impl Keys {
    pub(super) fn begin(
        &mut self,
        key: Key,
        must_exist: bool,
        most: usize,
    ) -> Result<(Attempt, Arc<Key>), Error> {
        let known = self.entries.iter().find(|entry| entry.key.is(&key)).map(|entry| entry.key.clone());
        let key = match known {
            Some(known) => known,
            None if self.entries.len() >= most => {
                self.refuse_no_key();
                return Err(Error::DataTooLarge { reason: OverLimit::Handles, limit: most as u64 });
            }
            None => {
                let key = Arc::new(key);
                self.entries.push(Entry { key: key.clone(), handle: crate::vault::random_handle() });
                key
            }
        };
        self.last += 1;
        self.made.push_back(PendingAttempt {
            number: self.last,
            key: Some(key.clone()),
            must_exist,
            accepted: None,
        });
        Ok((Attempt(self.last), key))
    }

    /// Returns the key's handle.
    pub(super) fn accept(&mut self, attempt: Attempt) -> String {
        let key = self.settle(attempt, true);
        let entry = self.entries.iter().find(|entry| Arc::ptr_eq(&entry.key, &key));
        entry.expect("an entry stays while an attempt at it has no outcome").handle.clone()
    }

    pub(super) fn refuse(&mut self, attempt: Attempt) {
        let key = self.settle(attempt, false);
        let is_it = |other: &Arc<Key>| Arc::ptr_eq(other, &key);
        let used = self.standing.keys.iter().any(is_it)
            || self
                .made
                .iter()
                .any(|made| made.accepted != Some(false) && made.key.as_ref().is_some_and(is_it));
        if !used {
            self.entries.retain(|entry| !is_it(&entry.key));
        }
    }

    /// Records a refused attempt that has no key to look up.
    pub(super) fn refuse_no_key(&mut self) {
        self.last += 1;
        let refused =
            PendingAttempt { number: self.last, key: None, must_exist: false, accepted: Some(false) };
        self.made.push_back(refused);
        self.fold();
    }

    fn settle(&mut self, Attempt(number): Attempt, accepted: bool) -> Arc<Key> {
        let made = self.made.iter_mut().find(|made| made.number == number);
        let made = made.expect("an attempt stays until it is settled");
        made.accepted = Some(accepted);
        let key = made.key.clone().expect("an attempt that can be settled is one at a key");
        self.fold();
        key
    }

    /// Applies and forgets the settled attempts at the front, unless a request waits for an outcome.
    fn fold(&mut self) {
        while self.waiting == 0
            && self.made.front().is_some_and(|made| made.accepted.is_some())
            && let Some(made) = self.made.pop_front()
        {
            apply(&mut self.standing, &made);
        }
    }

    /// Forgets what the keys open.
    pub(super) fn forget(&self) {
        self.entries.iter().for_each(|entry| entry.key.forget());
    }

    /// The handle of a key that a call means.
    pub(super) fn handle_of(&self, key: &Arc<Key>) -> String {
        let entry = self.entries.iter().find(|entry| Arc::ptr_eq(&entry.key, key));
        entry.map(|entry| entry.handle.clone()).unwrap_or_default()
    }

    /// The position of a call that is read now.
    pub(super) fn now(&self) -> Position {
        Position(self.last)
    }

    /// Begins a wait for the outcome of an attempt. No attempt is forgotten before [`Self::end_wait`].
    pub(super) fn wait(&mut self) {
        self.waiting += 1;
    }

    pub(super) fn end_wait(&mut self) {
        self.waiting -= 1;
        self.fold();
    }

    /// Which key a call means that was read at `position`.
    pub(super) fn find(&self, handle: Option<&str>, position: Position) -> Resolved {
        if let Some(handle) = handle {
            let entry = self.entries.iter().find(|entry| entry.handle == handle);
            return entry.map_or(Resolved::None, |entry| Resolved::Key(entry.key.clone(), false));
        }
        let mut standing = self.standing.clone();
        let mut conditional = false;
        for made in self.made.iter().take_while(|made| made.number <= position.0) {
            match (&made.key, made.accepted) {
                // If the key is refused, every request with it is refused too. Only the condition that the key was set
                // on is not checked again, so the flag carries it along.
                (Some(key), None) if standing.takes(key) => {
                    standing.accept(key);
                    conditional |= made.must_exist;
                }
                (_, None) => return Resolved::Open,
                (_, Some(_)) => apply(&mut standing, made),
            }
        }
        match standing.keys.as_slice() {
            [key] if !standing.lapsed => Resolved::Key(key.clone(), conditional),
            _ => Resolved::None,
        }
    }
}

fn apply(standing: &mut Selection, made: &PendingAttempt) {
    match (&made.key, made.accepted) {
        (Some(key), Some(true)) => standing.accept(key),
        _ => standing.refuse(),
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

    fn meant_at(keys: &Keys, position: Position) -> Option<char> {
        let Resolved::Key(found, _) = keys.find(None, position) else { return None };
        [ONE, TWO].into_iter().find(|digit| found.is(&key(*digit)))
    }

    fn meant(keys: &Keys) -> Option<char> {
        meant_at(keys, keys.now())
    }

    fn has(keys: &Keys, handle: &str, digit: char) -> bool {
        matches!(keys.find(Some(handle), keys.now()), Resolved::Key(found, _) if found.is(&key(digit)))
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
        assert!(has(&keys, &one, ONE));
        assert!(has(&keys, &two, TWO));
        assert!(matches!(keys.find(Some("no handle"), keys.now()), Resolved::None));
    }

    #[test]
    fn a_refused_key_ends_that_until_the_only_key_is_set_again() {
        let mut keys = Keys::default();
        accepted(&mut keys, ONE);
        refused(&mut keys, TWO);
        assert_eq!(meant(&keys), None);
        accepted(&mut keys, ONE);
        assert_eq!(meant(&keys), Some(ONE));
        keys.refuse_no_key();
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
        assert!(matches!(keys.find(None, keys.now()), Resolved::Key(found, true) if found.is(&key(ONE))));
        keys.refuse(one);
        assert!(matches!(keys.find(None, keys.now()), Resolved::None));
    }

    #[test]
    fn what_a_call_means_goes_by_the_attempts_before_it_alone() {
        for (accepted, expected) in [(true, None), (false, Some(ONE))] {
            let mut keys = Keys::default();
            let (one, _) = keys.begin(key(ONE), false, 9).ok().unwrap();
            let before = keys.now();
            let (two, _) = keys.begin(key(TWO), true, 9).ok().unwrap();
            let between = keys.now();
            let (again, _) = keys.begin(key(ONE), false, 9).ok().unwrap();
            let after = keys.now();
            assert_eq!(meant_at(&keys, before), Some(ONE));
            assert!(matches!(keys.find(None, between), Resolved::Open));
            assert!(matches!(keys.find(None, after), Resolved::Open));
            keys.wait();
            keys.accept(again);
            keys.accept(one);
            if accepted {
                drop(keys.accept(two));
            } else {
                keys.refuse(two);
            }
            assert_eq!(meant_at(&keys, before), Some(ONE));
            assert_eq!(meant_at(&keys, between), None);
            assert_eq!(meant_at(&keys, after), expected);
            keys.end_wait();
            assert_eq!(meant(&keys), expected);
        }
    }

    #[test]
    fn there_are_only_so_many_handles() {
        let mut keys = Keys::default();
        accepted(&mut keys, ONE);
        let refused = keys.begin(key(TWO), false, 1).err();
        assert_eq!(refused, Some(Error::DataTooLarge { reason: OverLimit::Handles, limit: 1 }));
        assert!(keys.begin(key(ONE), false, 1).is_ok());
    }
}
