//! A member of an object by its JSON pointer (RFC 6901): read it, replace it, or remove it. All other text stays as it is
//! written. Pure functions over text that a parser has accepted.

use crate::json::{Cursor, compare_names};

use super::failed::Failed;

/// A JSON pointer to a member; it is never the pointer to the whole object.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct Pointer(String);

/// Why a member can't be replaced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct NoSuchPlace;

impl From<NoSuchPlace> for Failed {
    fn from(_: NoSuchPlace) -> Self {
        Self::wrong("the member is in a value that is neither an object nor a list; nothing was changed")
    }
}

/// Where a value is in a text: the bytes of the value, and those of its whole member with its name.
struct Place {
    value: (usize, usize),
    entry: (usize, usize),
}

/// How far a pointer leads into a text.
enum Found {
    /// To a value.
    There(Place),
    /// To an object or a list, at whose end (the position of its bracket) the rest of the pointer is missing.
    Missing { rest: usize, end: usize, is_empty: bool, is_list: bool },
    /// To a value that has no members.
    Dead,
}

impl Pointer {
    /// Reads a pointer, which begins with `/`.
    ///
    /// # Errors
    /// If a `~` is not followed by 0 or 1.
    pub(super) fn parse(text: &str) -> Result<Self, Failed> {
        let escapes =
            text.match_indices('~').all(|(at, _)| matches!(text.as_bytes().get(at + 1), Some(b'0' | b'1')));
        if !text.starts_with('/') || !escapes {
            return Err(Failed::wrong(
                "a member is a JSON pointer, like /token or /accounts/0; in a name, ~0 stands for ~ and ~1 for /",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The names and positions that the pointer passes, unescaped.
    fn steps(&self) -> Vec<String> {
        self.0[1..].split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect()
    }

    /// The text of the value that the pointer leads to.
    pub(super) fn read<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self.find(text) {
            Found::There(Place { value: (from, to), .. }) => Some(&text[from..to]),
            Found::Missing { .. } | Found::Dead => None,
        }
    }

    /// The text with another value in this place. Objects on the way that are missing are made. In a list, the position
    /// after the last element, or `-`, adds an element.
    ///
    /// # Errors
    /// If a value on the way has no members, or a list has no such position.
    pub(super) fn replace(&self, text: &str, value: &str) -> Result<String, NoSuchPlace> {
        match self.find(text) {
            Found::There(Place { value: (from, to), .. }) => Ok([&text[..from], value, &text[to..]].concat()),
            Found::Missing { rest, end, is_empty, is_list } => {
                let steps = self.steps();
                let (first, others) = steps[rest..].split_first().ok_or(NoSuchPlace)?;
                let inner = others
                    .iter()
                    .rev()
                    .fold(value.to_owned(), |inner, name| format!("{{{}:{inner}}}", quoted(name)));
                let comma = if is_empty { "" } else { "," };
                let entry = if is_list { inner } else { format!("{}:{inner}", quoted(first)) };
                Ok([&text[..end], comma, &entry, &text[end..]].concat())
            }
            Found::Dead => Err(NoSuchPlace),
        }
    }

    /// The text without this member, or without this element of a list; `None` if there is none.
    pub(super) fn remove(&self, text: &str) -> Option<String> {
        let Found::There(Place { entry: (from, to), .. }) = self.find(text) else { return None };
        // One of the commas around it goes as well.
        let (before, after) = (text[..from].trim_end(), text[to..].trim_start());
        let (before, after) = match (before.strip_suffix(','), after.strip_prefix(',')) {
            (_, Some(after)) => (before, after.trim_start()),
            (Some(before), None) => (before.trim_end(), after),
            (None, None) => (before, after),
        };
        Some([before, after].concat())
    }

    fn find(&self, text: &str) -> Found {
        let steps = self.steps();
        let mut at = 0;
        for (number, step) in steps.iter().enumerate() {
            let found = match text.as_bytes().get(at) {
                Some(b'{') => in_object(text, at, step),
                Some(b'[') => in_list(text, at, step),
                _ => return Found::Dead,
            };
            match found {
                Ok(place) if number + 1 == steps.len() => return Found::There(place),
                Ok(place) => at = place.value.0,
                Err(Some((end, is_empty, is_list))) => {
                    return Found::Missing { rest: number, end, is_empty, is_list };
                }
                Err(None) => return Found::Dead,
            }
        }
        Found::Dead
    }
}

/// Where an entry could be added: the position of the closing bracket, whether there are no entries, and whether this is a list. `None` if
/// none can be added there.
type Room = Option<(usize, bool, bool)>;

/// The last member with this name, since that is the one that counts.
fn in_object(text: &str, at: usize, name: &str) -> Result<Place, Room> {
    let wanted = quoted(name);
    let mut cursor = Cursor::new(text, at);
    cursor.enter_object();
    let (mut found, mut is_empty) = (None, true);
    while let Some(name) = cursor.next_name() {
        is_empty = false;
        let from = cursor.position();
        let start = name.as_ptr() as usize - text.as_ptr() as usize;
        cursor.take_value();
        if compare_names(name, &wanted).is_eq() {
            found = Some(Place { value: (from, cursor.position()), entry: (start, cursor.position()) });
        }
    }
    // The cursor has passed the bracket.
    found.ok_or(Some((cursor.position() - 1, is_empty, false)))
}

fn in_list(text: &str, at: usize, position: &str) -> Result<Place, Room> {
    let is_number =
        position == "0" || (!position.starts_with('0') && position.bytes().all(|byte| byte.is_ascii_digit()));
    let wanted =
        if position == "-" { usize::MAX } else { position.parse().ok().filter(|_| is_number).ok_or(None)? };
    let is_between = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',');
    let skip =
        |from: usize| from + text.as_bytes()[from..].iter().take_while(|byte| is_between(byte)).count();
    let (mut number, mut at) = (0, skip(at + 1));
    while !text[at..].starts_with(']') {
        let mut cursor = Cursor::new(text, at);
        cursor.take_value();
        if number == wanted {
            return Ok(Place { value: (at, cursor.position()), entry: (at, cursor.position()) });
        }
        number += 1;
        at = skip(cursor.position());
    }
    if wanted == number || wanted == usize::MAX { Err(Some((at, number == 0, true))) } else { Err(None) }
}

/// A name or a text as a JSON string.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{ "a" : 1.0 , "b":{"c/d":[ 1, {"e":"x"} ,3 ],"":null}, "a":"\u00e9", "list":[] }"#;

    fn pointer(text: &str) -> Pointer {
        Pointer::parse(text).ok().unwrap()
    }

    #[test]
    fn a_pointer_leads_to_the_text_of_a_value() {
        #[track_caller]
        fn check(at: &str, expected: Option<&str>) {
            assert_eq!(pointer(at).read(TEXT), expected);
            // As a parser sees it.
            let parsed: serde_json::Value = serde_json::from_str(TEXT).unwrap();
            let value = expected.map(|text| serde_json::from_str(text).unwrap());
            assert_eq!(parsed.pointer(at).cloned(), value);
        }
        check("/a", Some(r#""\u00e9""#));
        check("/b/c~1d/1/e", Some(r#""x""#));
        check("/b/c~1d/2", Some("3"));
        check("/b/", Some("null"));
        check("/list", Some("[]"));
        for nothing in ["/", "/c", "/a/b", "/b/c~1d/3", "/b/c~1d/01", "/b/c~1d/-", "/list/0"] {
            check(nothing, None);
        }
    }

    #[test]
    fn the_text_around_a_value_stays_as_it_is() {
        #[track_caller]
        fn check(text: &str, at: &str, value: &str, expected: &str) {
            assert_eq!(pointer(at).replace(text, value).as_deref(), Ok(expected));
            assert_eq!(pointer(at).read(expected), (!at.ends_with('-')).then_some(value));
        }
        check("{}", "/a", "1", r#"{"a":1}"#);
        check("{}", "/a/b", "{}", r#"{"a":{"b":{}}}"#);
        check(r#"{"x":1E400}"#, "/a", "1", r#"{"x":1E400,"a":1}"#);
        check(r#"{"a": {"b": 1} , "c":2}"#, "/a/b", "null", r#"{"a": {"b": null} , "c":2}"#);
        check(r#"{"a":[1, 2]}"#, "/a/1", "3", r#"{"a":[1, 3]}"#);
        check(r#"{"a":[1]}"#, "/a/1", "2", r#"{"a":[1,2]}"#);
        check(r#"{"a":[ ]}"#, "/a/-", "2", r#"{"a":[ 2]}"#);
        check(r#"{"a":[1]}"#, "/a/-", "2", r#"{"a":[1,2]}"#);
        for (text, nowhere) in [(r#"{"a":1}"#, "/a/b"), (r#"{"a":[1]}"#, "/a/5"), (r#"{"a":[1]}"#, "/a/b")] {
            assert_eq!(pointer(nowhere).replace(text, "1"), Err(NoSuchPlace));
        }
    }

    #[test]
    fn a_removed_member_leaves_no_comma_behind() {
        #[track_caller]
        fn check(text: &str, at: &str, expected: Option<&str>) {
            let without = pointer(at).remove(text);
            assert_eq!(without.as_deref(), expected);
            if let Some(text) = without {
                assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{text}");
            }
        }
        check(r#"{"a":1}"#, "/a", Some("{}"));
        check(r#"{"a":1,"b":2}"#, "/a", Some(r#"{"b":2}"#));
        check(r#"{"a":1, "b":2 , "c":3}"#, "/b", Some(r#"{"a":1,"c":3}"#));
        check(r#"{"a":1 , "b":2 }"#, "/b", Some(r#"{"a":1}"#));
        check(r#"{"a":[1,2,3]}"#, "/a/0", Some(r#"{"a":[2,3]}"#));
        check(r#"{"a":[1,2,3]}"#, "/a/2", Some(r#"{"a":[1,2]}"#));
        check(r#"{"a":1}"#, "/b", None);
    }
}
