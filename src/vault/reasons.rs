//! Why a request was not carried out, for each error that has more than one cause. The names go to the client as
//! `data.reason`; the table of messages in `rpc` has one for each.

use crate::store::{BusyReason, FullReason, Refusal};

/// A closed set of causes with their names.
macro_rules! reasons {
    ($(#[$about:meta])* $type:ident { $($(#[$cause:meta])* $variant:ident = $name:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum $type {
            $($(#[$cause])* $variant,)*
        }

        impl $type {
            /// Every cause.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name of the cause in `data.reason`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

reasons! {
    /// Why the store is busy.
    Busy {
        /// Another process, or another request of this one, keeps the write lock.
        Lock = "lock",
        /// The store was not opened in time.
        Opening = "opening",
        /// A process that has to close the store first has not closed it.
        Closing = "closing",
        /// As many processes read the store as can.
        Readers = "readers",
        /// This process has too few addresses left for the memory map.
        AddressSpace = "addressSpace",
        /// Another store was put in the place of the open one.
        Replaced = "replaced",
        /// Another process committed first.
        Overtaken = "overtaken",
        /// The system gives this process no more threads.
        Threads = "threads",
    }
}

reasons! {
    /// What has no room left.
    Full {
        /// The disk, a quota, or the limit on the size of a file.
        Disk = "disk",
        /// The store, by `--max-store-bytes`.
        Limit = "limit",
        /// The memory map of this process.
        Map = "map",
        /// The folder `quarantine`.
        Quarantine = "quarantine",
        /// The numbers for revisions.
        Revisions = "revisions",
        /// The quota of a shared store on its server, or the disk of the server.
        Server = "server",
    }
}

reasons! {
    /// Which limit a request would exceed.
    OverLimit {
        /// The bytes of one object, by `--max-data-bytes`.
        Data = "data",
        /// The records of a namespace, by `--max-records`.
        Records = "records",
        /// The bytes of a namespace, by `--max-namespace-bytes`.
        Namespace = "namespace",
        /// The bytes that one request may write.
        Change = "change",
        /// The bytes of one answer, by `--max-message-bytes`.
        Answer = "answer",
        /// The bytes of the answers of one batch, by `--max-message-bytes`.
        Batch = "batch",
        /// The live keys of the store, by `--max-keys`.
        Keys = "keys",
        /// The live keys of one plugin or namespace, by `--max-keys-per-plugin`.
        PluginKeys = "pluginKeys",
        /// The handles of a connection, by `--max-handles`.
        Handles = "handles",
        /// The leases of a namespace.
        Leases = "leases",
    }
}

reasons! {
    /// What the scope or the kind of a key does not permit.
    Denied {
        /// The record is outside of the scope.
        Scope = "scope",
        /// The scope is read-only.
        ReadOnly = "readOnly",
        /// Only the owner's key may do it.
        Owner = "owner",
        /// Another key of the namespace acquired the lease.
        Lease = "lease",
        /// The connection is bound to one key.
        Relay = "relay",
    }
}

reasons! {
    /// Why it is not known which key a request uses.
    NoKey {
        /// The connection has set no key, or several.
        Unselected = "unselected",
        /// No handle of this connection has that text.
        Handle = "handle",
        /// The key was set on the condition that it has data, and has none.
        Refused = "refused",
    }
}

reasons! {
    /// Which part of the store is damaged, where the rest can be used.
    DamagedPart {
        /// The value of a record.
        Record = "record",
        /// The row, the slot or the index of a key.
        Key = "key",
    }
}

reasons! {
    /// What keeps a damaged store from being used.
    DamagedStore {
        /// Its tables are damaged.
        Data = "data",
        /// None of its protector files can be read.
        Protectors = "protectors",
    }
}

reasons! {
    /// What there is too much of.
    Overload {
        /// Answers that the client has not read.
        Answers = "answers",
        /// Requests that wait for the store key.
        Unlocks = "unlocks",
        /// Requests that wait for a lease.
        Leases = "leases",
    }
}

reasons! {
    /// How a request failed that read or wrote the files of the store.
    Failed {
        /// Before anything was changed.
        InputOutput = "inputOutput",
        /// During a commit: the change may have been carried out.
        Commit = "commit",
        /// The server of a shared store did not answer a commit in time: the change may have been carried out.
        Unanswered = "unanswered",
    }
}

reasons! {
    /// Why a shared store is not used with its server.
    Server {
        /// The server does not let this machine in.
        Refused = "serverRefused",
        /// The server has lost commits that it had confirmed.
        WentBack = "serverWentBack",
        /// The server has not been reached for so long that the replica is not read any more.
        Offline = "offlineTooLong",
        /// This machine has not joined the store that `--store` names, or keeps no protector that opens it.
        NotJoined = "notJoined",
        /// The data folder has another store than `--store` names.
        OtherStore = "otherStore",
    }
}

impl From<BusyReason> for Busy {
    fn from(reason: BusyReason) -> Self {
        match reason {
            BusyReason::Closing => Self::Closing,
            BusyReason::Readers => Self::Readers,
            BusyReason::AddressSpace => Self::AddressSpace,
            BusyReason::Replaced => Self::Replaced,
            BusyReason::Overtaken => Self::Overtaken,
        }
    }
}

impl From<FullReason> for Full {
    fn from(reason: FullReason) -> Self {
        match reason {
            FullReason::Disk => Self::Disk,
            FullReason::Limit => Self::Limit,
            FullReason::Map => Self::Map,
            FullReason::Quarantine => Self::Quarantine,
        }
    }
}

impl Refusal {
    /// Every cause.
    pub const ALL: &[Self] = &[
        Self::Permissions,
        Self::Owner,
        Self::Platform,
        Self::NetworkFileSystem,
        Self::ReadOnly,
        Self::Link,
        Self::FileType,
        Self::Access,
    ];

    /// The name of the cause in `data.reason`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Permissions => "permissions",
            Self::Owner => "owner",
            Self::Platform => "platform",
            Self::NetworkFileSystem => "networkFileSystem",
            Self::ReadOnly => "readOnly",
            Self::Link => "link",
            Self::FileType => "fileType",
            Self::Access => "access",
        }
    }
}
