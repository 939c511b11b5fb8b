//! A proxy on loopback that loses what passes through it.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::server::server;

/// What happens to the connections that are made through the proxy.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loses {
    /// Nothing is lost any more.
    Nothing,
    /// The connection ends before the request reaches the server.
    Request,
    /// The server carries the request out, and the connection ends before the answer.
    Answer,
}

/// A proxy before the server. `losses` says what happens to one connection after another; then nothing is lost.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    /// How many connections were made.
    pub(crate) connections: Arc<AtomicUsize>,
}

impl Proxy {
    pub(crate) fn start(losses: &'static [Loses]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = connections.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let number = counter.fetch_add(1, Ordering::SeqCst);
                let fate = losses.get(number).copied().unwrap_or(Loses::Nothing);
                let server = TcpStream::connect(("127.0.0.1", server().port())).unwrap();
                carry(client.unwrap(), server, fate);
            }
        });
        Self { port, connections }
    }
}

/// Carries bytes both ways. The request that counts is the first one with `append` in it: before it is the login.
fn carry(client: TcpStream, server: TcpStream, loses: Loses) {
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let is_lost = Arc::new(AtomicUsize::new(0));
    let lost = is_lost.clone();
    let end = |one: &TcpStream, other: &TcpStream| {
        // The other side may have ended already.
        let _ = (one.shutdown(Shutdown::Both), other.shutdown(Shutdown::Both));
    };
    thread::spawn(move || {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            let is_append = bytes[..length].windows(6).any(|word| word == b"append");
            if is_append && loses == Loses::Request {
                break;
            }
            if is_append && loses == Loses::Answer {
                lost.store(1, Ordering::SeqCst);
            }
            if to.write_all(&bytes[..length]).is_err() {
                break;
            }
        }
        end(&from, &to);
    });
    thread::spawn(move || {
        let (mut from, mut to) = (server, client);
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            if is_lost.load(Ordering::SeqCst) == 1 || to.write_all(&bytes[..length]).is_err() {
                break;
            }
        }
        end(&from, &to);
    });
}
