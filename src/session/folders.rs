//! The open folders of one connection: all folders that the client calls open, whether or not a record can be addressed
//! in them.
//!
//! A folder that has no address still counts. If it did not, another folder would be taken for the only one, and a call
//! without `workspaceFolder` would store there what belongs to the folder without an address.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::limits;
use crate::vault::Place;
use crate::vault::folder::WorkspaceFolder;

/// One open folder.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum OpenFolder {
    /// Records can be stored for it.
    Named(WorkspaceFolder),
    /// The client's text is not a URI, or is a URI that a record's address can't hold. A digest identifies the folder,
    /// because the text may have any length and the client must be able to close the folder.
    Unnamed(u64),
}

impl OpenFolder {
    /// The folder of this URI.
    pub fn of_uri(uri: &str) -> Self {
        WorkspaceFolder::parse(uri).map_or_else(|_| Self::unnamed(uri), Self::Named)
    }

    /// A folder without a URI. The digest of the client's text identifies it.
    pub fn unnamed(text: &str) -> Self {
        let mut digest = DefaultHasher::new();
        text.hash(&mut digest);
        Self::Unnamed(digest.finish())
    }
}

impl From<WorkspaceFolder> for OpenFolder {
    fn from(folder: WorkspaceFolder) -> Self {
        Self::Named(folder)
    }
}

/// The open folders, each once; at most [`limits::OPEN_FOLDERS`].
#[derive(Default)]
pub(super) struct OpenFolders {
    folders: HashSet<OpenFolder>,
    /// The client has opened more folders than the connection remembers. From then on no folder is the only one,
    /// because the connection does not know which of them were closed since.
    too_many: bool,
}

impl OpenFolders {
    pub(super) fn new(folders: impl IntoIterator<Item = OpenFolder>) -> Self {
        let mut open = Self::default();
        open.add(folders);
        open
    }

    pub(super) fn add(&mut self, folders: impl IntoIterator<Item = OpenFolder>) {
        for folder in folders {
            if self.too_many {
                return;
            }
            self.folders.insert(folder);
            self.too_many = self.folders.len() > limits::OPEN_FOLDERS;
        }
        if self.too_many {
            self.folders = HashSet::new();
        }
    }

    pub(super) fn remove(&mut self, folders: &[OpenFolder]) {
        for folder in folders {
            self.folders.remove(folder);
        }
    }

    /// The folder that `"workspace"` means if the request passes none.
    pub(super) fn only(&self) -> Place {
        let mut folders = self.folders.iter();
        match (folders.next(), folders.next()) {
            (Some(OpenFolder::Named(folder)), None) if !self.too_many => Place::Workspace(folder.clone()),
            _ => Place::FolderRequired,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(open: &OpenFolders) -> Option<String> {
        match open.only() {
            Place::Workspace(folder) => Some(folder.as_str().to_owned()),
            _ => None,
        }
    }

    #[test]
    fn one_folder_in_many_spellings_is_the_only_one() {
        let open = OpenFolders::new(["file:///a/b", "file:///a/b/", "FILE:///a/%62"].map(OpenFolder::of_uri));
        assert_eq!(only(&open).as_deref(), Some("file:///a/b"));
    }

    #[test]
    fn a_folder_without_a_name_counts_until_it_is_closed() {
        for unnamed in ["", "a/b", "C:\\a", "file:///a\nb", &"a".repeat(limits::URI + 1)] {
            let mut open = OpenFolders::new(["file:///a", unnamed].map(OpenFolder::of_uri));
            assert_eq!(only(&open), None, "{unnamed:?}");
            open.remove(&[OpenFolder::of_uri("no/such")]);
            assert_eq!(only(&open), None, "{unnamed:?}");
            open.add([OpenFolder::of_uri(unnamed)]);
            open.remove(&[OpenFolder::of_uri(unnamed)]);
            assert_eq!(only(&open).as_deref(), Some("file:///a"), "{unnamed:?}");
            assert_eq!(only(&OpenFolders::new([OpenFolder::of_uri(unnamed)])), None, "{unnamed:?}");
        }
    }

    #[test]
    fn past_the_limit_no_folder_is_the_only_one() {
        let folders: Vec<_> =
            (0..=limits::OPEN_FOLDERS).map(|n| OpenFolder::of_uri(&format!("file:///{n}"))).collect();
        let (last, others) = folders.split_last().unwrap();
        let mut open = OpenFolders::new(others.iter().cloned());
        open.remove(&others[1..]);
        assert_eq!(only(&open).as_deref(), Some("file:///0"));
        open.add(others.iter().cloned().chain([last.clone()]));
        assert!(open.folders.is_empty(), "nothing is remembered that no answer depends on");
        open.remove(&folders);
        open.add([last.clone()]);
        assert_eq!(only(&open), None);
    }
}
