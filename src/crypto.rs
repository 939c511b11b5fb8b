//! Secrets, derivation, seal and open: pure functions over bytes.
//!
//! Nothing here knows a path, a clock, a table or a transaction. The only thing taken from outside are random
//! bytes of the operating system. `docs/format.md` gives every formula of this room, byte by byte.

mod api_key;
mod derive;
mod seal;
mod secret;

pub use api_key::{ApiKey, NotAnApiKey};
pub use derive::{
    DataKeys, LeaseId, NamespaceId, ProtectorKeys, RecordId, SlotId, SlotKeys, StoreId, StoreKeys,
};
pub use seal::{AssociatedData, Cipher, NotAuthentic, Place, sealed_length};
pub use secret::{DataKey, ProtectorKey, StoreKey};

/// Random bytes of the operating system.
///
/// # Panics
/// Where the operating system has none to give: nothing can be sealed or issued then.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}
