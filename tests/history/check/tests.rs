//! The checker against small histories of which everybody can see whether they are right.

use super::super::call::{Ask, Call, Content, Outcome, Time, Told};
use super::check;

const fn call(record: usize, ask: Ask, at: (Time, Time), outcome: Outcome) -> Call {
    Call { record, ask, if_revision: None, lease: None, began: at.0, ended: at.1, outcome }
}

const fn set(number: u64, at: (Time, Time), revision: u64) -> Call {
    call(0, Ask::Set(number), at, Outcome::Written(revision))
}

const fn maybe(ask: Ask, at: (Time, Time)) -> Call {
    call(0, ask, at, Outcome::Maybe)
}

const fn delete(at: (Time, Time), revision: u64) -> Call {
    call(0, Ask::Delete, at, Outcome::Written(revision))
}

const fn found(at: (Time, Time), revision: u64, number: u64) -> Call {
    call(0, Ask::Get, at, Outcome::Found(revision, Content { set: Some(number), patched: None }))
}

const fn nothing(at: (Time, Time)) -> Call {
    call(0, Ask::Get, at, Outcome::FoundNothing)
}

const fn only_if(mut call: Call, revision: u64) -> Call {
    call.if_revision = Some(revision);
    call
}

/// The first record was set, or patched, without an answer.
const fn told(revision: u64) -> Told {
    Told { revision, record: 0, deleted: false, at: 1_000 }
}

const fn told_gone(revision: u64) -> Told {
    Told { revision, record: 0, deleted: true, at: 1_000 }
}

/// Whether a history is right whose witness was told of all that was answered, and of `more`.
fn is_right(calls: &[Call], more: &[Told]) -> bool {
    let mut told = more.to_vec();
    for call in calls {
        if let Outcome::Written(revision) = call.outcome
            && call.ask != Ask::Acquire
            && !told.iter().any(|told| told.revision == revision)
        {
            told.push(Told { revision, record: call.record, deleted: !call.leaves_something(), at: 1_000 });
        }
    }
    told.sort_by_key(|told| told.revision);
    check(calls, &told).is_ok()
}

#[track_caller]
fn right(calls: &[Call]) {
    assert!(is_right(calls, &[]), "{calls:?}");
}

#[track_caller]
fn wrong(calls: &[Call]) {
    assert!(!is_right(calls, &[]), "{calls:?}");
}

#[test]
fn a_read_sees_the_last_change_before_it_or_one_beside_it() {
    right(&[]);
    right(&[nothing((0, 1)), set(7, (2, 3), 1), found((4, 5), 1, 7)]);
    right(&[set(7, (0, 1), 1), set(8, (2, 9), 2), found((3, 4), 1, 7), found((5, 6), 2, 8)]);
    right(&[set(7, (0, 1), 1), set(8, (2, 9), 2), found((3, 8), 2, 8), found((3, 8), 1, 7)]);
    wrong(&[set(7, (0, 1), 1), set(8, (2, 9), 2), found((3, 4), 2, 8), found((5, 6), 1, 7)]);
    wrong(&[set(7, (0, 1), 1), set(8, (2, 3), 2), found((4, 5), 1, 7)]);
    wrong(&[found((0, 1), 1, 7), set(7, (2, 3), 1)]);
    wrong(&[set(7, (0, 1), 1), nothing((2, 3))]);
    wrong(&[found((0, 1), 1, 7)]);
}

