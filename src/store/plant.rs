//! Bugs that are planted on purpose, to see that the rigs which look for such bugs find them. Only with the feature
//! `planted-bugs`, which no release build takes; otherwise none is ever there.

/// A bug, chosen by `PLUGIN_VAULT_PLANT`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Plant {
    /// `early-answer`: writes are answered, and only then committed.
    EarlyAnswer,
    /// `no-guard`: a snapshot is taken as LMDB gives it.
    NoGuard,
    /// `no-sync`: LMDB writes without waiting for the disk.
    NoSync,
    /// `deaf-commit`: a commit that the disk refused is taken for one that it took.
    DeafCommit,
    /// `lost-end`: a patch forgets when the record ends.
    LostEnd,
    /// `no-check`: every file is taken for a sound one.
    NoCheck,
    /// `stale-lease`: a write goes through with the token of a lease that is over.
    StaleLease,
    /// `two-holders`: a lease is given to whoever asks for it.
    TwoHolders,
}

impl Plant {
    /// Whether the bug is there.
    #[cfg(not(feature = "planted-bugs"))]
    pub const fn is_there(self) -> bool {
        false
    }

    /// Whether the bug is there.
    #[cfg(feature = "planted-bugs")]
    pub fn is_there(self) -> bool {
        use std::sync::LazyLock;
        static WANTED: LazyLock<Option<Plant>> = LazyLock::new(|| {
            let wanted = std::env::var("PLUGIN_VAULT_PLANT").ok()?;
            match wanted.as_str() {
                "early-answer" => Some(Plant::EarlyAnswer),
                "no-guard" => Some(Plant::NoGuard),
                "no-sync" => Some(Plant::NoSync),
                "deaf-commit" => Some(Plant::DeafCommit),
                "lost-end" => Some(Plant::LostEnd),
                "no-check" => Some(Plant::NoCheck),
                "stale-lease" => Some(Plant::StaleLease),
                "two-holders" => Some(Plant::TwoHolders),
                _ => None,
            }
        });
        *WANTED == Some(self)
    }
}
