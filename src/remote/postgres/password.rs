//! The login's password, from where PostgreSQL's own programs look: the variable `PGPASSWORD`, then the file that
//! `PGPASSFILE` names, or `.pgpass` in the home folder.

use std::env;
use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::files;

use super::ServerUrl;

/// The longest file of passwords.
const LONGEST: usize = 1 << 20;

/// The password for a server; `None` if there is none.
pub(super) fn find(url: &ServerUrl) -> Option<Zeroizing<Vec<u8>>> {
    if let Some(password) = &url.password {
        return Some(password.0.clone());
    }
    if let Some(password) = env::var_os("PGPASSWORD") {
        return Some(Zeroizing::new(password.into_encoded_bytes()));
    }
    let path = match env::var_os("PGPASSFILE") {
        Some(path) => PathBuf::from(path),
        None => dirs::home_dir()?.join(".pgpass"),
    };
    // PostgreSQL's own programs ignore a file that others can read, too.
    let (text, found) = files::read_reached(&path, LONGEST).ok()?;
    let text = Zeroizing::new(text);
    if found.mode & 0o077 != 0 {
        let path = path.display();
        tracing::warn!(
            "other users may use the file of passwords '{path}', so it is not read; run: chmod 600 '{path}'"
        );
        return None;
    }
    text.split(|byte| *byte == b'\n').find_map(|line| password_for(url, line))
}

/// The password in a line `host:port:database:user:password`, if the line is for this server. A field `*` is for any.
fn password_for(url: &ServerUrl, line: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    if line.starts_with(b"#") {
        return None;
    }
    let port = url.port.to_string();
    let mut rest = line.strip_suffix(b"\r").unwrap_or(line);
    for wanted in [&url.host, &port, &url.database, &url.user] {
        let (field, behind) = field(rest);
        if field.as_slice() != b"*" && field.as_slice() != wanted.as_bytes() {
            return None;
        }
        rest = behind?;
    }
    Some(field(rest).0)
}

/// The first field of a line, and what is behind its colon. A backslash takes the next byte as it is.
fn field(line: &[u8]) -> (Zeroizing<Vec<u8>>, Option<&[u8]>) {
    let mut field = Zeroizing::new(Vec::with_capacity(line.len()));
    let mut bytes = line.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b':' => return (field, Some(&line[at + 1..])),
            b'\\' => field.push(bytes.next().map_or(b'\\', |(_, next)| *next)),
            byte => field.push(*byte),
        }
    }
    (field, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Option<&str>) {
        let url = ServerUrl::parse("postgres://me@db.example:5433/vault").unwrap();
        let found = password_for(&url, line.as_bytes());
        assert_eq!(found.as_ref().map(|found| found.as_slice()), expected.map(str::as_bytes), "{line}");
    }

    #[test]
    fn a_line_is_for_the_server_that_its_fields_name() {
        check("db.example:5433:vault:me:secret", Some("secret"));
        check("*:*:*:*:secret\r", Some("secret"));
        check(r"db.example:5433:vault:me:se\:cr\\et", Some(r"se:cr\et"));
        check("other:5433:vault:me:secret", None);
        check("db.example:5432:vault:me:secret", None);
        check("db.example:5433:vault:me", None);
        check("#*:*:*:*:secret", None);
        check("", None);
    }
}
