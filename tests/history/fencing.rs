//! Whether leases fence: no write that went through under a token comes after the next token of the same lease.
//!
//! Tokens and revisions are given by one counter, so both say where in the one order of all changes they are. A lease is a
//! record behind the last one that is read.

use std::collections::BTreeMap;

use crate::call::{Call, Outcome};
use crate::check::Wrong;

/// How many writes were made under a token, and how many leases were taken; none of them wrong.
pub(crate) fn check(calls: &[Call], records: usize) -> Result<(usize, usize), Wrong> {
    let mut tokens: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
    for call in calls {
        if let (true, Outcome::Written(token)) = (call.record >= records, call.outcome) {
            tokens.entry(call.record).or_default().push(token);
        }
    }
    for tokens in tokens.values_mut() {
        tokens.sort_unstable();
    }
    let mut fenced = 0;
    for call in calls {
        let (Some(token), Outcome::Written(revision)) = (call.lease, call.outcome) else { continue };
        let of_lease = tokens.values().find(|tokens| tokens.binary_search(&token).is_ok());
        let of_lease = of_lease.ok_or_else(|| Wrong(format!("nobody was given this token: {call}")))?;
        let next = of_lease[of_lease.partition_point(|other| *other <= token)..].first();
        if next.is_some_and(|next| *next < revision) {
            return Err(Wrong(format!("the next token of the lease was {next:?} already: {call}")));
        }
        fenced += 1;
    }
    Ok((fenced, tokens.values().map(Vec::len).sum()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Ask;

    fn call(record: usize, lease: Option<u64>, revision: u64) -> Call {
        let (began, ended) = (0, 1);
        let outcome = Outcome::Written(revision);
        Call { record, ask: Ask::Set(revision), if_revision: None, lease, began, ended, outcome }
    }

    #[test]
    fn a_write_comes_before_the_next_token_of_its_lease() {
        let taken = [call(1, None, 1), call(2, None, 2), call(1, None, 5)];
        let with = |lease, revision| {
            let mut calls = taken.to_vec();
            calls.push(call(0, Some(lease), revision));
            check(&calls, 1)
        };
        assert_eq!(with(1, 4), Ok((1, 3)));
        assert_eq!(with(2, 6), Ok((1, 3)));
        assert_eq!(with(5, 6), Ok((1, 3)));
        assert!(with(1, 6).is_err());
        assert!(with(3, 4).is_err());
    }
}
