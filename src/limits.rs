//! Every limit in one place. The limits that a user may change are fields of [`Limits`] and flags of the command line.

use std::time::Duration;

/// The longest block of headers, and the longest run of input that is not protocol, in bytes.
pub const HEADERS: usize = 64 * 1024;
/// Bytes of a request's id, as its client wrote it: each answer repeats it.
pub const ID: usize = 1_024;
/// Requests that may wait for an answer; each element of a batch counts. Above this the sidecar reads no more input.
pub const PENDING_REQUESTS: usize = 1_024;
/// Bytes of the requests that may wait for an answer. Above this the sidecar reads no more input.
pub const PENDING_BYTES: usize = 8 * 1024 * 1024;
/// Bytes of answers that the client has not read. Above this the sidecar starts no further request and reads nothing
/// from the store.
pub const UNREAD_BYTES: usize = 8 * 1024 * 1024;
/// An answer in a batch of at most this many bytes is always sent, however long the other answers are, so that the
/// result of a write is never lost.
pub const SHORT_ANSWER: usize = 4 * 1024;
/// Bytes of answers in batches that wait for other answers of the same batch. Above this a read in a batch is refused.
pub const BATCHED_BYTES: usize = 16 * 1024 * 1024;
/// Bytes that one commit changes, and reads for that. Above this no further request joins the commit.
pub const COMMIT_BYTES: usize = 8 * 1024 * 1024;
/// Bytes that one request may change.
pub const CHANGE_BYTES: usize = 24 * 1024 * 1024;
/// How long a client may read no byte of its answers before the sidecar refuses reads that wait for space. Less than
/// [`LOCK_WAIT`], so that the writes after them can still be done.
pub const TAKING_WAIT: Duration = Duration::from_secs(4);
/// Bytes of all rows in a list of keys, since scopes may be long.
pub const KEY_LIST_BYTES: usize = 8 * 1024 * 1024;
/// Records in one page of a list.
pub const LIST_PAGE: u64 = 1_000;
/// Elements of a batch.
pub const BATCH: usize = 1_000;
/// Levels of objects in a merge patch.
pub const PATCH_DEPTH: usize = 128;
/// Bytes of a record's, a plugin's or an installation's name, and of a label.
pub const NAME: usize = 256;
/// Bytes of a folder's URI.
pub const URI: usize = 8 * 1024;
/// Folders above a workspace folder that a read with `inherit` looks in.
pub const PARENTS: usize = 64;
/// Open folders that a connection remembers. Above this a call has to name its folder.
pub const OPEN_FOLDERS: usize = 1_024;
/// Folders, or contexts, in the scope of a shared key.
pub const SCOPE_FOLDERS: usize = 256;
/// The highest revision: the largest integer that every JSON reader keeps exactly.
pub const REVISION: u64 = (1 << 53) - 1;
/// Bytes of a store on a server that several machines share.
pub const SHARED_BYTES: u64 = 256 * 1024 * 1024;
/// Change notices that the store keeps for watchers; older ones are removed.
pub const CHANGES: u64 = 10_000;
/// Readers of the store at one time, in all processes together.
pub const READERS: u32 = 4_096;
/// How long a write waits for the store's lock.
pub const LOCK_WAIT: Duration = Duration::from_secs(5);
/// How long a replica may be read after its server has confirmed it.
pub const CONFIRMED: Duration = Duration::from_secs(20);
/// How often a replica that is in use asks its server. Less than [`CONFIRMED`], so that reads rarely wait for it.
pub const CONFIRMING_EVERY: Duration = Duration::from_secs(10);
/// How long after the last call a replica still asks its server by itself.
pub const SERVER_USE: Duration = Duration::from_mins(15);
/// How long a read waits for the server of a replica.
pub const CONFIRMING: Duration = Duration::from_secs(1);
/// How long the server is not tried again after it could not be reached.
pub const SERVER_RETRY: Duration = Duration::from_secs(5);
/// How long a write's call to the server may make no progress, and how long it may take in all.
pub const SERVER_STALL: Duration = Duration::from_secs(5);
/// See [`SERVER_STALL`].
pub const SERVER_WAIT: Duration = Duration::from_secs(30);
/// How long the transfer of a whole store may take, while it makes progress.
pub const SERVER_TRANSFER: Duration = Duration::from_hours(1);
/// How often a commit is decided anew because another machine was first.
pub const CONFLICTS: u32 = 8;
/// Leases that clients may hold at one time in a namespace.
pub const LEASES: u64 = 1_000;
/// Leases that one shared key may hold at one time. Fewer than [`LEASES`], so that some are left for the owner.
pub const SHARED_KEY_LEASES: u64 = 100;
/// Requests of one connection that wait for a lease.
pub const WAITING_LEASES: usize = 64;
/// The shortest and the longest lifetime of a lease without a renewal, in milliseconds.
pub const LEASE_MILLIS: (u64, u64) = (100, 600_000);
/// How long a request may wait for a lease.
pub const LEASE_WAIT_MILLIS: u64 = 600_000;
/// How long the user may take to unlock the store.
pub const UNLOCK_WAIT_MILLIS: u64 = 600_000;
/// How long the process waits for the client to read its answers while it ends.
pub const LAST_OUTPUT_WAIT: Duration = Duration::from_secs(2);
/// The longest time that the process takes to end.
pub const LAST_WAIT: Duration = Duration::from_secs(9);
/// How long requests that were read may take while the process ends.
pub const LAST_REQUESTS_WAIT: Duration = Duration::from_secs(6);

