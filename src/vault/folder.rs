//! Workspace folders: one name for a folder, however an editor spells its URI.
//!
//! Names are compared byte for byte afterwards, so two spellings of one folder must come out the same here, and two
//! folders never. Nothing here looks at the disk (symbolic links, `..` and doubled slashes stay as they are), and a
//! folder is its caller's data: it must not get into a log line or an error. Pure functions; any thread may call them.
//!
//! Editors also open folders whose authority RFC 3986 does not know: `isfs://srv:USER/`, `ssh-remote+[::1]:2222`. A
//! text that any reader would take for a URI is a folder here too. Such an authority stays opaque: its percent-encoding
//! is made canonical and everything else, the case too, stays as it is.

use std::path::Path;

use fluent_uri::Uri;
use fluent_uri::component::Authority;
use percent_encoding::{
    AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, percent_encode, utf8_percent_encode,
};

use crate::limits;

#[cfg(test)]
mod tests;

/// Printable characters that stand nowhere in a URI, but that people and simple clients put there.
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
/// The same after the authority, where a bracket has no business either.
const STRAY_AFTER_AUTHORITY: &AsciiSet = &STRAY.add(b'[').add(b']');
/// The same in a fragment, which has no second `#`.
const STRAY_IN_FRAGMENT: &AsciiSet = &STRAY_AFTER_AUTHORITY.add(b'#');

/// All but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// What has to be encoded in a host: all but unreserved characters and sub-delimiters.
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
/// What has to be encoded between two slashes of a path.
const NOT_IN_SEGMENT: &AsciiSet = &NOT_IN_HOST.remove(b':').remove(b'@');
/// What is encoded on the way from a path to a URI; normalising takes back what need not be.
const NOT_IN_FILE_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// The text is not an absolute URI, or is too long for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAbsolute;

/// An LSP `WorkspaceFolder`, known by its normalised URI, which has at most [`limits::URI`] bytes. It has neither
/// `Debug` nor `Display`, so that it cannot slip into a log.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkspaceFolder(Box<str>);

impl WorkspaceFolder {
    /// Reads a URI in any of its spellings. Printable characters that a URI may not hold, and a `%` that encodes nothing,
    /// are taken as if encoded. The normal form reads as itself.
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
}

/// Scheme, authority and the rest, of a text that has all three.
fn split_at_authority(text: &str) -> Option<(&str, &str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let rest = rest.strip_prefix("//")?;
    let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    Some((scheme, authority, rest))
}

/// The same text with all that a strict reader would stumble over encoded, except for the form of the authority.
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

/// Appends the text with these characters encoded, and `%` where no two hexadecimal digits follow.
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

/// The normal form of a URI that RFC 3986 refuses for its authority alone.
fn with_opaque_authority(encoded: &str) -> Result<String, NotAbsolute> {
    let (scheme, authority, rest) = split_at_authority(encoded).ok_or(NotAbsolute)?;
    let mut opaque = String::with_capacity(authority.len());
    push_decoded(&mut opaque, authority, is_in_host);
    // Some are refused for what they encode: `%32` is a wrong port, and `2` is a right one.
    let decoded = format!("{scheme}://{opaque}{rest}");
    if let Ok(uri) = Uri::parse(decoded.as_str()) {
        return normalise(&uri, None);
    }
    let without = format!("{scheme}://{rest}");
    normalise(&Uri::parse(without.as_str()).map_err(|_| NotAbsolute)?, Some(opaque))
}

/// `opaque` is the authority, where the URI was read without it.
fn normalise(uri: &Uri<&str>, opaque: Option<String>) -> Result<String, NotAbsolute> {
    let mut normal = uri.scheme().as_str().to_ascii_lowercase();
    // `C:\src` and `C:/src` are paths of Windows; as URIs they would be folders that no editor ever names.
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
    // What a reserved character means here is the scheme's affair, so each stays as encoded as it was.
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
        // A colon parts name and password; an encoded one does not.
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

/// The path with each segment encoded as far as it has to be, without slashes at the end; but the root keeps its one,
/// and after an authority there always is a root.
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

/// Whether the path begins with a drive of Windows.
fn has_drive(path: &str) -> bool {
    match path.as_bytes() {
        [b'/', letter, b':', rest @ ..] => letter.is_ascii_alphabetic() && matches!(rest, [] | [b'/', ..]),
        _ => false,
    }
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// Whether the byte stands unencoded in a host, where it delimits nothing.
fn is_in_host(byte: u8) -> bool {
    is_unreserved(byte) || b"!$&'()*+,;=".contains(&byte)
}

/// Appends a valid part of a URI, with the encoded bytes that may be decoded as they are, and all others in capitals.
fn push_decoded(out: &mut String, part: &str, may_be_decoded: impl Fn(u8) -> bool) {
    let mut pieces = part.split('%');
    out.extend(pieces.next());
    for piece in pieces {
        // The strict reader has seen two digits after each `%`.
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
