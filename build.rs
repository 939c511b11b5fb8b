//! Tells the program what it was built for and from which commit: see `src/cli/version.rs`.

use std::env;

fn main() {
    let target = env::var("TARGET").unwrap_or_else(|_| "unknown".to_owned());
    // `dist/build` sets it. A crate that was unpacked somewhere has no commit to ask for.
    let commit = env::var("PLUGIN_VAULT_COMMIT").unwrap_or_else(|_| "unknown".to_owned());
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=PLUGIN_VAULT_COMMIT");
    println!("cargo::rustc-env=PLUGIN_VAULT_TARGET={target}");
    println!("cargo::rustc-env=PLUGIN_VAULT_COMMIT={commit}");
}
