//! API keys: 40 hexadecimal digits, as the plugin API prescribes.

use sha1::{Digest, Sha1};
use zeroize::Zeroizing;

/// An API key. It gives access to all data of its namespace, so it is zeroed when dropped and never printed.
pub struct ApiKey(Box<Zeroizing<[u8; 20]>>);

/// The error for a text that is not 40 hexadecimal digits.
#[derive(Debug, PartialEq, Eq)]
pub struct NotAnApiKey;

impl ApiKey {
    /// Reads 40 hexadecimal digits, in upper or lower case.
    ///
    /// # Errors
    /// [`NotAnApiKey`] for any other text.
    pub fn parse(text: &str) -> Result<Self, NotAnApiKey> {
        let mut key = Self(Box::new(Zeroizing::new([0; 20])));
        match base16ct::mixed::decode(text, key.0.as_mut_slice()) {
            Ok(bytes) if bytes.len() == 20 => Ok(key),
            _ => Err(NotAnApiKey),
        }
    }

    /// A new key. SHA-1 gives it the shape that the plugin API asks for; the 32 random bytes give the security.
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

    /// The key as 40 hexadecimal digits in lower case.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(base16ct::lower::encode_string(self.0.as_slice()))
    }
}

/// Compares in constant time, since a difference in time would show how much of a guess was right.
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
    fn only_forty_hexadecimal_digits_are_a_key() {
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
    fn upper_and_lower_case_are_the_same_key() {
        let lower = ApiKey::parse("abcdefabcdefabcdefabcdefabcdefabcdefabcd").unwrap();
        let upper = ApiKey::parse("ABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCD").unwrap();
        assert!(lower == upper);
        assert_eq!(upper.to_text().as_str(), "abcdefabcdefabcdefabcdefabcdefabcdefabcd");
    }

    #[test]
    fn generated_keys_differ() {
        assert!(ApiKey::generate("a.b", 1) != ApiKey::generate("a.b", 1));
    }
}
