//! `keyring`: the protector's key lies in the operating system's keyring, as one item of 64 hexadecimal digits: text,
//! since some keyrings show or mangle bytes, and far below the 2,560 bytes at which others cut off.
//!
//! A keyring may hang, ask a person, or not be there. So each operation runs on a thread of its own and is given up
//! when nobody waits for it any more; only [`read`] with `ask` may put a question on the screen; and whatever goes wrong is an answer,
//! never a reason to make another key. Nothing here touches the keyring before it is called.

mod deadline;
#[cfg(any(target_os = "macos", windows))]
mod native;
#[cfg(all(unix, not(target_os = "macos")))]
mod secret_service;
#[cfg(test)]
mod tests;

#[cfg(any(target_os = "macos", windows))]
use native::Keyring;
#[cfg(all(unix, not(target_os = "macos")))]
use secret_service::Keyring;

use zeroize::Zeroizing;

use crate::crypto::{ProtectorKey, StoreId};

use super::{Deadline, QUIET, Reason};

/// Whose item it is.
const SERVICE: &str = "plugin-vault";
/// What a person sees in the keyring's own window.
#[cfg(all(unix, not(target_os = "macos")))]
const LABEL: &str = "plugin-vault store key";

/// A secret's text, as it lies in the keyring.
type Text = Zeroizing<Vec<u8>>;

/// Why there was no key, and the line that the log gets of it.
#[derive(Clone, Copy, Debug)]
struct Fault(Reason, &'static str);

const MISSING: Fault = Fault(Reason::Missing, "the keyring has no key for this store");
#[cfg(not(windows))]
const LOCKED: Fault = Fault(Reason::Locked, "the keyring is locked; unlock it, or send vault/unlock");
#[cfg(not(windows))]
const DISMISSED: Fault = Fault(Reason::Denied, "the keyring's question was dismissed");
const NO_ANSWER: Fault = Fault(Reason::Deadline, "the keyring did not answer in time");
const NOT_A_KEY: Fault = Fault(Reason::Wrong, "what lies in the keyring under this store's name is no key");

/// The name of one protector's item. It tells which store it is for, and nothing of what is in it.
#[derive(Clone)]
struct Item {
    user: String,
}

impl Item {
    fn new(store: StoreId, row: [u8; 16]) -> Self {
        Self { user: format!("{}/{}", store.to_text(), base16ct::lower::encode_string(&row)) }
    }
}

/// Reads the key of a protector's row. Without `ask` no person is asked: a locked keyring is [`Reason::Locked`] at
/// once. With it the keyring may show its own prompt, which goes away when nobody waits any more.
pub(super) fn read(
    store: StoreId,
    row: [u8; 16],
    ask: bool,
    deadline: &Deadline,
) -> Result<ProtectorKey, Reason> {
    let item = Item::new(store, row);
    // Its window can't be taken away there: whoever asks has the turn for as long as the window may stand.
    #[cfg(target_os = "macos")]
    let deadline = &Deadline::of(deadline.left());
    let work = move |deadline| parse(&Keyring::open(deadline)?.read(&item, ask)?);
    deadline::within(deadline, work, || ()).map_err(log)
}

/// Generates the key of a new row and keeps it in the keyring, once it was read back as it was stored. Asks nobody.
/// An item that is there already stays as it is, and is [`Reason::Denied`].
pub(super) fn make(store: StoreId, row: [u8; 16], deadline: &Deadline) -> Result<ProtectorKey, Reason> {
    let item = Item::new(store, row);
    let late = item.clone();
    // Nobody knows of a key that was stored after the caller had given up.
    let undo = move || {
        let _ = Keyring::open(Deadline::of(QUIET)).and_then(|keyring| keyring.delete(&late));
    };
    deadline::within(deadline, move |deadline| keep(&Keyring::open(deadline)?, &item), undo).map_err(log)
}

fn keep(keyring: &Keyring, item: &Item) -> Result<ProtectorKey, Fault> {
    match keyring.read(item, false) {
        Err(Fault(Reason::Missing, _)) => {}
        Err(fault) => return Err(fault),
        Ok(_) => return Err(Fault(Reason::Denied, "the keyring has a key of this name; it stays as it is")),
    }
    let key = ProtectorKey::generate();
    let text = Zeroizing::new(base16ct::lower::encode_string(key.expose()));
    let kept = keyring.store(item, text.as_bytes()).and_then(|()| {
        let back = keyring.read(item, false)?;
        let same = *back == *text.as_bytes();
        let fault = Fault(Reason::Wrong, "the keyring does not give back what was stored in it");
        same.then_some(()).ok_or(fault)
    });
    match kept {
        Ok(()) => Ok(key),
        Err(fault) => {
            // What can't be read back is no key. If it can't be deleted either, it lies there unused.
            let _ = keyring.delete(item);
            Err(fault)
        }
    }
}

/// Deletes the key of a row that is no more. Asks nobody.
pub(super) fn delete(store: StoreId, row: [u8; 16], deadline: &Deadline) -> Result<(), Reason> {
    let item = Item::new(store, row);
    deadline::within(deadline, move |deadline| Keyring::open(deadline)?.delete(&item), || ()).map_err(log)
}

fn parse(text: &[u8]) -> Result<ProtectorKey, Fault> {
    let bytes = Zeroizing::new(base16ct::mixed::decode_vec(text.trim_ascii_end()).map_err(|_| NOT_A_KEY)?);
    ProtectorKey::from_slice(&bytes).ok_or(NOT_A_KEY)
}

fn log(Fault(reason, line): Fault) -> Reason {
    tracing::error!("{line}");
    reason
}
