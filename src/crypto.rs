//! Secrets, derivation, seal and open: pure functions over bytes.
//!
//! This room uses no path, clock, table or transaction. Its only input from outside is random bytes from the operating
//! system. `docs/format.md` gives every formula of this room, byte by byte.

mod api_key;
mod derive;
mod ids;
mod joining;
mod seal;
mod secret;

pub use api_key::{ApiKey, NotAnApiKey};
pub use derive::{DataKeys, ProtectorKeys, SlotKeys, StoreKeys, machine_id};
pub use ids::{LeaseId, NamespaceId, RecordId, SlotId, StoreId};
pub use joining::{JoinCode, JoinSecret, NotAJoinCode, token_hash};
pub use seal::{AssociatedData, Cipher, NotAuthentic, Place, sealed_length};
pub use secret::{DataKey, ProtectorKey, StoreKey};

/// Random bytes from the operating system's generator.
///
/// # Panics
/// If the operating system gives no random bytes: without them nothing can be sealed or issued.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill_randomly(&mut bytes);
    bytes
}

/// As [`random`], in place: a key that was returned would leave a copy on the stack.
fn fill_randomly(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system gives random bytes");
}
