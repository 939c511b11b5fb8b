//! Derives keys from keys, and the names in the store from the names that callers use.
//!
//! No key has two uses: each use has its own subkey, `HKDF-Expand(key, "plugin-vault/1 <use>")` (RFC 5869).

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::api_key::ApiKey;
use super::ids::{LeaseId, NamespaceId, RecordId, SlotId, StoreId};
use super::seal::{AssociatedData, Cipher, NotAuthentic, Place};
use super::secret::{DataKey, ProtectorKey, StoreKey};

type Subkey = Zeroizing<[u8; 32]>;

pub(super) fn expand<const N: usize>(key: &Hkdf<Sha256>, usage: &str) -> Zeroizing<[u8; N]> {
    let mut subkey = Zeroizing::new([0; N]);
    key.expand_multi_info(&[b"plugin-vault/1 ", usage.as_bytes()], subkey.as_mut_slice())
        .expect("a subkey is far shorter than what HKDF can give");
    subkey
}

fn subkey(key: &[u8; 32], usage: &str) -> Subkey {
    let key = Hkdf::from_prk(key).expect("32 bytes are a whole SHA-256 output");
    expand(&key, usage)
}

/// The id of a machine in the rows of a shared store. It says nothing about the token.
///
/// # Panics
/// Never: 32 bytes are a whole key.
pub fn machine_id(token: &[u8; 32]) -> [u8; 16] {
    let key = Hkdf::from_prk(token).expect("32 bytes are a whole SHA-256 output");
    *expand(&key, "machine")
}

/// A subkey, ready to name things.
struct Namer(Hmac<Sha256>);

impl Namer {
    fn new(key: &Subkey) -> Self {
        Self(Hmac::new_from_slice(key.as_slice()).expect("HMAC takes a key of any length"))
    }

    /// The HMAC of a text.
    fn name(&self, text: &[u8]) -> [u8; 32] {
        // The key's half of the HMAC is computed already; the copy keeps it.
        let mut mac = self.0.clone();
        mac.update(text);
        mac.finalize().into_bytes().into()
    }
}

fn joined(namespace: NamespaceId, mac: &[u8; 32]) -> [u8; 32] {
    let mut id = [0; 32];
    id[..16].copy_from_slice(&namespace.0);
    id[16..].copy_from_slice(&mac[..16]);
    id
}

/// The subkeys of a protector's key. They wrap one store's key, and distinguish a wrong key from a damaged row.
pub struct ProtectorKeys {
    store: StoreId,
    wrap: Cipher,
    commitment: Namer,
}

impl ProtectorKeys {
    /// Derives the subkeys of a protector's key for one store.
    pub fn derive(store: StoreId, key: &ProtectorKey) -> Self {
        Self {
            store,
            wrap: Cipher::new(&subkey(key.expose(), "wrap")),
            commitment: Namer::new(&subkey(key.expose(), "commitment")),
        }
    }

    /// The commitment to the key, stored beside the wrapped store key: AES-GCM-SIV alone does not commit to its key.
    pub fn commitment(&self) -> [u8; 32] {
        self.commitment.name(&self.store.0)
    }

    /// Wraps the store key for the row that `row` names.
    pub fn wrap(&self, row: &[u8], header: &[u8], key: &StoreKey) -> Vec<u8> {
        self.wrap.seal(&self.data(row, header), key.expose())
    }

    /// Opens what [`Self::wrap`] made.
    pub fn unwrap(&self, row: &[u8], header: &[u8], wrapped: &[u8]) -> Result<StoreKey, NotAuthentic> {
        let bytes = Zeroizing::new(self.wrap.open(&self.data(row, header), wrapped)?);
        StoreKey::from_slice(&bytes).ok_or(NotAuthentic)
    }

    fn data(&self, row: &[u8], header: &[u8]) -> AssociatedData {
        AssociatedData::new(self.store, Place::Meta, row, header)
    }
}

/// The subkeys of a store key. They find and open key slots, and seal the table of keys.
pub struct StoreKeys {
    store: StoreId,
    key: StoreKey,
    key_rows: Cipher,
    key_lists: Cipher,
    index: Namer,
}

