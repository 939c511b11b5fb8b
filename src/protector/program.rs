//! Programs that say a passphrase: a password manager's (`pass show …`), or one that asks a person (askpass).
//!
//! Started from an argument vector, with no shell, in the user's home folder; the first line of what it prints is the
//! passphrase, if the program then ends with the exit status 0. It is given up, and ended with all that it has started,
//! when nobody waits for it any more. Nothing that it prints is ever logged.
//!
//! An editor starts this process in the folder of a project, and a project may be hostile: no file is run because it is
//! in the current folder.

use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::sync;

use super::deadline::LOOK;
use super::passphrase::first_line;
use super::{Deadline, Passphrase, Reason};

/// The programs that run; `None` once no more may.
static RUNNING: Mutex<Option<Vec<u32>>> = Mutex::new(Some(Vec::new()));

fn running<T>(look: impl FnOnce(&mut Option<Vec<u32>>) -> T) -> T {
    look(&mut sync::lock(&RUNNING))
}

/// Ends the programs that run, and starts no more: this process is ending, and nobody would end them after it.
pub(super) fn end_all() {
    running(|programs| programs.take().into_iter().flatten().for_each(kill));
}

/// Whether a program's name depends on the current folder: it is a path, and not a whole one. A bare name does not, since
/// it is looked up in the absolute entries of `PATH` alone.
pub fn is_relative(name: &str) -> bool {
    let path = Path::new(name);
    !path.is_absolute() && path.file_name() != Some(path.as_os_str())
}

