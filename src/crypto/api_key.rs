//! API keys: 40 hexadecimal digits, as the plugin API prescribes.

use sha1::{Digest, Sha1};
use zeroize::Zeroizing;

/// Whoever holds it holds the data. Zeroed when dropped; never printed.
pub struct ApiKey(Box<Zeroizing<[u8; 20]>>);

/// The text is not 40 hexadecimal digits.
#[derive(Debug, PartialEq, Eq)]
pub struct NotAnApiKey;

impl ApiKey {
    /// Takes 40 hexadecimal digits in either case.
    pub fn parse(text: &str) -> Result<Self, NotAnApiKey> {
        let mut key = Self(Box::new(Zeroizing::new([0; 20])));
        match base16ct::mixed::decode(text, key.0.as_mut_slice()) {
            Ok(bytes) if bytes.len() == 20 => Ok(key),
            _ => Err(NotAnApiKey),
        }
    }

    /// A key that nobody has had: SHA-1 gives the shape that the plugin API asks for, the 32 random bytes give
    /// the security.
    pub fn generate(plugin: &str, unix_millis: u64) -> Self {
        let random = Zeroizing::new(super::random::<32>());
        let digest = Sha1::new()
            .chain_update(random.as_slice())
            .chain_update(plugin.as_bytes())
            .chain_update(unix_millis.to_be_bytes())
            .finalize();
        Self(Box::new(Zeroizing::new(digest.into())))
    }

    /// The key's bytes, for deriving only.
    pub fn expose(&self) -> &[u8; 20] {
        &self.0
    }

    /// The key as its holder writes it, in lower case.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(base16ct::lower::encode_string(self.0.as_slice()))
    }
}

/// In constant time, since a difference in time would tell how much of a guess was right.
impl PartialEq for ApiKey {
    fn eq(&self, other: &Self) -> bool {
        let difference = self.expose().iter().zip(other.expose()).fold(0, |sum, (a, b)| sum | (a ^ b));
        std::hint::black_box(difference) == 0
    }
}

impl Eq for ApiKey {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forty_hexadecimal_digits_are_a_key_and_nothing_else_is() {
        let check = |text: &str, expected: bool| assert_eq!(ApiKey::parse(text).is_ok(), expected, "{text}");
        check("0123456789abcdef0123456789abcdef01234567", true);
        check("0123456789ABCDEF0123456789abcdef01234567", true);
        check("", false);
        check("0123456789abcdef0123456789abcdef0123456", false);
        check("0123456789abcdef0123456789abcdef012345678", false);
        check("0123456789abcdef0123456789abcdef0123456g", false);
        check(" 123456789abcdef0123456789abcdef01234567", false);
        check("0x23456789abcdef0123456789abcdef01234567", false);
        check("é123456789abcdef0123456789abcdef0123456", false);
    }

    #[test]
    fn case_does_not_tell_keys_apart() {
        let lower = ApiKey::parse("abcdefabcdefabcdefabcdefabcdefabcdefabcd").unwrap();
        let upper = ApiKey::parse("ABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCD").unwrap();
        assert!(lower == upper);
        assert_eq!(upper.to_text().as_str(), "abcdefabcdefabcdefabcdefabcdefabcdefabcd");
    }

    #[test]
    fn no_two_generated_keys_are_the_same() {
        assert!(ApiKey::generate("a.b", 1) != ApiKey::generate("a.b", 1));
    }
}