impl StoreKeys {
    /// Derives the subkeys of a store key.
    pub fn derive(store: StoreId, key: StoreKey) -> Self {
        let key_rows = Cipher::new(&subkey(key.expose(), "key row"));
        let key_lists = Cipher::new(&subkey(key.expose(), "key list"));
        let index = Namer::new(&subkey(key.expose(), "key index"));
        Self { store, key, key_rows, key_lists, index }
    }

    /// The store that the key belongs to.
    pub fn store(&self) -> StoreId {
        self.store
    }

    /// The store key, for wrapping by another protector.
    pub fn store_key(&self) -> &StoreKey {
        &self.key
    }

    /// The slot of an API key: `HKDF-SHA-256(salt = store key, ikm = API key, …)`.
    pub fn slot(&self, api_key: &ApiKey) -> SlotKeys {
        let derived = Hkdf::<Sha256>::new(Some(self.key.expose()), api_key.expose());
        let slot_key = expand::<32>(&derived, "slot key");
        SlotKeys {
            store: self.store,
            id: SlotId(*expand::<16>(&derived, "slot id")),
            wrap: Cipher::new(&subkey(&slot_key, "wrap")),
        }
    }

    /// Seals a row of the table of keys.
    pub fn seal_key_row(&self, slot: SlotId, header: &[u8], row: &[u8]) -> Vec<u8> {
        self.key_rows.seal(&self.key_row_data(slot, header), row)
    }

    /// Opens what [`Self::seal_key_row`] made.
    pub fn open_key_row(&self, slot: SlotId, header: &[u8], sealed: &[u8]) -> Result<Vec<u8>, NotAuthentic> {
        self.key_rows.open(&self.key_row_data(slot, header), sealed)
    }

    /// The name of an entry in the index of keys: an HMAC of its kind and of texts, each with its length in front, so
    /// that two lists of texts never give the same input.
    ///
    /// # Panics
    /// For a text of 64 KiB or more. Names have at most 256 bytes.
    pub fn index_name(&self, kind: u8, texts: &[&[u8]]) -> [u8; 16] {
        let mut named = vec![kind];
        for text in texts {
            let length = u16::try_from(text.len()).expect("names are short");
            named.extend_from_slice(&length.to_be_bytes());
            named.extend_from_slice(text);
        }
        *self.index.name(&named).first_chunk().expect("an HMAC is longer")
    }

    /// Seals the list of a namespace's live keys for the row that `row` names.
    pub fn seal_key_list(&self, row: &[u8], header: &[u8], list: &[u8]) -> Vec<u8> {
        self.key_lists.seal(&AssociatedData::new(self.store, Place::KeyList, row, header), list)
    }

    /// Opens what [`Self::seal_key_list`] made.
    pub fn open_key_list(&self, row: &[u8], header: &[u8], sealed: &[u8]) -> Result<Vec<u8>, NotAuthentic> {
        self.key_lists.open(&AssociatedData::new(self.store, Place::KeyList, row, header), sealed)
    }

    /// Seals the label of a machine, which the server knows by the hash of its token.
    pub fn seal_machine_label(&self, token_hash: &[u8; 32], label: &[u8]) -> Vec<u8> {
        self.machine_labels().seal(&self.machine_data(token_hash), label)
    }

    /// Opens what [`Self::seal_machine_label`] made.
    pub fn open_machine_label(&self, token_hash: &[u8; 32], sealed: &[u8]) -> Result<Vec<u8>, NotAuthentic> {
        self.machine_labels().open(&self.machine_data(token_hash), sealed)
    }

    fn machine_labels(&self) -> Cipher {
        Cipher::new(&subkey(self.key.expose(), "machine label"))
    }

    fn machine_data(&self, token_hash: &[u8; 32]) -> AssociatedData {
        AssociatedData::new(self.store, Place::MachineLabel, token_hash, &[])
    }

    fn key_row_data(&self, slot: SlotId, header: &[u8]) -> AssociatedData {
        AssociatedData::new(self.store, Place::Keys, &slot.0, header)
    }
}

/// One API key in one store: the name of its slot, and the cipher that wraps the data key in it.
pub struct SlotKeys {
    store: StoreId,
    id: SlotId,
    wrap: Cipher,
}

impl SlotKeys {
    /// The slot's name.
    pub fn id(&self) -> SlotId {
        self.id
    }

