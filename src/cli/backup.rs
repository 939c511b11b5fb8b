//! `plugin-vault backup` and `restore`: writes a store into one file, and reads it back.

mod verify;

use std::fs::File;
use std::io::{self, IsTerminal as _, Read, Write as _};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::vault::{
    Arrival, BadArchive, CopySource, CopyTarget, Kind, Member, NotBackedUp, NotRestored, Opened, ReadBackup,
    Restored, Standing, Timestamp,
};

use super::consent::{Agreed, Consent, would_do};
use super::failed::Exit;
use super::look::counted;
use super::operator::{Answer, Failed, Operator};
use super::protector::{Tested, id, results_json, test_quietly};
use super::secret::new_passphrase;

use verify::VerifyCommand;
#[cfg(feature = "schema")]
pub(super) use verify::VerifyReport;

#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct BackupCommand {
    #[command(subcommand)]
    command: Option<BackupSubcommand>,
    #[command(flatten)]
    target: Option<BackupTarget>,
}

#[derive(clap::Subcommand)]
enum BackupSubcommand {
    /// Read a backup wholly, and check its tables
    Verify(VerifyCommand),
}

#[derive(clap::Args)]
struct BackupTarget {
    /// The file, which must not exist yet; - for standard output
    file: PathBuf,
    /// The file descriptor to read a passphrase from, which opens the copy in addition to the store's protectors
    #[arg(long, value_name = "N")]
    new_passphrase_fd: Option<u32>,
}

#[derive(clap::Args)]
pub(super) struct RestoreCommand {
    /// A file that backup wrote; - for standard input
    file: PathBuf,
    /// Keep the store's own protectors, and add none of the backup's
    #[arg(long)]
    keep_protectors: bool,
    #[command(flatten)]
    consent: Consent,
}

/// Writes the store into one file, or verifies such a file.
pub(super) fn run(operator: &Operator, command: &BackupCommand, as_json: bool) -> Result<Answer, Failed> {
    match (&command.command, &command.target) {
        (Some(BackupSubcommand::Verify(command)), _) => verify::run(operator, command, as_json),
        (None, Some(target)) => back_up(operator, target, as_json),
        (None, None) => Err(Failed::wrong("the file is missing; see plugin-vault backup --help")),
    }
}

fn back_up(operator: &Operator, command: &BackupTarget, as_json: bool) -> Result<Answer, Failed> {
    let to_stdout = command.file.as_os_str() == "-";
    // This check must come before the user is asked for a passphrase.
    if to_stdout && io::stdout().is_terminal() {
        return Err(Failed::new("a backup is not text: send standard output to a file or a program".into()));
    }
    if !to_stdout {
        check_target(&command.file)?;
    }
    let passphrase = command.new_passphrase_fd.map(new_passphrase).transpose()?;
    // A store can be copied without its key, but then no protector can be added to the copy.
    let opened = if passphrase.is_some() { operator.existing()? } else { operator.locked()? }
        .ok_or_else(Failed::no_store)?;
    let with_passphrase = passphrase.is_some();
    let mut meter = Meter::new();
    let mut stdout = io::stdout().lock();
    let to = if to_stdout { CopyTarget::Stream(&mut stdout) } else { CopyTarget::File(&command.file) };
    let packed = opened.pack(operator.config(), to, passphrase, &mut |done, of| meter.show(done, of));
    meter.end();
    drop(stdout);
    packed.map_err(|error| match error {
        NotBackedUp::Store(error) => error.into(),
        NotBackedUp::Target(kind) => cannot_write(&command.file, kind),
    })?;
    let text = written(operator, &opened, command, with_passphrase, as_json)?;
    if to_stdout {
        // Standard output carries the backup.
        let _ = writeln!(io::stderr(), "{text}");
        return Ok(Answer { shown: None, failed: None });
    }
    Ok(text.into())
}

