//! A walk over random calls, each of which must be answered as the model says.

use serde_json::{Map, Value, json};

use crate::model::{FUTURE, Model, PAST, Place, Says};
use crate::rig::{Answer, Home, Random, Refused, Sidecar};

const FOLDERS: [&str; 2] = ["file:///a", "file:///b"];
const NAMES: [Option<&str>; 3] = [None, Some("one"), Some("two")];

/// What is wrong, if anything.
pub(crate) type Outcome = Result<(), String>;

pub(crate) struct Walk {
    home: Home,
    fault: &'static str,
    key: String,
    sidecar: Sidecar,
    model: Model,
    random: Random,
    pub(crate) calls: usize,
    pub(crate) restarts: usize,
}

impl Walk {
    pub(crate) fn new(random: Random, fault: &'static str) -> Self {
        let home = Home::new();
        let key = home.key();
        let sidecar = start(&home, fault, &key);
        let first = sidecar.ok("setPersistentData", &json!({"context": "user", "data": {}}));
        let mut model = Model { last: first["revision"].as_u64().unwrap() - 1, ..Model::default() };
        model.set((None, None), &json!({}), None, None).unwrap();
        Self { home, fault, key, sidecar, model, random, calls: 0, restarts: 0 }
    }

    /// One call, and now and then a look at everything, or another process.
    pub(crate) fn step(&mut self) -> Outcome {
        self.calls += 1;
        if self.random.one_in(40) {
            self.compare_lists()?;
        }
        if self.random.one_in(400) {
            self.restarts += 1;
            if self.random.one_in(2) {
                self.sidecar.kill();
            } else if !self.sidecar.end().success() {
                return Err("it does not end as it should".to_owned());
            }
            self.sidecar = start(&self.home, self.fault, &self.key);
        }
        let place = self.place();
        match self.random.below(20) {
            0..=5 => self.set(place),
            6..=9 => self.patch(place),
            10..=12 => self.delete(place),
            13 => self.move_all(),
            _ => self.get(place),
        }
    }

    fn place(&mut self) -> Place {
        let folder = [None, Some(FOLDERS[0]), Some(FOLDERS[1])][self.random.below(3)];
        (folder, NAMES[self.random.below(NAMES.len())])
    }

    /// Some way to name this folder.
    fn spelling(&mut self, folder: &str) -> Value {
        let last = &folder[folder.len() - 1..];
        let spelled = match self.random.below(5) {
            0 => format!("FILE:///{last}"),
            1 => format!("file://localhost/{last}"),
            2 => format!("file:///%{:02x}", last.as_bytes()[0]),
            3 => format!("file:///{last}/"),
            _ => folder.to_owned(),
        };
        spelled.into()
    }

    fn params(&mut self, (folder, name): Place) -> Value {
        let mut params = json!({"context": "user"});
        if let Some(folder) = folder {
            params["context"] = "workspace".into();
            // The one that is open may be left out.
            if folder != FOLDERS[0] || self.random.one_in(2) {
                params["workspaceFolder"] = self.spelling(folder);
            }
        }
        if let Some(name) = name {
            params["name"] = name.into();
        }
        params
    }

    /// Sometimes none, sometimes the right one, sometimes one that is not.
    fn if_revision(&mut self, place: Place) -> Option<u64> {
        let right = self.model.records.get(&place).map_or(0, |record| record.revision);
        match self.random.below(6) {
            0 => Some(0),
            1 => Some(1 + self.random.below(100) as u64),
            // The model does not know the record's revision after a move.
            2 | 3 if right > 0 => Some(right),
            _ => None,
        }
    }

    fn object(&mut self, levels: usize, nulls: bool) -> Value {
        let mut object = Map::new();
        for _ in 0..self.random.below(4) {
            let name = ["a", "b", "c", "é\"\n"][self.random.below(4)];
            let value = match self.random.below(8) {
                0 if nulls => Value::Null,
                0..=2 if levels > 0 => self.object(levels - 1, nulls),
                3 => json!([1, {"x": null}, "two"]),
                4 => json!("z".repeat(self.random.below(9000))),
                5 => json!(-0.5),
                _ => json!(self.random.below(3)),
            };
            object.insert(name.to_owned(), value);
        }
        object.into()
    }

    fn call(&self, method: &str, params: &Value) -> Result<Answer, String> {
        self.sidecar.call(method, params).ok_or_else(|| format!("the process ends at {method}"))
    }

    fn set(&mut self, place: Place) -> Outcome {
        let expires_at = [None, None, None, Some(FUTURE), Some(PAST)][self.random.below(5)];
        let (data, if_revision) = (self.object(2, true), self.if_revision(place));
        let mut params = self.params(place);
        params["data"] = data.clone();
        params["expiresAt"] = json!(expires_at);
        params["ifRevision"] = json!(if_revision);
        self.learn(place)?;
        let answer = self.call("setPersistentData", &params)?;
        written("set", &answer, self.model.set(place, &data, expires_at, if_revision))
    }

    fn patch(&mut self, place: Place) -> Outcome {
        let (patch, if_revision) = (self.object(2, true), self.if_revision(place));
        let mut params = self.params(place);
        params["patch"] = patch.clone();
        params["ifRevision"] = json!(if_revision);
        self.learn(place)?;
        let answer = self.call("patchPersistentData", &params)?;
        written("patch", &answer, self.model.patch(place, &patch, if_revision))
    }

