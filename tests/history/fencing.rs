//! Whether leases exclude and fence: no lease is given to another while it is held, and no write that went through under a
//! token comes after the next token of the same lease.
//!
//! Tokens and revisions are given by one counter, so both say where in the one order of all changes they are.

use std::collections::BTreeMap;

use crate::call::{Call, Outcome, Time};
use crate::check::Wrong;

const MILLI: Time = 1_000_000;

/// A lease that a client has acquired.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// A record behind the last one that is read.
    lease: usize,
    pub(crate) token: u64,
    /// When its giving was answered.
    answered: Time,
    ttl: Time,
    /// Until when at least it is held, if it is not given up.
    until: Time,
    /// Which process of its seat acquired it.
    pub(crate) turn: usize,
}

impl Held {
    pub(crate) fn new(lease: usize, token: u64, asked: (Time, Time), millis: u64, turn: usize) -> Self {
        let (began, answered) = asked;
        // The clock that it goes by has whole milliseconds.
        let ttl = millis * MILLI - MILLI;
        Self { lease, token, answered, ttl, until: began + ttl, turn }
    }

    /// It is held until then on the clock of a server, which no client's delay makes shorter.
    pub(crate) fn until(mut self, until: Time) -> Self {
        self.until = until.saturating_sub(MILLI);
        self
    }

    /// It was renewed until then on the clock of a server.
    pub(crate) fn renew_until(&mut self, until: Time) {
        self.until = self.until.max(until.saturating_sub(MILLI));
    }

    /// It was renewed by a call that began then.
    pub(crate) fn renew(&mut self, began: Time) {
        self.until = self.until.max(began + self.ttl);
    }

    /// From then on it may be over: its holder gives it up, or is killed.
    pub(crate) fn give_up(&mut self, at: Time) {
        self.until = self.until.min(at);
    }
}

/// How many writes were made under a token; none of them wrong, nor a lease.
pub(crate) fn check(calls: &[Call], leases: &[Held]) -> Result<usize, Wrong> {
    let mut tokens: BTreeMap<usize, BTreeMap<u64, &Held>> = BTreeMap::new();
    for held in leases {
        tokens.entry(held.lease).or_default().insert(held.token, held);
    }
    for held in tokens.values() {
        for (one, next) in held.values().zip(held.values().skip(1)) {
            if next.answered < one.until {
                return Err(Wrong(format!("it was held, and given to another: {one:?}, {next:?}")));
            }
        }
    }
    let mut fenced = 0;
    for call in calls {
        let (Some(token), Outcome::Written(revision)) = (call.lease, call.outcome) else { continue };
        let of_lease = tokens.values().find(|tokens| tokens.contains_key(&token));
        let of_lease = of_lease.ok_or_else(|| Wrong(format!("no client was given this token: {call}")))?;
        if let Some((next, _)) = of_lease.range(token + 1..revision).next() {
            return Err(Wrong(format!("the next token of the lease was {next} already: {call}")));
        }
        fenced += 1;
    }
    Ok(fenced)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Ask;

    fn write(lease: u64, revision: u64) -> Call {
        let outcome = Outcome::Written(revision);
        let (began, ended) = (0, 1);
        Call {
            record: 0,
            ask: Ask::Set(revision),
            if_revision: None,
            lease: Some(lease),
            began,
            ended,
            outcome,
        }
    }

    fn held(lease: usize, token: u64, millis: (Time, Time)) -> Held {
        Held::new(lease, token, (millis.0 * MILLI, millis.1 * MILLI), 100, 0)
    }

    #[test]
    fn a_write_comes_before_the_next_token_of_its_lease() {
        let leases = [held(1, 1, (0, 1)), held(2, 2, (0, 1)), held(1, 5, (200, 201))];
        let with = |lease, revision| check(&[write(lease, revision)], &leases);
        assert_eq!(with(1, 4), Ok(1));
        assert_eq!(with(2, 6), Ok(1));
        assert_eq!(with(5, 6), Ok(1));
        assert!(with(1, 6).is_err());
        assert!(with(3, 4).is_err());
    }

    #[test]
    fn a_lease_is_given_when_the_one_before_may_be_over() {
        let first = held(1, 1, (50, 60));
        let with = |first: &Held, next: (Time, Time)| check(&[], &[first.clone(), held(1, 2, next)]);
        assert_eq!(with(&first, (70, 149)), Ok(0));
        assert!(with(&first, (70, 148)).is_err());
        let mut renewed = first.clone();
        renewed.renew(100 * MILLI);
        assert!(with(&renewed, (70, 198)).is_err());
        assert_eq!(with(&renewed, (70, 199)), Ok(0));
        let mut released = renewed;
        released.give_up(110 * MILLI);
        assert!(with(&released, (70, 109)).is_err());
        assert_eq!(with(&released, (70, 110)), Ok(0));
        // Another lease is another's.
        assert_eq!(check(&[], &[first, held(2, 2, (55, 60))]), Ok(0));
    }
}