/// Connections that a relay serves at one time. Above this it closes each further one.
pub const RELAY_CONNECTIONS: usize = 32;
/// Connections that a relay takes at once, and how many it then takes in a second.
pub const RELAY_PACE: (u32, u32) = (64, 20);

/// The limits that a user may change.
#[derive(Clone, Copy, Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
pub struct Limits {
    /// Longest message, in bytes
    #[arg(long = "max-message-bytes", value_name = "N", default_value_t = 16 * 1024 * 1024)]
    pub message: usize,
    /// Longest object that can be stored, in bytes of JSON text
    #[arg(long = "max-data-bytes", value_name = "N", default_value_t = 8 * 1024 * 1024)]
    pub data: usize,
    /// Largest store, in bytes on the disk
    #[arg(long = "max-store-bytes", value_name = "N", default_value_t = 4 * 1024 * 1024 * 1024)]
    pub store: u64,
    /// Most records of one plugin
    #[arg(long = "max-records", value_name = "N", default_value_t = 10_000)]
    pub records: u64,
    /// Most bytes of one plugin's records, as they are in the store
    #[arg(long = "max-namespace-bytes", value_name = "N", default_value_t = 1024 * 1024 * 1024)]
    pub namespace: u64,
    /// Most live API keys
    #[arg(long = "max-keys", value_name = "N", default_value_t = 10_000)]
    pub keys: u64,
    /// Most live API keys of one plugin
    #[arg(long = "max-keys-per-plugin", value_name = "N", default_value_t = 1_000)]
    pub keys_per_plugin: u64,
    /// Most handles of one connection
    #[arg(long = "max-handles", value_name = "N", default_value_t = 256)]
    pub handles: usize,
    /// Idle seconds after which the daily backup is taken; 0 for never
    #[arg(long = "backup-idle-seconds", value_name = "N", default_value_t = 30)]
    pub backup_idle: u64,
}

impl Limits {
    /// The arguments that give another process of the program the same limits.
    pub fn arguments(&self) -> Vec<String> {
        let all = [
            ("--max-message-bytes", self.message as u64),
            ("--max-data-bytes", self.data as u64),
            ("--max-store-bytes", self.store),
            ("--max-records", self.records),
            ("--max-namespace-bytes", self.namespace),
            ("--max-keys", self.keys),
            ("--max-keys-per-plugin", self.keys_per_plugin),
            ("--max-handles", self.handles as u64),
            ("--backup-idle-seconds", self.backup_idle),
        ];
        all.iter().map(|(name, value)| format!("{name}={value}")).collect()
    }

    /// How long the sidecar must be idle before it takes the daily backup; `None` for never.
    pub fn backup_after(&self) -> Option<Duration> {
        (self.backup_idle > 0).then(|| Duration::from_secs(self.backup_idle))
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message: 16 * 1024 * 1024,
            data: 8 * 1024 * 1024,
            store: 4 * 1024 * 1024 * 1024,
            records: 10_000,
            namespace: 1024 * 1024 * 1024,
            keys: 10_000,
            keys_per_plugin: 1_000,
            handles: 256,
            backup_idle: 30,
        }
    }
}
