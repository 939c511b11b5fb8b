//! The floor of a durable write: a bare LMDB commit of the rows that a `setPersistentData` writes, and two page writes
//! that are each synced, which is all that LMDB asks of the disk.

use std::error::Error;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use heed::types::Bytes;
use heed::{CommitOrAbort, Database, Env, EnvOpenOptions, WithoutTls};

/// The bytes around the data of a record: header, sealed address, nonce, tag, checksum; see `docs/format.md`.
const AROUND_A_RECORD: usize = 34 + 4 + 92 + 28 + 8;
/// The bytes of a change notice.
pub(crate) const CHANGE: usize = 16 + 16 + 92 + 8;
const PADDING: usize = 64;

/// The bytes of the row of a record whose object has so many bytes.
pub(crate) fn record_length(bytes: usize) -> usize {
    AROUND_A_RECORD + (4 + bytes).next_multiple_of(PADDING)
}

type LmdbTable = Database<'static, Bytes, Bytes>;

/// An environment like the store's, without the layers above it.
pub(crate) struct BareLmdb {
    env: Env<WithoutTls>,
    records: LmdbTable,
    changes: LmdbTable,
    meta: LmdbTable,
    revision: u64,
}

impl BareLmdb {
    #[allow(unsafe_code, reason = "a map of a file that no other process touches")]
    pub(crate) fn create(folder: &Path, records: u64, bytes: usize) -> Result<Self, Box<dyn Error>> {
        fs::create_dir_all(folder)?;
        let mut options = EnvOpenOptions::new().read_txn_without_tls();
        options.map_size(64 << 30).max_dbs(5).max_readers(4096);
        // SAFETY: the folder is this program's own.
        let env = unsafe { options.open(folder)? };
        let tables = env
            .create_databases_and_commit(env.write_txn()?, |opener, txn| {
                let mut table = |name| opener.create_database::<Bytes, Bytes>(txn, Some(name));
                Ok::<_, heed::Error>(CommitOrAbort::<_, ()>::Commit((
                    table("records"),
                    table("changes"),
                    table("meta"),
                )))
            })?
            .unwrap_commit();
        let (records_table, changes, meta) = (tables.0?, tables.1?, tables.2?);
        let mut store = Self { env, records: records_table, changes, meta, revision: 0 };
        store.commit(0..records, bytes)?;
        Ok(store)
    }

    /// Commits one version of each of these records.
    fn commit(&mut self, records: impl IntoIterator<Item = u64>, bytes: usize) -> heed::Result<()> {
        let length = record_length(bytes);
        let mut value = vec![0; length];
        let mut txn = self.env.write_txn()?;
        for record in records {
            self.revision += 1;
            // Like a sealed value, the value differs at each write. Like a record's id, the key is anywhere in the
            // table.
            value[..8].copy_from_slice(&self.revision.to_be_bytes());
            let mut key = [0; 32];
            key[16..24].copy_from_slice(&record.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
            self.records.put(&mut txn, &key, &value)?;
            self.changes.put(&mut txn, &self.revision.to_be_bytes(), &[0; CHANGE])?;
        }
        self.meta.put(&mut txn, b"revision", &[&self.revision.to_be_bytes()[..], &[0; 8]].concat())?;
        txn.commit()
    }

    /// How long each of `count` commits takes. Each commits one of `records` records.
    pub(crate) fn latencies(
        &mut self,
        count: usize,
        records: u64,
        bytes: usize,
    ) -> heed::Result<Vec<Duration>> {
        let mut took = Vec::with_capacity(count);
        for at in 0..count as u64 {
            let began = Instant::now();
            self.commit([at % records], bytes)?;
            took.push(began.elapsed());
        }
        Ok(took)
    }
}

/// A file that already contains the pages to be written.
pub(crate) struct SyncedPages(File);

impl SyncedPages {
    const PAGE: usize = 4096;
    const PAGES: u64 = 64;

    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).truncate(true).write(true).open(path)?;
        for page in 0..Self::PAGES {
            file.write_all_at(&[0; Self::PAGE], page * Self::PAGE as u64)?;
        }
        file.sync_all()?;
        Ok(Self(file))
    }

    /// How long it takes to write a page, sync it, write another, and sync that.
    pub(crate) fn latencies(&mut self, count: usize) -> io::Result<Vec<Duration>> {
        let mut took = Vec::with_capacity(count);
        for at in 0..count as u64 {
            let page = [at as u8; Self::PAGE];
            let began = Instant::now();
            for half in 0..2 {
                self.0.write_all_at(&page, (2 * at + half) % Self::PAGES * Self::PAGE as u64)?;
                self.0.sync_data()?;
            }
            took.push(began.elapsed());
        }
        Ok(took)
    }
}
