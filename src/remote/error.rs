//! Errors of the server, as far as a caller can act on them.

/// The reason why the server did not do what it was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RemoteError {
    /// There is no connection, and nothing was sent. The server has done nothing.
    Unreachable,
    /// The request was sent, and no answer came before the deadline. The server may have done it or may still do it.
    Unanswered,
    /// The server does not let this machine in.
    Refused(Refused),
    /// The store's quota, or the server's disk, is exhausted. Nothing was changed.
    Full,
    /// The server's schema, or the format of the store on it, is newer than this program.
    TooNew,
    /// The schema is not installed in this database.
    NotInstalled,
    /// The server went back: commits that it has confirmed are not there any more.
    WentBack,
    /// The server's answer makes no sense, or it failed for a reason of its own. Nothing is known to have changed.
    Failed,
}

/// Why the server does not let this machine in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// The user, the password or the database: the server says no to the login.
    Login,
    /// The server asks for a password, and none was found.
    NoPassword,
    /// The server offers no TLS, and it is on another machine.
    NoTls,
    /// The server's certificate is not valid for its name.
    Certificate,
    /// The store is not there, or this machine is not, or no longer, admitted to it.
    Machine,
    /// The login role may not call this function.
    Permission,
}
