//! The folders of the store and of its keys, and the file system that they are on.

use std::fs;
use std::path::Path;

use crate::cli::folders as places;
use crate::cli::look::size;
use crate::cli::operator::Operator;

use super::{Check, Finding, Fix, quoted};

/// Below this much free space, in bytes, writes may soon fail.
const LITTLE: u64 = 64 << 20;
/// Folders that programs for synchronisation keep, by the beginning of their name.
const SYNCHRONISED: [&str; 9] = [
    "Dropbox",
    "OneDrive",
    "Nextcloud",
    "ownCloud",
    "Google Drive",
    "GoogleDrive",
    "iCloud Drive",
    "Mobile Documents",
    "pCloudDrive",
];
/// Names in a folder that a program for synchronisation keeps.
const MARKS: [&str; 4] = [".stfolder", ".dropbox", ".dropbox.cache", ".sync"];

/// Looks at both folders.
pub(super) fn check(operator: &Operator) -> Vec<Finding> {
    let check = Check::Folders;
    let (vault, config) = (operator.vault(), operator.config());
    let mut findings: Vec<_> = Vec::new();
    for problem in vault.problems() {
        let is_mode = problem.cure.as_ref().is_some_and(|cure| cure.starts_with("chmod "));
        let finding = check.bad(problem.what).maybe_command(problem.cure);
        findings.push(if is_mode { finding.fix(Fix::RunCommand) } else { finding });
    }
    if vault.keys_are_in_data_folder() {
        let what = "the key folder is inside the data folder, so each copy of the data folder opens itself";
        findings.push(check.bad(what).maybe_command(move_keys(operator)));
    }
    if let Some(program) = synchronised(&config.data) {
        let what = format!(
            "the data folder is in a folder that {program} synchronises, which damages stores and copies them to \
             other machines"
        );
        findings.push(check.bad(what).maybe_command(move_data(&config.data)));
    }
    if findings.is_empty() {
        let (data, keys) = (config.data.display(), config.keys.display());
        findings.push(check.good(format!("store in {data}, keys in {keys}; only this user has access")));
    }
    findings.extend(check_file_system(operator));
    findings
}

/// The command that moves the keys to their usual place.
fn move_keys(operator: &Operator) -> Option<String> {
    let config = operator.config();
    // A link to a folder in the data folder.
    if let Ok(real) = fs::canonicalize(&config.keys)
        && fs::symlink_metadata(&config.keys).is_ok_and(|found| found.is_symlink())
    {
        let link = quoted(&config.keys);
        return Some(format!("rm {link} && mv {} {link}", quoted(&real)));
    }
    let usual =
        places::usual_keys().filter(|usual| *usual != config.keys && !usual.starts_with(&config.data))?;
    let own = operator.vault().key_file()?.parent()?.to_owned();
    let to = quoted(&usual);
    Some(format!("mkdir -p -m 700 {to} && mv {} {to}{}", quoted(&own), then(places::KEYS)))
}

/// The command that moves the store to its usual place. It moves what is in the folder, which may be a mount point.
fn move_data(data: &Path) -> Option<String> {
    let usual = places::usual_data()
        .filter(|usual| usual != data && synchronised(usual).is_none() && !usual.exists())?;
    let to = quoted(&usual);
    Some(format!("mkdir -p -m 700 {to} && mv {}/* {to}{}", quoted(data), then(places::DATA)))
}

/// The end of a command that moves a folder to its usual place: nothing may name the former place any more.
fn then(variable: &str) -> String {
    if std::env::var_os(variable).is_some_and(|value| !value.is_empty()) {
        format!(" && unset {variable}")
    } else {
        String::new()
    }
}

/// The program that synchronises a folder, as far as its path shows.
fn synchronised(folder: &Path) -> Option<String> {
    let is_marked = |at: &Path| MARKS.iter().find(|mark| at.join(mark).exists());
    folder.ancestors().skip(1).find_map(|at| {
        let name = at.file_name()?.to_str()?;
        let named = SYNCHRONISED.iter().find(|start| name.starts_with(**start));
        let marked = || is_marked(at).map(|mark| format!("the program that made {mark}"));
        named.map(|name| (*name).to_owned()).or_else(marked)
    })
}

fn check_file_system(operator: &Operator) -> Vec<Finding> {
    let check = Check::FileSystem;
    let (found, config) = (operator.vault().file_system(), operator.config());
    let mut findings = Vec::new();
    if found.is_of_a_network {
        let what = "the data folder is on a network or user-space file system, where a store can be damaged";
        let finding = if config.allow_network { check.warning(what) } else { check.bad(what) };
        findings.push(finding.maybe_command(move_data(&config.data)));
    }
    if found.is_of_a_container {
        let what =
            "the data folder is in the writable layer of a container and goes with it; mount a volume there";
        findings.push(check.warning(what));
    }
    if let Some(free) = found.free.filter(|free| *free < LITTLE) {
        let what = format!("only {} are free, and writes may soon fail", size(free));
        let has_quarantine = operator.vault().quarantined().is_ok_and(|list| !list.is_empty());
        let purge = has_quarantine.then(|| super::own_command(operator, "quarantine purge"));
        findings.push(check.warning(what).maybe_command(purge));
    }
    if findings.is_empty() {
        let free = found.free.map_or(String::new(), |free| format!(", {} free", size(free)));
        findings.push(check.good(format!("local{free}")));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::disallowed_methods, reason = "a folder of the test's own")]
    fn a_synchronised_folder_is_known_by_its_name_or_its_marks() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name).join("a/plugin-vault");
        for name in ["Dropbox", "Dropbox (Work)", "OneDrive - Company", "Nextcloud"] {
            assert!(synchronised(&place(name)).is_some(), "{name}");
        }
        assert_eq!(synchronised(&place("share")), None);
        fs::create_dir_all(folder.path().join("share/.stfolder")).unwrap();
        assert!(synchronised(&place("share")).is_some_and(|program| program.contains(".stfolder")));
    }
}
