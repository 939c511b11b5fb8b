//! The ways to start the binary.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
#[cfg(unix)]
use std::os::{fd::OwnedFd, unix::net::UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Home, Server};

/// The program. No other file of the tests names it.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_plugin-vault");

/// How messages are told apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Framing {
    Headers,
    Lines,
}

/// A server that is about to be started. Pipes, headers, the home's folders and a log of everything unless said
/// otherwise.
pub(crate) struct Start {
    pub(super) home: Home,
    pub(super) framing: Framing,
    pub(super) log: Option<PathBuf>,
    pub(super) listens: bool,
    sockets: bool,
    folders: bool,
    folder: PathBuf,
    under: Vec<OsString>,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
}

/// A started process and our ends of its streams.
pub(crate) struct Started {
    pub(crate) child: std::process::Child,
    pub(crate) input: Box<dyn Write + Send>,
    pub(crate) output: Box<dyn Read + Send>,
}

impl Start {
    pub(super) fn new(home: &Home) -> Self {
        Self {
            home: home.clone(),
            framing: Framing::Headers,
            log: Some(home.next_log()),
            listens: true,
            sockets: false,
            folders: true,
            folder: home.root().to_owned(),
            under: Vec::new(),
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }

    pub(crate) fn framing(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    /// stdin and stdout are sockets, as Node makes them.
    pub(crate) fn sockets(mut self) -> Self {
        self.sockets = true;
        self
    }

    /// Lets the server log as it does on its own.
    pub(crate) fn usual_log(mut self) -> Self {
        self.log = None;
        self
    }

    /// Names no data and key folder on the command line.
    pub(crate) fn without_folders(mut self) -> Self {
        self.folders = false;
        self
    }

    /// Takes no answer until [`Server::listen`].
    pub(crate) fn deaf(mut self) -> Self {
        self.listens = false;
        self
    }

    pub(crate) fn in_folder(mut self, folder: impl AsRef<Path>) -> Self {
        folder.as_ref().clone_into(&mut self.folder);
        self
    }

    /// Starts it through another program, which changes what it may do and then becomes it.
    pub(crate) fn under<A: AsRef<OsStr>>(mut self, words: impl IntoIterator<Item = A>) -> Self {
        self.under.extend(words.into_iter().map(|word| word.as_ref().to_owned()));
        self
    }

    pub(crate) fn argument(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    pub(crate) fn arguments<A: AsRef<OsStr>>(self, arguments: impl IntoIterator<Item = A>) -> Self {
        arguments.into_iter().fold(self, Self::argument)
    }

    pub(crate) fn environment(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// Plants a bug or a failure; see `src/faults.rs`.
    pub(crate) fn fault(self, fault: &str) -> Self {
        self.environment("PLUGIN_VAULT_FAULT", fault)
    }

    /// The command, with nothing said about its streams.
    pub(crate) fn command(&self) -> Command {
        // The emulator of another processor, if the tests run under one.
        let emulator = std::env::var("PLUGIN_VAULT_TEST_EMULATOR").unwrap_or_default();
        let emulator = emulator.split_whitespace().map(OsStr::new);
        let words = self.under.iter().map(OsString::as_os_str).chain(emulator).chain([OsStr::new(BINARY)]);
        let words: Vec<_> = words.collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]);
        command.current_dir(&self.folder);
        clean(&mut command);
        if self.folders {
            command.arg("--data-dir").arg(self.home.data()).arg("--key-dir").arg(self.home.keys());
        }
        if let Some(log) = &self.log {
            std::fs::create_dir_all(log.parent().unwrap()).unwrap();
            command.args(["--log", "trace", "--log-file"]).arg(log);
        }
        command.args(&self.arguments).envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    pub(crate) fn run(self) -> Server {
        Server::new(self)
    }

    pub(crate) fn spawn(&self) -> Started {
        let command = self.command();
        #[cfg(unix)]
        if self.sockets {
            let mut command = command;
            let (input, their_input) = UnixStream::pair().unwrap();
            let (output, their_output) = UnixStream::pair().unwrap();
            command.stdin(OwnedFd::from(their_input)).stdout(OwnedFd::from(their_output));
            let child = command.stderr(Stdio::piped()).spawn().unwrap();
            return Started { child, input: Box::new(input), output: Box::new(output) };
        }
        spawn(command)
    }
}

/// Starts a process with pipes.
pub(super) fn spawn(mut command: Command) -> Started {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    Started { child, input: Box::new(input), output: Box::new(output) }
}

/// Takes the caller's own settings from a process.
pub(crate) fn clean(command: &mut Command) {
    command.env_remove("RUST_LOG");
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("PLUGIN_VAULT_")) {
            command.env_remove(name);
        }
    }
}