fn written(
    operator: &Operator,
    opened: &Opened,
    command: &BackupTarget,
    with_passphrase: bool,
    as_json: bool,
) -> Result<String, Failed> {
    let kinds: Vec<_> = opened.protectors()?.into_iter().map(|protector| protector.kind).collect();
    let key_file = opened.key_file(operator.config());
    if as_json {
        let mut opens: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
        if with_passphrase {
            opens.push(Kind::Passphrase.name());
        }
        return Ok(json!({"file": command.file.display().to_string(), "openedBy": opens, "keyFile": key_file.display().to_string()}).to_string());
    }
    let advice = if with_passphrase || kinds.contains(&Kind::Passphrase) {
        "its passphrase opens it".to_owned()
    } else if kinds.contains(&Kind::KeyFile) {
        format!(
            "keep a copy of this key file in another place; nothing else opens the backup: {}",
            key_file.display()
        )
    } else {
        "only this machine's keyring or program opens it; see --new-passphrase-fd".to_owned()
    };
    Ok(format!("written; {advice}"))
}

/// Checks whether the file can be created, so that this error comes before any other work.
fn check_target(file: &Path) -> Result<(), Failed> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match std::fs::metadata(folder) {
        Ok(found) if !found.is_dir() => Err(cannot_write(folder, io::ErrorKind::NotADirectory)),
        Err(error) => Err(cannot_write(file, error.kind())),
        Ok(_) if file.symlink_metadata().is_ok() => Err(cannot_write(file, io::ErrorKind::AlreadyExists)),
        Ok(_) => Ok(()),
    }
}

fn cannot_write(file: &Path, why: io::ErrorKind) -> Failed {
    use io::ErrorKind as Why;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (file, folder) = (file.display(), folder.display());
    Failed::new(match why {
        Why::NotFound => format!("the folder '{folder}' does not exist; create it, or name another"),
        Why::NotADirectory => format!("'{file}' is not a folder, or is not in one; name another file"),
        Why::AlreadyExists => format!("the file '{file}' exists already; name another"),
        Why::PermissionDenied => {
            format!("you may not write in the folder '{folder}'; name a file in another folder")
        }
        Why::ReadOnlyFilesystem => {
            format!("the folder '{folder}' is read-only; name a file in another folder")
        }
        Why::StorageFull | Why::QuotaExceeded | Why::FileTooLarge => {
            format!("there is not enough space for the backup '{file}'; free some, or name a file elsewhere")
        }
        Why::BrokenPipe => "the program that reads standard output ended; the backup is not complete".into(),
        other => format!("the backup could not be written to '{file}': {other}"),
    })
}

/// Replaces the store by a backup.
pub(super) fn restore(
    operator: &Operator,
    command: &RestoreCommand,
    as_json: bool,
) -> Result<Answer, Failed> {
    // A store that can't be opened may be restored, whatever it was.
    if operator.try_locked().is_ok_and(|opened| opened.is_some_and(|opened| opened.is_shared())) {
        return Err(Failed::new(
            "several machines share the store, and a backup is older than what they have; take the store back with \
             plugin-vault remote leave, and restore it then"
                .into(),
        ));
    }
    let read = |source: CopySource<'_>, progress: &mut dyn FnMut(u64, u64)| {
        operator.vault().read_backup(source, progress)
    };
    let backup = read_file(operator, &command.file, read)?;
    let with_all = match agree(operator, command, &backup)? {
        Restoring::WithAllProtectors => true,
        Restoring::WithOwnProtectors => false,
        Restoring::Tried(what) => return Ok(would_do(&what, as_json).into()),
    };
    let arrivals: Vec<_> = backup.arrivals().to_vec();
    let restored = operator.vault().restore(backup, with_all).map_err(not_restored)?;
    let added = |arrival: &&Arrival| {
        arrival.standing != Standing::Present && (with_all || !arrival.standing.is_asked_for())
    };
    let added: Vec<_> = arrivals.iter().filter(added).collect();
    // The user is not asked: a protector that needs the user counts as one that can open the store.
    let opened =
        operator.locked()?.ok_or_else(|| Failed::new("another process has removed the store".into()))?;
    let tested = test_quietly(operator, &opened)?;
    let opens = tested.iter().any(|(_, why)| why.is_none_or(|why| why == "locked"));
    let failed = (!opens).then(|| Failed::with(Exit::Locked, nothing_opens(operator, &opened, &tested)));
    let shown = if as_json {
        restored_json(&restored, &added, &tested)
    } else {
        restored_text(&restored, &added, &tested)
    };
    Ok(Answer { shown: Some(shown), failed })
}

