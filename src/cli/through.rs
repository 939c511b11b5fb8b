//! `get`, `set`, `run` and `helper` with `--connect`: the same commands, as a client of a relay.
//!
//! The relay's key decides what can be reached. A reference names a plugin all the same, so that a command with the wrong
//! socket fails instead of storing one plugin's secret with another's.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;

use serde_json::value::RawValue;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::json;
use crate::process::{LocalStream, connect_local};
use crate::vault::{Place, Record, Timestamp};

use super::connect::about_socket;
use super::failed::Exit;
use super::operator::Failed;
use super::reference::Reference;

/// A connection to a relay.
pub(super) struct Through {
    reader: BufReader<LocalStream>,
    writer: LocalStream,
    last_id: u64,
}

/// A record of the relay's, and where it was found.
pub(super) struct Found {
    pub(super) record: Record,
    /// With `inherit`: the members that name the place.
    pub(super) found_in: Option<String>,
}

/// The name and the revision of a record.
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) revision: u64,
}

/// A condition and an end for a record that is stored.
#[derive(Clone, Copy, Default)]
pub(super) struct Storing {
    pub(super) if_revision: Option<u64>,
    pub(super) expires_at: Option<Timestamp>,
}

/// What the relay answers if the record has another revision than the one that was expected.
pub(super) enum NotStored {
    Conflict(u64),
    Failed(Failed),
}

impl From<Failed> for NotStored {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

/// An error of the protocol.
struct Refused {
    code: i64,
    reason: Option<String>,
    /// The revision, for a conflict.
    revision: Option<u64>,
}

impl From<Refused> for Failed {
    fn from(refused: Refused) -> Self {
        Self::answered(refused.code, refused.reason.as_deref())
    }
}

impl Through {
    /// Connects to the relay.
    pub(super) fn connect(socket: &Path) -> Result<Self, Failed> {
        let writer = connect_local(socket).map_err(|why| Failed::new(about_socket(&why)))?;
        let reader = BufReader::new(writer.try_clone().map_err(|error| lost(&error))?);
        Ok(Self { reader, writer, last_id: 0 })
    }

    /// The result of a call. The parameters are JSON text.
    fn call(&mut self, method: &str, params: &str) -> Result<Result<Box<RawValue>, Refused>, Failed> {
        self.last_id += 1;
        let id = self.last_id;
        let request = Zeroizing::new(format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"{method}\",\"params\":{params}}}\n"
        ));
        self.writer.write_all(request.as_bytes()).map_err(|error| lost(&error))?;
        loop {
            let mut line = Zeroizing::new(Vec::new());
            if self.reader.read_until(b'\n', &mut line).map_err(|error| lost(&error))? == 0 {
                return Err(lost(&std::io::ErrorKind::UnexpectedEof.into()));
            }
            let members = json::parse(&line).and_then(json::members).ok_or_else(no_relay)?;
            let member = |name| members.iter().find(|member| member.is(name)).map(|member| member.value);
            // What has no id of ours is a notification.
            if member("id").is_none_or(|found| found.get() != id.to_string()) {
                continue;
            }
            return match (member("result"), member("error")) {
                (Some(result), _) => Ok(Ok(result.to_owned())),
                (None, Some(error)) => Ok(Err(Refused::read(error).ok_or_else(no_relay)?)),
                (None, None) => Err(no_relay()),
            };
        }
    }

    /// Refuses a reference of another plugin than that of the relay's key.
    pub(super) fn check(&mut self, reference: &Reference) -> Result<(), Failed> {
        let keys = self.call("listAPIKeys", "{}")??;
        let keys: Vec<Map<String, Value>> = serde_json::from_str(keys.get()).map_err(|_| no_relay())?;
        let own = keys.iter().find(|key| key.get("current") == Some(&Value::Bool(true)));
        match own.and_then(|key| key.get("plugin")).and_then(Value::as_str) {
            Some(plugin) if plugin != reference.plugin => Err(Failed::wrong(format!(
                "the relay gives the data of {plugin} and not of {}; name the socket of another relay",
                reference.plugin
            ))),
            _ => Ok(()),
        }
    }

    /// Reads a record with the options that are wanted; `None` if there is none.
    pub(super) fn read(
        &mut self,
        place: &Place,
        name: Option<&str>,
        wanted: &[(&str, bool)],
    ) -> Result<Option<Found>, Failed> {
        let mut params = address(place, name)?;
        for (option, _) in wanted.iter().filter(|(_, is_wanted)| *is_wanted) {
            params.insert((*option).into(), true.into());
        }
        let answer = self.call("getPersistentRecord", &Value::Object(params).to_string())??;
        if answer.get() == "null" {
            return Ok(None);
        }
        Found::read(&answer).map(Some).ok_or_else(no_relay)
    }

