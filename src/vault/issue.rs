//! Issuing keys, and keeping them for plugins that have no safe place for theirs.

use zeroize::Zeroizing;

use crate::crypto::{ApiKey, StoreKeys};
use crate::store::Table;

use super::draft::{Changes, Draft, Write};
use super::key_row::KeyRows;
use super::{Error, KeyInfo, Name, Opened, Timestamp, namespace};

/// Issues the owner key of a new namespace, or gives back the one that is kept.
pub struct Issue {
    /// The plugin that it is for.
    pub plugin: Name,
    /// The installation that the vault shall keep it for.
    pub installation: Option<Name>,
    /// What its owner calls it.
    pub label: Option<Name>,
    /// When it ends, if it does.
    pub expires_at: Option<Timestamp>,
}

/// A key for whoever asked for it.
pub struct Issued {
    /// The key, as 40 hexadecimal digits.
    pub api_key: Zeroizing<String>,
    /// Whether it was made just now.
    pub created: bool,
    /// What can be told of it.
    pub info: KeyInfo,
}

impl Opened {
    /// The key that is kept for a plugin's installation, if one is.
    pub fn kept(&self, plugin: &Name, installation: &Name) -> Result<Option<Issued>, Error> {
        let mut rows = Vec::new();
        let snapshot = self.store().snapshot()?;
        snapshot.scan(Table::Keys, &[], |slot, row| rows.push((slot.to_vec(), row.to_vec())))?;
        drop(snapshot);
        find_kept(&self.secrets()?.keys, rows, plugin, installation)
    }
}

impl Write for Issue {
    type Outcome = Issued;

    fn evaluate(&self, draft: &Draft<'_>) -> Result<(Issued, Option<Changes>), Error> {
        let keys = &draft.secrets.keys;
        if let Some(installation) = &self.installation {
            let rows = draft.scan(Table::Keys, &[], <[u8]>::to_vec)?;
            if let Some(kept) = find_kept(keys, rows, &self.plugin, installation)? {
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

/// A row that can't be opened might be the one that is looked for: if no other is, none may be made in its place.
fn find_kept(
    keys: &StoreKeys,
    rows: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>,
    plugin: &Name,
    installation: &Name,
) -> Result<Option<Issued>, Error> {
    let rows = KeyRows::open(keys, rows);
    for (slot, row) in rows.readable {
        let is_it = row.is_live()
            && row.plugin.as_deref() == Some(plugin.as_str())
            && row.installation.as_deref() == Some(installation.as_str());
        if is_it && let Some(api_key) = row.kept_key() {
            let info = KeyInfo::new(slot, &row);
            return Ok(Some(Issued { api_key: api_key.to_text(), created: false, info }));
        }
    }
    if rows.damaged.is_empty() { Ok(None) } else { Err(Error::RecordDamaged) }
}
