//! Parses one line of a header block.
//!
//! Pure functions over bytes, called by the reader's thread. Generous with blanks, case and order; strict with numbers.
//! Must never keep or report a header's text.

/// The one required header, in lower case.
pub(super) const CONTENT_LENGTH: &[u8] = b"content-length";
const CONTENT_TYPE: &[u8] = b"content-type";

/// The meaning of a line of a header block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// Nothing but blanks: the block ends.
    Blank,
    /// `Content-Length`, with its value as it was written.
    Length(&'a [u8]),
    /// `Content-Type`; true if it names a charset that is not UTF-8.
    Type { foreign: bool },
    /// A header that is not used.
    Other,
    /// Not a header, but it may become one with more input.
    Unfinished,
    /// Not a header.
    Garbage,
}

/// Reads one line, with or without its line break.
pub(super) fn parse(line: &[u8]) -> Line<'_> {
    let line = line.trim_ascii_end();
    let Some(after_name) = line.iter().position(|&byte| !is_token(byte)) else {
        return if line.is_empty() { Line::Blank } else { Line::Unfinished };
    };
    let (name, rest) = line.split_at(after_name);
    let rest = rest.trim_ascii_start();
    match rest.split_first() {
        _ if name.is_empty() => Line::Garbage,
        None => Line::Unfinished,
        Some((b':', value)) if name.eq_ignore_ascii_case(CONTENT_LENGTH) => {
            Line::Length(value.trim_ascii_start())
        }
        Some((b':', value)) if name.eq_ignore_ascii_case(CONTENT_TYPE) => {
            Line::Type { foreign: is_foreign(value) }
        }
        Some((b':', _)) => Line::Other,
        Some(_) => Line::Garbage,
    }
}

/// Parses a length; `None` if it is not a number, or one over `max`. Never overflows, with any number of digits.
pub(super) fn parse_length(value: &[u8], max: usize) -> Option<usize> {
    if value.is_empty() {
        return None;
    }
    let mut length = 0_usize;
    for &byte in value {
        let digit = byte.is_ascii_digit().then(|| usize::from(byte - b'0'))?;
        length = length.saturating_mul(10).saturating_add(digit);
    }
    (length <= max).then_some(length)
}

/// Whether a header's name may contain this character (RFC 7230 §3.2.6).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Whether a content type has a `charset` that is not one of the spellings of UTF-8 which clients send.
fn is_foreign(content_type: &[u8]) -> bool {
    let mut quoted = false;
    content_type
        .split(|&byte| {
            quoted ^= byte == b'"';
            byte == b';' && !quoted
        })
        .skip(1)
        .any(|parameter| {
            let mut sides = parameter.splitn(2, |&byte| byte == b'=');
            let name = sides.next().unwrap_or_default().trim_ascii();
            let value = sides.next().unwrap_or_default().trim_ascii();
            let inner = value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
            let value = inner.unwrap_or(value);
            name.eq_ignore_ascii_case(b"charset")
                && !value.eq_ignore_ascii_case(b"utf-8")
                && !value.eq_ignore_ascii_case(b"utf8")
        })
}
