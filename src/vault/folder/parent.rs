//! The folders above a folder, by the segments of its path. Pure functions; nothing here reads the disk.

use super::WorkspaceFolder;

impl WorkspaceFolder {
    /// The folder above this one: the same URI without the last segment of its path. Scheme, authority, query and
    /// fragment stay, because they name the file system that the folder is in. `None` for a root, and for a URI whose
    /// path is not hierarchical, such as `untitled:one`.
    pub fn parent(&self) -> Option<Self> {
        let text = self.as_str();
        let scheme = text.find(':')? + 1;
        let path = match text[scheme..].strip_prefix("//") {
            Some(authority) => scheme + 2 + authority.find(['/', '?', '#'])?,
            None => scheme,
        };
        let (head, rest) = text.split_at(path);
        let (path, tail) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
        if path == "/" || !path.starts_with('/') {
            return None;
        }
        let above = path[..path.rfind('/')?].trim_end_matches('/');
        let above = if above.is_empty() { "/" } else { above };
        Some(Self(format!("{head}{above}{tail}").into()))
    }
}
