//! The credential helper of git: attributes, one a line, on stdin and stdout (`git help credential`).
//!
//! A credential is the record of its URL. A second user of the same URL gets a record whose URL has that user's name.

use serde_json::{Map, Value};

use super::{Credentials, Reached, Source};
use crate::cli::input;
use crate::cli::operator::{Answer, Failed};

const PLUGIN: &str = "git-credential";
/// The attributes of a credential that are kept besides its URL.
const KEPT: [&str; 4] = ["username", "password", "password_expiry_utc", "oauth_refresh_token"];
const LONGEST: usize = 1024 * 1024;

/// The attributes that git sends, as far as they matter here.
#[derive(Default)]
#[cfg_attr(test, derive(PartialEq, Eq, Debug))]
struct Attributes {
    protocol: String,
    host: String,
    path: Option<String>,
    username: Option<String>,
    password: Option<String>,
    kept: Map<String, Value>,
}

/// A credential of the store.
struct Stored {
    name: String,
    object: Map<String, Value>,
}

pub(super) fn run(source: Source<'_>, operation: &str) -> Result<Answer, Failed> {
    let credentials = Credentials { source, plugin: PLUGIN };
    let read = || Ok::<_, Failed>(Attributes::parse(&input::text("Attributes: ", LONGEST)?));
    match operation {
        "get" => get(&credentials, &read()?),
        "store" => store(&credentials, &read()?),
        "erase" => erase(&credentials, &read()?),
        // Later versions of git may have other operations, which a helper ignores.
        _ => Ok(Answer::shown_already()),
    }
}

impl Attributes {
    fn parse(text: &str) -> Self {
        let mut read = Self::default();
        for line in text.lines().take_while(|line| !line.is_empty()) {
            let Some((name, value)) = line.split_once('=') else { continue };
            let value = value.to_owned();
            if KEPT.contains(&name) {
                read.kept.insert(name.into(), value.clone().into());
            }
            match name {
                "protocol" => read.protocol = value,
                "host" => read.host = value,
                "path" => read.path = Some(value),
                "username" => read.username = Some(value),
                "password" => read.password = Some(value),
                "url" => read.set_url(&value),
                _ => {}
            }
        }
        read
    }

    /// A URL stands for the attributes that are in it.
    fn set_url(&mut self, url: &str) {
        let Some((protocol, rest)) = url.split_once("://") else { return };
        let (authority, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
        let (user, host) =
            authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
        protocol.clone_into(&mut self.protocol);
        host.clone_into(&mut self.host);
        self.path = path.filter(|path| !path.is_empty()).map(ToOwned::to_owned);
        if let Some(user) = user {
            let (name, password) =
                user.split_once(':').map_or((user, None), |(name, word)| (name, Some(word)));
            let decoded =
                |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
            self.kept.insert("username".into(), decoded(name).into());
            self.username = Some(decoded(name));
            if let Some(password) = password {
                self.kept.insert("password".into(), decoded(password).into());
                self.password = Some(decoded(password));
            }
        }
    }

    /// The URL, for one user if there is one.
    fn url(&self, user: Option<&str>) -> String {
        let user = user.map(|user| {
            let encoded = percent_encoding::utf8_percent_encode(user, percent_encoding::NON_ALPHANUMERIC);
            format!("{encoded}@")
        });
        let path = self.path.as_ref().map_or(String::new(), |path| format!("/{path}"));
        format!("{}://{}{}{path}", self.protocol, user.unwrap_or_default(), self.host)
    }

    fn is_complete(&self) -> bool {
        !self.protocol.is_empty() && (!self.host.is_empty() || self.path.is_some())
    }

    /// Whether these attributes ask for that credential: what they do not name may be anything.
    fn match_url(&self, name: &str) -> bool {
        let mut other = Self::default();
        other.set_url(name);
        self.protocol == other.protocol
            && self.host == other.host
            && self.path.as_ref().is_none_or(|path| other.path.as_ref() == Some(path))
    }

    fn match_object(&self, object: &Map<String, Value>) -> bool {
        self.username.is_none() || self.username.as_deref() == object.get("username").and_then(Value::as_str)
    }
}

/// The open store, and what was found in it.
type Found<'s> = (Reached<'s>, Vec<Stored>);

