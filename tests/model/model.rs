//! What the store should be: a map, and the rules of `docs/protocol.md` in a few lines.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Folder and name.
pub(crate) type Place = (Option<&'static str>, Option<&'static str>);

pub(crate) const PAST: &str = "2001-01-01T00:00:00.000Z";
pub(crate) const FUTURE: &str = "2999-01-01T00:00:00.000Z";

#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) data: Value,
    pub(crate) revision: u64,
    pub(crate) expires_at: Option<&'static str>,
    /// As it was first seen; the model has no clock.
    pub(crate) created_at: Option<Value>,
}

#[derive(Default)]
pub(crate) struct Model {
    pub(crate) records: BTreeMap<Place, Record>,
    /// The last revision of the store.
    pub(crate) last: u64,
}

/// A revision, or the code of the refusal.
pub(crate) type Says = Result<u64, i64>;

impl Model {
    fn revision(&self, place: Place) -> u64 {
        self.records.get(&place).map_or(0, |record| record.revision)
    }

    fn check(&self, place: Place, if_revision: Option<u64>) -> Result<(), i64> {
        if if_revision.is_none_or(|wanted| wanted == self.revision(place)) { Ok(()) } else { Err(2001) }
    }

    fn put(&mut self, place: Place, data: Value, expires_at: Option<&'static str>) -> u64 {
        self.last += 1;
        let created_at = self.records.remove(&place).and_then(|record| record.created_at);
        if expires_at != Some(PAST) {
            self.records.insert(place, Record { data, revision: self.last, expires_at, created_at });
        }
        self.last
    }

    pub(crate) fn set(
        &mut self,
        place: Place,
        data: &Value,
        expires_at: Option<&'static str>,
        if_revision: Option<u64>,
    ) -> Says {
        self.check(place, if_revision)?;
        match self.records.get(&place) {
            Some(record) if record.data == *data && record.expires_at == expires_at => Ok(record.revision),
            _ => Ok(self.put(place, data.clone(), expires_at)),
        }
    }

    pub(crate) fn patch(&mut self, place: Place, patch: &Value, if_revision: Option<u64>) -> Says {
        self.check(place, if_revision)?;
        let record = self.records.get(&place);
        let mut data = record.map_or(Value::Object(Map::new()), |record| record.data.clone());
        let expires_at = record.and_then(|record| record.expires_at);
        merge(&mut data, patch);
        match record {
            Some(record) if record.data == data => Ok(record.revision),
            _ => Ok(self.put(place, data, expires_at)),
        }
    }

    pub(crate) fn delete(&mut self, place: Place, if_revision: Option<u64>) -> Says {
        self.check(place, if_revision)?;
        if self.records.remove(&place).is_none() {
            return Ok(0);
        }
        self.last += 1;
        Ok(self.last)
    }

    /// How many moved, and the last revision.
    pub(crate) fn move_all(&mut self, from: &'static str, to: &'static str) -> Result<(u64, u64), i64> {
        let places: Vec<_> = self.records.keys().filter(|place| place.0 == Some(from)).copied().collect();
        if from == to || places.is_empty() {
            return Ok((0, 0));
        }
        if places.iter().any(|(_, name)| self.records.contains_key(&(Some(to), *name))) {
            return Err(2005);
        }
        for place in &places {
            let mut record = self.records.remove(place).expect("it was there");
            self.last += 2;
            // No promise is made about the order in which they move.
            record.revision = 0;
            self.records.insert((Some(to), place.1), record);
        }
        Ok((places.len() as u64, self.last))
    }
}

/// RFC 7396, as it stands there.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let target = target.as_object_mut().expect("it is one now");
    for (name, value) in patch {
        if value.is_null() {
            target.remove(name);
        } else {
            merge(target.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}
