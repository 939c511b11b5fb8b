//! Workspace folders: one name for a folder, however an editor spells its URI.
//!
//! The store compares names byte for byte, so two spellings of one folder must give the same name here, and two
//! different folders never. Nothing here reads the disk: symbolic links, `..` and doubled slashes stay as they are. A
//! folder is a caller's data and must not get into a log line or an error. Pure functions; any thread may call them.
//!
//! Editors also open folders whose authority RFC 3986 does not allow: `isfs://srv:USER/`, `ssh-remote+[::1]:2222`. Such
//! a text is a folder here too. Its authority stays opaque: the percent-encoding is made canonical, and everything else
//! stays as it is, including upper and lower case.

use std::path::Path;

use fluent_uri::Uri;
use fluent_uri::component::Authority;
use percent_encoding::{
    AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, percent_encode, utf8_percent_encode,
};

use crate::limits;

mod parent;
#[cfg(test)]
mod tests;

/// Printable characters that no URI may contain, but that users and simple clients write there.
const STRAY: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');
/// The same after the authority, where a bracket is not allowed either.
const STRAY_AFTER_AUTHORITY: &AsciiSet = &STRAY.add(b'[').add(b']');
/// The same in a fragment, which has no second `#`.
const STRAY_IN_FRAGMENT: &AsciiSet = &STRAY_AFTER_AUTHORITY.add(b'#');

/// All characters but the unreserved ones of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The characters to encode in a host: all but unreserved ones and sub-delimiters.
const NOT_IN_HOST: &AsciiSet = &RESERVED
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=');
/// The characters to encode between two slashes of a path.
const NOT_IN_SEGMENT: &AsciiSet = &NOT_IN_HOST.remove(b':').remove(b'@');
/// The characters to encode when a path becomes a URI. Normalising decodes those that need no encoding.
const NOT_IN_FILE_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// The error for a text that is not an absolute URI, or is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAbsolute;

/// An LSP `WorkspaceFolder`, as its normalised URI of at most [`limits::URI`] bytes. It has neither `Debug` nor
/// `Display`, so that it cannot slip into a log.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkspaceFolder(Box<str>);

impl WorkspaceFolder {
    /// Normalises a URI in any spelling. Printable characters that a URI may not contain, and a `%` that encodes
    /// nothing, count as encoded. The normal form normalises to itself.
    ///
    /// # Errors
    /// [`NotAbsolute`] for a text that is not an absolute URI, or is too long.
    pub fn parse(text: &str) -> Result<Self, NotAbsolute> {
        if text.len() > limits::URI || text.chars().any(char::is_control) {
            return Err(NotAbsolute);
        }
        let encoded = encode_stray(text);
        let normal = match Uri::parse(encoded.as_str()) {
            Ok(uri) => normalise(&uri, None)?,
            Err(_) => with_opaque_authority(&encoded)?,
        };
        if normal.len() > limits::URI { Err(NotAbsolute) } else { Ok(Self(normal.into())) }
    }

    /// The folder at an absolute path of this machine; `None` for any other path, and for one that is too long.
    pub fn from_path(path: &Path) -> Option<Self> {
        if !path.is_absolute() {
            return None;
        }
        #[cfg(unix)]
        let uri = unix_uri(std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()));
        #[cfg(not(unix))]
        let uri = windows_uri(path.to_str()?);
        Self::parse(&uri).ok()
    }

    /// The normalised URI.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the same URI means another folder on another machine: it has no authority, which would name the machine.
    pub(super) fn is_of_one_machine(&self) -> bool {
        let rest = self.as_str().split_once(':').map_or("", |(_, rest)| rest);
        rest.strip_prefix("//").is_none_or(|authority| authority.is_empty() || authority.starts_with('/'))
    }
}

/// Splits a text into scheme, authority and the rest, if it has all three.
fn split_at_authority(text: &str) -> Option<(&str, &str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let rest = rest.strip_prefix("//")?;
    let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    Some((scheme, authority, rest))
}

/// Encodes everything that a strict parser would refuse, except for the form of the authority.
fn encode_stray(text: &str) -> String {
    let rest = split_at_authority(text).map_or(text, |(_, _, rest)| rest);
    let head = &text[..text.len() - rest.len()];
    let (tail, fragment) =
        rest.split_once('#').map_or((rest, None), |(tail, fragment)| (tail, Some(fragment)));
    let mut encoded = String::with_capacity(text.len());
    push_encoded(&mut encoded, head, STRAY);
    push_encoded(&mut encoded, tail, STRAY_AFTER_AUTHORITY);
    if let Some(fragment) = fragment {
        encoded.push('#');
        push_encoded(&mut encoded, fragment, STRAY_IN_FRAGMENT);
    }
    encoded
}

