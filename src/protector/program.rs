//! Programs that print a passphrase: a password manager (`pass show …`), or a program that asks the user (askpass).
//!
//! A program is started from an argument vector, without a shell, in the user's home folder. The first line of its
//! output is the passphrase, if the program then ends with the exit status 0. At the deadline it is killed with all
//! processes that it has started. Its output is never logged.
//!
//! An editor starts this process in the folder of a project, and a project may be hostile: so no program is looked up
//! in the current folder.

use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::process;
use crate::sync;

use super::deadline::LOOK;
use super::passphrase::first_line;
use super::{Deadline, Passphrase, Reason};

/// The process ids of the running programs; `None` once no more may start.
static RUNNING: Mutex<Option<Vec<u32>>> = Mutex::new(Some(Vec::new()));

fn running<T>(look: impl FnOnce(&mut Option<Vec<u32>>) -> T) -> T {
    look(&mut sync::lock(&RUNNING))
}

/// Kills the running programs, and prevents new ones: this process is ending, and no other process would kill them.
pub(super) fn end_all() {
    running(|programs| programs.take().into_iter().flatten().for_each(process::kill_with_children));
}

/// Whether a program's name depends on the current folder: it is a path, and not an absolute one. A bare name does not,
/// since it is looked up only in the absolute entries of `PATH`.
pub fn is_relative(name: &str) -> bool {
    let path = Path::new(name);
    !path.is_absolute() && path.file_name() != Some(path.as_os_str())
}

/// Whether a program that asks for a passphrase exists, and may be run.
pub fn is_there(name: &str) -> bool {
    find(name).is_ok_and(|program| process::is_program(&program))
}

/// The absolute path of a program.
fn find(name: &str) -> Result<PathBuf, Reason> {
    if is_relative(name) {
        tracing::error!(
            "the path of the program that gives the store's passphrase depends on the current folder, so it \
             is not run; give its absolute path, or a bare name that is in PATH"
        );
        return Err(Reason::RelativeProgram);
    }
    if Path::new(name).is_absolute() {
        return Ok(name.into());
    }
    process::in_path(name).next().ok_or_else(|| {
        tracing::error!("the program that gives the store's passphrase is in no absolute folder of PATH");
        Reason::ProgramMissing
    })
}

/// The folder in which programs run: the user's home folder, or the root folder if there is none.
fn working_folder(program: &Path) -> PathBuf {
    let home = std::env::home_dir().filter(|home| home.is_absolute() && home.is_dir());
    home.or_else(|| program.ancestors().last().map(Path::to_owned)).unwrap_or_default()
}

/// Runs a program and reads the first line of its output as a passphrase.
pub(super) fn ask(program: &[String], deadline: &Deadline) -> Result<Passphrase, Reason> {
    let (name, arguments) = program.split_first().ok_or(Reason::Missing)?;
    let file = find(name)?;
    let mut command = Command::new(&file);
    command.args(arguments).current_dir(working_folder(&file));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    process::prepare_child(&mut command);
    let started = running(|programs| {
        let programs = programs.as_mut().ok_or(ErrorKind::Interrupted)?;
        command.spawn().inspect(|child| {
            process::adopt_child(child);
            programs.push(child.id());
        })
    });
    let mut child = started.map_err(|error| {
        tracing::error!("the program that gives the store's passphrase can't be started: {error}");
        if error.kind() == ErrorKind::NotFound { Reason::ProgramMissing } else { Reason::Denied }
    })?;
    let line = listen(&mut child).and_then(|line| wait(&mut child, &line, deadline));
    let status = end(child);
    let line = line?;
    if !status.as_ref().is_ok_and(ExitStatus::success) {
        let how = status.map_or_else(|_| "in an unknown way".to_owned(), |status| format!("with {status}"));
        tracing::error!("the program that gives the store's passphrase ended {how}, so it gave none");
        return Err(Reason::Failed);
    }
    Passphrase::new(first_line(&line)).map_err(|error| {
        let why = error.name();
        tracing::error!(
            "the program that gives the store's passphrase printed an invalid one: its first line {why}"
        );
        Reason::InvalidPassphrase
    })
}

/// The first line of a program's output, from the thread that reads it.
type FirstLine = Receiver<io::Result<Zeroizing<Vec<u8>>>>;

/// Reads the program's output on a thread of its own, since a read takes no deadline.
fn listen(child: &mut Child) -> Result<FirstLine, Reason> {
    let mut output = child.stdout.take().ok_or(Reason::Denied)?;
    let (send, received) = channel();
    let listening = std::thread::Builder::new().name("program".into()).spawn(move || {
        let line = read_line(&mut output);
        let goes_on = line.is_ok();
        let _ = send.send(line);
        // The rest is not used, but a program whose output is not read fails, or never ends.
        let mut rest = Zeroizing::new([0; 4 * 1024]);
        while goes_on && read(&mut output, &mut *rest).is_ok_and(|length| length > 0) {}
    });
    listening.map_err(|error| {
        tracing::error!("the thread that reads a program's output can't be started: {error}");
        Reason::Failed
    })?;
    Ok(received)
}

/// Reads the output up to the end of its first line, or until the line is too long.
fn read_line(output: &mut impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    // Allocated once: a buffer that grows would leave copies behind. Two bytes are for the line end.
    let mut line = Zeroizing::new(vec![0; Passphrase::LONGEST + 2]);
    let mut length = 0;
    loop {
        let new = read(output, &mut line[length..])?;
        let is_whole = line[length..length + new].contains(&b'\n');
        length += new;
        if new == 0 || is_whole || length == line.len() {
            line.truncate(length);
            return Ok(line);
        }
    }
}

