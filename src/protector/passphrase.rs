//! From a passphrase to a protector's key: Argon2id (RFC 9106), with its costs in the protector's row.

use argon2::{Algorithm, Argon2, Params, Version};
use zeroize::Zeroizing;

use crate::crypto::{ProtectorKey, random};

use super::Reason;

/// What a person knows, or a program says. Zeroed when dropped; never printed.
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// `None` for an empty one: that would be none.
    pub fn new(text: Zeroizing<String>) -> Option<Self> {
        (!text.is_empty()).then_some(Self(text))
    }
}

/// The costs of a new row: 64 MiB, 3 passes, 4 lanes.
const COSTS: Costs = Costs { memory_kib: 64 * 1024, passes: 3, lanes: 4 };
/// The highest costs that a row may ask for: whoever can write the row must not make us take all memory.
const MOST: Costs = Costs { memory_kib: 1024 * 1024, passes: 16, lanes: 16 };

struct Costs {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

const SALT: usize = 16;
const LENGTH: usize = SALT + 3 * 4;

/// The parameters of a new row: `salt (16) ‖ memory in KiB (4) ‖ passes (4) ‖ lanes (4)`.
pub(super) fn parameters() -> Vec<u8> {
    let mut parameters = random::<SALT>().to_vec();
    for cost in [COSTS.memory_kib, COSTS.passes, COSTS.lanes] {
        parameters.extend_from_slice(&cost.to_be_bytes());
    }
    parameters
}

/// The key that a passphrase gives with a row's parameters.
pub(super) fn derive(passphrase: &Passphrase, parameters: &[u8]) -> Result<ProtectorKey, Reason> {
    let parameters: &[u8; LENGTH] = parameters.try_into().map_err(|_| Reason::Wrong)?;
    let (salt, costs) = parameters.split_at(SALT);
    let mut costs =
        costs.chunks_exact(4).map(|cost| u32::from_be_bytes(cost.try_into().expect("chunks of four")));
    let mut cost = |most: u32| costs.next().filter(|cost| *cost <= most).ok_or(Reason::Wrong);
    let (memory, passes, lanes) = (cost(MOST.memory_kib)?, cost(MOST.passes)?, cost(MOST.lanes)?);
    let costs = Params::new(memory, passes, lanes, Some(32)).map_err(|_| Reason::Wrong)?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, costs)
        .hash_password_into(passphrase.0.as_bytes(), salt, key.as_mut_slice())
        .map_err(|_| Reason::Wrong)?;
    ProtectorKey::from_slice(key.as_slice()).ok_or(Reason::Wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::new(Zeroizing::new(text.into())).unwrap()
    }

    #[test]
    fn the_same_passphrase_gives_the_same_key_and_another_gives_another() {
        let parameters = parameters();
        let key = |text, parameters: &[u8]| *derive(&passphrase(text), parameters).ok().unwrap().expose();
        assert_eq!(key("one", &parameters), key("one", &parameters));
        assert_ne!(key("one", &parameters), key("two", &parameters));
        assert_ne!(key("one", &parameters), key("one", &super::parameters()));
    }

    #[test]
    fn costs_that_would_take_all_memory_are_refused() {
        let check = |position: usize, cost: u32| {
            let mut parameters = parameters();
            parameters[SALT + 4 * position..][..4].copy_from_slice(&cost.to_be_bytes());
            assert_eq!(derive(&passphrase("one"), &parameters).err(), Some(Reason::Wrong));
        };
        check(0, u32::MAX);
        check(0, MOST.memory_kib + 1);
        check(1, 17);
        check(2, 17);
        check(2, 0);
    }

    #[test]
    fn an_empty_passphrase_is_none() {
        assert!(Passphrase::new(Zeroizing::new(String::new())).is_none());
    }
}