    fn delete(&mut self, place: Place) -> Outcome {
        let if_revision = self.if_revision(place);
        let mut params = self.params(place);
        params["ifRevision"] = json!(if_revision);
        self.learn(place)?;
        let answer = self.call("deletePersistentData", &params)?;
        let says = self.model.delete(place, if_revision);
        if let (Ok(result), Ok(revision)) = (&answer, says)
            && result["deleted"] != (revision > 0)
        {
            return Err(format!("delete: {result}, and the model {revision}"));
        }
        written("delete", &answer, says)
    }

    /// After a move: the record's revision, which the model does not know.
    fn learn(&mut self, place: Place) -> Outcome {
        match self.model.records.get(&place) {
            Some(record) if record.revision == 0 => self.get(place),
            _ => Ok(()),
        }
    }

    fn get(&mut self, place: Place) -> Outcome {
        let params = self.params(place);
        let found = self.call("getPersistentRecord", &params)?;
        let plain = self.call("getPersistentData", &params)?;
        let last = self.model.last;
        let record = self.model.records.get_mut(&place);
        let (Ok(found), Ok(plain)) = (&found, &plain) else {
            return Err(format!("get: {found:?}, {plain:?}"));
        };
        let Some(record) = record else {
            return if found.is_null() && plain.is_null() {
                Ok(())
            } else {
                Err(format!("get: {found}, {plain}, and the model has nothing"))
            };
        };
        let created_at = record.created_at.get_or_insert_with(|| found["createdAt"].clone());
        let revision = found["revision"].as_u64().unwrap_or(0);
        if record.revision == 0 && revision <= last {
            record.revision = revision;
        }
        let right = *plain == record.data
            && found["data"] == record.data
            && revision == record.revision
            && found["expiresAt"] == json!(record.expires_at)
            && found["createdAt"] == *created_at
            && found["updatedAt"].as_str() >= found["createdAt"].as_str();
        if right { Ok(()) } else { Err(format!("get: {found}, {plain}, and the model {record:?}")) }
    }

    fn move_all(&mut self) -> Outcome {
        let (from, to) = (FOLDERS[self.random.below(2)], FOLDERS[self.random.below(2)]);
        let params = json!({"from": self.spelling(from), "to": self.spelling(to)});
        let answer = self.call("movePersistentData", &params)?;
        let says = self.model.move_all(from, to);
        match (&answer, says) {
            (Ok(result), Ok((moved, revision)))
                if *result == json!({"moved": moved, "revision": revision}) =>
            {
                Ok(())
            }
            (Err(refused), Err(code)) if refused.code == code => Ok(()),
            _ => Err(format!("move: {answer:?}, and the model {says:?}")),
        }
    }

    /// What a list shows of a context, or of a folder, or of all.
    fn compare_lists(&mut self) -> Outcome {
        let folder = [None, Some(FOLDERS[0]), Some(FOLDERS[1])][self.random.below(3)];
        let context = [None, Some("user"), Some("workspace")][self.random.below(3)];
        let mut params = json!({"context": context});
        if context == Some("user") || folder.is_none() {
            params["workspaceFolder"] = Value::Null;
        } else if let Some(folder) = folder {
            params["workspaceFolder"] = self.spelling(folder);
        }
        let named = params["workspaceFolder"].is_string();
        let is_listed = |place: &Place| match place.0 {
            None => context != Some("workspace") && !named,
            Some(own) => context != Some("user") && (!named || Some(own) == folder),
        };
        let answer = self.call("listPersistentData", &params)?;
        let Ok(Value::Array(list)) = answer else { return Err(format!("list: {answer:?}")) };
        let mut listed: Vec<_> = list
            .iter()
            .map(|entry| json!([entry["workspaceFolder"], entry["name"], entry["expiresAt"]]).to_string())
            .collect();
        let model = self.model.records.iter().filter(|(place, _)| is_listed(place));
        let mut expected: Vec<_> = model
            .map(|((folder, name), record)| json!([folder, name, record.expires_at]).to_string())
            .collect();
        listed.sort();
        expected.sort();
        if listed == expected { Ok(()) } else { Err(format!("list: {listed:?}, and the model {expected:?}")) }
    }

    pub(crate) fn end(&mut self) -> Outcome {
        self.compare_lists()?;
        if self.sidecar.end().success() { Ok(()) } else { Err("it does not end as it should".to_owned()) }
    }
}

fn start(home: &Home, fault: &str, key: &str) -> Sidecar {
    let mut command = home.command();
    command.args(["--workspace-folder", FOLDERS[0]]).env("PLUGIN_VAULT_FAULT", fault);
    let sidecar = Sidecar::start(command);
    sidecar.ok("setAPIKey", &json!([key]));
    sidecar
}

fn written(what: &str, answer: &Answer, says: Says) -> Outcome {
    match (answer, says) {
        (Ok(result), Ok(revision)) if result["revision"] == revision => Ok(()),
        (Err(Refused { code, .. }), Err(expected)) if *code == expected => Ok(()),
        _ => Err(format!("{what}: {answer:?}, and the model {says:?}")),
    }
}
