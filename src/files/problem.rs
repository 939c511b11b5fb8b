//! What is wrong with a file or folder, and the command that puts it right, for a person who looks at an installation.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::error::{Cause, Error};
use super::{FileKind, quoted, system};

/// Something that is wrong with a file or folder of this program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// What is wrong.
    pub what: String,
    /// The command for a shell that puts it right, if one can.
    pub cure: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.write_str(&self.what)?;
        self.cure.as_ref().map_or(Ok(()), |cure| write!(text, "; run: {cure}"))
    }
}

impl Problem {
    /// Other users have rights to a path. `mode` takes them away, in the form that `chmod` has.
    pub fn open_to_others(what: &str, mode: &str, path: &Path) -> Self {
        Self { what: what.to_owned(), cure: Some(system::take_rights_away(mode, path)) }
    }

    /// The problem behind an error.
    pub fn of(error: &Error) -> Self {
        let path = error.path();
        let (what, cure) = match error.cause() {
            Cause::Kind(FileKind::Link) => {
                ("is a link, and no link is followed in this place", Some(copied(path)))
            }
            Cause::Kind(FileKind::Special) => (
                "is a FIFO, a socket or a device, not a file of the store",
                Some(format!("rm {}", quoted(path))),
            ),
            Cause::Kind(FileKind::Folder) => ("is a folder where a file belongs", Some(moved_aside(path))),
            Cause::Kind(FileKind::File) => ("is a file where a folder belongs", Some(moved_aside(path))),
            Cause::HardLinked => ("has a second name (a hard link)", Some(copied(path))),
            Cause::Owner => return of_another(&system::Obstacle::at(path)),
            Cause::TooLong => ("is longer than any file that is kept there", None),
            Cause::Foreign => ("is not a file of this store", None),
            Cause::Io(io) => match io.kind() {
                std::io::ErrorKind::PermissionDenied => {
                    let obstacle = system::obstacle(path);
                    return if obstacle.is_ours { denied(&obstacle) } else { of_another(&obstacle) };
                }
                std::io::ErrorKind::ReadOnlyFilesystem => {
                    let advice = system::mount_writable(path);
                    ("is on a file system that is mounted read-only", Some(command(&advice)))
                }
                kind => {
                    return Self { what: format!("{} could not be used: {kind}", quoted(path)), cure: None };
                }
            },
        };
        Self { what: format!("{} {what}", quoted(path)), cure }
    }
}

/// The command in an advice like "run: COMMAND".
fn command(advice: &str) -> String {
    advice.strip_prefix("run: ").unwrap_or(advice).to_owned()
}

fn of_another(obstacle: &system::Obstacle) -> Problem {
    let path = quoted(&obstacle.path);
    let what = format!("{path} belongs to {}, and this process runs as {}", obstacle.owner, system::user());
    // The super-user must not take a user's store over.
    let cure = (!system::is_super_user()).then(|| command(&system::take_ownership(&obstacle.path)));
    Problem { what, cure }
}

fn denied(obstacle: &system::Obstacle) -> Problem {
    let advice = system::allow_access(obstacle);
    match advice.split_once("; run: ") {
        Some((what, cure)) => Problem { what: what.to_owned(), cure: Some(cure.to_owned()) },
        None => Problem { what: advice, cure: None },
    }
}

/// The command that puts a file of its own in the place of a link or of a file with two names. A link to nothing is
/// removed.
fn copied(path: &Path) -> String {
    let (whole, copy) = (quoted(path), quoted(&with_suffix(path, ".copy")));
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            format!("cp -Rp {whole}/. {copy} && rm {whole} && mv {copy} {whole}")
        }
        Ok(_) => format!("cp -p {whole} {copy} && mv {copy} {whole}"),
        Err(_) => format!("rm {whole}"),
    }
}

fn moved_aside(path: &Path) -> String {
    format!("mv {} {}", quoted(path), quoted(&with_suffix(path, ".aside")))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
