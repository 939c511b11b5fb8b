//! How a new machine gets the store key without the server seeing it. The new machine makes a key pair of X25519 and a
//! token, and shows a code: its public key and the hash of the token. A machine that has the store key seals it for that
//! code.

use hkdf::Hkdf;
use sha2::{Digest as _, Sha256};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::derive::expand;
use super::ids::StoreId;
use super::seal::{AssociatedData, Cipher, NotAuthentic, Place};
use super::secret::StoreKey;

/// What every code begins with. The number is the version of its form.
const PREFIX: &str = "pv1";
/// Five bits each; without letters that look like digits of this alphabet.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const KEY: usize = 32;
const CHECKSUM: usize = 4;

/// The error for a text that is no code of a machine, or has a typo.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotAJoinCode;

/// The hash of a machine's token. The server knows the machine by it.
pub fn token_hash(token: &[u8; KEY]) -> [u8; KEY] {
    Sha256::digest(token).into()
}

/// What a machine that joins keeps to itself.
pub struct JoinSecret {
    key: StaticSecret,
    token: Zeroizing<[u8; KEY]>,
}

/// What a machine that joins shows to one that has the store key. It is no secret, but must not be replaced on its way.
#[derive(Clone, PartialEq, Eq)]
pub struct JoinCode {
    public: [u8; KEY],
    token_hash: [u8; KEY],
}

impl JoinSecret {
    /// A new key pair and a new token.
    pub fn generate() -> Self {
        let (mut key, mut token) = (Zeroizing::new([0; KEY]), Zeroizing::new([0; KEY]));
        super::fill_randomly(key.as_mut_slice());
        super::fill_randomly(token.as_mut_slice());
        Self::from_parts(&key, &token)
    }

    /// What [`Self::key`] and [`Self::token`] returned.
    pub fn from_parts(key: &[u8; KEY], token: &[u8; KEY]) -> Self {
        Self { key: StaticSecret::from(*key), token: Zeroizing::new(*token) }
    }

    /// The private key, to be kept until the machine is approved.
    pub fn key(&self) -> &[u8; KEY] {
        self.key.as_bytes()
    }

    /// The token, with which the machine will use the store.
    pub fn token(&self) -> &[u8; KEY] {
        &self.token
    }

    /// The code to show.
    pub fn code(&self) -> JoinCode {
        JoinCode { public: PublicKey::from(&self.key).to_bytes(), token_hash: token_hash(&self.token) }
    }

    /// Opens what [`JoinCode::seal`] made for this machine's code: the store key, and what came with it.
    ///
    /// # Errors
    /// [`NotAuthentic`] if it was made for another code or another store, or was changed.
    pub fn open(&self, store: StoreId, sealed: &[u8]) -> Result<(StoreKey, Vec<u8>), NotAuthentic> {
        let (other, sealed) = sealed.split_first_chunk::<KEY>().ok_or(NotAuthentic)?;
        let code = self.code();
        let cipher = agreed(&self.key, other, other, &code).ok_or(NotAuthentic)?;
        let text = Zeroizing::new(cipher.open(&code.data(store), sealed)?);
        let (key, more) = text.split_at_checked(KEY).ok_or(NotAuthentic)?;
        Ok((StoreKey::from_slice(key).ok_or(NotAuthentic)?, more.to_vec()))
    }
}

impl JoinCode {
    /// Reads a code.
    ///
    /// # Errors
    /// [`NotAJoinCode`] if it is none, or a letter of it is wrong.
    pub fn parse(text: &str) -> Result<Self, NotAJoinCode> {
        let letters = text.trim().strip_prefix(PREFIX).ok_or(NotAJoinCode)?;
        let bytes = decoded(letters).ok_or(NotAJoinCode)?;
        let (keys, checksum) = bytes.split_first_chunk::<{ 2 * KEY }>().ok_or(NotAJoinCode)?;
        if checksum != Self::checksum(keys) {
            return Err(NotAJoinCode);
        }
        let (public, token_hash) = keys.split_at(KEY);
        let whole = |part: &[u8]| part.try_into().map_err(|_| NotAJoinCode);
        Ok(Self { public: whole(public)?, token_hash: whole(token_hash)? })
    }

    /// The code's text.
    pub fn to_text(&self) -> String {
        let keys = [self.public, self.token_hash].concat();
        let bytes = [keys.as_slice(), &Self::checksum(&keys)].concat();
        format!("{PREFIX}{}", encoded(&bytes))
    }

    /// The hash of the machine's token.
    pub fn token_hash(&self) -> &[u8; KEY] {
        &self.token_hash
    }

    /// Seals the store key for the machine that showed the code, and more that the machine should get. `None` if the code has a public key with which any two
    /// machines would agree on the same secret.
    pub fn seal(&self, store: StoreId, key: &StoreKey, more: &[u8]) -> Option<Vec<u8>> {
        let mut ephemeral = Zeroizing::new([0; KEY]);
        super::fill_randomly(ephemeral.as_mut_slice());
        let ephemeral = StaticSecret::from(*ephemeral);
        let own = PublicKey::from(&ephemeral).to_bytes();
        let cipher = agreed(&ephemeral, &self.public, &own, self)?;
        // Allocated once: a buffer that grows would leave a copy of the key behind.
        let mut text = Zeroizing::new(Vec::with_capacity(KEY + more.len()));
        text.extend_from_slice(key.expose());
        text.extend_from_slice(more);
        Some([own.as_slice(), &cipher.seal(&self.data(store), &text)].concat())
    }

