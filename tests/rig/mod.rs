//! What the proof rigs share: processes of the binary whose answers are awaited from several threads, a library that is
//! loaded before libc into them ([`preload`]), random numbers with a seed that can be given again, and how long to run.
//!
//! `RIG_SEED` repeats a run's choices, as far as they are the rig's; `RIG_SECONDS` is how long each rig runs.

#![allow(dead_code, unused_imports, reason = "no rig needs all of it")]

#[path = "../support/harness.rs"]
mod harness;
pub(crate) mod log;
#[path = "../support/random.rs"]
mod random;
mod sidecar;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

pub(crate) use harness::{Home, Refused};
#[cfg(all(target_os = "linux", feature = "postgres-tests"))]
pub(crate) use harness::{postgres, shared};
pub(crate) use random::Random;
pub(crate) use sidecar::{Answer, Sidecar};

/// The seed that was asked for, or a new one.
pub(crate) fn seed() -> u64 {
    match std::env::var("RIG_SEED") {
        Ok(seed) => seed.parse().expect("RIG_SEED is a number"),
        Err(_) => u64::from_be_bytes(plugin_vault::crypto::random()),
    }
}

/// How long a rig runs: what was asked for, or what suits a machine that runs all tests.
pub(crate) fn length(usual: u64) -> Duration {
    match std::env::var("RIG_SECONDS") {
        Ok(seconds) => Duration::from_secs(seconds.parse().expect("RIG_SECONDS is a number")),
        Err(_) => Duration::from_secs(usual),
    }
}

/// Says what a rig did; `tests/run` shows these lines.
#[allow(clippy::print_stdout, reason = "figures for the person who runs the rig")]
pub(crate) fn tell(figures: &str) {
    println!("rig: {figures}");
}

/// The library of `preload.c`, compiled once a process.
pub(crate) fn preload() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        // Another rig may have it loaded at the moment: a new one takes its place as a whole.
        let (library, new) = (folder.join("preload.so"), folder.join(std::process::id().to_string()));
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rig/preload.c");
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .args([new.as_os_str(), source.as_ref(), "-ldl".as_ref()])
            .status();
        assert!(compiled.expect("there is a C compiler").success(), "preload.c does not compile");
        std::fs::rename(new, &library).unwrap();
        library
    })
}
