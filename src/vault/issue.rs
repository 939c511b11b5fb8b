//! Issues keys, and keeps them for plugins that have no safe place for their own.

use zeroize::Zeroizing;

use crate::crypto::{ApiKey, SlotId};
use crate::rows::Table;

use super::draft::{Changes, Draft, Write};
use super::key_row::{KeyRow, KeyRows};
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

/// The live owner keys of a store, or of one plugin.
pub struct KeptKeys {
    /// Those that the store keeps, each with the installation that it is kept for.
    pub kept: Vec<Issued>,
    /// Those that only their plugins have.
    pub others: Vec<KeyInfo>,
}

impl Opened {
    /// The live owner keys of the store, or of one plugin.
    ///
    /// # Errors
    /// If the store is locked or can't be read, or a damaged row may be that of the only key.
    pub fn kept_keys(&self, plugin: Option<&Name>) -> Result<KeptKeys, Error> {
        let keys = &self.secrets()?.keys;
        let mut rows = Vec::new();
        self.store()
            .snapshot()?
            .scan(Table::Keys, &[], |slot, row| rows.push((slot.to_vec(), row.to_vec())))?;
        let rows = KeyRows::open(keys, rows);
        let mut found = KeptKeys { kept: Vec::new(), others: Vec::new() };
        for (slot, row) in rows.readable {
            let is_wanted = plugin.is_none_or(|plugin| row.plugin.as_deref() == Some(plugin.as_str()));
            if !row.is_live() || !row.is_owner() || !is_wanted {
                continue;
            }
            match Issued::kept(slot, &row) {
                Some(kept) => found.kept.push(kept),
                None => found.others.push(KeyInfo::new(slot, &row)),
            }
        }
        let is_nothing = found.kept.is_empty() && found.others.is_empty();
        if is_nothing && !rows.damaged.is_empty() { Err(Error::KEY_DAMAGED) } else { Ok(found) }
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
