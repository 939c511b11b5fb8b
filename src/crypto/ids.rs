//! Identities and names in the store. They are fixed-width bytes, and reveal nothing of what callers chose.

/// The random identity of a store. It is fixed when the store is created.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StoreId(pub [u8; 16]);
/// The random identity of a namespace. It is fixed when the namespace begins.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct NamespaceId(pub [u8; 16]);
/// The name of a key slot. Without the store key it reveals nothing about the API key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SlotId(pub [u8; 16]);
/// The name of a record. Without the data key it reveals nothing about the record's address.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct RecordId(pub [u8; 32]);
/// The name of a lease in the store. It reveals nothing about the name that the client chose.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct LeaseId(pub [u8; 32]);

impl StoreId {
    /// A new identity.
    pub fn generate() -> Self {
        Self(super::random())
    }

    /// As 32 hexadecimal digits.
    pub fn to_text(self) -> String {
        base16ct::lower::encode_string(&self.0)
    }

    /// From 32 hexadecimal digits in lower case.
    pub fn parse(text: &str) -> Option<Self> {
        let mut id = [0; 16];
        (base16ct::lower::decode(text, &mut id).ok()?.len() == 16).then_some(Self(id))
    }
}

impl NamespaceId {
    /// A new identity.
    pub fn generate() -> Self {
        Self(super::random())
    }
}

impl SlotId {
    /// As 32 hexadecimal digits.
    pub fn to_text(self) -> String {
        base16ct::lower::encode_string(&self.0)
    }
}
