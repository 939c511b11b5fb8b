//! What `--version` shows.

/// The whole text: the name of the program, its version, the versions of the protocol and of the disk format, the system that
/// this build is for, and its commit.
///
/// It is one literal, so that `editors/pack` and `dist/` find it in a program that the packing machine can't run.
const TEXT: &str = concat!(
    "plugin-vault ",
    env!("CARGO_PKG_VERSION"),
    "\nprotocol 1\nformat 1\ntarget ",
    env!("PLUGIN_VAULT_TARGET"),
    "\ncommit ",
    env!("PLUGIN_VAULT_COMMIT"),
);

/// What `--version` shows behind the name. `-V` shows the first line alone.
pub(super) const LONG: &str = TEXT.split_at("plugin-vault ".len()).1;

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
