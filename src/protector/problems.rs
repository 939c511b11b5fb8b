//! What is wrong with the files of protectors in the key folder, and the commands that put it right.

use std::path::Path;

use crate::crypto::StoreId;
use crate::files::{self, Dir, FileKind, Privacy, Problem};

use super::{ProtectorConfig, key_file};

/// What is wrong with the files that the protectors of a store keep in the key folder. A missing file is no problem
/// here: the test of its protector finds that.
pub fn problems(config: &ProtectorConfig<'_>, store: StoreId) -> Vec<Problem> {
    let key = key_file::path(config.key_folder, store);
    let folder = key.parent().unwrap_or(config.key_folder);
    let dir = match Dir::reach(folder) {
        Err(error) if error.is_not_found() => return Vec::new(),
        Err(error) => return vec![Problem::of(&error)],
        Ok(dir) => dir,
    };
    let mut found = Vec::new();
    // Who may write to the folder above may put another one in the place of this one.
    match Dir::reach(config.key_folder) {
        Err(error) => found.push(Problem::of(&error)),
        Ok(above) => found.extend(folder_problem(&above, config.key_folder)),
    }
    found.extend(folder_problem(&dir, folder));
    for name in dir.names().unwrap_or_default() {
        if name == "key" || name.starts_with("command-") {
            found.extend(file_problem(&dir, &name));
        }
    }
    found
}

fn folder_problem(dir: &Dir, folder: &Path) -> Option<Problem> {
    let found = match dir.found() {
        Err(error) => return Some(Problem::of(&error)),
        Ok(found) => found,
    };
    if found.privacy == Privacy::NotOurs && !found.is_the_super_users {
        return Some(Problem::of(&files::Error::at(folder, files::Cause::Owner)));
    }
    // In a folder with the sticky bit, users can't remove the files of other users.
    let is_open = found.mode & 0o022 != 0 && found.mode & 0o1000 == 0;
    let what = "other users may put another file in the place of the store's key";
    is_open.then(|| Problem::open_to_others(what, "go-w", folder))
}

fn file_problem(dir: &Dir, name: &str) -> Option<Problem> {
    let path = dir.path_of(name);
    let found = match dir.find(name) {
        Err(error) => return Some(Problem::of(&error)),
        Ok(None) => return None,
        // The key file may be reached through a link; its protector is tested.
        Ok(Some(found)) if found.kind == FileKind::Link => return None,
        Ok(Some(found)) => found,
    };
    let is_ours = found.privacy != Privacy::NotOurs;
    if found.kind != FileKind::File {
        Some(Problem::of(&files::Error::at(&path, files::Cause::Kind(found.kind))))
    } else if !is_ours && !found.is_the_super_users {
        Some(Problem::of(&files::Error::at(&path, files::Cause::Owner)))
    } else if found.mode & if is_ours { 0o077 } else { 0o027 } != 0 {
        let what = "other users may read or write a file of the store's key";
        Some(Problem::open_to_others(what, if is_ours { "600" } else { "440" }, &path))
    } else {
        None
    }
}
