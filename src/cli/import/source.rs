//! The file that is imported: its records, and where their values are in it.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;

use zeroize::Zeroizing;

use super::planned::{Planned, Values};
use super::{Form, ImportCommand, env, export, netrc};
use crate::cli::input;
use crate::cli::operator::Failed;
use crate::cli::reference::Reference;
use crate::files;
use crate::vault::{Error, Place};

/// The longest file, in bytes.
const LONGEST: usize = 256 * 1024 * 1024;

/// A file, and its records.
pub(super) struct Source {
    text: Zeroizing<String>,
    pub(super) planned: Vec<Planned>,
}

impl Source {
    /// Reads the file.
    ///
    /// # Errors
    /// If it can't be read, or does not have the form that the user named.
    pub(super) fn read(command: &ImportCommand) -> Result<Self, Failed> {
        let text = if command.file.as_os_str() == "-" {
            input::text("The text to import: ", LONGEST)?
        } else {
            read_file(&command.file)?
        };
        let to = command.to.as_deref().map(Reference::parse).transpose()?;
        let planned = match command.from {
            None => export::records(&text)?,
            Some(Form::Env) => vec![Self::one_record(to, env::members(&text)?)?],
            Some(Form::Json) => vec![Self::object(to, &text)?],
            Some(Form::Netrc) => netrc::records(&text, to)?,
        };
        if planned.is_empty() {
            return Err(Failed::nothing_stored("the file has no records, so there is nothing to import"));
        }
        Ok(Self { text, planned })
    }

    fn target(to: Option<Reference>) -> Result<Reference, Failed> {
        let to = to
            .ok_or_else(|| Failed::wrong("name the record for the values with --to REF, like --to me.app"))?;
        if to.member.is_some() {
            return Err(Failed::wrong("--to takes a record without #/MEMBER: the values become its members"));
        }
        Ok(to)
    }

    fn one_record(to: Option<Reference>, members: Vec<env::Variable>) -> Result<Planned, Failed> {
        let values = Values::Bytes(members.iter().map(|member| member.line.clone()).collect());
        let object = members.into_iter().map(|member| (member.name, member.value.into())).collect();
        Planned::new(Self::target(to)?, object, values)
    }

    fn object(to: Option<Reference>, text: &str) -> Result<Planned, Failed> {
        let object = input::object(text)?;
        // Between the braces.
        let from = text.find('{').map_or(0, |at| at + 1);
        let whole = from..from + object.get().len() - 2;
        let values = Values::Bytes(Vec::from([whole]));
        let (reference, text) = (Self::target(to)?, object.to_owned());
        Ok(Planned { reference, place: Place::User, text, expires_at: None, values })
    }

    /// Removes the values of these records from the file, and overwrites the file that had them.
    pub(super) fn scrub(&self, path: &Path, imported: &[usize]) -> Result<(), Failed> {
        let failed = |error: io::Error| {
            let file = path.display();
            Failed::new(format!("the values are imported, but could not be removed from '{file}': {error}"))
        };
        let path = std::fs::canonicalize(path).map_err(failed)?;
        let mut old = File::options().read(true).write(true).open(&path).map_err(failed)?;
        let mut now = Zeroizing::new(String::new());
        old.read_to_string(&mut now).map_err(failed)?;
        if *now != *self.text {
            return Err(failed(io::Error::other("another program has changed it meanwhile")));
        }
        files::replace(&path, self.without(imported)?.as_bytes()).map_err(failed)?;
        old.rewind().map_err(failed)?;
        old.write_all(&vec![0; self.text.len()]).and_then(|()| old.sync_all()).map_err(failed)
    }

    /// The text without the values of these records.
    fn without(&self, imported: &[usize]) -> Result<Zeroizing<String>, Failed> {
        let mut left = self.text.clone();
        let mut ranges = Vec::new();
        // From the end, since an element that is removed changes the positions of those behind it.
        for number in imported.iter().rev() {
            match &self.planned[*number].values {
                Values::Bytes(bytes) => ranges.extend(bytes.iter().cloned()),
                Values::Element(pointer) => *left = pointer.remove(&left).ok_or(Error::Internal)?,
            }
        }
        ranges.sort_by_key(|range| std::cmp::Reverse(range.start));
        for range in ranges {
            left.replace_range(range, "");
        }
        Ok(left)
    }
}

fn read_file(path: &Path) -> Result<Zeroizing<String>, Failed> {
    let unreadable = |error: io::Error| Failed::new(format!("'{}' can't be read: {error}", path.display()));
    let mut text = Zeroizing::new(String::new());
    let most = u64::try_from(LONGEST).unwrap_or(u64::MAX);
    let file = File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.len() > most {
        return Err(Failed::new(format!("'{}' is longer than {most} bytes", path.display())));
    }
    file.take(most).read_to_string(&mut text).map_err(unreadable)?;
    Ok(text)
}
