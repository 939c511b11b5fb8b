//! What came out, against what should have: first the rules that hold for every answer, then the case's own.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// How messages are told apart in the output.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Framing {
    Headers,
    Lines,
}

impl Framing {
    /// The first byte that is not white space says it, for both directions.
    pub(crate) fn of(input: &[u8]) -> Self {
        let input = input.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(input);
        match input.trim_ascii_start().first() {
            Some(b'{' | b'[') => Self::Lines,
            _ => Self::Headers,
        }
    }

    /// Takes the output apart, strictly: clients compare its framing byte by byte.
    pub(crate) fn messages(self, mut output: &[u8]) -> Result<Vec<String>, String> {
        let mut messages = Vec::new();
        while !output.is_empty() {
            let (message, rest) = match self {
                Self::Headers => headers(output),
                Self::Lines => line(output),
            }
            .ok_or_else(|| format!("no frame: {:?}", String::from_utf8_lossy(output)))?;
            messages.push(String::from_utf8(message.to_vec()).map_err(|_| "an answer is not UTF-8")?);
            output = rest;
        }
        Ok(messages)
    }
}

fn headers(output: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = output.strip_prefix(b"Content-Length: ")?;
    let end = rest.iter().position(|byte| !byte.is_ascii_digit())?;
    let digits = std::str::from_utf8(&rest[..end]).ok()?;
    let length: usize = digits.parse().ok()?;
    if length.to_string() != digits {
        return None;
    }
    rest[end..].strip_prefix(b"\r\n\r\n")?.split_at_checked(length)
}

fn line(output: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = output.iter().position(|&byte| byte == b'\n')?;
    (!output[..end].contains(&b'\r')).then(|| (&output[..end], &output[end + 1..]))
}

/// The rules for every answer: exactly the members that clients stand, and nothing of the caller's in an error.
pub(crate) fn shape(message: &str, canary: &str) -> Result<(), String> {
    if let Some(answers) = array(message) {
        if answers.is_empty() {
            return Err("an empty array is no answer".to_owned());
        }
        return answers.into_iter().try_for_each(|answer| one_shape(answer.get(), canary));
    }
    one_shape(message, canary)
}

fn one_shape(answer: &str, canary: &str) -> Result<(), String> {
    let wrong = |rule: &str| Err(format!("{rule}: {answer}"));
    let Some(members) = object(answer) else { return wrong("an answer is an object") };
    let names: Vec<&str> = members.keys().map(String::as_str).collect();
    let Some(error) = members.get("error") else {
        let right = names == ["id", "jsonrpc", "result"] && members["jsonrpc"].get() == "\"2.0\"";
        return if right { Ok(()) } else { wrong("it has other members") };
    };
    if names != ["error", "id", "jsonrpc"] || members["jsonrpc"].get() != "\"2.0\"" {
        return wrong("it has other members");
    }
    let Some(error) = object(error.get()) else { return wrong("an error is an object") };
    let names: Vec<&str> = error.keys().map(String::as_str).collect();
    if names != ["code", "data", "message"] && names != ["code", "message"] {
        return wrong("its error has other members");
    }
    if answer.contains(canary) {
        return wrong("an error tells what was sent");
    }
    Ok(())
}

/// One answer that has to come.
pub(crate) enum Expected {
    /// Exactly this text.
    Exact(String),
    /// At least these members, each value with this text.
    Like(String),
}

impl Expected {
    fn fits(&self, actual: &str) -> bool {
        match self {
            Self::Exact(text) => actual == text,
            Self::Like(text) => like(text, actual),
        }
    }
}

/// Whether each answer is expected and each that is expected came. In any order: answers come as they complete.
pub(crate) fn all(expected: &[Expected], actual: &[String]) -> Result<(), String> {
    let mut left: Vec<&String> = actual.iter().collect();
    for one in expected {
        let Some(position) = left.iter().position(|answer| one.fits(answer)) else {
            let (Expected::Exact(text) | Expected::Like(text)) = one;
            return Err(format!("no answer is {text}; there are {actual:?}"));
        };
        left.swap_remove(position);
    }
    if left.is_empty() { Ok(()) } else { Err(format!("no line of the case expects {left:?}")) }
}

/// Numbers and strings are compared as they are written: an id comes back as it came.
fn like(expected: &str, actual: &str) -> bool {
    if let (Some(expected), Some(actual)) = (object(expected), object(actual)) {
        return expected
            .iter()
            .all(|(name, value)| actual.get(name).is_some_and(|found| like(value.get(), found.get())));
    }
    if let (Some(expected), Some(actual)) = (array(expected), array(actual)) {
        // A batch's answers may stand in any order.
        let expected: Vec<Expected> =
            expected.into_iter().map(|element| Expected::Like(element.get().to_owned())).collect();
        let actual: Vec<String> = actual.into_iter().map(|element| element.get().to_owned()).collect();
        return all(&expected, &actual).is_ok();
    }
    expected.trim() == actual.trim()
}

fn object(text: &str) -> Option<BTreeMap<String, &RawValue>> {
    text.trim_start().starts_with('{').then(|| serde_json::from_str(text).ok())?
}

fn array(text: &str) -> Option<Vec<&RawValue>> {
    text.trim_start().starts_with('[').then(|| serde_json::from_str(text).ok())?
}

#[test]
fn values_are_compared_as_they_are_written() {
    let check = |expected, actual, fits| assert_eq!(like(expected, actual), fits, "{expected} {actual}");
    check(r#"{"id":1}"#, r#"{"id":1,"result":null}"#, true);
    check(r#"{"id":1}"#, r#"{"id":1.0}"#, false);
    check(r#"{"id":"A"}"#, r#"{"id":"\u0041"}"#, false);
    check(r#"{"result":null}"#, r#"{"id":1}"#, false);
    check(r#"[{"id":1},{"id":2}]"#, r#"[{"id":2},{"id":1}]"#, true);
    check(r#"[{"id":1}]"#, r#"[{"id":1},{"id":2}]"#, false);
}
