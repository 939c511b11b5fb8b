//! What kind of file system a folder is on. A store must not be on some: network file systems, where the locks and memory maps of several
//! machines are independent of each other, and user-space file systems, which guarantee neither.

use std::io;
use std::path::Path;

/// The magic numbers of those file systems on Linux.
#[cfg(any(target_os = "linux", target_os = "android"))]
const NETWORK: [u32; 15] = [
    0x0000_6969, // NFS
    0x0000_517b, // SMB
    0xff53_4d42, // CIFS
    0xfe53_4d42, // SMB 2
    0x0000_564c, // NCP
    0x0102_1997, // 9p
    0x6573_5546, // FUSE, virtiofs, sshfs
    0x00c3_6400, // Ceph
    0x5346_414f, // AFS
    0x6b41_4653, // AFS of the kernel
    0x7375_7245, // Coda
    0x0bd0_0bd0, // Lustre
    0xbacb_acbc, // VMware's shared folders
    0x786f_4256, // VirtualBox's shared folders
    0x0116_1970, // GFS2
];

/// Whether a folder is on such a file system.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn is_of_a_network(folder: &Path) -> io::Result<bool> {
    let number = rustix::fs::statfs(folder)?.f_type;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "32 bits, of any sign and width"
    )]
    Ok(is_listed(number as u32))
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn is_listed(number: u32) -> bool {
    NETWORK.contains(&number)
}

/// Whether a folder is on such a file system.
#[cfg(target_os = "macos")]
pub fn is_of_a_network(folder: &Path) -> io::Result<bool> {
    /// `MNT_LOCAL`
    const LOCAL: u32 = 0x1000;
    Ok(rustix::fs::statfs(folder)?.f_flags & LOCAL == 0 || !has_full_sync(folder)?)
}

/// Whether the file system of a folder can write through the disk's own cache. LMDB asks for that at each commit, and
/// each commit fails where it is missing.
#[cfg(target_os = "macos")]
fn has_full_sync(folder: &Path) -> io::Result<bool> {
    use rustix::io::Errno;
    match rustix::fs::fcntl_fullfsync(std::fs::File::open(folder)?) {
        Err(Errno::NOTSUP | Errno::INVAL | Errno::NOTTY | Errno::NODEV) => Ok(false),
        outcome => outcome.map(|()| true).map_err(Into::into),
    }
}

/// Bytes that this user can still write on the file system of a folder; `None` if the system does not say.
pub fn free_space(folder: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Whether a folder is in the writable layer of a container's image.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn is_of_a_container(folder: &Path) -> bool {
    const OVERLAY: u32 = 0x794c_7630;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "32 bits, of any sign and width"
    )]
    rustix::fs::statfs(folder).is_ok_and(|found| found.f_type as u32 == OVERLAY)
}

/// Whether a folder is in the writable layer of a container's image. Not known on this system.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn is_of_a_container(_folder: &Path) -> bool {
    false
}

/// Whether a folder is on such a file system. Not known on this system.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos")))]
pub fn is_of_a_network(_folder: &Path) -> io::Result<bool> {
    Ok(false)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn local_file_systems_are_not_listed() {
        for (name, number) in [
            ("ext4", 0xef53_u32),
            ("xfs", 0x5846_5342),
            ("btrfs", 0x9123_683e),
            ("tmpfs", 0x0102_1994),
            ("overlay", 0x794c_7630),
            ("zfs", 0x2fc1_2fc1),
            ("f2fs", 0xf2f5_2010),
        ] {
            assert!(!is_listed(number), "{name}");
        }
        assert!(!is_of_a_network(tempfile::tempdir().unwrap().path()).unwrap());
    }

    #[test]
    fn those_of_a_network_are() {
        assert!(is_listed(0x6969));
        assert!(is_listed(0xff53_4d42));
    }
}
