//! The name of a record on the command line: `PLUGIN[/INSTALLATION][:NAME][#/MEMBER]`. Pure functions over text.
//!
//! A plugin and an installation end at the first `/`, `:` or `#/`. A name runs to the last `#/`, so that it may be a URL.
//! `%2F`, `%3A`, `%23` and `%25` stand for `/`, `:`, `#` and `%`; any other `%` stands for itself.

use super::failed::Failed;
use super::pointer::Pointer;

/// A record, or a member of its object, as the user names it.
#[derive(Clone, PartialEq, Eq, Default)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct Reference {
    pub(super) plugin: String,
    pub(super) installation: Option<String>,
    pub(super) name: Option<String>,
    pub(super) member: Option<Pointer>,
}

const FORM: &str =
    "a record is named PLUGIN[/INSTALLATION][:NAME][#/MEMBER], for example me.github/vscode:session#/token";

impl Reference {
    /// Reads the text of a reference.
    ///
    /// # Errors
    /// If a part is empty, or an installation contains a `/`.
    pub(super) fn parse(text: &str) -> Result<Self, Failed> {
        let (plugin, rest) = text.split_at(end(text));
        let (installation, rest) = match rest.strip_prefix('/') {
            Some(rest) => {
                let (installation, rest) = rest.split_at(end(rest));
                (Some(part(installation)?), rest)
            }
            None => (None, rest),
        };
        if rest.starts_with('/') {
            return Err(Failed::wrong(format!("a / in a plugin or an installation is written %2F: {FORM}")));
        }
        let (name, rest) = match rest.strip_prefix(':') {
            Some(rest) => {
                let (name, rest) = rest.split_at(rest.rfind("#/").unwrap_or(rest.len()));
                (Some(part(name)?), rest)
            }
            None => (None, rest),
        };
        let member = rest.strip_prefix('#').map(|member| Pointer::parse(&decoded(member))).transpose()?;
        let plugin = part(plugin)?;
        Ok(Self { plugin, installation, name, member })
    }
}

/// The text of a reference, which names the same record when it is read again.
impl std::fmt::Display for Reference {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&encoded(&self.plugin))?;
        if let Some(installation) = &self.installation {
            write!(out, "/{}", encoded(installation))?;
        }
        if let Some(name) = &self.name {
            // A name may contain anything but what would end it, or what would be decoded.
            write!(out, ":{}", name.replace('%', "%25").replace("#/", "%23/"))?;
        }
        if let Some(member) = &self.member {
            write!(out, "#{}", member.as_str().replace('%', "%25").replace("#/", "%23/"))?;
        }
        Ok(())
    }
}

/// Where a plugin or an installation ends.
fn end(text: &str) -> usize {
    ["/", ":", "#/"].iter().filter_map(|mark| text.find(mark)).min().unwrap_or(text.len())
}

fn part(text: &str) -> Result<String, Failed> {
    if text.is_empty() {
        Err(Failed::wrong(format!("a part of the record's name is empty: {FORM}")))
    } else {
        Ok(decoded(text))
    }
}

fn encoded(text: &str) -> String {
    text.replace('%', "%25").replace('/', "%2F").replace(':', "%3A").replace('#', "%23")
}

fn decoded(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let letter = rest.get(at + 1..at + 3).and_then(|code| match code.to_ascii_uppercase().as_str() {
            "2F" => Some('/'),
            "3A" => Some(':'),
            "23" => Some('#'),
            "25" => Some('%'),
            _ => None,
        });
        whole.push_str(&rest[..at]);
        whole.push(letter.unwrap_or('%'));
        rest = &rest[at + if letter.is_some() { 3 } else { 1 }..];
    }
    whole + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reference(
        plugin: &str,
        installation: Option<&str>,
        name: Option<&str>,
        member: Option<&str>,
    ) -> Reference {
        Reference {
            plugin: plugin.into(),
            installation: installation.map(Into::into),
            name: name.map(Into::into),
            member: member.map(|member| Pointer::parse(member).ok().unwrap()),
        }
    }

    #[test]
    fn a_reference_has_up_to_four_parts() {
        #[track_caller]
        fn check(
            text: &str,
            plugin: &str,
            installation: Option<&str>,
            name: Option<&str>,
            member: Option<&str>,
        ) {
            let read = Reference::parse(text).ok().unwrap();
            assert_eq!(read, reference(plugin, installation, name, member));
            assert_eq!(Reference::parse(&read.to_string()).ok().unwrap(), read, "{read}");
        }
        check("me.github", "me.github", None, None, None);
        check("me.github/vscode:session", "me.github", Some("vscode"), Some("session"), None);
        check("me.github#/token", "me.github", None, None, Some("/token"));
        check("me.github/vscode#/a/b", "me.github", Some("vscode"), None, Some("/a/b"));
        check("me.github:secret:account", "me.github", None, Some("secret:account"), None);
        check("%40a%2fb", "%40a/b", None, None, None);
        check("@a%2Fb/code:@a/b#/c", "@a/b", Some("code"), Some("@a/b"), Some("/c"));
        check("p:https://h/p#x", "p", None, Some("https://h/p#x"), None);
        check("p:https://h/p#x#/a~1b", "p", None, Some("https://h/p#x"), Some("/a~1b"));
        check("p:https://h/#/x%23/y", "p", None, Some("https://h/"), Some("/x#/y"));
        check("p:a%23/b", "p", None, Some("a#/b"), None);
        check("p:100%", "p", None, Some("100%"), None);
        check("p:%2525%zz%2", "p", None, Some("%25%zz%2"), None);
        check("p#x", "p#x", None, None, None);
        check("p#/a#/b", "p", None, None, Some("/a#/b"));
        check("p/i#/a:b", "p", Some("i"), None, Some("/a:b"));
        check("p:ключ#/鍵", "p", None, Some("ключ"), Some("/鍵"));
    }

    #[test]
    fn an_empty_part_is_refused() {
        for text in ["", "/a", ":a", "#/a", "a/", "a:", "a/:b", "a/#/b", "a/b/c", "a:#/b", "a#/~2"] {
            assert!(Reference::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_record_has_a_reference_that_names_it(
            plugin in "[a@/:#%2F3A]{1,8}",
            installation in proptest::option::of("[a@/:#%2F3A]{1,8}"),
            name in proptest::option::of("[a@/:#%2F3A]{1,12}"),
            member in proptest::option::of("(/[a@:#%2F3A]{0,4}){1,3}"),
        ) {
            let named = reference(&plugin, installation.as_deref(), name.as_deref(), member.as_deref());
            prop_assert_eq!(Reference::parse(&named.to_string()).ok().unwrap(), named);
        }
    }
}