/// The file of a program.
fn find(name: &str) -> Result<PathBuf, Reason> {
    if is_relative(name) {
        tracing::error!(
            "the program that gives the store's passphrase is named by a path that depends on the current folder, so it \
             is not run; name it by its whole path, or by a bare name that is in PATH"
        );
        return Err(Reason::RelativeProgram);
    }
    if Path::new(name).is_absolute() {
        return Ok(name.into());
    }
    let mut file = PathBuf::from(name);
    if cfg!(windows) && file.extension().is_none() {
        file.set_extension("exe");
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    folders.map(|folder| folder.join(&file)).find(|file| is_program(file)).ok_or_else(|| {
        tracing::error!("the program that gives the store's passphrase is in no absolute folder of PATH");
        Reason::ProgramMissing
    })
}

fn is_program(file: &Path) -> bool {
    #[cfg(unix)]
    if rustix::fs::access(file, rustix::fs::Access::EXEC_OK).is_err() {
        return false;
    }
    file.is_file()
}

/// Where programs run: the home folder, which is the user's own; where there is none, the root.
fn working_folder(program: &Path) -> PathBuf {
    let home = std::env::home_dir().filter(|home| home.is_absolute() && home.is_dir());
    home.or_else(|| program.ancestors().last().map(Path::to_owned)).unwrap_or_default()
}

/// Runs a program and takes the first line that it prints.
pub(super) fn ask(program: &[String], deadline: &Deadline) -> Result<Passphrase, Reason> {
    let (name, arguments) = program.split_first().ok_or(Reason::Missing)?;
    let file = find(name)?;
    let mut command = Command::new(&file);
    command.args(arguments).current_dir(working_folder(&file));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let started = running(|programs| {
        let programs = programs.as_mut().ok_or(ErrorKind::Interrupted)?;
        command.spawn().inspect(|child| programs.push(child.id()))
    });
    let mut child = started.map_err(|error| {
        tracing::error!("the program that gives the store's passphrase can't be started: {error}");
        if error.kind() == ErrorKind::NotFound { Reason::ProgramMissing } else { Reason::Denied }
    })?;
    let line = listen(&mut child).and_then(|said| wait(&mut child, &said, deadline));
    let status = end(child);
    let line = line?;
    if !status.as_ref().is_ok_and(ExitStatus::success) {
        let how = status.map_or_else(|_| "in an unknown way".to_owned(), |status| format!("with {status}"));
        tracing::error!("the program that gives the store's passphrase ended {how}, so it gave none");
        return Err(Reason::Failed);
    }
    Passphrase::new(first_line(&line)).map_err(|error| {
        let why = error.name();
        tracing::error!("what the program said is no passphrase: its first line {why}");
        Reason::InvalidPassphrase
    })
}

/// What a program says, as its thread reads it.
type Said = Receiver<io::Result<Zeroizing<Vec<u8>>>>;

/// Reads the program's output on a thread of its own: a read has no deadline.
fn listen(child: &mut Child) -> Result<Said, Reason> {
    let mut output = child.stdout.take().ok_or(Reason::Denied)?;
    let (say, said) = channel();
    let listening = std::thread::Builder::new().name("program".into()).spawn(move || {
        let line = read_line(&mut output);
        let goes_on = line.is_ok();
        let _ = say.send(line);
        // The rest is nobody's, but a program whose output is not read fails, or never ends.
        let mut rest = Zeroizing::new([0; 4 * 1024]);
        while goes_on && read(&mut output, &mut *rest).is_ok_and(|length| length > 0) {}
    });
    listening.map_err(|error| {
        tracing::error!("there is no room for a thread that reads what a program says: {error}");
        Reason::Failed
    })?;
    Ok(said)
}

/// The start of the output up to the end of its first line, or up to one that is too long.
fn read_line(output: &mut impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    // Whole from the start: one that grows would leave copies behind. Two bytes are the line's end.
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

/// Waits for the first line and for the program's end. What the program has started may go on: once the program itself
/// has ended, that is ended too, since it may keep the output open.
fn wait(child: &mut Child, said: &Said, deadline: &Deadline) -> Result<Zeroizing<Vec<u8>>, Reason> {
    let mut line = None;
    let mut pause = Duration::from_millis(1);
    loop {
        if line.is_none() {
            match said.recv_timeout(deadline.left().min(LOOK)) {
                Ok(Ok(read)) => line = Some(read),
                Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => return Err(Reason::Failed),
                Err(RecvTimeoutError::Timeout) => {}
            }
        } else {
            std::thread::sleep(deadline.left().min(pause));
            pause = (2 * pause).min(LOOK);
        }
        if has_ended(child) {
            match line {
                Some(line) => return Ok(line),
                None => kill(child.id()),
            }
        }
        if deadline.is_over() {
            tracing::error!("the program that gives the store's passphrase is not waited for any more");
            return Err(Reason::Deadline);
        }
    }
}

/// Whether the program itself has ended. It stays waited for by nobody, so that its number, and its group's, is not given
/// to another.
#[cfg(unix)]
fn has_ended(child: &Child) -> bool {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let looks = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    matches!(waitid(WaitId::Pid(Pid::from_child(child)), looks), Ok(Some(_)))
}

/// Whether the program itself has ended. Its handle keeps its number from others.
#[cfg(not(unix))]
fn has_ended(child: &mut Child) -> bool {
    matches!(child.try_wait(), Ok(Some(_)))
}

/// Ends the program and all that it has started; says how the program itself ended.
fn end(mut child: Child) -> io::Result<ExitStatus> {
    kill(child.id());
    let _ = child.kill();
    // From the next line on its number may be another's.
    running(|programs| programs.as_mut().map(|programs| programs.retain(|id| *id != child.id())));
    child.wait()
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

    /// What it said before is no passphrase: it may be why it fails.
    #[test]
    fn a_program_that_fails_gives_no_passphrase_whatever_it_says() {
        let check = |script| assert_eq!(run(script, 10_000).err(), Some(Reason::Failed), "{script}");
        check("echo 'You are not logged in.'; exit 1");
        check("exit 3");
        check("echo secret; kill -KILL $$");
        check("echo secret; kill -TERM $$");
        check("read never");
        check("echo secret; exec sh -c 'exit 7'");
    }

    #[test]
    fn a_program_that_says_its_line_and_does_not_end_is_waited_for() {
        assert_eq!(run("echo secret; exec tail -f /dev/null", 300).err(), Some(Reason::Deadline));
        assert_eq!(run("exec 1>&-; exec sleep 100", 300).err(), Some(Reason::Deadline));
    }

    /// As an agent that a password manager starts: it keeps the output open.
    #[test]
    fn what_a_program_leaves_behind_is_not_waited_for() {
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
    fn a_program_that_is_not_there_is_a_reason() {
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
