//! Finds the folders of the store, its key files and temporary stores, and refuses some paths: an editor starts the
//! sidecar in the folder of a project, so a relative path, or a `~` that no shell has expanded, would put the store
//! into the project.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use super::Wrong;

/// The environment variable and the flag that name a folder.
struct Names {
    variable: &'static str,
    flag: &'static str,
}

/// The variable that names the data folder.
pub(super) const DATA: &str = "PLUGIN_VAULT_DATA_DIR";
/// The variable that names the folder of key files.
pub(super) const KEYS: &str = "PLUGIN_VAULT_KEY_DIR";

/// The data folder: from the flag, otherwise from the environment, otherwise the system's folder for the user's data.
pub(super) fn data(given: Option<&Path>) -> Result<PathBuf, Wrong> {
    folder(given, &Names { variable: DATA, flag: "--data-dir" }, usual_data)
}

/// The folder of key files, found in the same way.
pub(super) fn keys(given: Option<&Path>) -> Result<PathBuf, Wrong> {
    folder(given, &Names { variable: KEYS, flag: "--key-dir" }, usual_keys)
}

/// The data folder where nothing names another one.
pub(super) fn usual_data() -> Option<PathBuf> {
    let folder = dirs::data_local_dir()?.join("plugin-vault");
    Some(if cfg!(windows) { folder.join("data") } else { folder })
}

/// The folder of key files where nothing names another one.
pub(super) fn usual_keys() -> Option<PathBuf> {
    Some(if cfg!(windows) {
        dirs::data_local_dir()?.join("plugin-vault").join("keys")
    } else if cfg!(target_os = "macos") {
        dirs::data_local_dir()?.join("plugin-vault-keys")
    } else {
        dirs::state_dir()?.join("plugin-vault")
    })
}

fn folder(
    given: Option<&Path>,
    names: &Names,
    usual: impl Fn() -> Option<PathBuf>,
) -> Result<PathBuf, Wrong> {
    let from_environment = std::env::var_os(names.variable).filter(|path| !path.is_empty());
    match (given, from_environment) {
        (Some(given), _) => named(given, names.flag),
        (None, Some(path)) => of_environment(path, names),
        (None, None) => usual_folder(usual(), names),
    }
}

/// The path of a flag. A relative one starts at the current folder, as in every program.
pub(super) fn named(path: &Path, flag: &str) -> Result<PathBuf, Wrong> {
    if is_unexpanded(path) {
        return Err(Wrong(format!(
            "{flag} starts with a ~ or a variable that no shell has expanded; write an absolute path"
        )));
    }
    std::path::absolute(path).map_err(|_| Wrong(format!("{flag} is empty or can't be resolved")))
}

fn of_environment(path: OsString, names: &Names) -> Result<PathBuf, Wrong> {
    let path = PathBuf::from(path);
    if path.is_absolute() {
        return Ok(path);
    }
    let variable = names.variable;
    Err(Wrong(format!(
        "{variable} is not an absolute path, and would mean another folder in each project; write an absolute path, \
         without ~ or variables"
    )))
}

/// Refuses a missing or relative path, since `HOME` may be relative too.
fn usual_folder(folder: Option<PathBuf>, names: &Names) -> Result<PathBuf, Wrong> {
    let flag = names.flag;
    folder
        .filter(|folder| folder.is_absolute())
        .ok_or_else(|| Wrong(format!("there is no home folder; set HOME, or name a folder with {flag}")))
}

/// Whether a path starts with a text that a shell or an editor should have replaced: `~/v`, `~me/v`, `$HOME/v`,
/// `${env:HOME}`, `%LOCALAPPDATA%\v`. A user can still name such a folder with `./` before it.
fn is_unexpanded(path: &Path) -> bool {
    match path.components().next() {
        Some(Component::Normal(first)) => first.to_string_lossy().starts_with(['~', '$', '%']),
        _ => false,
    }
}

/// The folder for temporary stores. An empty or relative `TMPDIR` would mean the current folder, so it is ignored.
pub(super) fn temporary() -> PathBuf {
    let folder = std::env::temp_dir();
    if folder.is_absolute() || !cfg!(unix) { folder } else { PathBuf::from("/tmp") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_may_be_relative_but_not_unexpanded() {
        let current = std::env::current_dir().unwrap();
        let absolute = if cfg!(windows) { r"C:\a\b" } else { "/a/b" };
        for (path, expected) in [
            (absolute, Some(absolute.into())),
            ("a", Some(current.join("a"))),
            ("./~", Some(current.join("~"))),
            ("a/~", Some(current.join("a/~"))),
            ("~", None),
            ("~/v", None),
            ("~me/v", None),
            ("$HOME/v", None),
            ("${env:HOME}/v", None),
            ("%LOCALAPPDATA%", None),
            ("", None),
        ] {
            assert_eq!(named(Path::new(path), "--data-dir").ok(), expected, "{path}");
        }
    }

    #[test]
    fn the_environment_names_absolute_folders_only() {
        let names = Names { variable: "PLUGIN_VAULT_DATA_DIR", flag: "--data-dir" };
        // On Windows, a path that names no drive, or no folder of its drive, depends on the current folder.
        let (absolute, relative): (&str, &[&str]) =
            if cfg!(windows) { (r"C:\v", &[r"\v", "/v", "C:v", r"%LOCALAPPDATA%\v"]) } else { ("/v", &[]) };
        for path in ["~/v", "v", "./v", "../v", "$HOME/v"].iter().chain(relative) {
            let Err(Wrong(why)) = of_environment(path.into(), &names) else { panic!("{path}") };
            assert!(why.starts_with("PLUGIN_VAULT_DATA_DIR is not an absolute path"), "{why}");
        }
        assert_eq!(of_environment(absolute.into(), &names).ok(), Some(absolute.into()));
        assert!(usual_folder(Some("home/v".into()), &names).is_err() && usual_folder(None, &names).is_err());
    }
}
