//! Reads a netrc file: `machine NAME login NAME password WORD`, in which each machine becomes a record.

use std::ops::Range;

use serde_json::{Map, Value};

use super::planned::{Planned, Values};
use crate::cli::operator::Failed;
use crate::cli::reference::Reference;

/// The plugin for the records, unless the user names another.
const PLUGIN: &str = "netrc";

/// A word of the file, and its bytes.
struct Word {
    text: String,
    bytes: Range<usize>,
}

/// A machine with its login.
struct Machine {
    name: String,
    members: Map<String, Value>,
    bytes: Range<usize>,
}

/// The records of a file, one for each machine. A second login at a machine has the name `LOGIN@MACHINE`.
pub(super) fn records(text: &str, to: Option<Reference>) -> Result<Vec<Planned>, Failed> {
    let to = to.unwrap_or_else(|| Reference { plugin: PLUGIN.into(), ..Reference::default() });
    if to.name.is_some() || to.member.is_some() {
        return Err(Failed::wrong(
            "--to takes PLUGIN or PLUGIN/INSTALLATION for a netrc file: each machine is a record",
        ));
    }
    let mut names: Vec<String> = Vec::new();
    let mut planned = Vec::new();
    for machine in machines(text)? {
        let login = machine.members.get("login").and_then(Value::as_str).unwrap_or_default();
        let name =
            if names.contains(&machine.name) { format!("{login}@{}", machine.name) } else { machine.name };
        if names.contains(&name) {
            return Err(Failed::wrong("the file has a machine and a login twice; nothing was imported"));
        }
        names.push(name.clone());
        let reference = Reference { name: Some(name), ..to.clone() };
        planned.push(Planned::new(reference, machine.members, Values::Bytes(vec![machine.bytes]))?);
    }
    Ok(planned)
}

fn machines(text: &str) -> Result<Vec<Machine>, Failed> {
    let wrong = || Failed::wrong("the file is not a netrc file; nothing was imported");
    let mut found: Vec<Machine> = Vec::new();
    let mut at = 0;
    while let Some(word) = word(text, at) {
        at = word.bytes.end;
        let begin = |name: String, end| Machine { name, members: Map::new(), bytes: word.bytes.start..end };
        match word.text.as_str() {
            "machine" => {
                let name = self::word(text, at).ok_or_else(wrong)?;
                at = name.bytes.end;
                found.push(begin(name.text, at));
            }
            "default" => found.push(begin("default".into(), at)),
            "login" | "password" | "account" => {
                let machine = found.last_mut().ok_or_else(wrong)?;
                let value = self::word(text, at).ok_or_else(wrong)?;
                at = value.bytes.end;
                machine.bytes.end = at;
                machine.members.insert(word.text, value.text.into());
            }
            // A macro ends at an empty line. It has no login.
            "macdef" => at = text[at..].find("\n\n").map_or(text.len(), |end| at + end + 2),
            _ => return Err(wrong()),
        }
    }
    for machine in &mut found {
        // The line end belongs to the machine that it ends.
        let rest = &text[machine.bytes.end..];
        machine.bytes.end +=
            rest.find('\n').filter(|end| rest[..*end].trim().is_empty()).map_or(0, |end| end + 1);
    }
    found.retain(|machine| !machine.members.is_empty());
    Ok(found)
}

/// The next word, which may be in quotes. A comment is a line that begins with `#`; a password may begin with it, too.
fn word(text: &str, mut at: usize) -> Option<Word> {
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        let before = text[..at].trim_end_matches([' ', '\t']);
        let is_line = before.is_empty() || before.ends_with('\n');
        if !text[at..].starts_with('#') || !is_line {
            break;
        }
        at += text[at..].find('\n').unwrap_or(text[at..].len());
    }
    let rest = &text[at..];
    if rest.is_empty() {
        return None;
    }
    if !rest.starts_with('"') {
        let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
        return Some(Word { text: rest[..length].to_owned(), bytes: at..at + length });
    }
    let (mut word, mut letters) = (String::new(), rest.char_indices().skip(1));
    loop {
        match letters.next()? {
            (end, '"') => return Some(Word { text: word, bytes: at..at + end + 1 }),
            (_, '\\') => word.push(letters.next()?.1),
            (_, letter) => word.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_machine_becomes_a_record() {
        let text = "# home\nmachine h login u password p\n\nmachine g\n  login \"a b\"\n  password #x\n  account c\n\
                    macdef init\n cd /\n machine no\n\nmachine h login v password w\ndefault login anonymous";
        let records = records(text, None).ok().unwrap();
        let shown: Vec<_> = records.iter().map(|one| format!("{} {}", one.reference, one.text)).collect();
        assert_eq!(
            shown,
            [
                r#"netrc:h {"login":"u","password":"p"}"#,
                r##"netrc:g {"account":"c","login":"a b","password":"#x"}"##,
                r#"netrc:v@h {"login":"v","password":"w"}"#,
                r#"netrc:default {"login":"anonymous"}"#,
            ]
        );
        let mut left = text.to_owned();
        for one in records.iter().rev() {
            let Values::Bytes(bytes) = &one.values else { panic!() };
            for range in bytes {
                left.replace_range(range.clone(), "");
            }
        }
        assert_eq!(left, "# home\n\nmacdef init\n cd /\n machine no\n\n");
    }

    #[test]
    fn what_is_no_netrc_file_is_refused() {
        for text in ["A=b", "login u", "machine", "machine h login", "machine h password \"x"] {
            assert!(machines(text).is_err(), "{text}");
        }
    }
}
