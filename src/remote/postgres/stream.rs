//! The bytes to and from a server: TCP, and TLS with a verified name unless the server is on this machine.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::{Arc, mpsc};

use bytes::BytesMut;
use postgres_protocol::message::frontend;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::remote::{Deadline, Refused, RemoteError};

use super::ServerUrl;

/// The bytes to and from a server.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    /// Connects to the first address of the host that answers.
    pub(super) fn open(url: &ServerUrl, deadline: &Deadline) -> Result<Self, RemoteError> {
        for address in resolved(url, deadline)? {
            let Some(most) = deadline.step() else { break };
            let Ok(tcp) = TcpStream::connect_timeout(&address, most) else { continue };
            // A call is one small message, and its answer another.
            let _ = tcp.set_nodelay(true);
            if !url.always_tls && url.is_on_this_machine(address.ip()) {
                return Ok(Self::Plain(tcp));
            }
            return secured(tcp, url, deadline);
        }
        Err(RemoteError::Unreachable)
    }

    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(tls) => tls.get_ref(),
        }
    }

    /// Bounds the next read or write.
    fn bound(&self, deadline: &Deadline) -> io::Result<()> {
        let most = deadline.step().ok_or(io::ErrorKind::TimedOut)?;
        self.tcp().set_read_timeout(Some(most))?;
        self.tcp().set_write_timeout(Some(most))
    }

    /// Sends all bytes.
    pub(super) fn send(&mut self, mut bytes: &[u8], deadline: &Deadline) -> io::Result<()> {
        while !bytes.is_empty() {
            self.bound(deadline)?;
            let sent = match self {
                Self::Plain(tcp) => tcp.write(bytes),
                Self::Tls(tls) => tls.write(bytes),
            };
            match sent {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(sent) => bytes = &bytes[sent..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.bound(deadline)?;
        if let Self::Tls(tls) = self { tls.flush() } else { Ok(()) }
    }

    /// Appends the bytes that have arrived, and waits for some if there are none.
    pub(super) fn receive(&mut self, input: &mut BytesMut, deadline: &Deadline) -> io::Result<()> {
        let mut bytes = [0; 16 * 1024];
        loop {
            self.bound(deadline)?;
            let received = match self {
                Self::Plain(tcp) => tcp.read(&mut bytes),
                Self::Tls(tls) => tls.read(&mut bytes),
            };
            match received {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(received) => {
                    input.extend_from_slice(&bytes[..received]);
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether the other side may still be there, and has said nothing unasked. A server says nothing to a connection that
    /// rests, but when it ends.
    pub(super) fn rests(&self) -> bool {
        let tcp = self.tcp();
        let peeked = tcp.set_nonblocking(true).and_then(|()| tcp.peek(&mut [0]));
        let is_silent = peeked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock);
        is_silent && tcp.set_nonblocking(false).is_ok()
    }

    /// Whether the bytes are protected on their way.
    pub(super) fn is_tls(&self) -> bool {
        matches!(self, Self::Tls(_))
    }
}

/// The addresses of the host. A thread asks for them, because the system's call has no deadline.
fn resolved(url: &ServerUrl, deadline: &Deadline) -> Result<Vec<SocketAddr>, RemoteError> {
    let (found, addresses) = mpsc::channel();
    let (host, port) = (url.host.clone(), url.port);
    let resolve = move || {
        let addresses = (host.as_str(), port).to_socket_addrs();
        // The receiver is gone if the deadline has passed.
        let _ = found.send(addresses.map(Iterator::collect).unwrap_or_default());
    };
    let started = std::thread::Builder::new().name("resolver".into()).spawn(resolve);
    let most = deadline.step().filter(|_| started.is_ok()).ok_or(RemoteError::Unreachable)?;
    addresses.recv_timeout(most).map_err(|_| RemoteError::Unreachable)
}

/// Asks the server for TLS, and checks its certificate.
fn secured(tcp: TcpStream, url: &ServerUrl, deadline: &Deadline) -> Result<Stream, RemoteError> {
    let unreachable = |_| RemoteError::Unreachable;
    let mut plain = Stream::Plain(tcp);
    let mut request = BytesMut::new();
    frontend::ssl_request(&mut request);
    plain.send(&request, deadline).map_err(unreachable)?;
    // The answer is one byte. An attacker between could have added more.
    let mut answer = BytesMut::new();
    plain.receive(&mut answer, deadline).map_err(unreachable)?;
    if *answer != *b"S" {
        return Err(RemoteError::Refused(Refused::NoTls));
    }
    let Stream::Plain(tcp) = plain else { return Err(RemoteError::Failed) };
    let refused = RemoteError::Refused(Refused::Certificate);
    let name = ServerName::try_from(url.host.clone()).map_err(|_| refused)?;
    let session = ClientConnection::new(config(url)?, name).map_err(|_| refused)?;
    let mut tls = Stream::Tls(Box::new(StreamOwned::new(session, tcp)));
    handshake(&mut tls, deadline)?;
    Ok(tls)
}

fn handshake(stream: &mut Stream, deadline: &Deadline) -> Result<(), RemoteError> {
    let Stream::Tls(tls) = stream else { return Err(RemoteError::Failed) };
    while tls.conn.is_handshaking() {
        let most = deadline.step().ok_or(RemoteError::Unreachable)?;
        let bounded =
            tls.sock.set_read_timeout(Some(most)).and_then(|()| tls.sock.set_write_timeout(Some(most)));
        match bounded.and_then(|()| tls.conn.complete_io(&mut tls.sock)) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                tracing::warn!("the server's TLS was refused: {error}");
                return Err(RemoteError::Refused(Refused::Certificate));
            }
            Err(_) => return Err(RemoteError::Unreachable),
        }
    }
    Ok(())
}

/// Trusts the system's certificates, or those of the file that the URL names.
fn config(url: &ServerUrl) -> Result<Arc<ClientConfig>, RemoteError> {
    let refused = RemoteError::Refused(Refused::Certificate);
    let mut roots = RootCertStore::empty();
    let certificates = match &url.root_certificates {
        Some(path) => {
            let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
            read.map_err(|error| {
                tracing::warn!("the certificates in '{}' can't be read: {error}", path.display());
                refused
            })?
        }
        None => rustls_native_certs::load_native_certs().certs,
    };
    // The system may have certificates that this library does not read.
    roots.add_parsable_certificates(certificates);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = versions.map_err(|_| refused)?.with_root_certificates(roots).with_no_client_auth();
    Ok(Arc::new(config))
}
