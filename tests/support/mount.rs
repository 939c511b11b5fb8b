//! File systems of a test's own. `tests/run` gives the whole program a mount namespace, which takes them away in the end
//! even if a test does not.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is mounted somewhere, until it goes out of scope.
pub(crate) struct Mount(PathBuf);

impl Mount {
    /// Memory as a file system, of so many bytes.
    pub(crate) fn memory(place: &Path, size: u64) -> Self {
        std::fs::create_dir(place).unwrap();
        run("mount", &["-t", "tmpfs", "-o", &format!("size={size},mode=700"), "none", text(place)]);
        Self(place.to_owned())
    }

    /// Another folder, by way of a program.
    pub(crate) fn by_program(place: &Path, folder: &Path) -> Self {
        for folder in [place, folder] {
            std::fs::create_dir(folder).unwrap();
            std::fs::set_permissions(folder, Permissions::from_mode(0o700)).unwrap();
        }
        run("bindfs", &[text(folder), text(place)]);
        Self(place.to_owned())
    }

    /// The writable layer over an empty image, as a container has it. `layers` is a folder for both.
    pub(crate) fn layered(place: &Path, layers: &Path) -> Self {
        let layer = |name: &str| {
            let folder = layers.join(name);
            std::fs::create_dir_all(&folder).unwrap();
            folder
        };
        let (image, written, work) = (layer("image"), layer("written"), layer("work"));
        let options =
            format!("lowerdir={},upperdir={},workdir={}", text(&image), text(&written), text(&work));
        std::fs::create_dir_all(place).unwrap();
        run("mount", &["-t", "overlay", "-o", &options, "none", text(place)]);
        Self(place.to_owned())
    }

    /// Changes how it is mounted.
    pub(crate) fn again(&self, options: &str) {
        // With the name of what is mounted no option is taken over that an ordinary user's namespace does not have.
        run("mount", &["-t", "tmpfs", "-o", &format!("remount,{options}"), "none", text(&self.0)]);
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // A process may still use it. Then it goes away with the namespace.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn run(program: &str, words: &[&str]) {
    let output = Command::new(program).args(words).output().unwrap();
    assert!(output.status.success(), "{program} {words:?}: {}", String::from_utf8_lossy(&output.stderr));
}
