//! `keyring`: the operating system's keyring keeps the protector's key as one item of 64 hexadecimal digits. It is
//! text, since some keyrings show or mangle bytes, and far below the 2,560 bytes at which others cut off.
//!
//! A keyring may hang, ask the user, or not exist. So each operation runs on a thread of its own and is given up at the
//! caller's deadline. Only [`read`] with `ask` may show a question on the screen. Every failure is an answer, and never
//! a reason to make another key. Nothing here uses the keyring before it is called.

mod deadline;
#[cfg(test)]
mod tests;

use zeroize::Zeroizing;

use crate::crypto::{ProtectorKey, StoreId};

use super::system::keyring::{Keyring, WINDOW_STAYS};
use super::{Deadline, QUIET, Reason};

/// The service name of the items in the keyring.
pub(super) const SERVICE: &str = "plugin-vault";
/// The text of a secret in the keyring.
pub(super) type Text = Zeroizing<Vec<u8>>;

/// Why there was no key, and the log line about it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault(pub(super) Reason, pub(super) &'static str);

pub(super) const MISSING: Fault = Fault(Reason::Missing, "the keyring has no key for this store");
pub(super) const NO_ANSWER: Fault = Fault(Reason::Deadline, "the keyring did not answer in time");
pub(super) const NOT_A_KEY: Fault = Fault(Reason::Wrong, "the keyring's item for this store is not a key");

/// The name of one protector's item. It shows which store it is for, and nothing about the store's content.
#[derive(Clone)]
pub(super) struct Item {
    pub(super) user: String,
}

impl Item {
    fn new(store: StoreId, row: [u8; 16]) -> Self {
        Self { user: format!("{}/{}", store.to_text(), base16ct::lower::encode_string(&row)) }
    }
}

/// Reads the key of a protector's row. Without `ask` the user is not asked: a locked keyring is [`Reason::Locked`] at
/// once. With it the keyring may show its own prompt, which closes at the deadline.
pub(super) fn read(
    store: StoreId,
    row: [u8; 16],
    ask: bool,
    deadline: &Deadline,
) -> Result<ProtectorKey, Reason> {
    let item = Item::new(store, row);
    let window = Deadline::of(deadline.left());
    let deadline = if WINDOW_STAYS { &window } else { deadline };
    let work = move |deadline| parse(&Keyring::open(deadline)?.read(&item, ask)?);
    deadline::within(deadline, work, || ()).map_err(log)
}

/// Generates the key of a new row and stores it in the keyring. Keeps it only if it can be read back unchanged. Never
/// asks the user. An existing item stays as it is, and is [`Reason::Denied`].
pub(super) fn make(store: StoreId, row: [u8; 16], deadline: &Deadline) -> Result<ProtectorKey, Reason> {
    let item = Item::new(store, row);
    let late = item.clone();
    // A key that was stored after the caller gave up has no row, so it is deleted.
    let undo = move || {
        let _ = Keyring::open(Deadline::of(QUIET)).and_then(|keyring| keyring.delete(&late));
    };
    deadline::within(deadline, move |deadline| keep(&Keyring::open(deadline)?, &item), undo).map_err(log)
}

fn keep(keyring: &Keyring, item: &Item) -> Result<ProtectorKey, Fault> {
    match keyring.read(item, false) {
        Err(Fault(Reason::Missing, _)) => {}
        Err(fault) => return Err(fault),
        Ok(_) => {
            return Err(Fault(
                Reason::Denied,
                "the keyring has an item of this name already, which stays as it is",
            ));
        }
    }
    let key = ProtectorKey::generate();
    let text = Zeroizing::new(base16ct::lower::encode_string(key.expose()));
    let kept = keyring.store(item, text.as_bytes()).and_then(|()| {
        let back = keyring.read(item, false)?;
        let same = *back == *text.as_bytes();
        let fault = Fault(Reason::Wrong, "the keyring does not return what was stored in it");
        same.then_some(()).ok_or(fault)
    });
    match kept {
        Ok(()) => Ok(key),
        Err(fault) => {
            // A text that can't be read back is not a key. If it can't be deleted either, it stays there unused.
            let _ = keyring.delete(item);
            Err(fault)
        }
    }
}

/// Deletes the key of a row that was removed. Never asks the user.
pub(super) fn delete(store: StoreId, row: [u8; 16], deadline: &Deadline) -> Result<(), Reason> {
    let item = Item::new(store, row);
    deadline::within(deadline, move |deadline| Keyring::open(deadline)?.delete(&item), || ()).map_err(log)
}

/// Whether the keyring can be used now. Never asks the user.
pub(super) fn state(deadline: &Deadline) -> Result<(), (Reason, &'static str)> {
    let state = deadline::within(deadline, |deadline| Keyring::open(deadline)?.state(), || ());
    state.map_err(|Fault(reason, line)| (reason, line))
}

fn parse(text: &[u8]) -> Result<ProtectorKey, Fault> {
    let bytes = Zeroizing::new(base16ct::mixed::decode_vec(text.trim_ascii_end()).map_err(|_| NOT_A_KEY)?);
    ProtectorKey::from_slice(&bytes).ok_or(NOT_A_KEY)
}

fn log(Fault(reason, line): Fault) -> Reason {
    tracing::error!("{line}");
    reason
}