    /// Stores an object, which is JSON text. Returns its revision.
    pub(super) fn store(
        &mut self,
        place: &Place,
        name: Option<&str>,
        object: &str,
        storing: Storing,
    ) -> Result<u64, NotStored> {
        let mut params = address(place, name)?;
        if let Some(revision) = storing.if_revision {
            params.insert("ifRevision".into(), revision.into());
        }
        if let Some(time) = storing.expires_at {
            params.insert("expiresAt".into(), time.to_string().into());
        }
        let rest = Value::Object(params).to_string();
        // The object stays as it was written.
        let params = Zeroizing::new(format!("{{\"data\":{object},{}", &rest[1..]));
        match self.call("setPersistentData", &params)? {
            Ok(written) => Ok(number(&written, "revision").ok_or_else(no_relay)?),
            Err(Refused { revision: Some(revision), .. }) => Err(NotStored::Conflict(revision)),
            Err(refused) => Err(Failed::from(refused).into()),
        }
    }

    /// Deletes a record. Returns whether there was one.
    pub(super) fn delete(&mut self, name: &str) -> Result<bool, Failed> {
        let params = Value::Object(address(&Place::User, Some(name))?).to_string();
        let deleted = self.call("deletePersistentData", &params)??;
        let members = json::members(&deleted).ok_or_else(no_relay)?;
        Ok(members.iter().any(|member| member.is("deleted") && member.value.get() == "true"))
    }

    /// The user's records that have a name.
    pub(super) fn list(&mut self) -> Result<Vec<Listed>, Failed> {
        let entries = self.call("listPersistentData", r#"{"context":"user"}"#)??;
        let entries: Vec<Value> = serde_json::from_str(entries.get()).map_err(|_| no_relay())?;
        let listed = |entry: &Value| {
            Some(Listed { name: entry["name"].as_str()?.to_owned(), revision: entry["revision"].as_u64()? })
        };
        Ok(entries.iter().filter_map(listed).collect())
    }

    /// Where the store is, and what the relay's key may do.
    pub(super) fn status(&mut self) -> Result<(Value, Value), Failed> {
        let status = self.call("vault/status", "{}")??;
        let keys = self.call("listAPIKeys", "{}")?;
        let status = serde_json::from_str(status.get()).map_err(|_| no_relay())?;
        let keys: Vec<Value> =
            keys.ok().and_then(|keys| serde_json::from_str(keys.get()).ok()).unwrap_or_default();
        let own = keys.into_iter().find(|key| key["current"] == true).unwrap_or_default();
        Ok((status, own))
    }
}

impl Refused {
    fn read(error: &RawValue) -> Option<Self> {
        let error: Value = serde_json::from_str(error.get()).ok()?;
        let data = &error["data"];
        Some(Self {
            code: error["code"].as_i64()?,
            reason: data["reason"].as_str().map(str::to_owned),
            revision: data["revision"].as_u64(),
        })
    }
}

impl Found {
    fn read(answer: &RawValue) -> Option<Self> {
        let members = json::members(answer)?;
        let member = |name| members.iter().find(|member| member.is(name)).map(|member| member.value);
        let time = |name| Timestamp::parse(&json::string(member(name)?)?);
        let record = Record {
            text: member("data")?.get().to_owned(),
            revision: number(answer, "revision")?,
            created_at: time("createdAt")?,
            updated_at: time("updatedAt")?,
            expires_at: time("expiresAt"),
            restored: member("restored").is_some_and(|value| value.get() == "true"),
        };
        Some(Self { record, found_in: member("foundIn").map(|place| place.get().to_owned()) })
    }
}

fn number(object: &RawValue, name: &str) -> Option<u64> {
    let members = json::members(object)?;
    members.iter().find(|member| member.is(name))?.value.get().parse().ok()
}

fn address(place: &Place, name: Option<&str>) -> Result<Map<String, Value>, Failed> {
    let mut members = Map::new();
    let folder = place.folder()?;
    members.insert("context".into(), if folder.is_some() { "workspace" } else { "user" }.into());
    if let Some(folder) = folder {
        members.insert("workspaceFolder".into(), folder.as_str().into());
    }
    if let Some(name) = name {
        members.insert("name".into(), name.into());
    }
    Ok(members)
}

fn lost(error: &std::io::Error) -> Failed {
    Failed::new(format!(
        "the connection to the relay ended before the answer: {error}; see whether the relay still runs"
    ))
}

fn no_relay() -> Failed {
    Failed::with(
        Exit::Refused,
        "what listens at the socket does not answer as plugin-vault does; name the socket of a relay".into(),
    )
}