/// Opens a file that backup wrote, and passes it to `take`. A terminal shows how far that has come.
pub(super) fn read_file<T>(
    operator: &Operator,
    file: &Path,
    take: impl FnOnce(CopySource<'_>, &mut dyn FnMut(u64, u64)) -> Result<T, NotRestored>,
) -> Result<T, Failed> {
    let unreadable = |error: io::Error| cannot_read(error.kind());
    let limit = operator.config().limits.store;
    let (mut from, length): (Box<dyn Read>, u64) = if file.as_os_str() == "-" {
        (Box::new(io::stdin().lock()), 0)
    } else {
        let found = File::open(file).map_err(unreadable)?;
        let about = found.metadata().map_err(unreadable)?;
        if about.is_dir() {
            return Err(cannot_read(io::ErrorKind::IsADirectory));
        }
        (Box::new(found), about.len())
    };
    let mut meter = Meter::new();
    let taken = take(CopySource { from: &mut *from, length, limit }, &mut |done, of| meter.show(done, of));
    if taken.is_ok() {
        // Bytes after the last part of an archive are not read.
        meter.show(1, 1);
    }
    meter.end();
    taken.map_err(not_restored)
}

fn cannot_read(why: io::ErrorKind) -> Failed {
    Failed::new(match why {
        io::ErrorKind::NotFound => "there is no such file".into(),
        io::ErrorKind::IsADirectory => {
            "that is a folder; name the file that plugin-vault backup wrote".into()
        }
        io::ErrorKind::PermissionDenied => "you may not read that file".into(),
        other => format!("the backup could not be read: {other}; nothing was changed"),
    })
}

fn not_restored(error: NotRestored) -> Failed {
    match error {
        NotRestored::Archive(bad) => {
            let why = describe(bad);
            Failed::with(
                Exit::Refused,
                format!("the file is not a complete backup: {why}; nothing was changed"),
            )
        }
        NotRestored::Source(kind) => cannot_read(kind),
        NotRestored::Store(error) => error.into(),
        NotRestored::ProtectorsChanged => Failed::new(
            "the store's protectors were changed meanwhile; nothing was restored, try again".into(),
        ),
    }
}

fn describe(bad: BadArchive) -> String {
    match bad {
        BadArchive::NotAnArchive => "plugin-vault backup did not write it".into(),
        BadArchive::CutOff => "its end is missing".into(),
        BadArchive::Garbled => "it is damaged between two of its parts".into(),
        BadArchive::Foreign => {
            "it has a part that plugin-vault backup does not write (was it packed again by another program?)"
                .into()
        }
        BadArchive::Twice(member) => format!("it has {} twice", member.name()),
        BadArchive::TooLong(Member::Data) => "its tables are larger than --max-store-bytes".into(),
        BadArchive::TooLong(member) => format!("{} is longer than it can be", member.name()),
        BadArchive::HeaderNotFirst => format!("it does not begin with {}", Member::Header.name()),
        BadArchive::Damaged(member) => format!("{} is damaged", member.name()),
        BadArchive::NoTables => format!("{} is missing", Member::Data.name()),
        BadArchive::NoProtector => "it has no protector that can be read, so nothing opens it".into(),
        BadArchive::OtherTables => format!("{} is of another store", Member::Data.name()),
    }
}

/// How to restore a backup.
enum Restoring {
    /// With the protectors that the store does not have.
    WithAllProtectors,
    /// With the store's own protectors alone.
    WithOwnProtectors,
    /// Not at all: this is what would be lost.
    Tried(String),
}

/// Shows what the restore replaces, and which protectors it adds, and asks the user.
fn agree(operator: &Operator, command: &RestoreCommand, backup: &ReadBackup) -> Result<Restoring, Failed> {
    if command.keep_protectors && !backup.store_has_protectors() {
        let why = "the store has no protector to keep; run it without --keep-protectors; nothing was changed";
        return Err(Failed::new(why.into()));
    }
    let asked: Vec<_> = backup.arrivals().iter().filter(|arrival| arrival.standing.is_asked_for()).collect();
    let mut loss: Vec<_> = replaced(operator)?.into_iter().collect();
    if !asked.is_empty() && !command.keep_protectors {
        let list: Vec<_> = asked.iter().map(|arrival| described(arrival)).collect();
        loss.push(format!(
            "the backup has protectors that do not open the store now: {} (--keep-protectors leaves them out)",
            list.join(", ")
        ));
    }
    let loss = loss.join("; ");
    let agreed = match (loss.is_empty(), command.consent.is_dry_run()) {
        (true, false) => Agreed::Yes,
        (true, true) => return Ok(Restoring::Tried("there is no store, so nothing would be lost".into())),
        (false, _) => command.consent.get(&loss, "Restore the backup?")?,
    };
    Ok(match agreed {
        Agreed::DryRun => Restoring::Tried(loss),
        Agreed::Yes if command.keep_protectors => Restoring::WithOwnProtectors,
        Agreed::Yes => Restoring::WithAllProtectors,
    })
}

/// What the restore replaces; `None` if there is no store. A damaged store is not opened, since that would repair it.
fn replaced(operator: &Operator) -> Result<Option<String>, Failed> {
    let about = match operator.vault().check_tables() {
        Ok(None) => return Ok(None),
        Ok(Some(_)) => {
            let opened = operator.locked()?;
            let records = operator.vault().status(opened.as_deref())?.records;
            format!("has {}", counted(records, "record"))
        }
        Err(_) => "can't be used as it is".to_owned(),
    };
    let folder = operator.config().data.display();
    Ok(Some(format!("the store in '{folder}' {about}; the backup replaces it, and it moves to quarantine")))
}

fn described(arrival: &Arrival) -> String {
    let Arrival { protector, standing } = arrival;
    let made = Timestamp::from_millis(protector.made_at);
    let about = match standing {
        Standing::Present => "is there already",
        Standing::First => "is new here",
        Standing::Added => "was not in the store",
        Standing::Removed => "was removed",
    };
    format!("{} {} (made {made}, {about})", protector.kind.name(), id(protector))
}

fn nothing_opens(operator: &Operator, opened: &Opened, tested: &[Tested]) -> String {
    let mut needs: Vec<String> = tested
        .iter()
        .map(|(protector, why)| match protector.kind {
            Kind::KeyFile => format!("the key file {}", opened.key_file(operator.config()).display()),
            kind => format!("its {} ({})", kind.name(), why.unwrap_or("works")),
        })
        .collect();
    needs.dedup();
    if needs.is_empty() {
        needs.push("a protector of a later version of plugin-vault".into());
    }
    format!("the store is restored, but no protector here opens it; it needs: {}", needs.join(", or "))
}

fn restored_json(restored: &Restored, added: &[&Arrival], tested: &[Tested]) -> String {
    let protectors: Value = serde_json::from_str(&results_json(tested)).unwrap_or_default();
    let added: Vec<_> = added.iter().map(|arrival| id(&arrival.protector)).collect();
    json!({
        "records": restored.records,
        "quarantine": restored.quarantine.as_ref().map(|folder| folder.display().to_string()),
        "added": added,
        "protectors": protectors,
    })
    .to_string()
}

fn restored_text(restored: &Restored, added: &[&Arrival], tested: &[Tested]) -> String {
    let mut lines = vec![format!("restored, with {} records", restored.records)];
    lines.extend(added.iter().map(|arrival| format!("protector of the backup: {}", described(arrival))));
    for (protector, why) in tested {
        let state = match (protector.kind, *why) {
            (_, None) => "opens it".to_owned(),
            (Kind::Passphrase, Some("locked")) => "opens it once the passphrase is given".to_owned(),
            (_, Some("locked")) => "opens it once it is unlocked".to_owned(),
            (_, Some(why)) => format!("does not open it now: {why}"),
        };
        lines.push(format!("{} {}: {state}", protector.kind.name(), id(protector)));
    }
    if let Some(folder) = &restored.quarantine {
        lines.push(format!("the old store was moved to {}", folder.display()));
    }
    lines.join("\n")
}

/// Shows the progress in percent on a terminal, and nothing elsewhere.
struct Meter {
    shown: Option<u64>,
}

impl Meter {
    fn new() -> Self {
        Self { shown: None }
    }

    fn show(&mut self, done: u64, of: u64) {
        // The length of a pipe is not known, so `of` is 0.
        let Some(percent) = (done * 100).checked_div(of) else { return };
        if self.shown != Some(percent) && io::stderr().is_terminal() {
            self.shown = Some(percent);
            let _ = write!(io::stderr(), "\r{percent} %");
        }
    }

    fn end(&self) {
        if self.shown.is_some() {
            let _ = writeln!(io::stderr());
        }
    }
}
