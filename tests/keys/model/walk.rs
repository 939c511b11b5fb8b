//! Random calls to three processes on one store; each answer, or code of a refusal, must be the model's.
//!
//! `PLUGIN_VAULT_SEQUENCES` is how many sequences there are, `PLUGIN_VAULT_SEED` the number that they are made from
//! (a failure prints it); the same seed and number give the same calls.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::random::Random;
use super::{ADDRESSES, End, FAR, FARTHER, Model, PAST, Row, Says};
use crate::disk::Disk;
use crate::server::{Home, Server, with};

const SEQUENCES: u64 = 200;
const STEPS: u64 = 24;
/// Sequences that share a store and its processes.
const ROUND: u64 = 25;
/// Stores at a time.
const SHARDS: u64 = 4;

/// One store, and three processes that have it open.
struct World {
    disk: Disk,
    servers: Vec<Server>,
    /// The highest revision that was told.
    last: u64,
    records: usize,
}

/// A key that a process has set.
struct Held {
    handle: Value,
    key: usize,
}

struct Walk<'w> {
    world: &'w mut World,
    random: Random,
    model: Model,
    held: [Vec<Held>; 3],
    plugin: String,
    trace: Vec<String>,
}

/// What was expected, and what came.
type Step = Result<(), String>;

impl Walk<'_> {
    fn run(&mut self) -> Step {
        for _ in 0..STEPS {
            self.step()?;
        }
        // What every process thinks of every key in the end.
        for key in 0..self.model.keys.len() {
            for process in 0..3 {
                self.set_key(process, key, false)?;
            }
        }
        let left: usize = self.model.namespaces.iter().map(std::collections::BTreeMap::len).sum();
        self.world.records += left;
        let counted = self.world.servers[self.random.below(3)].records();
        same(&counted, &(self.world.records as u64))
    }

    fn step(&mut self) -> Step {
        let process = self.random.below(3);
        let count = self.held[process].len();
        let kind = self.random.below(100);
        if count == 0 || kind < 8 {
            return match kind % 4 {
                0 => {
                    let text = self.random.key();
                    let key = self.model.add(&text);
                    self.set_key(process, key, kind == 0)
                }
                _ => self.issue(process),
            };
        }
        let held = self.random.below(count);
        match kind {
            8..18 => {
                let key = self.random.below(self.model.keys.len());
                let must_exist = self.random.one_in(3);
                self.set_key(process, key, must_exist)
            }
            18..28 => self.share(process, held),
            28..38 => self.rotate(process, held),
            38..44 => self.revoke(process, held),
            44..50 => {
                self.time_passes();
                Ok(())
            }
            50..70 => self.set(process, held),
            70..82 => self.get(process, held),
            82..91 => self.list(process, held),
            _ => self.list_keys(process, held),
        }
    }

    fn call(&mut self, process: usize, method: &str, params: &Value) -> Says<Value> {
        let answer = self.world.servers[process].call(method, params).map_err(|refused| refused.code);
        self.trace.push(format!("process {process}: {method} {params}\n    {answer:?}"));
        answer
    }

    fn set_key(&mut self, process: usize, key: usize, must_exist: bool) -> Step {
        let text = self.model.keys[key].text.clone();
        let says = self.model.set_key(key, must_exist);
        let params = json!({"apiKey": text, "mustExist": must_exist});
        let answer = self.call(process, "setAPIKey", &params);
        let Some((known, mut found)) = both(says, answer)? else { return Ok(()) };
        let handle = found["handle"].take();
        found.as_object_mut().unwrap().remove("handle");
        self.learn_id(key, &found)?;
        let mut wanted = self.model.info(key);
        wanted["known"] = known.into();
        same(&found, &wanted)?;
        if let Some(held) = self.held[process].iter().find(|held| held.key == key) {
            return same(&handle, &held.handle);
        }
        self.held[process].push(Held { handle, key });
        Ok(())
    }

    fn issue(&mut self, process: usize) -> Step {
        let plugin = format!("{}.{}", self.plugin, self.random.below(2));
        let installation = self.random.choose(&[None, Some("vscode"), Some("nvim")]);
        let label = self.random.choose(&[None, Some("label")]);
        let end = self.end();
        let params = json!({
            "plugin": plugin, "installation": installation, "label": label,
            "expiresAt": end.map(|(text, _)| text),
        });
        let kept = installation.and_then(|installation| self.model.kept(&plugin, installation));
        let answer = self.call(process, "issueAPIKey", &params);
        let mut found = answer.map_err(|code| format!("refused with {code}"))?;
        same(&found["created"], &json!(kept.is_none()))?;
        found.as_object_mut().unwrap().remove("created");
        let key = if let Some(kept) = kept {
            kept
        } else {
            let row = self.model.issue(&plugin, installation, label, end);
            self.add_new(&found, row)?
        };
        self.told_key(key, found)?;
        self.set_somewhere(key)
    }

    fn share(&mut self, process: usize, held: usize) -> Step {
        let (handle, key) = self.held(process, held);
        let label = self.random.choose(&[None, Some("shared")]);
        let (end, scope) = (self.end(), self.scope());
        let params = json!({
            "label": label, "expiresAt": end.map(|(text, _)| text), "scope": scope,
        });
        let says = self.model.share(key, label, end, scope);
        let answer = self.call(process, "shareAPIKey", &with(&handle, params));
        let Some((row, found)) = both(says, answer)? else { return Ok(()) };
        let key = self.add_new(&found, row)?;
        self.told_key(key, found)?;
        self.set_somewhere(key)
    }

    fn rotate(&mut self, process: usize, held: usize) -> Step {
        let (handle, key) = self.held(process, held);
        let brought = match self.random.below(4) {
            0 => {
                let text = self.random.key();
                Some(self.model.add(&text))
            }
            1 => Some(self.random.below(self.model.keys.len())),
            _ => None,
        };
        let text = brought.map(|brought| self.model.keys[brought].text.clone());
        let says = self.model.may_rotate(key, brought);
        let params = with(&handle, json!({"apiKey": text}));
        let answer = self.call(process, "rotateAPIKey", &params);
        let Some((changes, found)) = both(says, answer)? else { return Ok(()) };
        if !changes {
            let key = brought.unwrap_or(key);
            self.held[process][held].key = key;
            return self.told_key(key, found);
        }
        let text = found["apiKey"].as_str().unwrap_or_default().to_owned();
        let is_new = self.model.find(&text).is_none();
        let new = self.model.add(&text);
        if brought.is_none_or(|brought| brought != new) && !is_new {
            return Err("the new key is not the one that was brought, or not new".into());
        }
        self.model.rotate(key, new);
        self.issued_at(new, &found)?;
        // The handle that rotated goes on; another one that meant the same key means it still.
        self.held[process][held].key = new;
        self.told_key(new, found)
    }

    fn revoke(&mut self, process: usize, held: usize) -> Step {
        let (handle, key) = self.held(process, held);
        let named = match self.random.below(4) {
            0 => None,
            1 => Some(usize::MAX),
            _ => Some(self.random.below(self.model.keys.len())),
        };
        let id = named.map(|named| {
            let known = self.model.keys.get(named).and_then(|key| key.id.clone());
            known.unwrap_or_else(|| "00112233445566778899aabbccddeeff".to_owned())
        });
        let params = with(&handle, json!({"keyId": id}));
        let says = self.model.revoke(key, named);
        let answer = self.call(process, "revokeAPIKey", &params);
        let Some((destroyed, found)) = both(says, answer)? else { return Ok(()) };
        same(&found, &json!({"revoked": true, "destroyed": destroyed}))
    }

    /// The end of a key that has one comes, or is put off.
    fn time_passes(&mut self) {
        let key = self.random.below(self.model.keys.len());
        let id = self.model.keys[key].id.clone();
        if let (Some(id), Some(row)) = (id, &mut self.model.keys[key].row)
            && row.is_live
            && row.end.is_some()
        {
            let end = if row.end == Some(PAST) { FAR } else { PAST };
            row.end = Some(end);
            self.trace.push(format!("the end of {id} becomes {}", end.0));
            self.world.disk.set_end(&json!(id), end.1);
        }
    }

    fn set(&mut self, process: usize, held: usize) -> Step {
        let (handle, key) = self.held(process, held);
        let (address, data) = (self.random.below(4), json!({"value": self.random.below(3)}));
        let known = match self.model.get(key, address) {
            Ok(Some((_, revision))) => *revision,
            _ => 0,
        };
        let if_revision = self.random.choose(&[None, None, None, Some(known), Some(known + 1)]);
        let mut params = with(&handle, at(address));
        params["data"] = data.clone();
        params["ifRevision"] = if_revision.into();
        let says = self.model.may_set(key, address, &data, if_revision);
        let answer = self.call(process, "setPersistentData", &params);
        let Some((same_revision, found)) = both(says, answer)? else { return Ok(()) };
        let revision = found["revision"].as_u64().unwrap_or_default();
        match same_revision {
            Some(wanted) => same(&revision, &wanted),
            None if revision > self.world.last => {
                self.world.last = revision;
                self.model.set(key, address, data, revision);
                Ok(())
            }
            None => Err(format!("{} was given before", self.world.last)),
        }
    }

    fn get(&mut self, process: usize, held: usize) -> Step {
        let (handle, key) = self.held(process, held);
        let address = self.random.below(4);
        let says = self.model.get(key, address).map(Option::<&_>::cloned);
        let answer = self.call(process, "getPersistentRecord", &with(&handle, at(address)));
        let Some((wanted, found)) = both(says, answer)? else { return Ok(()) };
        match wanted {
            Some((data, revision)) => {
                same(&found["data"], &data)?;
                same(&found["revision"], &json!(revision))
            }
            None => same(&found, &Value::Null),
        }
    }

    fn list(&mut self, process: usize, held: usize) -> Step {
        let (handle, key) = self.held(process, held);
        let says = self.model.list(key);
        let answer = self.call(process, "listPersistentData", &with(&handle, json!({})));
        let Some((wanted, found)) = both(says, answer)? else { return Ok(()) };
        let pick = |entry: &Value, address: Value| {
            let parts = ["context", "workspaceFolder", "name"].map(|part| address[part].to_string());
            format!("{parts:?} {}", entry["revision"])
        };
        let wanted: BTreeSet<_> = wanted
            .into_iter()
            .map(|(address, revision)| pick(&json!({"revision": revision}), at(address)))
            .collect();
        let entries = found.as_array().unwrap();
        same(&entries.len(), &wanted.len())?;
        same(&entries.iter().map(|entry| pick(entry, entry.clone())).collect(), &wanted)
    }

    fn list_keys(&mut self, process: usize, held: usize) -> Step {
        let (handle, key) = self.held(process, held);
        let says = self.model.list_keys(key);
        let answer = self.call(process, "listAPIKeys", &with(&handle, json!({})));
        let Some((wanted, found)) = both(says, answer)? else { return Ok(()) };
        let wanted: BTreeSet<_> = wanted
            .into_iter()
            .map(|listed| {
                let mut info = self.model.info(listed);
                info["current"] = (listed == key).into();
                info.to_string()
            })
            .collect();
        let entries = found.as_array().unwrap();
        same(&entries.len(), &wanted.len())?;
        same(&entries.iter().map(Value::to_string).collect(), &wanted)
    }

    fn held(&self, process: usize, held: usize) -> (Value, usize) {
        let held = &self.held[process][held];
        (held.handle.clone(), held.key)
    }

    fn end(&mut self) -> End {
        self.random.choose(&[None, None, None, Some(FAR), Some(FAR), Some(FARTHER), Some(PAST)])
    }

    fn scope(&mut self) -> Option<Value> {
        if self.random.one_in(2) {
            return None;
        }
        let mut scope = json!({});
        if self.random.one_in(2) {
            scope["readOnly"] = self.random.one_in(2).into();
        }
        if self.random.one_in(2) {
            let contexts: &[Value] = &[json!(["user"]), json!(["workspace"]), json!([])];
            scope["contexts"] = self.random.choose(contexts);
        }
        if self.random.one_in(2) {
            let folders: &[Value] = &[json!(["file:///a"]), json!(["file:///b", "file:///c"])];
            scope["workspaceFolders"] = self.random.choose(folders);
        }
        Some(scope)
    }

    fn add_new(&mut self, found: &Value, row: Row) -> Result<usize, String> {
        let text = found["apiKey"].as_str().unwrap_or_default();
        if self.model.find(text).is_some() {
            return Err("this key was given before".into());
        }
        let key = self.model.add(text);
        self.model.keys[key].row = Some(row);
        self.issued_at(key, found)?;
        Ok(key)
    }

    fn issued_at(&mut self, key: usize, found: &Value) -> Step {
        let at = &found["issuedAt"];
        self.model.keys[key].row.as_mut().unwrap().issued_at = Some(at.clone());
        if at.is_string() { Ok(()) } else { Err("it does not say when it was issued".into()) }
    }

    /// The first time that a key's id is told; from then on it is that.
    fn learn_id(&mut self, key: usize, found: &Value) -> Step {
        let told = found["keyId"].as_str().ok_or("no keyId")?;
        let id = self.model.keys[key].id.get_or_insert_with(|| told.to_owned());
        same(&id.as_str(), &told)
    }

    fn told_key(&mut self, key: usize, mut found: Value) -> Step {
        same(&found["apiKey"], &json!(self.model.keys[key].text))?;
        found.as_object_mut().unwrap().remove("apiKey");
        self.learn_id(key, &found)?;
        same(&found, &self.model.info(key))
    }

    /// Some processes have the key open from now on.
    fn set_somewhere(&mut self, key: usize) -> Step {
        for process in 0..3 {
            if self.random.one_in(2) {
                self.set_key(process, key, false)?;
            }
        }
        Ok(())
    }
}

