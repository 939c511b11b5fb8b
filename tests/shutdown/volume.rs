//! A file system in a file, that can be shut down.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::fs::syncfs;
use rustix::ioctl::{Opcode, Setter, ioctl, opcode};
use tempfile::NamedTempFile;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Ext4,
    Xfs,
}

/// What of the file system is written before it stops: the numbers are the kernel's.
#[derive(Clone, Copy)]
pub(crate) enum Flush {
    /// All that it knows.
    All = 0,
    /// Its journal.
    Journal = 1,
    /// Nothing: the power fails.
    Nothing = 2,
}

impl Flush {
    /// The last is what a store has to fear most.
    pub(crate) const ALL: [Self; 4] = [Self::All, Self::Journal, Self::Nothing, Self::Nothing];
}

pub(crate) struct Volume {
    kind: Kind,
    image: NamedTempFile,
    place: PathBuf,
}

impl Volume {
    /// Makes a file system and mounts it over a folder.
    pub(crate) fn make(kind: Kind, place: &Path) -> Self {
        let image = NamedTempFile::new().unwrap();
        // XFS is not made any smaller. What is not written takes no room.
        image.as_file().set_len(320 << 20).unwrap();
        let program = match kind {
            Kind::Ext4 => "mkfs.ext4",
            Kind::Xfs => "mkfs.xfs",
        };
        run(program, &["-q", text(image.path())]);
        let volume = Self { kind, image, place: place.to_owned() };
        volume.mount();
        volume
    }

    fn mount(&self) {
        let kind = format!("{:?}", self.kind).to_lowercase();
        run("mount", &["-t", &kind, "-o", "loop", text(self.image.path()), text(&self.place)]);
    }

    /// From now on nothing is written to it any more.
    #[allow(unsafe_code, reason = "a request of the kernel's that has no other name")]
    pub(crate) fn shut_down(&self, flush: Flush) {
        const SHUT_DOWN: Opcode = opcode::read::<u32>(b'X', 125);
        let folder = File::open(&self.place).unwrap();
        // SAFETY: the kernel reads one number, for ext4 and XFS alike.
        unsafe { ioctl(&folder, Setter::<SHUT_DOWN, u32>::new(flush as u32)) }.unwrap();
    }

    /// Takes it away and mounts it again, which is when the file system repairs itself.
    pub(crate) fn mount_again(&mut self) {
        let began = Instant::now();
        // A process that was killed may not be gone yet.
        while !Command::new("umount").arg(&self.place).output().unwrap().status.success() {
            assert!(began.elapsed() < Duration::from_mins(1), "it can't be unmounted");
            std::thread::sleep(Duration::from_millis(10));
        }
        self.mount();
    }

    /// Removes the store and its keys, for good: they would be back otherwise.
    pub(crate) fn empty(&self) {
        for folder in ["data", "keys"] {
            let _ = std::fs::remove_dir_all(self.place.join(folder));
        }
        syncfs(File::open(&self.place).unwrap()).unwrap();
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.place).output();
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn run(program: &str, words: &[&str]) {
    let output = Command::new(program).args(words).output().unwrap();
    assert!(output.status.success(), "{program} {words:?}: {}", String::from_utf8_lossy(&output.stderr));
}
