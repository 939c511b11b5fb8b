//! A store as a person sees it who has the data folder, the key file and `docs/format.md`: its rows, the store key, and
//! with an API key what that opens. Also changes rows, with the checksum that belongs to their place, under the lock
//! that writers hold.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use heed::types::Bytes;
use heed::{CommitOrAbort, Database, Env, EnvFlags, EnvOpenOptions, WithoutTls};
use plugin_vault::crypto::{
    ApiKey, DataKeys, ProtectorKey, ProtectorKeys, SlotId, SlotKeys, StoreId, StoreKeys,
};
use plugin_vault::store::SLOT_HEADER;
use serde_json::Value;

use crate::harness::files;

/// A table's number, which is bound into its checksums, and its name.
pub(crate) type Table = (u8, &'static str);
pub(crate) const META: Table = (1, "meta");
pub(crate) const KEYS: Table = (2, "keys");
pub(crate) const RECORDS: Table = (3, "records");
pub(crate) const CHANGES: Table = (5, "changes");
pub(crate) const KEY_INDEX: Table = (6, "key index");

/// A protector file has two of these.
const PROTECTOR_BLOCK: usize = 4096;
/// Format, kind, time, length of the parameters (there are none).
const PROTECTOR_HEADER: usize = 1 + 1 + 8 + 2;
const COMMITMENT: usize = 32;

/// An opened store. No other may be open on the same folder in this process.
pub(crate) struct Disk {
    env: Env<WithoutTls>,
    data: PathBuf,
    pub(crate) store: StoreId,
    pub(crate) keys: StoreKeys,
}

impl Disk {
    #[allow(unsafe_code, reason = "a memory map of a file that others change only through LMDB")]
    pub(crate) fn open(data: &Path, keys: &Path) -> Self {
        let header = fs::read_to_string(data.join("header")).unwrap();
        let store = StoreId::parse(header.split(' ').nth(2).unwrap()).unwrap();
        let mut options = EnvOpenOptions::new().read_txn_without_tls();
        options.max_dbs(6);
        // SAFETY: each process writes to the file through LMDB only; and no test looks at it after a power cut, so nothing
        // has to be synced.
        let env = unsafe { options.flags(EnvFlags::NO_SYNC).open(data) }.unwrap();
        let (id, row) = protectors(data).into_iter().find(|(_, row)| row[1] == 1).unwrap();
        let file = fs::read_to_string(keys.join(store.to_text()).join("key")).unwrap();
        let digits = file.strip_prefix("plugin-vault key 1 ").unwrap().trim_end();
        let protector = ProtectorKey::from_slice(&base16ct::lower::decode_vec(digits).unwrap()).unwrap();
        let (header, rest) = row.split_at(PROTECTOR_HEADER);
        let store_key =
            ProtectorKeys::derive(store, &protector).unwrap(&id, header, &rest[COMMITMENT..]).unwrap();
        Self { env, data: data.to_owned(), store, keys: StoreKeys::derive(store, store_key) }
    }

    /// The rows of a table, without their checksums.
    pub(crate) fn rows(&self, table: Table) -> Vec<(Vec<u8>, Vec<u8>)> {
        rows(&self.env, table)
    }

    pub(crate) fn slot(&self, api_key: &Value) -> SlotKeys {
        self.keys.slot(&ApiKey::parse(api_key.as_str().unwrap()).unwrap())
    }

    /// What a key's slot file opens.
    pub(crate) fn data_keys(&self, api_key: &Value) -> DataKeys {
        let slot = self.slot(api_key);
        let file = fs::read(self.data.join("slots").join(slot.id().to_text())).unwrap();
        let (namespace, key) = slot.unwrap(SLOT_HEADER, file.strip_prefix(SLOT_HEADER).unwrap()).unwrap();
        DataKeys::derive(self.store, namespace, &key)
    }

    /// Puts rows where they do not belong, or back. Every process looks at its keys again after that.
    pub(crate) fn put(&self, changes: &[(Table, &[u8], &[u8])]) {
        let lock = File::open(self.data.join("write.lock")).unwrap();
        lock.lock().unwrap();
        let mut rows: Vec<_> =
            changes.iter().map(|(table, key, value)| (*table, key.to_vec(), value.to_vec())).collect();
        let last = self.rows(META).into_iter().find(|(name, _)| name == b"revision").unwrap().1;
        let next = (u64::from_be_bytes(last.try_into().unwrap()) + 1).to_be_bytes();
        rows.push((META, b"revision".to_vec(), next.to_vec()));
        rows.push((META, b"keys revision".to_vec(), next.to_vec()));
        let tables = [META, KEYS, RECORDS, CHANGES, KEY_INDEX].map(|table| (table, self.table(table)));
        let mut txn = self.env.write_txn().unwrap();
        for (table, key, value) in rows {
            let (_, found) = tables.iter().find(|(known, _)| *known == table).unwrap();
            let stored = [value.as_slice(), &checksum(table, &key, &value)].concat();
            found.put(&mut txn, &key, &stored).unwrap();
        }
        txn.commit().unwrap();
        lock.unlock().unwrap();
    }

    /// Takes a row away, as a person who can write the file can.
    pub(crate) fn remove(&self, table: Table, key: &[u8]) {
        let lock = File::open(self.data.join("write.lock")).unwrap();
        lock.lock().unwrap();
        let found = self.table(table);
        let mut txn = self.env.write_txn().unwrap();
        assert!(found.delete(&mut txn, key).unwrap());
        txn.commit().unwrap();
        lock.unlock().unwrap();
    }

    /// Moves the end of a key, so that it lies on the other side of now.
    pub(crate) fn set_end(&self, key_id: &Value, millis: u64) {
        let id = base16ct::lower::decode_vec(key_id.as_str().unwrap()).unwrap();
        let slot = SlotId(id.as_slice().try_into().unwrap());
        let (_, row) = self.rows(KEYS).into_iter().find(|(key, _)| *key == id).unwrap();
        let (format, sealed) = row.split_at(1);
        let text = self.keys.open_key_row(slot, format, sealed).unwrap();
        let mut row: Value = serde_json::from_slice(&text).unwrap();
        row["expiresAt"] = millis.into();
        let text = serde_json::to_vec(&row).unwrap();
        let sealed = self.keys.seal_key_row(slot, format, &text);
        self.put(&[(KEYS, &id, &[format, sealed.as_slice()].concat())]);
    }

    /// Waits until it is closed, so that it can be opened again.
    pub(crate) fn close(self) {
        self.env.prepare_for_closing().wait();
    }

    fn table(&self, table: Table) -> Database<'_, Bytes, Bytes> {
        opened(&self.env, table)
    }
}