#[test]
fn revisions_are_in_the_order_of_the_changes_over_all_records() {
    let other = |at, revision| call(1, Ask::Set(9), at, Outcome::Written(revision));
    right(&[set(7, (0, 5), 2), other((1, 6), 1)]);
    wrong(&[set(7, (0, 1), 2), other((2, 3), 1)]);
    wrong(&[set(7, (0, 1), 1), other((2, 3), 1)]);
    // No call made the one between.
    wrong(&[set(7, (0, 1), 1), other((2, 3), 3)]);
    right(&[set(7, (0, 1), 1), call(9, Ask::Acquire, (1, 2), Outcome::Written(2)), other((2, 3), 3)]);
    right(&[set(7, (0, 1), 1), call(9, Ask::Acquire, (1, 2), Outcome::Maybe), other((2, 3), 3)]);
    wrong(&[set(7, (0, 1), 1), call(9, Ask::Acquire, (1, 2), Outcome::Written(1)), other((2, 3), 2)]);
    // Two reads of two records see two changes in two orders.
    let found_other = |at| call(1, Ask::Get, at, Outcome::Found(2, Content { set: Some(9), patched: None }));
    let nothing_other = |at| call(1, Ask::Get, at, Outcome::FoundNothing);
    let long = [set(7, (0, 99), 1), other((0, 99), 2)];
    right(&[&long[..], &[found((10, 11), 1, 7), nothing_other((12, 13)), found_other((14, 15))]].concat());
    wrong(&[&long[..], &[found_other((10, 11)), nothing((12, 13))]].concat());
}

#[test]
fn a_gap_is_found_where_the_record_was_not_there() {
    let calls = [set(7, (0, 1), 1), delete((10, 20), 2), set(8, (30, 40), 3)];
    let with = |call: Call| [&calls[..], &[call]].concat();
    for at in [(11, 12), (2, 50), (21, 22), (31, 32), (19, 39)] {
        right(&with(nothing(at)));
    }
    wrong(&with(nothing((2, 9))));
    wrong(&with(nothing((41, 42))));
    // One that has to be moved later for a read that found nothing, and then is too late for another.
    wrong(&[&calls[..], &[found((31, 32), 3, 8), nothing((33, 34))]].concat());
    right(&[&calls[..], &[found((33, 36), 3, 8), nothing((34, 35))]].concat());
    wrong(&[set(7, (0, 1), 1), delete((2, 3), 2), delete((4, 5), 3)]);
}

#[test]
fn the_witness_is_told_of_each_change_once_and_in_order() {
    let calls = [set(7, (0, 5), 1), delete((6, 10), 2)];
    let told = |revision, deleted, at| Told { revision, record: 0, deleted, at };
    let (first, second) = (told(1, false, 4), told(2, true, 8));
    assert!(check(&calls, &[first.clone(), second.clone()]).is_ok());
    for told in [
        vec![first.clone()],
        vec![second.clone()],
        vec![first.clone(), first.clone(), second.clone()],
        vec![second.clone(), first.clone()],
        vec![first.clone(), told(2, false, 8)],
        vec![first.clone(), second.clone(), told(3, false, 9)],
        vec![first.clone(), Told { record: 1, ..second.clone() }],
        // Before it was asked for.
        vec![first.clone(), told(2, true, 5)],
    ] {
        assert!(check(&calls, &told).is_err(), "{told:?}");
    }
}

#[test]
fn a_call_without_an_answer_has_happened_or_not_but_never_after_its_process_was_gone() {
    let first = set(7, (0, 1), 1);
    let calls = |more: &[Call]| [&[first.clone(), maybe(Ask::Set(8), (2, 10))][..], more].concat();
    assert!(is_right(&calls(&[found((20, 21), 1, 7)]), &[]));
    assert!(!is_right(&calls(&[found((20, 21), 1, 7)]), &[told(2)]));
    assert!(is_right(&calls(&[found((20, 21), 2, 8)]), &[told(2)]));
    assert!(!is_right(&calls(&[found((20, 21), 2, 8)]), &[]));
    assert!(!is_right(&calls(&[found((11, 12), 1, 7), found((13, 14), 2, 8)]), &[told(2)]));
    assert!(!is_right(&calls(&[found((3, 4), 2, 8), found((5, 6), 1, 7)]), &[told(2)]));
    let calls = |more: &[Call]| [&[first.clone(), maybe(Ask::Delete, (2, 10))][..], more].concat();
    assert!(is_right(&calls(&[nothing((3, 4))]), &[told_gone(2)]));
    assert!(!is_right(&calls(&[nothing((3, 4))]), &[]));
    assert!(is_right(&calls(&[found((3, 4), 1, 7), nothing((20, 21))]), &[told_gone(2)]));
    assert!(!is_right(&calls(&[found((11, 12), 1, 7), nothing((20, 21))]), &[told_gone(2)]));
    assert!(!is_right(&calls(&[nothing((0, 1)), nothing((3, 4)), found((5, 6), 1, 7)]), &[told_gone(2)]));
    // It explains one gap, and not two.
    let again = [nothing((3, 4)), set(9, (5, 6), 3), nothing((7, 8))];
    assert!(!is_right(&calls(&again), &[told_gone(2)]));
    assert!(!is_right(&calls(&again), &[told_gone(2), told_gone(4)]));
    let twice = [&calls(&again)[..], &[maybe(Ask::Delete, (2, 10))]].concat();
    assert!(is_right(&twice, &[told_gone(2), told_gone(4)]));
    let refused = call(0, Ask::Set(8), (2, 3), Outcome::NotDone);
    wrong(&[refused.clone(), found((4, 5), 1, 8)]);
    assert!(!is_right(&[refused, found((4, 5), 1, 8)], &[told(1)]));
}

