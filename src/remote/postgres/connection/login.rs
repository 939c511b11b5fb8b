//! The login: the start of a connection until the server waits for a statement.

use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::backend::{AuthenticationSaslBody, Message};
use postgres_protocol::message::frontend;

use fallible_iterator::FallibleIterator;

use crate::remote::{Deadline, Refused, RemoteError};

use super::super::{ServerUrl, message, password};
use super::Connection;

/// Logs in on a connection that has just been made.
pub(super) fn log_in(
    connection: &mut Connection,
    url: &ServerUrl,
    deadline: &Deadline,
) -> Result<(), RemoteError> {
    let start = [
        ("user", url.user.as_str()),
        ("database", &url.database),
        ("client_encoding", "UTF8"),
        ("application_name", "plugin-vault"),
    ];
    connection.write(|out| frontend::startup_message(start, out), deadline)?;
    loop {
        match connection.next(deadline)? {
            Message::AuthenticationSasl(body) => scram(connection, url, &body, deadline)?,
            Message::AuthenticationMd5Password(body) => {
                let password = given(url)?;
                let hash = md5_hash(url.user.as_bytes(), &password, body.salt());
                connection.write(|out| frontend::password_message(hash.as_bytes(), out), deadline)?;
            }
            // Only the server sees the password.
            Message::AuthenticationCleartextPassword if connection.is_tls() => {
                let password = given(url)?;
                connection.write(|out| frontend::password_message(&password, out), deadline)?;
            }
            Message::ErrorResponse(body) => return Err(message::not_connected(&body)),
            Message::ReadyForQuery(_) => return Ok(()),
            Message::AuthenticationOk
            | Message::BackendKeyData(_)
            | Message::NoticeResponse(_)
            | Message::ParameterStatus(_) => {}
            _ => {
                tracing::warn!("the server asks for a kind of login that plugin-vault does not know");
                return Err(RemoteError::Refused(Refused::Login));
            }
        }
    }
}

fn given(url: &ServerUrl) -> Result<zeroize::Zeroizing<Vec<u8>>, RemoteError> {
    password::find(url).ok_or(RemoteError::Refused(Refused::NoPassword))
}

/// SCRAM: neither side shows the password, and each proves that it knows it.
fn scram(
    connection: &mut Connection,
    url: &ServerUrl,
    offered: &AuthenticationSaslBody,
    deadline: &Deadline,
) -> Result<(), RemoteError> {
    let refused = RemoteError::Refused(Refused::Login);
    let mut mechanisms = offered.mechanisms();
    let mut is_offered = false;
    while let Ok(Some(mechanism)) = mechanisms.next() {
        is_offered |= mechanism == SCRAM_SHA_256;
    }
    if !is_offered {
        return Err(refused);
    }
    let mut scram = ScramSha256::new(&given(url)?, ChannelBinding::unsupported());
    connection.write(|out| frontend::sasl_initial_response(SCRAM_SHA_256, scram.message(), out), deadline)?;
    match connection.next(deadline)? {
        Message::AuthenticationSaslContinue(body) => scram.update(body.data()).map_err(|_| refused)?,
        Message::ErrorResponse(body) => return Err(message::not_connected(&body)),
        _ => return Err(refused),
    }
    connection.write(|out| frontend::sasl_response(scram.message(), out), deadline)?;
    match connection.next(deadline)? {
        // A server that does not know the password can't make this.
        Message::AuthenticationSaslFinal(body) => scram.finish(body.data()).map_err(|_| refused),
        Message::ErrorResponse(body) => Err(message::not_connected(&body)),
        _ => Err(refused),
    }
}