/// The credentials that the attributes ask for, the last written first.
fn find<'s>(credentials: &'s Credentials<'_>, wanted: &Attributes) -> Result<Option<Found<'s>>, Failed> {
    let (opened, mut entries) = credentials.list()?;
    let Some(opened) = opened.filter(|_| wanted.is_complete()) else { return Ok(None) };
    entries.retain(|entry| wanted.match_url(&entry.name));
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.revision));
    let mut found = Vec::new();
    for entry in &entries {
        let name = entry.name.clone();
        if let Some(object) = credentials.read(&opened, &name)?.filter(|object| wanted.match_object(object)) {
            found.push(Stored { name, object });
        }
    }
    Ok(Some((opened, found)))
}

fn get(credentials: &Credentials<'_>, wanted: &Attributes) -> Result<Answer, Failed> {
    let found = find(credentials, wanted)?.and_then(|(_, found)| found.into_iter().next());
    // A helper that has no credential prints nothing, and git asks the next one.
    let Some(Stored { object, .. }) = found else { return Ok(Answer::shown_already()) };
    let line = |name: &&str| object.get(*name).and_then(Value::as_str).map(|value| format!("{name}={value}"));
    let lines: Vec<_> = KEPT.iter().filter_map(line).collect();
    Ok(lines.join("\n").into())
}

fn store(credentials: &Credentials<'_>, given: &Attributes) -> Result<Answer, Failed> {
    let (Some(username), true, true) = (&given.username, given.password.is_some(), given.is_complete())
    else {
        return Ok(Answer::shown_already());
    };
    let plain = given.url(None);
    let is_free = match credentials.list()? {
        (Some(opened), entries) if entries.iter().any(|entry| entry.name == plain) => {
            let object = credentials.read(&opened, &plain)?;
            object.is_none_or(|object| given.match_object(&object))
        }
        _ => true,
    };
    let name = if is_free { plain } else { given.url(Some(username)) };
    credentials.store(&name, &given.kept)?;
    Ok(Answer::shown_already())
}

/// Erases the credentials that match. A password that git names has to be the stored one: another program may have
/// stored a new one meanwhile.
fn erase(credentials: &Credentials<'_>, wanted: &Attributes) -> Result<Answer, Failed> {
    if let Some((opened, found)) = find(credentials, wanted)? {
        for Stored { name, object } in found {
            let stored = object.get("password").and_then(Value::as_str);
            if wanted.password.is_none() || wanted.password.as_deref() == stored {
                credentials.erase(&opened, &name)?;
            }
        }
    }
    Ok(Answer::shown_already())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_name_a_url_and_a_url_stands_for_attributes() {
        #[track_caller]
        fn check(text: &str, url: &str, with_user: &str) {
            let read = Attributes::parse(text);
            assert_eq!(read.url(None), url);
            assert_eq!(read.url(read.username.as_deref()), with_user);
            assert!(read.match_url(url) && read.match_url(with_user));
        }
        check("protocol=https\nhost=h:8443\n\npath=x\n", "https://h:8443", "https://h:8443");
        check("protocol=https\nhost=h\nusername=a@b\n", "https://h", "https://a%40b@h");
        check(
            "protocol=https\nhost=h\npath=a/b.git\nusername=u\n",
            "https://h/a/b.git",
            "https://u@h/a/b.git",
        );
        check("url=https://u:p%2F@h/a\n", "https://h/a", "https://u@h/a");
        assert_eq!(Attributes::parse("url=https://u:p%2F@h/a\n").password.as_deref(), Some("p/"));
    }

    #[test]
    fn a_path_that_is_not_named_may_be_any() {
        let wanted = Attributes::parse("protocol=https\nhost=h\n");
        assert!(wanted.match_url("https://h/a.git") && wanted.match_url("https://u@h"));
        assert!(!wanted.match_url("http://h") && !wanted.match_url("https://other"));
        let wanted = Attributes::parse("protocol=https\nhost=h\npath=a.git\n");
        assert!(wanted.match_url("https://h/a.git"));
        assert!(!wanted.match_url("https://h") && !wanted.match_url("https://h/b.git"));
    }
}