fn read(output: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match output.read(into) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Waits for the first line and for the program's end. Processes that the program has started may go on; once the
/// program itself has ended, they are killed, since they may keep the output open.
fn wait(child: &mut Child, received: &FirstLine, deadline: &Deadline) -> Result<Zeroizing<Vec<u8>>, Reason> {
    let mut line = None;
    let mut pause = Duration::from_millis(1);
    loop {
        if line.is_none() {
            match received.recv_timeout(deadline.left().min(LOOK)) {
                Ok(Ok(read)) => line = Some(read),
                Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => return Err(Reason::Failed),
                Err(RecvTimeoutError::Timeout) => {}
            }
        } else {
            std::thread::sleep(deadline.left().min(pause));
            pause = (2 * pause).min(LOOK);
        }
        if process::has_ended(child) {
            match line {
                Some(line) => return Ok(line),
                None => process::kill_with_children(child.id()),
            }
        }
        if deadline.is_over() {
            tracing::error!(
                "the program that gives the store's passphrase did not end in time, so it was ended"
            );
            return Err(Reason::Deadline);
        }
    }
}

/// Kills the program and all processes that it has started. Returns how the program itself ended.
fn end(mut child: Child) -> io::Result<ExitStatus> {
    process::kill_with_children(child.id());
    let _ = child.kill();
    // From the next line on its process id may belong to another process.
    running(|programs| programs.as_mut().map(|programs| programs.retain(|id| *id != child.id())));
    child.wait()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn run(script: &str, millis: u64) -> Result<Passphrase, Reason> {
        ask(&["sh".into(), "-c".into(), script.into()], &Deadline::of(Duration::from_millis(millis)))
    }

    #[test]
    fn a_program_that_gives_no_passphrase_is_a_reason() {
        let check = |script, millis, expected| assert_eq!(run(script, millis).err(), expected, "{script}");
        check("echo secret", 10_000, None);
        check("printf 'secret without an end'", 10_000, None);
        check("printf 'secret\\nmore\\n'; exec cat", 10_000, None);
        check("printf 'secret\\r\\n'", 10_000, None);
        check("echo secret; exec head -c 1000000 /dev/zero", 10_000, None);
        check("head -c 65536 /dev/zero | tr '\\0' x; echo", 10_000, None);
        check("head -c 65537 /dev/zero | tr '\\0' x; echo", 10_000, Some(Reason::InvalidPassphrase));
        check("head -c 100000 /dev/zero | tr '\\0' x", 10_000, Some(Reason::InvalidPassphrase));
        check("true", 10_000, Some(Reason::InvalidPassphrase));
        check("echo", 10_000, Some(Reason::InvalidPassphrase));
        check("printf '\\377\\n'", 10_000, Some(Reason::InvalidPassphrase));
        check("printf 'a\\tb\\n'", 10_000, Some(Reason::InvalidPassphrase));
        check("exec tail -f /dev/null", 50, Some(Reason::Deadline));
    }

    /// Its output before the failure is not a passphrase: it may be an error message.
    #[test]
    fn the_output_of_a_program_that_fails_is_not_a_passphrase() {
        let check = |script| assert_eq!(run(script, 10_000).err(), Some(Reason::Failed), "{script}");
        check("echo 'You are not logged in.'; exit 1");
        check("exit 3");
        check("echo secret; kill -KILL $$");
        check("echo secret; kill -TERM $$");
        check("read never");
        check("echo secret; exec sh -c 'exit 7'");
    }

    #[test]
    fn a_program_that_prints_its_line_must_also_end() {
        assert_eq!(run("echo secret; exec tail -f /dev/null", 300).err(), Some(Reason::Deadline));
        assert_eq!(run("exec 1>&-; exec sleep 100", 300).err(), Some(Reason::Deadline));
    }

    /// For example an agent that a password manager starts and that keeps the output open.
    #[test]
    fn processes_that_a_program_leaves_behind_are_not_waited_for() {
        assert_eq!(run("tail -f /dev/null & echo secret", 10_000).ok().unwrap().expose(), "secret");
        assert_eq!(run("tail -f /dev/null & printf secret", 10_000).ok().unwrap().expose(), "secret");
    }

    #[test]
    fn a_name_that_depends_on_the_current_folder_is_never_run() {
        let check = |name: &str, expected: bool| assert_eq!(is_relative(name), expected, "{name:?}");
        for name in ["./say", "../say", "a/say", "~/say", "say/", "say/.", ".", "..", ""] {
            check(name, true);
            let asked = ask(&[name.into()], &Deadline::of(Duration::from_secs(1)));
            assert_eq!(asked.err(), Some(Reason::RelativeProgram), "{name:?}");
        }
        for name in ["say", "say.sh", "...", "~", "/usr/bin/say", "/../say", "a b"] {
            check(name, false);
        }
    }

    #[test]
    fn a_missing_program_is_a_reason() {
        let check = |program: &[&str], expected| {
            let program: Vec<_> = program.iter().map(|&word| word.to_owned()).collect();
            let asked = ask(&program, &Deadline::of(Duration::from_secs(10)));
            assert_eq!(asked.err(), Some(expected), "{program:?}");
        };
        check(&["no-such-program"], Reason::ProgramMissing);
        check(&["/no/such/program"], Reason::ProgramMissing);
        check(&["/dev/null"], Reason::Denied);
        check(&[], Reason::Missing);
    }

    #[test]
    fn a_program_runs_in_the_home_folder() {
        let home = std::env::home_dir().filter(|home| home.is_dir()).unwrap_or_else(|| "/".into());
        let said = run("cd -P . && pwd", 10_000).ok().unwrap();
        assert_eq!(Path::new(said.expose()), home.canonicalize().unwrap());
        assert!(working_folder(Path::new("/a/b")).is_absolute());
    }
}
