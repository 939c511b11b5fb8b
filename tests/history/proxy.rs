//! A proxy between one machine and the server that loses, delays and doubles what passes through it, at random.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::rig::Random;

/// The longest answer that is doubled: one that comes in one piece. TCP never doubles a part of what it carries.
const PIECE: usize = 4096;

pub(crate) struct Proxy {
    pub(crate) port: u16,
    state: Arc<State>,
}

struct State {
    server: u16,
    is_calm: AtomicBool,
    random: Mutex<Random>,
    done: AtomicUsize,
}

/// What happens to a piece of a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Passes,
    /// It passes after some time.
    Delayed(Duration),
    /// The connection ends before it passes.
    Lost,
    /// The connection ends, and the piece reaches the server later.
    Late(Duration),
    Doubled,
}

impl Proxy {
    pub(crate) fn start(server: u16, random: Random) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (is_calm, done) = (AtomicBool::new(false), AtomicUsize::new(0));
        let state = Arc::new(State { server, is_calm, random: Mutex::new(random), done });
        let own = state.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, server) =
                    (client.unwrap(), TcpStream::connect(("127.0.0.1", own.server)).unwrap());
                for (from, to, is_request) in [(&client, &server, true), (&server, &client, false)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let state = own.clone();
                    thread::spawn(move || state.carry(from, to, is_request));
                }
            }
        });
        Self { port, state }
    }

    /// Lets everything pass from now on.
    pub(crate) fn calm(&self) {
        self.state.is_calm.store(true, Ordering::SeqCst);
    }

    /// How many pieces did not simply pass.
    pub(crate) fn done(&self) -> usize {
        self.state.done.load(Ordering::SeqCst)
    }
}

impl State {
    fn fate(&self, is_request: bool, length: usize) -> Fate {
        if self.is_calm.load(Ordering::SeqCst) {
            return Fate::Passes;
        }
        let mut random = self.random.lock().unwrap();
        let time = Duration::from_millis(1 + random.below(400) as u64);
        let fate = match random.below(100) {
            0 | 1 => Fate::Delayed(time),
            2 | 3 => Fate::Lost,
            4 if is_request => Fate::Late(time),
            5 if !is_request && length <= PIECE => Fate::Doubled,
            _ => Fate::Passes,
        };
        self.done.fetch_add(usize::from(fate != Fate::Passes), Ordering::SeqCst);
        fate
    }

    fn carry(&self, mut from: TcpStream, mut to: TcpStream, is_request: bool) {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            let piece = &bytes[..length];
            let sent = match self.fate(is_request, length) {
                Fate::Passes => to.write_all(piece),
                Fate::Delayed(time) => {
                    thread::sleep(time);
                    to.write_all(piece)
                }
                Fate::Lost => break,
                Fate::Late(time) => {
                    // The other side may have ended already.
                    let _ = from.shutdown(Shutdown::Both);
                    thread::sleep(time);
                    let _ = to.write_all(piece);
                    thread::sleep(time);
                    break;
                }
                Fate::Doubled => to.write_all(&[piece, piece].concat()),
            };
            if sent.is_err() {
                break;
            }
        }
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    }
}
