//! The address of a server, as a user writes it: `postgres://user@host:port/database?sslrootcert=/path`.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use fluent_uri::Uri;
use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

/// PostgreSQL's port.
const PORT: u16 = 5432;

/// The address of a PostgreSQL server. Its text never holds a password.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerUrl {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: String,
    pub(super) database: String,
    /// The certificates to trust instead of the system's.
    pub(super) root_certificates: Option<PathBuf>,
    /// Whether TLS is required even on this machine.
    pub(super) always_tls: bool,
    /// A password that was given apart from the address.
    pub(super) password: Option<Password>,
}

/// The password of a login. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(pub(super) Zeroizing<Vec<u8>>);

impl fmt::Debug for Password {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Password")
    }
}

impl From<Vec<u8>> for Password {
    fn from(password: Vec<u8>) -> Self {
        Self(Zeroizing::new(password))
    }
}

/// Why a text is no address of a server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BadUrl {
    /// It is no URL with the scheme `postgres` or `postgresql`, a user, a host and a database.
    Form,
    /// It has a password. Other users of the machine can read a command line.
    Password,
    /// It has an option other than `sslrootcert=PATH` and `sslmode=verify-full`.
    Option,
}

impl ServerUrl {
    /// Reads an address.
    ///
    /// # Errors
    /// If it has another form, or a password.
    pub fn parse(text: &str) -> Result<Self, BadUrl> {
        let url = Uri::parse(text).map_err(|_| BadUrl::Form)?;
        if !matches!(url.scheme().as_str(), "postgres" | "postgresql") || url.fragment().is_some() {
            return Err(BadUrl::Form);
        }
        let authority = url.authority().ok_or(BadUrl::Form)?;
        let user = authority.userinfo().ok_or(BadUrl::Form)?.as_str();
        if user.contains(':') {
            return Err(BadUrl::Password);
        }
        let host = authority.host();
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let port = authority.port_to_u16().map_err(|_| BadUrl::Form)?;
        let database = url.path().as_str().strip_prefix('/').unwrap_or_default();
        let mut parsed = Self {
            host: decoded(host)?,
            port: port.unwrap_or(PORT),
            user: decoded(user)?,
            database: decoded(database)?,
            root_certificates: None,
            always_tls: false,
            password: None,
        };
        for option in url.query().map(|query| query.as_str().split('&')).into_iter().flatten() {
            match option.split_once('=') {
                Some(("sslrootcert", path)) => parsed.root_certificates = Some(decoded(path)?.into()),
                Some(("sslmode", "verify-full")) => parsed.always_tls = true,
                Some(("password", _)) => return Err(BadUrl::Password),
                _ => return Err(BadUrl::Option),
            }
        }
        Ok(parsed)
    }

    /// The same address, with the password to log in with. Without one the password comes from where PostgreSQL's own
    /// programs look.
    #[must_use]
    pub fn with_password(mut self, password: Password) -> Self {
        self.password = Some(password);
        self
    }

    /// Whether the name means this machine, so that no network is between. The name `localhost` counts only if it is
    /// resolved to such an address.
    pub(super) fn is_on_this_machine(&self, address: IpAddr) -> bool {
        let is_named_so = self.host.eq_ignore_ascii_case("localhost") || self.host.parse::<IpAddr>().is_ok();
        is_named_so && address.is_loopback()
    }
}

/// A part of the URL. It can't be empty, and has no character that ends a text in PostgreSQL's protocol.
fn decoded(part: &str) -> Result<String, BadUrl> {
    let part = percent_decode_str(part).decode_utf8().map_err(|_| BadUrl::Form)?;
    if part.is_empty() || part.contains('\0') { Err(BadUrl::Form) } else { Ok(part.into_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_a_user_a_host_and_a_database() {
        let url =
            ServerUrl::parse("postgres://me@db.example:6543/my%20vault?sslrootcert=/etc/ca.pem").unwrap();
        assert_eq!((url.host.as_str(), url.port), ("db.example", 6543));
        assert_eq!((url.user.as_str(), url.database.as_str()), ("me", "my vault"));
        assert_eq!(url.root_certificates, Some("/etc/ca.pem".into()));
        assert!(!url.always_tls);
        let url = ServerUrl::parse("postgresql://me@[::1]/db?sslmode=verify-full").unwrap();
        assert_eq!((url.host.as_str(), url.port, url.always_tls), ("::1", PORT, true));
    }

    #[track_caller]
    fn check(text: &str, expected: BadUrl) {
        assert_eq!(ServerUrl::parse(text), Err(expected), "{text}");
    }

    #[test]
    fn a_url_with_a_password_or_an_option_that_weakens_it_is_refused() {
        for text in ["postgres://me:secret@h/db", "postgres://me:@h/db", "postgres://me@h/db?password=secret"]
        {
            check(text, BadUrl::Password);
        }
        for text in ["postgres://me@h/db?sslmode=disable", "postgres://me@h/db?options=-c"] {
            check(text, BadUrl::Option);
        }
        for text in [
            "",
            "db",
            "mysql://me@h/db",
            "postgres:///db",
            "postgres://h/db",
            "postgres://me@h",
            "postgres://@h/db",
        ] {
            check(text, BadUrl::Form);
        }
        check("postgres://me@h/db%00x", BadUrl::Form);
    }

    #[test]
    fn only_an_address_of_this_machine_needs_no_tls() {
        let check = |host: &str, address: &str, expected| {
            let url = ServerUrl::parse(&format!("postgres://me@{host}/db")).unwrap();
            assert_eq!(url.is_on_this_machine(address.parse().unwrap()), expected, "{host} {address}");
        };
        check("localhost", "127.0.0.1", true);
        check("127.0.0.1", "127.0.0.1", true);
        check("[::1]", "::1", true);
        check("localhost", "10.0.0.1", false);
        check("10.0.0.1", "10.0.0.1", false);
        // An attacker who answers for a name could lead the login to a process on this machine.
        check("db.example", "127.0.0.1", false);
    }
}
