//! What the life of keys should be, in memory and in a few lines. A walk over random calls compares the binary with it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

#[path = "../support/random.rs"]
mod random;
mod walk;

/// Where records are: context, folder, name.
pub(crate) const ADDRESSES: [(&str, Option<&str>, Option<&str>); 4] = [
    ("user", None, None),
    ("user", None, Some("n")),
    ("workspace", Some("file:///a"), None),
    ("workspace", Some("file:///b"), Some("n")),
];

/// The ends that keys have here, on either side of now.
pub(crate) const PAST: (&str, u64) = ("2001-01-01T00:00:00.000Z", 978_307_200_000);
pub(crate) const FAR: (&str, u64) = ("2999-01-01T00:00:00.000Z", 32_472_144_000_000);
pub(crate) const FARTHER: (&str, u64) = ("3000-01-01T00:00:00.000Z", 32_503_680_000_000);

pub(crate) type End = Option<(&'static str, u64)>;
/// What the model says, or the code of its refusal.
pub(crate) type Says<T> = Result<T, i64>;

/// A key that was seen, by its text; `row` once it has a namespace.
pub(crate) struct Key {
    pub(crate) text: String,
    /// As the binary names it, once it has.
    pub(crate) id: Option<String>,
    pub(crate) row: Option<Row>,
}

#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) namespace: usize,
    pub(crate) is_owner: bool,
    pub(crate) is_live: bool,
    pub(crate) end: End,
    pub(crate) scope: Option<Value>,
    pub(crate) plugin: Option<String>,
    pub(crate) installation: Option<String>,
    pub(crate) label: Option<String>,
    /// Whether it says when it was issued, and what it said.
    pub(crate) issued_at: Option<Value>,
    /// The key that took its place.
    pub(crate) replaced_by: Option<usize>,
}

/// Text and revision, by the position of the address.
type Records = BTreeMap<usize, (Value, u64)>;

#[derive(Default)]
pub(crate) struct Model {
    pub(crate) keys: Vec<Key>,
    pub(crate) namespaces: Vec<Records>,
}

impl Row {
    fn first(namespace: usize) -> Self {
        Self {
            namespace,
            is_owner: true,
            is_live: true,
            end: None,
            scope: None,
            plugin: None,
            installation: None,
            label: None,
            issued_at: None,
            replaced_by: None,
        }
    }

    pub(crate) fn permits(&self, address: usize, writes: bool) -> bool {
        let Some(scope) = &self.scope else { return true };
        let (context, folder, _) = ADDRESSES[address];
        let has = |member: &str, wanted: &str| {
            scope[member].as_array().is_none_or(|allowed| allowed.contains(&json!(wanted)))
        };
        // Folders alone are folders, and nothing of what belongs to the user.
        let folders_alone = scope["contexts"].is_null() && scope["workspaceFolders"].is_array();
        has("contexts", context)
            && !(folders_alone && context == "user")
            && folder.is_none_or(|folder| has("workspaceFolders", folder))
            && !(writes && scope["readOnly"] == true)
    }
}

impl Model {
    pub(crate) fn find(&self, text: &str) -> Option<usize> {
        self.keys.iter().position(|key| key.text == text)
    }

    pub(crate) fn add(&mut self, text: &str) -> usize {
        self.find(text).unwrap_or_else(|| {
            self.keys.push(Key { text: text.to_owned(), id: None, row: None });
            self.keys.len() - 1
        })
    }

    fn begin(&mut self) -> Row {
        self.namespaces.push(Records::new());
        Row::first(self.namespaces.len() - 1)
    }

    /// The key's row, if it is good; nothing for one that has no namespace.
    pub(crate) fn admit(&self, key: usize) -> Says<Option<Row>> {
        match &self.keys[key].row {
            Some(row) if !row.is_live => Err(1004),
            Some(row) if row.end == Some(PAST) => Err(1005),
            row => Ok(row.clone()),
        }
    }

    /// Whether the key is known.
    pub(crate) fn set_key(&self, key: usize, must_exist: bool) -> Says<bool> {
        match self.admit(key)? {
            None if must_exist => Err(1003),
            row => Ok(row.is_some()),
        }
    }

    /// The key that is kept.
    pub(crate) fn kept(&self, plugin: &str, installation: &str) -> Option<usize> {
        self.keys.iter().position(|key| {
            key.row.as_ref().is_some_and(|row| {
                row.is_live
                    && row.plugin.as_deref() == Some(plugin)
                    && row.installation.as_deref() == Some(installation)
            })
        })
    }

    pub(crate) fn issue(
        &mut self,
        plugin: &str,
        installation: Option<&str>,
        label: Option<&str>,
        end: End,
    ) -> Row {
        Row {
            plugin: Some(plugin.to_owned()),
            installation: installation.map(str::to_owned),
            label: label.map(str::to_owned),
            end,
            ..self.begin()
        }
    }

