//! What `--version` shows.

/// The version of the program, the versions of the protocol and of the disk format, the system that this build is for, and its
/// commit. The first line alone is what `-V` shows.
///
/// One literal, so that `editors/pack` and `dist/` also find it in a program that the packing machine can't run.
pub(super) const LONG: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\nprotocol 1\nformat 1\ntarget ",
    env!("PLUGIN_VAULT_TARGET"),
    "\ncommit ",
    env!("PLUGIN_VAULT_COMMIT"),
);

#[cfg(test)]
mod tests {
    use super::LONG;
    use crate::{rpc, vault};

    #[test]
    fn the_version_shows_the_versions_that_are_in_use() {
        let expected = format!(
            "{}\nprotocol {}\nformat {}\ntarget ",
            env!("CARGO_PKG_VERSION"),
            rpc::PROTOCOL_VERSION,
            vault::FORMAT
        );
        assert!(LONG.starts_with(&expected), "{LONG}");
    }
}
