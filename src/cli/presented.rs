//! The API key that a subcommand reads, and the members that describe a key in its output.

use clap::Args;
use serde_json::{Map, Value, json};

use crate::vault::{Caller, Key, KeyInfo, Timestamp};

use super::operator::Failed;
use super::secret::secret_line;

#[derive(Args)]
pub(super) struct KeySource {
    /// The file descriptor to read the key from, as one line
    #[arg(long, value_name = "N", default_value_t = 0)]
    key_fd: u32,
}

impl KeySource {
    pub(super) fn of(key_fd: u32) -> Self {
        Self { key_fd }
    }

    /// Reads the key.
    pub(super) fn caller(&self) -> Result<Caller, Failed> {
        let line = secret_line(self.key_fd, "API key: ")?;
        let key = Key::parse(line.trim()).map_err(|_| not_a_key())?;
        Ok(Caller { key: key.into(), must_exist: false, origin: crate::vault::random_origin() })
    }
}

pub(super) fn not_a_key() -> Failed {
    Failed::new("an API key is 40 hexadecimal digits".into())
}

/// The public description of a key, with the names of the protocol.
pub(super) fn key(info: &KeyInfo) -> Map<String, Value> {
    let time = |time: Option<Timestamp>| time.map(|time| Value::from(time.to_string()));
    let text = |text: &Option<String>| text.clone().map(Value::from);
    let members = [
        ("keyId", Some(info.key_id.clone().into())),
        ("plugin", text(&info.plugin)),
        ("installation", text(&info.installation)),
        ("label", text(&info.label)),
        ("issuedAt", time(info.issued_at)),
        ("expiresAt", time(info.expires_at)),
        ("scope", info.scope.as_ref().map(|scope| json!(scope))),
        ("owner", Some(info.owner.into())),
    ];
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
