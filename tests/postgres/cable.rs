//! The cable between a machine and the server: a proxy on loopback that can be cut, and joined again.

use std::io::copy;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A cable to the server at one port.
pub(crate) struct Cable {
    pub(crate) port: u16,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    is_cut: bool,
    /// Both ends of each connection through it.
    open: Vec<TcpStream>,
}

impl Cable {
    pub(crate) fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let mut state = shared.lock().unwrap();
                // Dropped at once while the cable is cut.
                let client = client.unwrap();
                if !state.is_cut {
                    let server = TcpStream::connect(("127.0.0.1", server)).unwrap();
                    state.open.extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
                    carry(&client, &server);
                    carry(&server, &client);
                }
            }
        });
        Self { port, state }
    }

    pub(crate) fn cut(&self) {
        let mut state = self.state.lock().unwrap();
        state.is_cut = true;
        for end in state.open.drain(..) {
            // The connection may have ended.
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    pub(crate) fn join(&self) {
        self.state.lock().unwrap().is_cut = false;
    }
}

fn carry(from: &TcpStream, to: &TcpStream) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    thread::spawn(move || {
        let _ = copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
}