fn at(address: usize) -> Value {
    let (context, folder, name) = ADDRESSES[address];
    let mut params = json!({"context": context});
    if let Some(folder) = folder {
        params["workspaceFolder"] = folder.into();
    }
    if let Some(name) = name {
        params["name"] = name.into();
    }
    params
}

fn same<T: PartialEq + std::fmt::Debug>(found: &T, wanted: &T) -> Step {
    if found == wanted { Ok(()) } else { Err(format!("{found:?} in the place of {wanted:?}")) }
}

/// Both went well, or both were refused with the same code.
fn both<T>(says: Says<T>, answer: Says<Value>) -> Result<Option<(T, Value)>, String> {
    match (says, answer) {
        (Ok(wanted), Ok(found)) => Ok(Some((wanted, found))),
        (Err(wanted), Err(found)) if wanted == found => Ok(None),
        (Ok(_), Err(found)) => Err(format!("refused with {found}, and should have gone well")),
        (Err(wanted), Ok(_)) => Err(format!("went well, and should have been refused with {wanted}")),
        (Err(wanted), Err(found)) => Err(format!("refused with {found} in the place of {wanted}")),
    }
}

fn round(seed: u64, sequences: std::ops::Range<u64>) {
    let home = Home::new();
    let mut servers: Vec<_> = (0..3).map(|_| home.server()).collect();
    let (_, _) = servers[0].issue("first");
    let disk = Disk::open(&home.data(), &home.keys());
    let mut world = World { disk, servers, last: 0, records: 0 };
    for sequence in sequences {
        let mut walk = Walk {
            world: &mut world,
            random: Random(seed.wrapping_add(sequence.wrapping_mul(0xd134_2543_de82_ef95))),
            model: Model::default(),
            held: [Vec::new(), Vec::new(), Vec::new()],
            plugin: format!("plugin{sequence}"),
            trace: Vec::new(),
        };
        let went = walk.run();
        let trace = walk.trace.join("\n");
        assert_eq!(went, Ok(()), "seed {seed}, sequence {sequence}:\n{trace}");
    }
    world.disk.close();
}

#[test]
fn every_answer_is_the_models_over_random_sequences_of_calls_to_three_processes() {
    let variable = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seed =
        variable("PLUGIN_VAULT_SEED").unwrap_or_else(|| u64::from_be_bytes(plugin_vault::crypto::random()));
    let sequences = variable("PLUGIN_VAULT_SEQUENCES").unwrap_or(SEQUENCES);
    #[allow(clippy::print_stdout, reason = "shown when the test fails, or with --nocapture")]
    {
        println!("PLUGIN_VAULT_SEED={seed} PLUGIN_VAULT_SEQUENCES={sequences}");
    }
    let rounds: Vec<_> = (0..sequences)
        .step_by(usize::try_from(ROUND).unwrap())
        .map(|first| first..(first + ROUND).min(sequences))
        .collect();
    std::thread::scope(|scope| {
        for shard in 0..SHARDS {
            let shard = usize::try_from(shard).unwrap();
            let step = usize::try_from(SHARDS).unwrap();
            let own: Vec<_> = rounds.iter().skip(shard).step_by(step).cloned().collect();
            scope.spawn(move || own.into_iter().for_each(|sequences| round(seed, sequences)));
        }
    });
}