    fn data(&self, store: StoreId) -> AssociatedData {
        AssociatedData::new(store, Place::JoinKey, &self.token_hash, &[])
    }

    /// Finds typos. It is no protection against an attacker.
    fn checksum(keys: &[u8]) -> [u8; CHECKSUM] {
        let digest: [u8; 32] = Sha256::new().chain_update(PREFIX).chain_update(keys).finalize().into();
        *digest.first_chunk().expect("a digest is longer")
    }
}

/// The cipher on which the owners of two key pairs agree: the key is derived from the shared secret, the ephemeral public
/// key and the code.
fn agreed(own: &StaticSecret, other: &[u8; KEY], ephemeral: &[u8; KEY], code: &JoinCode) -> Option<Cipher> {
    let shared = own.diffie_hellman(&PublicKey::from(*other));
    if !shared.was_contributory() {
        return None;
    }
    let salt = [ephemeral.as_slice(), &code.public, &code.token_hash].concat();
    let derived = Hkdf::<Sha256>::new(Some(&salt), shared.as_bytes());
    Some(Cipher::new(&expand(&derived, "join")))
}

fn encoded(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in bytes {
        bits = bits << 8 | u32::from(*byte);
        count += 8;
        while count >= 5 {
            count -= 5;
            text.push(char::from(ALPHABET[(bits >> count & 31) as usize]));
        }
    }
    if count > 0 {
        text.push(char::from(ALPHABET[(bits << (5 - count) & 31) as usize]));
    }
    text
}

/// `None` if the text has another letter, or bits behind the last byte that are not zero.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    let (mut bits, mut count) = (0_u32, 0);
    for letter in text.bytes() {
        let value = ALPHABET.iter().position(|known| *known == letter.to_ascii_lowercase())?;
        bits = bits << 5 | u32::try_from(value).ok()?;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 255) as u8);
        }
    }
    let is_whole = count < 5 && bits & ((1 << count) - 1) == 0;
    is_whole.then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORE: StoreId = StoreId([7; 16]);

    #[test]
    fn only_the_machine_that_showed_the_code_opens_what_was_sealed_for_it() {
        let (machine, other, key) = (JoinSecret::generate(), JoinSecret::generate(), StoreKey::generate());
        let code = JoinCode::parse(&machine.code().to_text()).unwrap();
        let sealed = code.seal(STORE, &key, b"more").unwrap();
        let kept = JoinSecret::from_parts(machine.key(), machine.token());
        let (opened, more) = kept.open(STORE, &sealed).ok().unwrap();
        assert_eq!((opened.expose(), more.as_slice()), (key.expose(), b"more".as_slice()));
        assert!(other.open(STORE, &sealed).is_err());
        assert!(machine.open(StoreId([8; 16]), &sealed).is_err());
        // With the key alone and another token it is another code.
        assert!(JoinSecret::from_parts(machine.key(), other.token()).open(STORE, &sealed).is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(machine.open(STORE, &changed).is_err(), "{at}");
        }
        assert_eq!(*code.token_hash(), token_hash(machine.token()));
    }

    #[test]
    fn a_public_key_that_makes_every_secret_the_same_gets_nothing() {
        let mut one = [0; 32];
        one[0] = 1;
        for public in [[0; 32], one] {
            let code = JoinCode { public, token_hash: [1; 32] };
            assert!(code.seal(STORE, &StoreKey::generate(), b"").is_none());
        }
    }

    #[test]
    fn each_typo_in_a_code_is_found() {
        let text = JoinSecret::generate().code().to_text();
        assert_eq!(text.len(), 3 + 109);
        assert!(JoinCode::parse(&format!(" {}\n", text.to_ascii_lowercase())).is_ok());
        for at in 0..text.len() {
            let mut letters = text.clone().into_bytes();
            letters[at] = if letters[at] == b'a' { b'b' } else { b'a' };
            assert!(JoinCode::parse(std::str::from_utf8(&letters).unwrap()).is_err(), "{at}");
            let swapped = (at > 3).then(|| letters.swap(at, at - 1));
            assert!(swapped.is_none() || JoinCode::parse(std::str::from_utf8(&letters).unwrap()).is_err());
            assert!(JoinCode::parse(&text[..at]).is_err(), "{at}");
        }
        for wrong in ["", "pv1", "pv2", &format!("{text}a"), &format!("{text}1")] {
            assert!(JoinCode::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_letters_are_those_of_rfc_4648() {
        for (bytes, letters) in
            [("", ""), ("f", "my"), ("fo", "mzxq"), ("foo", "mzxw6"), ("foobar", "mzxw6ytboi")]
        {
            assert_eq!(encoded(bytes.as_bytes()), letters);
            assert_eq!(decoded(letters).unwrap(), bytes.as_bytes());
        }
        assert!(decoded("mz").is_none() && decoded("m").is_none());
    }
}
