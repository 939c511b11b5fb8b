//! The checker against small histories of which everybody can see whether they are right.

use super::super::call::{Ask, Call, Content, Outcome, Time};
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

#[track_caller]
fn right(calls: &[Call]) {
    check(calls).unwrap();
}

#[track_caller]
fn wrong(calls: &[Call]) {
    assert!(check(calls).is_err(), "{calls:?}");
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
    // Nobody wrote the one between.
    wrong(&[set(7, (0, 1), 1), other((2, 3), 3)]);
    right(&[set(7, (0, 1), 1), maybe(Ask::Set(8), (1, 2)), other((2, 3), 3)]);
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
fn a_call_without_an_answer_has_happened_or_not_but_never_after_its_process_was_gone() {
    let first = set(7, (0, 1), 1);
    let maybe_set = maybe(Ask::Set(8), (2, 10));
    right(&[first.clone(), maybe_set.clone(), found((20, 21), 1, 7)]);
    right(&[first.clone(), maybe_set.clone(), found((20, 21), 2, 8)]);
    wrong(&[first.clone(), maybe_set.clone(), found((11, 12), 1, 7), found((13, 14), 2, 8)]);
    wrong(&[first.clone(), maybe_set.clone(), found((3, 4), 2, 8), found((5, 6), 1, 7)]);
    let maybe_delete = maybe(Ask::Delete, (2, 10));
    right(&[first.clone(), maybe_delete.clone(), nothing((3, 4))]);
    right(&[first.clone(), maybe_delete.clone(), found((3, 4), 1, 7), nothing((20, 21))]);
    wrong(&[first.clone(), maybe_delete.clone(), found((11, 12), 1, 7), nothing((20, 21))]);
    wrong(&[first, maybe_delete, nothing((0, 1)), nothing((3, 4)), found((5, 6), 1, 7)]);
    let refused = call(0, Ask::Set(8), (2, 3), Outcome::NotDone);
    wrong(&[refused, found((4, 5), 1, 8)]);
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
    right(&[first.clone(), maybe(Ask::Set(8), (2, 3)), conflict(2, 1)]);
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
    right(&[set(7, (0, 1), 1), maybe(Ask::Set(8), (1, 2)), patch((4, 5), 3), seen((6, 7), 3, Some(8))]);
    // Nobody saw the set, nor the first patch over it.
    let other = call(0, Ask::Patch(10), (4, 5), Outcome::Written(4));
    let last = Outcome::Found(4, Content { set: Some(8), patched: Some(10) });
    right(&[
        set(7, (0, 1), 1),
        maybe(Ask::Set(8), (1, 2)),
        patch((2, 3), 3),
        other,
        call(0, Ask::Get, (6, 7), last),
    ]);
    wrong(&[set(7, (0, 1), 1), patch((2, 3), 2), seen((4, 5), 2, Some(7)), seen((6, 7), 2, None)]);
}
