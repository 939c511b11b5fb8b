//! Owners and access lists on Windows. Which users have access is decided on the text of a security descriptor, in the
//! language that Windows has for it (SDDL). This file is one of the few with `unsafe`, see `tests/tidy.rs`.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::OnceLock;

use crate::files::Privacy;

/// The super-users: the system, the administrators, and the installer of Windows' own parts. They reach every file.
const SUPER_USERS: [&str; 3] = ["SY", "BA", "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"];
/// Names that stand for the owner of a file, without saying which user that is.
const OWNER: [&str; 2] = ["OW", "CO"];
/// Every file of the folder is for its owner, the system and the administrators, and nothing is inherited from above.
const PRIVATE: &str = "D:P(A;OICI;FA;;;OW)(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)";

/// Who owns a file or folder, and which other users may use it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::files) struct Access {
    pub(in crate::files) privacy: Privacy,
    pub(in crate::files) is_the_super_users: bool,
    /// Rights of other users, as bits of a mode.
    pub(in crate::files) mode: u32,
}

/// What the access list of an open file or folder says.
///
/// # Errors
/// If the system does not give the list.
pub(in crate::files) fn access(file: &File) -> io::Result<Access> {
    static USER: OnceLock<String> = OnceLock::new();
    let user = USER.get_or_init(|| calls::user().unwrap_or_default());
    Ok(read(&calls::descriptor(file)?, user))
}

/// Bytes that this user can still write on the file system of a folder.
pub(in crate::files) fn free_space(folder: &Path) -> Option<u64> {
    calls::free_space(folder).ok()
}

/// Takes the rights of other users away from a folder and from what is made in it.
///
/// # Errors
/// If the system refuses.
pub(in crate::files) fn make_private(folder: &Path) -> io::Result<()> {
    calls::set_access_list(folder, PRIVATE)
}

/// Decides about a descriptor: `O:owner D:flags(entry)(entry)…`, where an entry is `type;flags;rights;;;user`.
fn read(descriptor: &str, user: &str) -> Access {
    let (owner, list) = descriptor.split_once("D:").unwrap_or((descriptor, ""));
    let owner = owner.trim_start_matches("O:");
    let is_super = |name: &str| SUPER_USERS.contains(&name);
    let is_ours = owner == user || is_super(owner);
    // A file without a list, and one with an empty reference to a list, is for everyone.
    let has_list = descriptor.contains("D:") && !list.contains("NO_ACCESS_CONTROL");
    let is_open = !has_list
        || list.split('(').skip(1).any(|entry| {
            let mut parts = entry.trim_end_matches(')').split(';');
            let (kind, flags) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            let name = parts.nth(3).unwrap_or_default();
            let only_for_what_is_made_in_it = flags.as_bytes().chunks(2).any(|flag| flag == b"IO");
            let is_known = name == user || is_super(name) || OWNER.contains(&name);
            // `XA` is an entry that allows under a condition.
            kind.ends_with('A') && kind != "AU" && !only_for_what_is_made_in_it && !is_known
        });
    let privacy = match (is_ours, is_open) {
        (false, _) => Privacy::NotOurs,
        (true, true) => Privacy::OpenToOthers,
        (true, false) => Privacy::Private,
    };
    Access {
        privacy,
        is_the_super_users: owner != user && is_super(owner),
        mode: if is_open { 0o666 } else { 0o600 },
    }
}