    /// The row of the shared key.
    pub(crate) fn share(
        &mut self,
        key: usize,
        label: Option<&str>,
        end: End,
        scope: Option<Value>,
    ) -> Says<Row> {
        let owner = self.admit(key)?;
        if owner.as_ref().is_some_and(|owner| !owner.is_owner) {
            return Err(1006);
        }
        let last = owner.as_ref().and_then(|owner| owner.end);
        if let (Some((_, end)), Some((_, last))) = (end, last)
            && end > last
        {
            return Err(-32602);
        }
        let owner = owner.unwrap_or_else(|| self.begin());
        self.keys[key].row = Some(owner.clone());
        Ok(Row {
            is_owner: false,
            end: end.or(last),
            scope,
            plugin: owner.plugin.clone(),
            label: label.map(str::to_owned),
            ..Row::first(owner.namespace)
        })
    }

    /// Whether there is anything to do.
    pub(crate) fn may_rotate(&self, key: usize, brought: Option<usize>) -> Says<bool> {
        let replaced_by = self.keys[key].row.as_ref().and_then(|row| row.replaced_by);
        if let Some(brought) = brought
            && replaced_by == Some(brought)
        {
            // The same call again.
            return self.admit(brought).map(|_| false);
        }
        self.admit(key)?.ok_or(1003)?;
        match brought {
            Some(brought) if brought == key => Ok(false),
            Some(brought) if self.keys[brought].row.is_some() => Err(-32602),
            _ => Ok(true),
        }
    }

    pub(crate) fn rotate(&mut self, key: usize, new: usize) {
        let row = self.keys[key].row.as_mut().unwrap();
        let successor = row.clone();
        row.is_live = false;
        row.replaced_by = Some(new);
        self.keys[new].row = Some(successor);
    }

    /// Whether the namespace was destroyed. `named` is a position, or one that is no key's.
    pub(crate) fn revoke(&mut self, key: usize, named: Option<usize>) -> Says<bool> {
        let row = self.admit(key)?.ok_or(1003)?;
        let named = named.unwrap_or(key);
        if named == key && row.is_owner {
            for key in &mut self.keys {
                let own = key.row.as_mut().filter(|own| own.namespace == row.namespace);
                if let Some(own) = own {
                    own.is_live = false;
                }
            }
            self.namespaces[row.namespace].clear();
            return Ok(true);
        }
        if named != key && !row.is_owner {
            return Err(1006);
        }
        let found = self.keys.get_mut(named).and_then(|key| key.row.as_mut());
        let found = found.filter(|found| found.namespace == row.namespace).ok_or(1003)?;
        found.is_live = false;
        Ok(false)
    }

    /// The revision that the record keeps if nothing changes; then nothing is left to do.
    pub(crate) fn may_set(
        &mut self,
        key: usize,
        address: usize,
        data: &Value,
        if_revision: Option<u64>,
    ) -> Says<Option<u64>> {
        let row = self.admit(key)?;
        if row.as_ref().is_some_and(|row| !row.permits(address, true)) {
            return Err(1006);
        }
        let found = row.as_ref().and_then(|row| self.namespaces[row.namespace].get(&address));
        let current = found.map_or(0, |(_, revision)| *revision);
        if if_revision.is_some_and(|wanted| wanted != current) {
            return Err(2001);
        }
        if found.is_some_and(|(stored, _)| stored == data) {
            return Ok(Some(current));
        }
        if row.is_none() {
            self.keys[key].row = Some(self.begin());
        }
        Ok(None)
    }

    pub(crate) fn set(&mut self, key: usize, address: usize, data: Value, revision: u64) {
        let namespace = self.keys[key].row.as_ref().unwrap().namespace;
        self.namespaces[namespace].insert(address, (data, revision));
    }

    pub(crate) fn get(&self, key: usize, address: usize) -> Says<Option<&(Value, u64)>> {
        let Some(row) = self.admit(key)? else { return Ok(None) };
        if row.permits(address, false) { Ok(self.namespaces[row.namespace].get(&address)) } else { Err(1006) }
    }

    /// Address and revision of what the key may see.
    pub(crate) fn list(&self, key: usize) -> Says<Vec<(usize, u64)>> {
        let Some(row) = self.admit(key)? else { return Ok(Vec::new()) };
        let records = &self.namespaces[row.namespace];
        let seen = records.iter().filter(|(address, _)| row.permits(**address, false));
        Ok(seen.map(|(address, (_, revision))| (*address, *revision)).collect())
    }

    pub(crate) fn list_keys(&self, key: usize) -> Says<Vec<usize>> {
        let Some(row) = self.admit(key)? else { return Ok(Vec::new()) };
        if !row.is_owner {
            return Ok(vec![key]);
        }
        let is_listed = |position: &usize| {
            let other = self.keys[*position].row.as_ref();
            other.is_some_and(|other| other.is_live && other.namespace == row.namespace)
        };
        Ok((0..self.keys.len()).filter(is_listed).collect())
    }

    /// What is told of a key.
    pub(crate) fn info(&self, key: usize) -> Value {
        let Key { id, row, .. } = &self.keys[key];
        let mut info = json!({"keyId": id, "owner": true});
        let Some(row) = row else { return info };
        info["owner"] = row.is_owner.into();
        let members = [
            ("plugin", row.plugin.clone().map(Value::from)),
            ("installation", row.installation.clone().map(Value::from)),
            ("label", row.label.clone().map(Value::from)),
            ("expiresAt", row.end.map(|(text, _)| text.into())),
            ("scope", row.scope.clone()),
            ("issuedAt", row.issued_at.clone()),
        ];
        for (name, value) in members {
            if let Some(value) = value {
                info[name] = value;
            }
        }
        info
    }
}