#[test]
fn a_condition_lets_through_what_it_has_to() {
    let first = set(7, (0, 1), 1);
    right(&[first.clone(), only_if(set(8, (2, 3), 2), 1)]);
    wrong(&[first.clone(), only_if(set(8, (2, 3), 2), 0)]);
    wrong(&[first.clone(), set(9, (2, 3), 2), only_if(set(8, (4, 5), 3), 1)]);
    right(&[delete_of_7(), vec![only_if(set(8, (4, 5), 3), 0)]].concat());
    wrong(&[delete_of_7(), vec![only_if(set(8, (4, 5), 3), 1)]].concat());
    let conflict = |met, wanted| only_if(call(0, Ask::Set(9), (4, 5), Outcome::Conflict(met)), wanted);
    right(&[first.clone(), conflict(1, 0)]);
    wrong(&[first.clone(), conflict(1, 1)]);
    wrong(&[first.clone(), conflict(0, 1)]);
    wrong(&[first.clone(), conflict(2, 1)]);
    let unanswered = [first.clone(), maybe(Ask::Set(8), (2, 3)), conflict(2, 1)];
    assert!(is_right(&unanswered, &[told(2)]));
    assert!(!is_right(&unanswered, &[told_gone(2)]));
    right(&[delete_of_7(), vec![conflict(0, 1)]].concat());
}

fn delete_of_7() -> Vec<Call> {
    vec![set(7, (0, 1), 1), delete((2, 3), 2)]
}

#[test]
fn a_patch_keeps_what_was_set_before_it() {
    let patch = |at, revision| call(0, Ask::Patch(9), at, Outcome::Written(revision));
    let seen = |at, revision, set| {
        call(0, Ask::Get, at, Outcome::Found(revision, Content { set, patched: Some(9) }))
    };
    right(&[set(7, (0, 1), 1), patch((2, 3), 2), seen((4, 5), 2, Some(7))]);
    right(&[delete_of_7(), vec![patch((4, 5), 3), seen((6, 7), 3, None)]].concat());
    wrong(&[delete_of_7(), vec![patch((4, 5), 3), seen((6, 7), 3, Some(7))]].concat());
    wrong(&[set(7, (0, 1), 1), set(8, (2, 3), 2), patch((4, 5), 3), seen((6, 7), 3, Some(7))]);
    let unanswered = maybe(Ask::Set(8), (1, 2));
    let over = [set(7, (0, 1), 1), unanswered.clone(), patch((4, 5), 3), seen((6, 7), 3, Some(8))];
    assert!(is_right(&over, &[told(2)]));
    let before = [set(7, (0, 1), 1), unanswered.clone(), patch((4, 5), 2), seen((6, 7), 2, Some(8))];
    assert!(!is_right(&before, &[]));
    // No read saw the set, nor the first patch over it.
    let other = call(0, Ask::Patch(10), (4, 5), Outcome::Written(4));
    let last = Outcome::Found(4, Content { set: Some(8), patched: Some(10) });
    let calls = [set(7, (0, 1), 1), unanswered, patch((2, 3), 3), other, call(0, Ask::Get, (6, 7), last)];
    assert!(is_right(&calls, &[told(2)]));
    wrong(&[set(7, (0, 1), 1), patch((2, 3), 2), seen((4, 5), 2, Some(7)), seen((6, 7), 2, None)]);
}