#[allow(unsafe_code, reason = "the system's calls have no safe form")]
mod calls {
    use std::fs::File;
    use std::io;
    use std::os::windows::ffi::OsStrExt as _;
    use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};
    use std::path::Path;
    use std::ptr::null_mut;

    use windows_sys::Win32::Foundation::{ERROR_SUCCESS, LocalFree};
    use windows_sys::Win32::Security::Authorization::{
        ConvertSecurityDescriptorToStringSecurityDescriptorW, ConvertSidToStringSidW,
        ConvertStringSecurityDescriptorToSecurityDescriptorW, GetSecurityInfo, SDDL_REVISION_1,
        SE_FILE_OBJECT,
    };
    use windows_sys::Win32::Security::{
        DACL_SECURITY_INFORMATION, GetTokenInformation, OWNER_SECURITY_INFORMATION,
        PROTECTED_DACL_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, SetFileSecurityW, TOKEN_QUERY, TOKEN_USER,
        TokenUser,
    };
    use windows_sys::Win32::Storage::FileSystem::GetDiskFreeSpaceExW;
    use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

    fn done(result: i32) -> io::Result<()> {
        if result == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// Memory that the system allocated, and that is freed when this is dropped.
    struct Local(*mut core::ffi::c_void);

    impl Drop for Local {
        fn drop(&mut self) {
            // SAFETY: the system allocated it for this process to free, and nothing else refers to it.
            unsafe { LocalFree(self.0) };
        }
    }

    /// A text of the system, which ends with a zero.
    fn text(pointer: *mut u16) -> String {
        let text = Local(pointer.cast());
        let mut units = Vec::new();
        let mut at = text.0.cast_const().cast::<u16>();
        // SAFETY: the system wrote a text that ends with a zero, and nothing beyond that zero is read.
        unsafe {
            while *at != 0 {
                units.push(*at);
                at = at.add(1);
            }
        }
        String::from_utf16_lossy(&units)
    }

    fn wide(path: &Path) -> Vec<u16> {
        path.as_os_str().encode_wide().chain([0]).collect()
    }

    /// Owner and access list of an open file, as a text.
    pub(super) fn descriptor(file: &File) -> io::Result<String> {
        const PARTS: u32 = OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
        let mut descriptor: PSECURITY_DESCRIPTOR = null_mut();
        // SAFETY: the handle is open, and all pointers are null or to a pointer.
        let result = unsafe {
            GetSecurityInfo(
                file.as_raw_handle(),
                SE_FILE_OBJECT,
                PARTS,
                null_mut(),
                null_mut(),
                null_mut(),
                null_mut(),
                &raw mut descriptor,
            )
        };
        if result != ERROR_SUCCESS {
            return Err(io::Error::from_raw_os_error(result.cast_signed()));
        }
        let descriptor = Local(descriptor);
        let mut made = null_mut();
        // SAFETY: the descriptor is the system's, and the last pointer but one is to a pointer.
        done(unsafe {
            ConvertSecurityDescriptorToStringSecurityDescriptorW(
                descriptor.0,
                SDDL_REVISION_1,
                PARTS,
                &raw mut made,
                null_mut(),
            )
        })?;
        Ok(text(made))
    }

    /// Gives a path the access list that a text describes, and stops what it inherits.
    pub(super) fn set_access_list(path: &Path, list: &str) -> io::Result<()> {
        const PARTS: u32 = DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION;
        let (path, list) = (wide(path), list.encode_utf16().chain([0]).collect::<Vec<_>>());
        let mut descriptor: PSECURITY_DESCRIPTOR = null_mut();
        // SAFETY: the text ends with a zero, and the other pointer is to a pointer.
        done(unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                list.as_ptr(),
                SDDL_REVISION_1,
                &raw mut descriptor,
                null_mut(),
            )
        })?;
        let descriptor = Local(descriptor);
        // SAFETY: the name ends with a zero, and the descriptor is the system's.
        done(unsafe { SetFileSecurityW(path.as_ptr(), PARTS, descriptor.0) })
    }

    /// Bytes that this user can still write on the file system of a folder.
    pub(super) fn free_space(folder: &Path) -> io::Result<u64> {
        let folder = wide(folder);
        let mut free = 0;
        // SAFETY: the name ends with a zero, and the other pointers are null or to a number.
        done(unsafe { GetDiskFreeSpaceExW(folder.as_ptr(), &raw mut free, null_mut(), null_mut()) })?;
        Ok(free)
    }

    /// The user that this process runs as, as the text of an identifier.
    pub(super) fn user() -> io::Result<String> {
        let mut token = null_mut();
        // SAFETY: the last pointer is to a handle.
        done(unsafe { OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &raw mut token) })?;
        // SAFETY: the call gave the handle to this process alone.
        let token = unsafe { OwnedHandle::from_raw_handle(token) };
        // The structure, and the longest identifier behind it. Words, so that the structure is aligned.
        let mut buffer = [0_u64; 32];
        let length = u32::try_from(size_of_val(&buffer)).expect("a small buffer");
        let mut needed = 0;
        // SAFETY: the buffer is as long as its length says.
        done(unsafe {
            GetTokenInformation(
                token.as_raw_handle(),
                TokenUser,
                buffer.as_mut_ptr().cast(),
                length,
                &raw mut needed,
            )
        })?;
        let mut made = null_mut();
        // SAFETY: the system wrote this structure into the buffer, which is aligned for it and outlives the call.
        done(unsafe {
            let user = &*buffer.as_ptr().cast::<TOKEN_USER>();
            ConvertSidToStringSidW(user.User.Sid, &raw mut made)
        })?;
        Ok(text(made))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const US: &str = "S-1-5-21-1-2-3-1001";

    #[test]
    fn only_an_entry_that_allows_another_user_opens_a_file() {
        let check = |descriptor: &str, expected| {
            assert_eq!(read(descriptor, US).privacy, expected, "{descriptor}");
        };
        let ours = format!("O:{US}");
        check(&format!("{ours}D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;{US})"), Privacy::Private);
        check(&format!("{ours}D:P(A;OICI;FA;;;OW)"), Privacy::Private);
        check("O:BAD:P(A;OICI;FA;;;BA)", Privacy::Private);
        check(&format!("{ours}D:AI(A;OICIIOID;GA;;;CO)(A;ID;FA;;;SY)"), Privacy::Private);
        check(&format!("{ours}D:(D;;FA;;;WD)(A;;FA;;;{US})"), Privacy::Private);
        check(&format!("{ours}D:(A;OICIIO;FA;;;WD)(A;;FA;;;{US})"), Privacy::Private);
        check(&format!("{ours}D:AI(A;ID;0x1301bf;;;AU)(A;ID;FA;;;SY)"), Privacy::OpenToOthers);
        check(&format!("{ours}D:(A;;FR;;;S-1-5-21-1-2-3-1002)"), Privacy::OpenToOthers);
        check(&format!("{ours}D:(XA;;FR;;;WD;(x))"), Privacy::OpenToOthers);
        check(&format!("{ours}D:NO_ACCESS_CONTROL"), Privacy::OpenToOthers);
        check(&ours, Privacy::OpenToOthers);
        check("O:S-1-5-21-1-2-3-1002D:P(A;;FA;;;SY)", Privacy::NotOurs);
    }
}