    /// Wraps a namespace's data key.
    pub fn wrap(&self, header: &[u8], namespace: NamespaceId, key: &DataKey) -> Vec<u8> {
        let mut content = Zeroizing::new([0; 48]);
        content[..32].copy_from_slice(key.expose());
        content[32..].copy_from_slice(&namespace.0);
        self.wrap.seal(&self.data(header), content.as_slice())
    }

    /// Opens what [`Self::wrap`] made.
    pub fn unwrap(&self, header: &[u8], wrapped: &[u8]) -> Result<(NamespaceId, DataKey), NotAuthentic> {
        let content = Zeroizing::new(self.wrap.open(&self.data(header), wrapped)?);
        let (key, namespace) = content.split_at_checked(32).ok_or(NotAuthentic)?;
        let key = DataKey::from_slice(key).ok_or(NotAuthentic)?;
        let namespace = namespace.try_into().map_err(|_| NotAuthentic)?;
        Ok((NamespaceId(namespace), key))
    }

    fn data(&self, header: &[u8]) -> AssociatedData {
        AssociatedData::new(self.store, Place::Slot, &self.id.0, header)
    }
}

/// The subkeys of a data key. They name and seal what one namespace stores.
pub struct DataKeys {
    store: StoreId,
    namespace: NamespaceId,
    seal: Cipher,
    changes: Cipher,
    record_ids: Namer,
    lease_names: Namer,
}

impl DataKeys {
    /// Derives the subkeys of a data key.
    pub fn derive(store: StoreId, namespace: NamespaceId, key: &DataKey) -> Self {
        Self {
            store,
            namespace,
            seal: Cipher::new(&subkey(key.expose(), "seal")),
            changes: Cipher::new(&subkey(key.expose(), "change")),
            record_ids: Namer::new(&subkey(key.expose(), "record id")),
            lease_names: Namer::new(&subkey(key.expose(), "lease name")),
        }
    }

    /// The namespace that the key belongs to.
    pub fn namespace(&self) -> NamespaceId {
        self.namespace
    }

    /// The name of the record at an encoded address.
    pub fn record_id(&self, address: &[u8]) -> RecordId {
        RecordId(joined(self.namespace, &self.record_ids.name(address)))
    }

    /// The name of a lease.
    pub fn lease_id(&self, name: &str) -> LeaseId {
        LeaseId(joined(self.namespace, &self.lease_names.name(name.as_bytes())))
    }

    /// Seals a record's address.
    pub fn seal_address(&self, id: RecordId, header: &[u8], address: &[u8]) -> Vec<u8> {
        self.seal.seal(&self.record_data(Place::RecordAddress, id, header), address)
    }

    /// Opens what [`Self::seal_address`] made.
    pub fn open_address(&self, id: RecordId, header: &[u8], sealed: &[u8]) -> Result<Vec<u8>, NotAuthentic> {
        self.seal.open(&self.record_data(Place::RecordAddress, id, header), sealed)
    }

    /// Seals a record's data.
    pub fn seal_record(&self, id: RecordId, header: &[u8], data: &[u8]) -> Vec<u8> {
        self.seal.seal(&self.record_data(Place::RecordData, id, header), data)
    }

    /// Opens what [`Self::seal_record`] made, in place: the last bytes of a buffer, from `at` on.
    pub fn open_record(
        &self,
        id: RecordId,
        header: &[u8],
        buffer: Vec<u8>,
        at: usize,
    ) -> Result<Vec<u8>, NotAuthentic> {
        self.seal.open_in_place(&self.record_data(Place::RecordData, id, header), buffer, at)
    }

    /// Seals a change notice.
    pub fn seal_change(&self, revision: u64, header: &[u8], change: &[u8]) -> Vec<u8> {
        self.changes.seal(&self.change_data(revision, header), change)
    }

    /// Opens what [`Self::seal_change`] made.
    pub fn open_change(&self, revision: u64, header: &[u8], sealed: &[u8]) -> Result<Vec<u8>, NotAuthentic> {
        self.changes.open(&self.change_data(revision, header), sealed)
    }

    fn record_data(&self, place: Place, id: RecordId, header: &[u8]) -> AssociatedData {
        AssociatedData::new(self.store, place, &id.0, header)
    }

    fn change_data(&self, revision: u64, header: &[u8]) -> AssociatedData {
        AssociatedData::new(self.store, Place::Changes, &revision.to_be_bytes(), header)
    }
}
