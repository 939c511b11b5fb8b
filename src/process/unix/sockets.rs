//! Unix sockets of one user: where one may lie, who is at its other end, and bytes carried over one.
//!
//! Both ends refuse a socket that another user could have put there or could reach: it lies in a folder of this user with
//! mode 0700, and the process at the other end runs as this user. Never a TCP socket.

use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::io::Errno;
use zeroize::Zeroizing;

use crate::process::{Carried, NoSocket};

/// The most bytes that one step carries.
const STEP: usize = 64 * 1024;
/// How many of the last bytes that were sent are kept, to see whether they are the client's `exit`.
const TAIL: usize = 512;

/// One end of a connection.
pub type LocalStream = UnixStream;

/// A socket that other processes of this user may connect to. Its file is removed when this is dropped.
pub struct LocalListener {
    socket: UnixListener,
    path: PathBuf,
    file: (u64, u64),
}

/// The socket's absolute path, if its folder is one that only this user can enter.
fn checked_place(path: &Path) -> Result<PathBuf, NoSocket> {
    let path = std::path::absolute(path)?;
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(NoSocket::Io(io::ErrorKind::InvalidInput.into()));
    };
    let folder = folder.canonicalize()?;
    let found = std::fs::symlink_metadata(&folder)?;
    if !found.is_dir() || found.uid() != this_user() || found.mode() & 0o077 != 0 {
        return Err(NoSocket::Folder);
    }
    Ok(folder.join(name))
}

fn this_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The device and inode of a socket of this user that has this path; `None` if nothing has it.
fn socket_at(path: &Path) -> Result<Option<(u64, u64)>, NoSocket> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() && found.uid() == this_user() => {
            Ok(Some((found.dev(), found.ino())))
        }
        Ok(_) => Err(NoSocket::Taken),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether the process at the other end runs as this user. Where the system does not say, the mode of the folder has to
/// be enough.
fn is_ours(stream: &UnixStream) -> io::Result<bool> {
    Ok(super::peer_user(stream)?.is_none_or(|user| user == this_user()))
}

impl LocalListener {
    /// Listens at this path, with mode 0600. Replaces the socket of a process that has ended.
    ///
    /// # Errors
    /// If the folder is open to others, or the path belongs to something else.
    pub fn bind(path: &Path) -> Result<Self, NoSocket> {
        let path = checked_place(path)?;
        if socket_at(&path)?.is_some() {
            match UnixStream::connect(&path) {
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    std::fs::remove_file(&path)?;
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Ok(_) | Err(_) => return Err(NoSocket::Taken),
            }
        }
        let socket = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        let file = socket_at(&path)?.ok_or(NoSocket::Taken)?;
        Ok(Self { socket, path, file })
    }

    /// The absolute path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Waits for the next connection. `None` for one that is not this user's: it is closed.
    ///
    /// # Errors
    /// If the system can't accept one now.
    pub fn accept(&self) -> io::Result<Option<LocalStream>> {
        loop {
            match self.socket.accept() {
                Ok((stream, _)) => return Ok(is_ours(&stream)?.then_some(stream)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The client has gone before it was taken.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl LocalListener {
    /// Removes the socket's file, so that no further process can connect.
    pub fn remove(&self) {
        // Another process may have put its own there meanwhile.
        if socket_at(&self.path).is_ok_and(|found| found == Some(self.file)) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Drop for LocalListener {
    fn drop(&mut self) {
        self.remove();
    }
}

/// A connection as stdin and stdout of a program.
///
/// # Errors
/// If the system has no descriptor for the second of them.
pub fn as_stdio(stream: LocalStream) -> io::Result<(Stdio, Stdio)> {
    Ok((Stdio::from(OwnedFd::from(stream.try_clone()?)), Stdio::from(OwnedFd::from(stream))))
}

/// Connects to a socket of this user.
///
/// # Errors
/// If nothing listens there, or if the socket, its folder or the process that listens is another user's.
pub fn connect_local(path: &Path) -> Result<LocalStream, NoSocket> {
    let path = checked_place(path)?;
    if socket_at(&path)?.is_none() {
        return Err(NoSocket::Io(io::ErrorKind::NotFound.into()));
    }
    let stream = UnixStream::connect(&path)?;
    if is_ours(&stream)? { Ok(stream) } else { Err(NoSocket::Peer) }
}

/// Carries stdin to the socket and the socket to stdout, until the socket ends. Keeps nothing of what it carries.
///
/// # Errors
/// If the system refuses the thread that reads stdin, or stdout can't be written.
pub fn carry(stream: LocalStream) -> io::Result<Carried> {
    let mut from = stream.try_clone()?;
    let sent = Arc::new(Mutex::new(Sent::default()));
    let sending = sent.clone();
    std::thread::Builder::new().name("carrier".into()).spawn(move || send(stream, &sending))?;
    let stdout = rustix::stdio::stdout();
    let mut buffer = Zeroizing::new(vec![0; STEP]);
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => break,
            Err(error) => return Err(error),
        };
        let mut rest = &buffer[..count];
        while !rest.is_empty() {
            match rustix::io::write(stdout, rest) {
                Ok(written) => rest = &rest[written..],
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => super::wait_for(stdout, true)?,
                Err(error) => return Err(error.into()),
            }
        }
    }
    let sent = sent.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(Carried { client_ended: sent.ended, tail: sent.tail.to_vec() })
}

/// What is known about the bytes that were sent.
#[derive(Default)]
struct Sent {
    /// Whether stdin has ended.
    ended: bool,
    /// The last bytes.
    tail: Zeroizing<Vec<u8>>,
}

impl Sent {
    fn add(&mut self, bytes: &[u8]) {
        let new = &bytes[bytes.len().saturating_sub(TAIL)..];
        let kept = self.tail.len().min(TAIL - new.len());
        let dropped = self.tail.len() - kept;
        self.tail.copy_within(dropped.., 0);
        self.tail.truncate(kept);
        self.tail.extend_from_slice(new);
    }
}

/// Carries stdin to the socket. When stdin ends, the other end sees the end of its input, and can still answer.
fn send(mut to: LocalStream, sent: &Mutex<Sent>) {
    let stdin = rustix::stdio::stdin();
    let mut buffer = Zeroizing::new(vec![0; STEP]);
    loop {
        let count = match rustix::io::read(stdin, &mut **buffer) {
            Ok(count) => count,
            Err(Errno::INTR) => continue,
            Err(Errno::AGAIN) if super::wait_for(stdin, false).is_ok() => continue,
            Err(_) => 0,
        };
        {
            let mut sent = sent.lock().unwrap_or_else(PoisonError::into_inner);
            sent.ended = count == 0;
            sent.add(&buffer[..count]);
        }
        if count == 0 || to.write_all(&buffer[..count]).is_err() {
            let _ = to.shutdown(std::net::Shutdown::Write);
            return;
        }
    }
}
