//! The store as it is on the disk, the processes that use it, its backups, and what was put aside.

use std::time::{Duration, SystemTime};

use crate::cli::look::{counted, relative, size, time_of};
use crate::cli::operator::Operator;
use crate::vault::{DamagedStore, Error, FORMAT, OwnBackup, StoreProcess, Timestamp};

use super::{Check, Finding, Fix, own_command};

const DAY: Duration = Duration::from_hours(24);
/// A store that is used gets a backup each day, so an older one shows that something is wrong.
const OLD_BACKUP: Duration = Duration::from_hours(7 * 24);
/// What was replaced longer ago is no longer missed.
const OLD_QUARANTINE: Duration = Duration::from_hours(30 * 24);

/// Checks the tables, and returns whether the store can be opened as it is, or that there is none.
pub(super) fn check_tables(operator: &Operator) -> (Vec<Finding>, bool) {
    let (check, vault) = (Check::Store, operator.vault());
    let finding = match vault.check_tables() {
        Ok(None) => check.good("there is no store yet; the first plugin that writes creates one"),
        Ok(Some(_)) if vault.was_used_by_another_build() => {
            let what = "another build of plugin-vault, whose locks differ, was the last to use the store";
            check.warning(what).command(own_command(operator, "check")).fix(Fix::OpenStore)
        }
        Ok(Some(tables)) => {
            let rows = counted(tables.rows, "row");
            let text = format!("format {FORMAT}, {rows}");
            if tables.damaged_rows == 0 {
                check.good(format!("{text}, all of them whole"))
            } else {
                let what = format!(
                    "{text}, {} of them damaged and kept as they are; write those records again, or restore a backup",
                    tables.damaged_rows
                );
                check.bad(what).command(own_command(operator, "check --read-data"))
            }
        }
        Err(Error::StoreDamaged(DamagedStore::Data)) if vault.can_be_repaired() => {
            let what =
                "the store is damaged; opening it repairs it, and keeps the damaged file in quarantine";
            check.bad(what).command(own_command(operator, "check")).fix(Fix::OpenStore)
        }
        Err(Error::StoreDamaged(DamagedStore::Data)) => {
            let what = "the store is damaged, and nothing can repair it; restore a backup that you keep, or put the \
                        store aside and begin a new one";
            check.bad(what).command(own_command(operator, "reset"))
        }
        Err(Error::StoreDamaged(DamagedStore::Protectors)) => {
            let what = "no protector file of the store is whole, so nothing opens it; restore a backup that you keep, \
                        or put the store aside and begin a new one";
            check.bad(what).command(own_command(operator, "reset"))
        }
        Err(Error::StoreBusy { .. }) => check.not_checked("another process holds the write lock"),
        Err(error) => check.error(error),
    };
    let is_sound = !matches!(finding.level, super::Level::Failed) || finding.text.starts_with("format");
    (vec![finding], is_sound)
}

/// Looks at the processes that have the store open or have left it open.
pub(super) fn check_processes(operator: &Operator) -> Vec<Finding> {
    let (check, vault) = (Check::Processes, operator.vault());
    let processes = match vault.processes() {
        Err(error) => return vec![check.error(error)],
        Ok(processes) => processes,
    };
    let mut findings = Vec::new();
    let (alive, stale): (Vec<_>, Vec<_>) = processes.into_iter().partition(|process| process.is_alive);
    if !stale.is_empty() {
        let count =
            if stale.len() == 1 { "1 process".to_owned() } else { format!("{} processes", stale.len()) };
        let what = format!("{count} ended without closing the store");
        findings.push(check.warning(what).command(own_command(operator, "check")).fix(Fix::OpenStore));
    }
    let holder = vault.write_lock_holder();
    for process in &alive {
        findings.extend(check_process(process, holder));
    }
    if findings.is_empty() {
        let text = match alive.len() {
            0 => "no other process has the store open".to_owned(),
            1 => "1 other process has the store open".to_owned(),
            count => format!("{count} other processes have the store open"),
        };
        findings.push(check.good(text));
    }
    findings
}

