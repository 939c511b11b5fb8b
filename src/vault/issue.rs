//! Issues keys, and keeps them for plugins that have no safe place for their own.

use zeroize::Zeroizing;

use crate::crypto::{ApiKey, SlotId};

use super::draft::{Changes, Draft, Write};
use super::key_row::KeyRow;
use super::{Caller, Error, KeyInfo, Name, Opened, Timestamp, key_index, namespace};

/// Issues the owner key of a new namespace, or returns the one that the store keeps.
pub struct Issue {
    /// The plugin that gets the key.
    pub plugin: Name,
    /// The installation for which the store keeps the key.
    pub installation: Option<Name>,
    /// The key's label.
    pub label: Option<Name>,
    /// When the key expires, if it does.
    pub expires_at: Option<Timestamp>,
}

/// A key for the caller that requested it.
pub struct Issued {
    /// The key, as 40 hexadecimal digits.
    pub api_key: Zeroizing<String>,
    /// Whether this call created it.
    pub created: bool,
    /// Its public description.
    pub info: KeyInfo,
}

impl Issued {
    fn kept(slot: SlotId, row: &KeyRow) -> Option<Self> {
        let api_key = row.kept_key()?.to_text();
        Some(Self { api_key, created: false, info: KeyInfo::new(slot, row) })
    }
}

impl Opened {
    /// The key that the store keeps for a plugin's installation, if there is one.
    ///
    /// # Errors
    /// If the store is locked or can't be read, or a damaged row may be that of the key.
    pub fn kept(&self, plugin: &Name, installation: &Name) -> Result<Option<Issued>, Error> {
        let secrets = self.secrets()?;
        let found = key_index::find_kept(&self.store().snapshot()?, &secrets.keys, plugin, installation)?;
        Ok(found.and_then(|(slot, row)| Issued::kept(slot, &row)))
    }
}

impl Write for Issue {
    type Outcome = Issued;

    fn caller(&self) -> Option<&Caller> {
        None
    }

    fn evaluate(&self, draft: &Draft<'_>) -> Result<(Issued, Option<Changes>), Error> {
        let keys = &draft.secrets.keys;
        if let Some(installation) = &self.installation {
            let found = key_index::find_kept(draft, keys, &self.plugin, installation)?;
            if let Some(kept) = found.and_then(|(slot, row)| Issued::kept(slot, &row)) {
                return Ok((kept, None));
            }
        }
        let api_key = ApiKey::generate(self.plugin.as_str(), draft.now.millis());
        let slot = keys.slot(&api_key);
        let text = |name: &Name| name.as_str().to_owned();
        let mut changes = draft.changes();
        let access = namespace::begin(draft, &mut changes, &slot, |row| {
            row.issue(draft.now, self.expires_at);
            row.plugin = Some(text(&self.plugin));
            row.label = self.label.as_ref().map(text);
            if let Some(installation) = &self.installation {
                row.installation = Some(text(installation));
                row.keep(&api_key);
            }
        })?;
        let info = KeyInfo::new(slot.id(), &access.row);
        Ok((Issued { api_key: api_key.to_text(), created: true, info }, Some(changes)))
    }
}