/// Appends the text with these characters encoded, and also each `%` without two hexadecimal digits after it.
fn push_encoded(out: &mut String, text: &str, stray: &'static AsciiSet) {
    let mut pieces = text.split('%');
    out.extend(pieces.next().map(|piece| utf8_percent_encode(piece, stray)).into_iter().flatten());
    for piece in pieces {
        let encodes =
            matches!(piece.as_bytes(), [a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit());
        out.push_str(if encodes { "%" } else { "%25" });
        out.extend(utf8_percent_encode(piece, stray));
    }
}

/// The normal form of a URI that RFC 3986 refuses only because of its authority.
fn with_opaque_authority(encoded: &str) -> Result<String, NotAbsolute> {
    let (scheme, authority, rest) = split_at_authority(encoded).ok_or(NotAbsolute)?;
    let mut opaque = String::with_capacity(authority.len());
    push_decoded(&mut opaque, authority, is_in_host);
    // Some are refused only because of their encoding: `%32` is not a valid port, and `2` is.
    let decoded = format!("{scheme}://{opaque}{rest}");
    if let Ok(uri) = Uri::parse(decoded.as_str()) {
        return normalise(&uri, None);
    }
    let without = format!("{scheme}://{rest}");
    normalise(&Uri::parse(without.as_str()).map_err(|_| NotAbsolute)?, Some(opaque))
}

/// Normalises a URI. `opaque` is the authority if the URI was parsed without it.
fn normalise(uri: &Uri<&str>, opaque: Option<String>) -> Result<String, NotAbsolute> {
    let mut normal = uri.scheme().as_str().to_ascii_lowercase();
    // `C:\src` and `C:/src` are paths of Windows. As URIs they would be folders that no editor names.
    if normal.len() == 1 {
        return Err(NotAbsolute);
    }
    let is_file = normal == "file";
    let authority = match opaque.or_else(|| uri.authority().map(|authority| normal_authority(&authority))) {
        Some(name) if is_file && name == "localhost" => Some(String::new()),
        None if is_file && uri.path().as_str().starts_with('/') => Some(String::new()),
        authority => authority,
    };
    let mut path = normal_path(uri.path().as_str(), authority.is_some());
    if is_file && has_drive(&path) {
        path[1..2].make_ascii_lowercase();
    }

    normal.push(':');
    if let Some(authority) = authority {
        normal.push_str("//");
        normal.push_str(&authority);
    }
    normal.push_str(&path);
    // The scheme decides what a reserved character means here, so each stays encoded or not, as it was.
    for (mark, part) in [
        ('?', uri.query().map(fluent_uri::pct_enc::EStr::as_str)),
        ('#', uri.fragment().map(fluent_uri::pct_enc::EStr::as_str)),
    ] {
        if let Some(part) = part {
            normal.push(mark);
            push_decoded(&mut normal, part, is_unreserved);
        }
    }
    Ok(normal)
}

fn normal_authority(authority: &Authority<'_>) -> String {
    let mut normal = String::with_capacity(authority.as_str().len());
    if let Some(user) = authority.userinfo() {
        // A colon separates name and password; an encoded colon does not.
        push_decoded(&mut normal, user.as_str(), is_in_host);
        normal.push('@');
    }
    if authority.host().starts_with('[') {
        normal.push_str(&authority.host().to_ascii_lowercase());
    } else {
        let mut host: Vec<u8> = percent_decode_str(authority.host()).collect();
        host.make_ascii_lowercase();
        normal.extend(percent_encode(&host, NOT_IN_HOST));
    }
    if let Some(port) = authority.port().filter(|port| !port.as_str().is_empty()) {
        normal.push(':');
        normal.push_str(port.as_str());
    }
    normal
}

/// The path with each segment encoded as far as necessary, without slashes at the end. The root keeps its slash, and
/// after an authority there is always a root.
fn normal_path(path: &str, after_authority: bool) -> String {
    let kept = path.trim_end_matches('/');
    if kept.is_empty() {
        return if after_authority || !path.is_empty() { "/".to_owned() } else { String::new() };
    }
    let mut normal = String::with_capacity(kept.len());
    for (at, segment) in kept.split('/').enumerate() {
        if at > 0 {
            normal.push('/');
        }
        let bytes: Vec<u8> = percent_decode_str(segment).collect();
        normal.extend(percent_encode(&bytes, NOT_IN_SEGMENT));
    }
    normal
}

/// Whether the path begins with a drive letter of Windows.
fn has_drive(path: &str) -> bool {
    match path.as_bytes() {
        [b'/', letter, b':', rest @ ..] => letter.is_ascii_alphabetic() && matches!(rest, [] | [b'/', ..]),
        _ => false,
    }
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// Whether a host may contain the byte unencoded.
fn is_in_host(byte: u8) -> bool {
    is_unreserved(byte) || b"!$&'()*+,;=".contains(&byte)
}

/// Appends a valid part of a URI: decodes the encoded bytes that may be decoded, and writes all others in capitals.
fn push_decoded(out: &mut String, part: &str, may_be_decoded: impl Fn(u8) -> bool) {
    let mut pieces = part.split('%');
    out.extend(pieces.next());
    for piece in pieces {
        // The strict parser has checked that two digits follow each `%`.
        let (digits, rest) = piece.split_at_checked(2).unwrap_or((piece, ""));
        match u8::from_str_radix(digits, 16) {
            Ok(byte) if may_be_decoded(byte) => out.push(char::from(byte)),
            _ => {
                out.push('%');
                out.push_str(&digits.to_ascii_uppercase());
            }
        }
        out.push_str(rest);
    }
}

#[cfg(unix)]
fn unix_uri(path: &[u8]) -> String {
    format!("file://{}", percent_encode(path, NOT_IN_FILE_PATH))
}

/// The URI of an absolute path of Windows, with a drive or a share, and in its verbatim form as well.
#[cfg(any(not(unix), test))]
fn windows_uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    let path = match path.strip_prefix("//?/") {
        Some(verbatim) => {
            verbatim.strip_prefix("UNC/").map_or(verbatim.to_owned(), |share| format!("//{share}"))
        }
        None => path,
    };
    let lead = if path.starts_with('/') { "file:" } else { "file:///" };
    format!("{lead}{}", utf8_percent_encode(&path, NOT_IN_FILE_PATH))
}