fn check_process(process: &StoreProcess, holder: Option<u32>) -> Option<Finding> {
    let check = Check::Processes;
    let pid = process.pid?;
    if is_stopped(pid) {
        let (what, level) = if holder == Some(pid) {
            ("and holds the write lock, so nothing can be written", true)
        } else {
            ("and keeps the store open", false)
        };
        let text = format!("process {pid} is stopped {what}");
        let finding = if level { check.bad(text) } else { check.warning(text) };
        return Some(finding.command(format!("kill -CONT {pid}")));
    }
    let version = process.version.as_ref().filter(|version| *version != env!("CARGO_PKG_VERSION"))?;
    let text = format!(
        "process {pid} is of version {version}, and this is {}; its editor starts the new one afterwards",
        env!("CARGO_PKG_VERSION")
    );
    Some(check.warning(text).command(format!("kill {pid}")))
}

/// Whether a process was stopped by a signal or a debugger, as far as the system shows it.
fn is_stopped(pid: u32) -> bool {
    let Ok(text) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    // The name before the state may have any character.
    let state = text.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    matches!(state, Some('T' | 't'))
}

/// Looks at the backups that the store takes of itself.
pub(super) fn check_backups(operator: &Operator, is_sound: bool) -> Vec<Finding> {
    let (check, vault) = (Check::Backups, operator.vault());
    let backups = match vault.own_backups() {
        Err(error) => return vec![check.error(error)],
        Ok(backups) => backups,
    };
    if !vault.has_store() {
        return Vec::new();
    }
    let take = |finding: Finding, fix: Fix| {
        let finding = if is_sound { finding.fix(fix) } else { finding };
        finding.command(own_command(operator, "doctor --fix --only backups"))
    };
    let Some(newest) = backups.first() else {
        let finding =
            check.warning("the store has no backup of itself yet; an idle editor takes one each day");
        return vec![take(finding, Fix::BackUp)];
    };
    if let Err(error) = vault.check_own_backup(newest) {
        let what = format!("the newest backup, of {}, can't be used: {error}", ago(newest));
        return vec![take(check.bad(what), Fix::ReplaceBackup(newest.clone()))];
    }
    let text = format!(
        "{}, the newest of {}, and it can be used",
        counted(backups.len() as u64, "backup"),
        ago(newest)
    );
    vec![check.good(text)]
}

/// The newest backup is old, and the store, whose last revision this is, has changed since.
pub(super) fn old_backup(operator: &Operator, revision: u64) -> Option<Finding> {
    let newest = operator.vault().own_backups().ok()?.into_iter().next()?;
    let age = SystemTime::now().duration_since(newest.taken).unwrap_or_default();
    let is_old = age > OLD_BACKUP && newest.revision < revision;
    let what = format!("the newest backup is of {}, and the store has changed since", ago(&newest));
    let command = own_command(operator, "doctor --fix --only backups");
    is_old.then(|| Check::Backups.warning(what).command(command).fix(Fix::BackUp))
}

fn ago(backup: &OwnBackup) -> String {
    relative(time_of(backup.taken), Timestamp::now())
}

/// Looks at what repairs, restores and resets have replaced.
pub(super) fn check_quarantine(operator: &Operator) -> Vec<Finding> {
    let check = Check::Quarantine;
    let all = match operator.vault().quarantined() {
        Err(error) => return vec![check.error(error)],
        Ok(all) => all,
    };
    let is_old = |at: SystemTime| SystemTime::now().duration_since(at).is_ok_and(|age| age > OLD_QUARANTINE);
    let old: Vec<_> = all.iter().filter(|one| is_old(one.at) && !one.is_in_use).collect();
    if old.is_empty() {
        let bytes = all.iter().map(|one| one.bytes).sum();
        let text = if all.is_empty() {
            "empty".into()
        } else {
            format!("{}, {}", counted(all.len() as u64, "folder"), size(bytes))
        };
        return vec![check.good(text)];
    }
    let bytes = old.iter().map(|one| one.bytes).sum();
    let count = counted(old.len() as u64, "folder");
    let days = OLD_QUARANTINE.as_secs() / DAY.as_secs();
    let what = format!("{count} of replaced data, {}, older than {days} days", size(bytes));
    let names: Vec<_> = old.iter().map(|one| one.name.as_str()).collect();
    vec![check.warning(what).command(own_command(operator, &format!("quarantine purge {}", names.join(" "))))]
}
