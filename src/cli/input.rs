//! The value that `set`, `patch` and `import` read from stdin. It is never an argument, and never in the environment.

use std::io::{self, Read as _};
use std::time::Duration;

use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::json;
use crate::protector::{ask_at_terminal, has_terminal};
use crate::vault::Timestamp;

use super::operator::Failed;
use super::pointer::quoted;
use super::question::Question;

/// Reads all of stdin, which is text of at most `longest` bytes. A person at a terminal types one line, which is not
/// shown.
pub(super) fn text(question: &str, longest: usize) -> Result<Zeroizing<String>, Failed> {
    let bytes = if has_terminal() {
        ask_at_terminal(question, Question::begin().deadline())
            .map_err(|_| Failed::new("nothing was typed; nothing was changed".into()))?
    } else {
        let mut bytes = Zeroizing::new(Vec::new());
        let most = u64::try_from(longest).unwrap_or(u64::MAX).saturating_add(1);
        let read = io::stdin().lock().take(most).read_to_end(&mut bytes);
        read.map_err(|error| Failed::new(format!("stdin can't be read: {error}; nothing was changed")))?;
        bytes
    };
    if bytes.len() > longest {
        return Err(Failed::new(format!("the input is longer than {longest} bytes; nothing was changed")));
    }
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Failed::wrong("the input is not UTF-8; nothing was changed"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// A text as a JSON string. The line end after a single line is not part of the text, since most programs add one; a
/// text of several lines, like a private key, stays as it is.
pub(super) fn string(text: &str) -> Zeroizing<String> {
    let line = text.strip_suffix('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    Zeroizing::new(quoted(line.filter(|line| !line.contains('\n')).unwrap_or(text)))
}

/// The one JSON text in the input.
pub(super) fn value(text: &str) -> Result<&RawValue, Failed> {
    json::parse(text.as_bytes()).ok_or_else(|| {
        Failed::wrong(
            "the input is not one JSON text; nothing was changed (--raw reads any text for a member)",
        )
    })
}

/// A JSON text that has to be an object.
pub(super) fn object(text: &str) -> Result<&RawValue, Failed> {
    let is_object = |value: &&RawValue| json::kind(value) == json::Kind::Object;
    let not_an_object = || {
        Failed::wrong("a record is a JSON object; nothing was changed (#/MEMBER stores another value in it)")
    };
    Some(value(text)?).filter(is_object).ok_or_else(not_an_object)
}

/// When a record expires: at a time, or after a duration like `90m`, `12h`, `30d`.
#[derive(clap::Args)]
pub(super) struct Expiry {
    /// When the record expires, like 2027-01-31T00:00:00Z
    #[arg(long, value_name = "TIME", conflicts_with = "expires_in")]
    expires_at: Option<String>,
    /// After how long the record expires, like 90s, 15m, 12h, 30d or 4w
    #[arg(long, value_name = "DURATION")]
    expires_in: Option<String>,
}

impl Expiry {
    pub(super) fn time(&self) -> Result<Option<Timestamp>, Failed> {
        if let Some(text) = &self.expires_at {
            let time = Timestamp::parse(text);
            return time.map(Some).ok_or_else(|| {
                Failed::wrong("--expires-at takes a time like 2027-01-31T00:00:00Z, not before 1970")
            });
        }
        let Some(text) = &self.expires_in else { return Ok(None) };
        let duration = duration(text).ok_or_else(|| {
            Failed::wrong(
                "--expires-in takes a whole number with s, m, h, d or w, like 90s, 15m, 12h, 30d or 4w",
            )
        })?;
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Ok(Some(Timestamp::from_millis(Timestamp::now().millis().saturating_add(millis))))
    }
}

fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        "w" => 7 * 24 * 60 * 60,
        _ => return None,
    };
    let number: u64 = number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse().ok())??;
    (number > 0).then(|| Duration::from_secs(number.saturating_mul(seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_line_end_of_a_single_line_is_dropped() {
        #[track_caller]
        fn check(input: &str, expected: &str) {
            assert_eq!(string(input).as_str(), expected);
        }
        check("token", r#""token""#);
        check("token\n", r#""token""#);
        check("token\r\n", r#""token""#);
        check("token\n\n", r#""token\n\n""#);
        check("-----BEGIN\nabc\n-----END\n", r#""-----BEGIN\nabc\n-----END\n""#);
        check("", r#""""#);
        check("\n", r#""""#);
        check(" é\" ", r#"" é\" ""#);
    }

    #[test]
    fn a_duration_has_a_number_and_a_unit() {
        let seconds = |text| duration(text).map(|duration| duration.as_secs());
        assert_eq!(seconds("90s"), Some(90));
        assert_eq!(seconds("15m"), Some(900));
        assert_eq!(seconds("12h"), Some(43_200));
        assert_eq!(seconds("30d"), Some(2_592_000));
        assert_eq!(seconds("4w"), Some(2_419_200));
        for wrong in ["", "s", "0s", "-1s", "+1s", "1", "1.5h", "1 h", "1é", "99999999999999999999s"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