fn opened(env: &Env<WithoutTls>, (_, name): Table) -> Database<'_, Bytes, Bytes> {
    let found = env.open_databases_and_commit(env.read_txn().unwrap(), |opener, txn| {
        let table = opener.open_database::<Bytes, Bytes>(txn, Some(name))?;
        Ok::<_, heed::Error>(CommitOrAbort::<_, ()>::Commit([table]))
    });
    let [table] = found.unwrap().unwrap_commit();
    table.unwrap()
}

fn rows(env: &Env<WithoutTls>, table: Table) -> Vec<(Vec<u8>, Vec<u8>)> {
    let found = opened(env, table);
    let txn = env.read_txn().unwrap();
    let rows = found.iter(&txn).unwrap().map(|row| {
        let (key, stored) = row.unwrap();
        let (value, sum) = stored.split_at(stored.len() - 8);
        assert_eq!(sum, checksum(table, key, value), "a checksum is not as documented");
        (key.to_vec(), value.to_vec())
    });
    rows.collect()
}

fn checksum((number, _): Table, key: &[u8], value: &[u8]) -> [u8; 8] {
    let length = u16::try_from(key.len()).unwrap().to_be_bytes();
    let bound = [&[number], length.as_slice(), key, value].concat();
    twox_hash::XxHash3_64::oneshot(&bound).to_be_bytes()
}

/// The rows of the protectors in a data folder, by id, without those that were removed.
pub(crate) fn protectors(data: &Path) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut found = Vec::new();
    for (path, content) in files(&data.join("protectors")) {
        let id = base16ct::lower::decode_vec(path.file_name().unwrap().to_str().unwrap()).unwrap();
        let (first, second) = content.split_at(PROTECTOR_BLOCK);
        assert!(first == second, "the two blocks differ");
        assert_eq!(&first[..8], b"pvprot\0\x01");
        let length = usize::from(u16::from_be_bytes(first[8..10].try_into().unwrap()));
        let row = first[10..10 + length].to_vec();
        assert!(content == protector_file(&id, &row), "a protector file is not as documented");
        found.extend((!row.is_empty()).then_some((id, row)));
    }
    found.sort();
    found
}

/// The bytes of a protector file.
pub(crate) fn protector_file(id: &[u8], row: &[u8]) -> Vec<u8> {
    let length = u16::try_from(row.len()).unwrap().to_be_bytes();
    let mut block = [b"pvprot\0\x01", length.as_slice(), row].concat();
    block.resize(PROTECTOR_BLOCK - 8, 0);
    let sum = twox_hash::XxHash3_64::oneshot(&[id, block.as_slice()].concat());
    block.extend(sum.to_be_bytes());
    block.repeat(2)
}
