//! One message of the server's: its members as text, since a parsed number or string is not what was sent.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::Refused;

/// A response or a notification.
#[derive(Debug)]
pub(crate) struct Message(BTreeMap<String, Box<RawValue>>);

impl Message {
    /// Reads a message, and checks that it has the members that it should and no others.
    pub(crate) fn read(text: &str) -> Self {
        let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text).unwrap();
        let names: Vec<_> = members.keys().map(String::as_str).collect();
        assert!(
            matches!(
                names[..],
                ["id", "jsonrpc", "result"] | ["error", "id", "jsonrpc"] | ["jsonrpc", "method", "params"]
            ),
            "a message has the members {names:?}"
        );
        assert_eq!(members["jsonrpc"].get(), r#""2.0""#);
        Self(members)
    }

    /// All of it.
    pub(crate) fn whole(&self) -> Value {
        serde_json::to_value(&self.0).unwrap()
    }

    /// The id as it was written.
    pub(crate) fn id(&self) -> &str {
        self.0.get("id").map_or("none", |id| id.get())
    }

    /// What a notification with this method says; `None` for any other message.
    pub(crate) fn notice(&self, method: &str) -> Option<Value> {
        let is_it = self.0.get("method").is_some_and(|name| name.get().trim_matches('"') == method);
        is_it.then(|| serde_json::from_str(self.0["params"].get()).unwrap())
    }

    /// The result as it was written.
    pub(crate) fn result_text(&self) -> &str {
        match self.0.get("result") {
            Some(result) => result.get(),
            None => panic!("{}: {:?} in the place of a result", self.id(), self.outcome()),
        }
    }

    pub(crate) fn outcome(&self) -> Result<Value, Refused> {
        match (self.0.get("result"), self.0.get("error")) {
            (Some(result), None) => Ok(serde_json::from_str(result.get()).unwrap()),
            (None, Some(error)) => Err(Refused::read(&serde_json::from_str(error.get()).unwrap())),
            _ => panic!("not an answer"),
        }
    }

    pub(crate) fn ok(&self) -> Value {
        self.outcome().unwrap()
    }

    pub(crate) fn refused(&self) -> Refused {
        self.outcome().unwrap_err()
    }
}
