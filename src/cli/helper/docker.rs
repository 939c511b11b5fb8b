//! The credential helper of docker: an operation as the argument, JSON or a URL on stdin, and every answer on stdout.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Credentials, Source};
use crate::cli::input;
use crate::cli::operator::{Answer, Failed};
use crate::cli::output;

const PLUGIN: &str = "docker-credential";
const PROGRAM: &str = "docker-credential-plugin-vault";
/// Docker compares the output of a helper with these texts.
const NOT_FOUND: &str = "credentials not found in native keychain";
const NO_URL: &str = "no credentials server URL";
const NO_USERNAME: &str = "no credentials username";

const LONGEST: usize = 1024 * 1024;

/// The message of the protocol. Other versions may add members.
#[derive(Serialize, Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Message {
    #[serde(rename = "ServerURL")]
    server_url: String,
    username: String,
    secret: String,
}

/// Why docker gets no answer, in the words that it gets on stdout.
struct Refused(String);

impl From<Failed> for Refused {
    fn from(failed: Failed) -> Self {
        Self(failed.why)
    }
}

impl From<&str> for Refused {
    fn from(why: &str) -> Self {
        Self(why.into())
    }
}

pub(super) fn run(source: Source<'_>, operation: Option<&str>) -> Result<Answer, Failed> {
    let credentials = Credentials { source, plugin: PLUGIN };
    let answer = match operation {
        Some("store") => store(&credentials),
        Some("get") => get(&credentials),
        Some("erase") => erase(&credentials),
        Some("list") => list(&credentials),
        Some("version") => Ok(Some(format!("{PROGRAM} (plugin-vault) {}", env!("CARGO_PKG_VERSION")))),
        Some(other) => Err(Refused(format!("Unknown credential action `{other}`"))),
        None => Err(Refused(format!("Usage: {PROGRAM} <store|get|erase|list|version>"))),
    };
    match answer {
        Ok(shown) => Ok(Answer { shown, failed: None }),
        Err(Refused(why)) => {
            let _ = output::write(&format!("{why}\n"));
            Err(Failed::quiet(1))
        }
    }
}

fn url() -> Result<String, Refused> {
    let text = input::text("Server URL: ", LONGEST)?;
    let url = text.trim();
    if url.is_empty() { Err(NO_URL.into()) } else { Ok(url.to_owned()) }
}

fn store(credentials: &Credentials<'_>) -> Result<Option<String>, Refused> {
    let text = input::text("Credential as JSON: ", LONGEST)?;
    let message: Message = serde_json::from_str(&text)
        .map_err(|_| "the credential is not JSON with ServerURL, Username and Secret")?;
    if message.server_url.is_empty() {
        return Err(NO_URL.into());
    }
    if message.username.is_empty() {
        return Err(NO_USERNAME.into());
    }
    let members = [("username", message.username), ("secret", message.secret)];
    let object = members.map(|(name, value)| (name.to_owned(), Value::from(value))).into_iter().collect();
    credentials.store(&message.server_url, &object)?;
    Ok(None)
}

fn text(object: &Map<String, Value>, name: &str) -> String {
    object.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn get(credentials: &Credentials<'_>) -> Result<Option<String>, Refused> {
    let server_url = url()?;
    let (opened, entries) = credentials.list()?;
    let (Some(opened), true) = (opened, entries.iter().any(|entry| entry.name == server_url)) else {
        return Err(NOT_FOUND.into());
    };
    let object = credentials.read(&opened, &server_url)?.ok_or(NOT_FOUND)?;
    let (username, secret) = (text(&object, "username"), text(&object, "secret"));
    let message = serde_json::to_string(&Message { server_url, username, secret });
    Ok(Some(message.map_err(|_| NOT_FOUND)?))
}

/// Docker erases a credential at each log-out, also one that does not exist.
fn erase(credentials: &Credentials<'_>) -> Result<Option<String>, Refused> {
    let url = url()?;
    let (opened, entries) = credentials.list()?;
    if let Some(opened) = opened
        && entries.iter().any(|entry| entry.name == url)
    {
        credentials.erase(&opened, &url)?;
    }
    Ok(None)
}

fn list(credentials: &Credentials<'_>) -> Result<Option<String>, Refused> {
    let (opened, entries) = credentials.list()?;
    let mut users = Map::new();
    if let Some(opened) = opened {
        for entry in &entries {
            if let Some(object) = credentials.read(&opened, &entry.name)? {
                users.insert(entry.name.clone(), text(&object, "username").into());
            }
        }
    }
    Ok(Some(Value::Object(users).to_string()))
}
