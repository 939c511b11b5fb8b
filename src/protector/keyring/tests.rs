//! Tests of the keyring protector.
//!
//! Tests that need a D-Bus session or a real keyring are compiled only with the feature `keyring-tests`, so that they
//! do not count as passed on a machine without them: `cargo test --lib --features keyring-tests keyring::`. They need
//! `dbus-run-session`, `gnome-keyring-daemon` and `secret-tool`, and never touch the keyring of the user who runs them.

#[cfg(all(feature = "keyring-tests", unix, not(target_os = "macos")))]
mod bus;
#[cfg(all(feature = "keyring-tests", unix, not(target_os = "macos")))]
mod fake;
#[cfg(all(feature = "keyring-tests", unix, not(target_os = "macos")))]
mod gnome;

use std::sync::mpsc::channel;
use std::time::Duration;

use super::{Deadline, Fault, Item, MISSING, Reason, deadline, parse};
use crate::crypto::StoreId;

/// Longer than any answer takes.
const LONG: Duration = Duration::from_mins(1);
const SHORT: Duration = Duration::from_millis(50);

#[test]
fn only_64_digits_are_a_key() {
    let check = |text: &str, expected: Option<[u8; 32]>| {
        let key = parse(text.as_bytes());
        match (key, expected) {
            (Ok(key), Some(bytes)) => assert!(*key.expose() == bytes, "{text}"),
            (Err(Fault(reason, _)), None) => assert_eq!(reason, Reason::Wrong, "{text}"),
            _ => panic!("{text}"),
        }
    };
    check(&"0a".repeat(32), Some([10; 32]));
    check(&"0A".repeat(32), Some([10; 32]));
    check(&format!("{}\n", "0a".repeat(32)), Some([10; 32]));
    check(&"0a".repeat(31), None);
    check(&"0a".repeat(33), None);
    check(&"0g".repeat(32), None);
    check(&format!("0x{}", "0a".repeat(31)), None);
    check("", None);
}

#[test]
fn an_item_is_named_by_store_and_row() {
    let store = StoreId::generate();
    assert_eq!(Item::new(store, [0x1f; 16]).user, format!("{}/{}", store.to_text(), "1f".repeat(16)));
}

#[test]
fn work_in_time_returns_its_result() {
    assert_eq!(deadline::within(&Deadline::of(LONG), |_| Ok(7), || ()).ok(), Some(7));
    let missing = deadline::within(&Deadline::of(LONG), |_| Err::<(), _>(MISSING), || ());
    assert!(matches!(missing, Err(Fault(Reason::Missing, _))));
}

#[test]
fn work_after_the_deadline_is_given_up_and_undone() {
    let (go_on, wait) = channel::<()>();
    let (undone, was_undone) = channel();
    let work = move |_| wait.recv().map_err(|_| MISSING);
    let given_up = deadline::within(&Deadline::of(SHORT), work, move || undone.send(()).unwrap());
    assert!(matches!(given_up, Err(Fault(Reason::Deadline, _))));
    go_on.send(()).unwrap();
    was_undone.recv_timeout(LONG).unwrap();
}
