//! Keys: 32 bytes each, on the heap, made in place, zeroed when dropped; not printable, not copyable.

use zeroize::Zeroizing;

type Bytes = Box<Zeroizing<[u8; 32]>>;

fn boxed(fill: impl FnOnce(&mut [u8; 32])) -> Bytes {
    let mut bytes = Box::new(Zeroizing::new([0; 32]));
    fill(&mut bytes);
    bytes
}

macro_rules! key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        pub struct $name(Bytes);

        impl $name {
            /// A new key from the operating system's generator.
            pub fn generate() -> Self {
                Self(boxed(|bytes| super::fill_randomly(bytes)))
            }

            /// A key of these 32 bytes; `None` for any other length.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                let bytes: &[u8; 32] = bytes.try_into().ok()?;
                Some(Self(boxed(|key| key.copy_from_slice(bytes))))
            }

            /// The key's bytes, for sealing and deriving only.
            pub fn expose(&self) -> &[u8; 32] {
                &self.0
            }
        }
    };
}

key! {
    /// The key of one store. Without it no slot can be opened.
    StoreKey
}
key! {
    /// The key of one namespace. It seals every record in the namespace.
    DataKey
}
key! {
    /// The key of a protector, with which it wraps the store key.
    ProtectorKey
}
