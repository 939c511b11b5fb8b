//! Programs that say a passphrase: a password manager's (`pass show …`), or one that asks a person (askpass).
//!
//! Started from an argument vector, with no shell; the first line of what it prints is the passphrase. Given up, and
//! ended with all that it has started, when nobody waits for it any more.

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::sync::{Mutex, PoisonError};
use zeroize::Zeroizing;

use super::patience::LOOK;
use super::{Passphrase, Patience, Reason};

/// The longest passphrase, in bytes.
const LONGEST: u64 = 4 * 1024;

/// The programs that run; `None` once no more may.
static RUNNING: Mutex<Option<Vec<u32>>> = Mutex::new(Some(Vec::new()));

fn running<T>(look: impl FnOnce(&mut Option<Vec<u32>>) -> T) -> T {
    look(&mut RUNNING.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Ends the programs that run, and starts no more: this process is ending, and nobody would end them after it.
pub(super) fn end_all() {
    running(|programs| programs.take().into_iter().flatten().for_each(kill));
}

/// Runs a program and takes the first line that it prints.
pub(super) fn ask(program: &[String], patience: &Patience) -> Result<Passphrase, Reason> {
    let (name, arguments) = program.split_first().ok_or(Reason::Missing)?;
    let mut command = Command::new(name);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let started = running(|programs| {
        let programs = programs.as_mut().ok_or(ErrorKind::Interrupted)?;
        command.spawn().inspect(|child| programs.push(child.id()))
    });
    let mut child = started.map_err(|error| {
        tracing::error!("the program that gives the store's passphrase can't be started: {error}");
        if error.kind() == ErrorKind::NotFound { Reason::Missing } else { Reason::Denied }
    })?;
    let (said, line) = channel();
    let output = child.stdout.take().ok_or(Reason::Denied)?;
    std::thread::spawn(move || {
        let mut line = Zeroizing::new(Vec::new());
        let read = BufReader::new(output.take(LONGEST)).read_until(b'\n', &mut line);
        let _ = said.send(read.map(|_| line));
    });
    let line = loop {
        match line.recv_timeout(patience.left().min(LOOK)) {
            Ok(Ok(line)) => break line,
            Ok(Err(_)) => return end(child, Reason::Denied),
            Err(_) if !patience.is_over() => {}
            Err(_) => {
                tracing::error!("the program that gives the store's passphrase is not waited for any more");
                return end(child, Reason::Deadline);
            }
        }
    };
    let text = std::str::from_utf8(&line).map(|text| text.trim_end_matches(['\r', '\n']));
    if let Some(passphrase) = text.ok().and_then(|text| Passphrase::new(Zeroizing::new(text.to_owned()))) {
        // One that has said its line has done its work.
        end(child, Reason::Denied).or(Ok(passphrase))
    } else {
        tracing::error!("the program that gives the store's passphrase gave none");
        end(child, Reason::Denied)
    }
}

/// Ends the program and all that it has started.
fn end(mut child: Child, reason: Reason) -> Result<Passphrase, Reason> {
    kill(child.id());
    let _ = child.kill();
    // From the next line on its number may be another's.
    running(|programs| programs.as_mut().map(|programs| programs.retain(|id| *id != child.id())));
    let _ = child.wait();
    Err(reason)
}

/// The group of a program that nobody has waited for yet.
fn kill(id: u32) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(id).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    #[cfg(not(unix))]
    let _ = id;
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::Duration;

    use super::*;

    fn run(script: &str, millis: u64) -> Result<Passphrase, Reason> {
        ask(&["sh".into(), "-c".into(), script.into()], &Patience::of(Duration::from_millis(millis)))
    }

    #[test]
    fn a_program_that_gives_no_passphrase_is_a_reason() {
        let check = |script, millis, expected| assert_eq!(run(script, millis).err(), expected, "{script}");
        check("echo secret", 10_000, None);
        check("printf 'secret without an end'", 10_000, None);
        check("printf 'secret\\nmore\\n'; exec cat", 10_000, None);
        check("true", 10_000, Some(Reason::Denied));
        check("echo", 10_000, Some(Reason::Denied));
        check("printf '\\377\\n'", 10_000, Some(Reason::Denied));
        check("read never", 10_000, Some(Reason::Denied));
        check("exec tail -f /dev/null", 50, Some(Reason::Deadline));
        assert_eq!(
            ask(&["no-such-program".into()], &Patience::of(Duration::from_secs(1))).err(),
            Some(Reason::Missing)
        );
        assert_eq!(ask(&[], &Patience::of(Duration::from_secs(1))).err(), Some(Reason::Missing));
    }
}
