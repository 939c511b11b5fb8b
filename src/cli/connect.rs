//! `plugin-vault --connect SOCKET`: carries the protocol between stdin and stdout and a relay's socket. Opens no store, and
//! keeps nothing of what it carries.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::json;
use crate::process::{Carried, NoSocket, carry, connect_local};

use super::failed::Failed;
use super::folders;

/// The variable that names the socket.
pub(super) const VARIABLE: &str = "PLUGIN_VAULT_CONNECT";

/// The socket of the environment.
pub(super) fn of_environment() -> Result<Option<PathBuf>, super::Wrong> {
    let Some(path) = std::env::var_os(VARIABLE).filter(|path| !path.is_empty()) else { return Ok(None) };
    let path = PathBuf::from(path);
    if path.is_absolute() {
        return Ok(Some(path));
    }
    Err(super::Wrong(format!(
        "{VARIABLE} is not an absolute path; write the absolute path of the relay's socket"
    )))
}

/// The socket of the flag.
pub(super) fn of_flag(path: &Path) -> Result<PathBuf, super::Wrong> {
    folders::named(path, "--connect")
}

/// Carries one connection. The line for stderr and the exit code, if it has failed.
///
/// # Errors
/// The line, and the exit code.
pub fn run(socket: &Path) -> Result<(), (String, u8)> {
    let failed = |why: String| (Failed::new(why).line(false), 1);
    let stream = connect_local(socket).map_err(|why| failed(about_socket(&why)))?;
    match carry(stream) {
        Ok(Carried { client_ended: true, .. }) => Ok(()),
        Ok(Carried { tail, .. }) if is_exit(&tail) => Ok(()),
        Ok(_) => Err(failed(
            "the relay has closed the connection, because it has ended or has too many connections; see \
             plugin-vault status on its machine, and connect again"
                .into(),
        )),
        Err(error) => Err(failed(format!("the connection to the relay failed: {error}; connect again"))),
    }
}

/// Whether the last message in these bytes is the client's `exit`.
fn is_exit(tail: &[u8]) -> bool {
    let body = if let Some(at) = tail.windows(4).rposition(|window| window == b"\r\n\r\n") {
        &tail[at + 4..]
    } else {
        let text = tail.trim_ascii_end();
        let start = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        &text[start..]
    };
    let members = json::parse(body).and_then(json::members);
    members.is_some_and(|members| {
        members.iter().any(|member| {
            member.is("method") && json::string(member.value).is_some_and(|method| method == "exit")
        })
    })
}

/// Why a socket can't be used, and what to do.
pub(super) fn about_socket(why: &NoSocket) -> String {
    match why {
        NoSocket::Folder => {
            "the folder of the socket is open to other users, or belongs to another user; make one with \
                             mkdir -m 700, and put the socket there"
                .into()
        }
        NoSocket::Taken => "the path is not a socket of this user; name the socket of a relay".into(),
        NoSocket::Peer => {
            "another user listens at the socket, so nothing was sent; name the socket of a relay of \
                           your own"
                .into()
        }
        NoSocket::Unsupported => {
            "relays do not exist on Windows yet, because they need Unix sockets; use a store on \
                                  this machine"
                .into()
        }
        NoSocket::Io(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
            "no relay listens at the socket; start plugin-vault relay on the machine that has the store, and see that the \
             folder of the socket is mounted or forwarded here"
                .into()
        }
        NoSocket::Io(error) => format!("the socket can't be used: {error}; see whether a relay runs there"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_last_message_exit_is_the_clients_end() {
        #[track_caller]
        fn check(tail: &str, expected: bool) {
            assert_eq!(is_exit(tail.as_bytes()), expected, "{tail}");
        }
        check("Content-Length: 33\r\n\r\n{\"jsonrpc\":\"2.0\",\"method\":\"exit\"}", true);
        check("{\"method\":\"shutdown\",\"id\":1}\n{\"method\":\"exit\"}\n", true);
        check("{\"method\":\"exit\"}\r\n", true);
        check("{\"method\":\"exit\"}\n{\"method\":\"shutdown\",\"id\":1}\n", false);
        check(
            "{\"id\":1,\"method\":\"setPersistentData\",\"params\":[\"user\",{\"method\":\"exit\"}]}\n",
            false,
        );
        check("", false);
    }
}
