//! Tests of [`Dir`] and the functions with paths: what they open, and what they refuse.

use std::fs;
#[cfg(unix)]
use std::path::Path;

use super::*;

#[test]
fn a_file_has_one_identity_by_path_and_by_handle() {
    let folder = tempfile::tempdir().unwrap();
    let (path, other) = (folder.path().join("file"), folder.path().join("other"));
    let file = open_or_create(&path).unwrap();
    open_or_create(&other).unwrap();
    let first = id(&file).unwrap();
    assert_eq!(id_at(&path).unwrap(), first);
    assert_ne!(id_at(&path).unwrap(), id_at(&other).unwrap());
    // Unlike Windows, Wine replaces no file that is open.
    #[cfg(wine)]
    drop(file);
    fs::rename(&other, &path).unwrap();
    assert_ne!(id_at(&path).unwrap(), first);
    #[cfg(not(wine))]
    assert_eq!(id(&file).unwrap(), first);
    assert!(id_at(&other).is_err());
}

fn dir() -> (tempfile::TempDir, Dir) {
    let folder = tempfile::tempdir().unwrap();
    let dir = Dir::open(folder.path()).unwrap();
    (folder, dir)
}

#[test]
fn files_and_folders_are_created_private() {
    let (_folder, dir) = dir();
    dir.replace("a", b"one").unwrap();
    dir.replace("a", b"two").unwrap();
    assert_eq!(dir.read_whole("a", 3).unwrap(), b"two");
    assert!(matches!(dir.read_whole("a", 2).unwrap_err().cause(), Cause::TooLong));
    assert!(dir.create_whole("a", b"three").unwrap_err().is_already_there());
    dir.create_whole("b", b"three").unwrap();
    assert!(dir.create_new("b").unwrap_err().is_already_there());
    assert!(dir.read("c").unwrap_err().is_not_found());
    assert!(dir.write("c").unwrap_err().is_not_found());
    let inner = dir.make_folder("inner").unwrap();
    dir.make_folder("inner").unwrap();
    dir.rename("b", &inner, "c").unwrap();
    assert_eq!(inner.read_whole("c", 10).unwrap(), b"three");
    dir.link("a", &inner, "a").unwrap();
    let mut names = dir.names().unwrap();
    names.sort();
    assert_eq!(names, ["a", "inner"], "no temporary file is left");
    for found in [dir.find("a"), dir.find("inner"), inner.find("c")] {
        assert_eq!(found.unwrap().unwrap().privacy, Privacy::Private);
    }
    assert!(!inner.is_empty().unwrap());
    dir.remove_all("inner").unwrap();
    dir.remove_all("inner").unwrap();
    dir.remove("a").unwrap();
    assert!(dir.is_empty().unwrap());
}

#[test]
fn a_temporary_file_that_is_not_put_in_place_is_removed() {
    let (_folder, dir) = dir();
    drop((dir.create_aside().unwrap(), dir.create_folder_aside().unwrap()));
    assert!(dir.is_empty().unwrap());
}

#[cfg(unix)]
#[test]
fn a_folder_that_was_made_aside_is_used_wherever_its_path_leads_by_now() {
    let (folder, dir) = dir();
    let elsewhere = tempfile::tempdir().unwrap();
    let aside = dir.create_folder_aside().unwrap();
    let moved = folder.path().join("moved");
    fs::rename(aside.path(), &moved).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), aside.path()).unwrap();
    aside.create_new("a").unwrap();
    aside.make_folder("inner").unwrap().create_new("b").unwrap();
    aside.rename("a", &dir, "a").unwrap();
    assert!(dir.read("a").is_ok() && moved.join("inner/b").exists());
    drop(aside);
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[test]
fn only_a_file_with_the_expected_content_is_overwritten() {
    let (_folder, dir) = dir();
    dir.overwrite("absent", 10, |_| true).unwrap();
    dir.replace("a", b"secret").unwrap();
    assert!(matches!(dir.overwrite("a", 5, |_| true).unwrap_err().cause(), Cause::TooLong));
    assert!(matches!(dir.overwrite("a", 10, |_| false).unwrap_err().cause(), Cause::Foreign));
    assert_eq!(dir.read_whole("a", 10).unwrap(), b"secret");
    dir.overwrite("a", 10, |content| content == b"secret").unwrap();
    assert_eq!(dir.read_whole("a", 10).unwrap(), [0; 6]);
}

#[test]
fn a_file_in_the_place_of_a_folder_is_named_in_the_error() {
    let (folder, dir) = dir();
    dir.replace("file", b"x").unwrap();
    dir.make_folder("folder").unwrap();
    let path = folder.path().join("file");
    for error in [
        Dir::open(&path).err().unwrap(),
        create_folder(&path).unwrap_err(),
        create_folder(&path.join("below")).unwrap_err(),
        dir.folder("file").err().unwrap(),
        dir.make_folder("file").err().unwrap(),
    ] {
        assert!(matches!(error.cause(), Cause::Kind(FileKind::File)), "{error}");
        assert_eq!((error.refusal(), error.path()), (Some(Refusal::FileType), path.as_path()), "{error}");
    }
    for error in [dir.read("folder"), dir.open_or_create("folder")] {
        assert!(matches!(error.unwrap_err().cause(), Cause::Kind(FileKind::Folder)));
    }
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    type Make = fn(&Path, &Path);
    type Try = (&'static str, fn(&Dir) -> Option<Error>);

    /// Every operation on an existing file.
    const OPENINGS: [Try; 5] = [
        ("read", |dir| dir.read("it").err()),
        ("write", |dir| dir.write("it").err()),
        ("open_or_create", |dir| dir.open_or_create("it").err()),
        ("overwrite", |dir| dir.overwrite("it", 100, |_| true).err()),
        ("check", |dir| dir.check("it", false).err()),
    ];

    /// With a program, since not every system has the same call for it.
    fn make_fifo(path: &Path) {
        assert!(
            std::process::Command::new("mkfifo").args(["-m", "600"]).arg(path).status().unwrap().success()
        );
    }

    #[test]
    fn no_link_is_followed_and_only_regular_files_are_opened() {
        let outside = tempfile::tempdir().unwrap();
        let target = outside.path().join("target");
        let makes: [(&str, Make, Refusal); 6] = [
            ("link", |it, target| symlink(target, it).unwrap(), Refusal::Link),
            ("link to nothing", |it, target| symlink(target.join("x"), it).unwrap(), Refusal::Link),
            ("link to zeros", |it, _| symlink("/dev/zero", it).unwrap(), Refusal::Link),
            ("FIFO", |it, _| make_fifo(it), Refusal::FileType),
            ("socket", |it, _| drop(std::os::unix::net::UnixListener::bind(it).unwrap()), Refusal::FileType),
            (
                "folder",
                |it, _| drop(Dir::open(it.parent().unwrap()).unwrap().make_folder("it")),
                Refusal::FileType,
            ),
        ];
        for (what, make, refusal) in makes {
            for (how, open) in OPENINGS {
                let (folder, dir) = dir();
                Dir::open(outside.path()).unwrap().replace("target", b"secret").unwrap();
                make(&folder.path().join("it"), &target);
                let error = open(&dir).unwrap_or_else(|| panic!("{how} of a {what}"));
                assert_eq!(error.refusal(), Some(refusal), "{how} of a {what}: {error}");
                assert_eq!(error.path(), folder.path().join("it"));
                assert_eq!(fs::read(&target).unwrap(), b"secret", "{how} of a {what}");
                assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
                // `replace` puts a regular file in its place.
                if what != "folder" {
                    dir.replace("it", b"ours").unwrap();
                    assert_eq!(dir.read_whole("it", 10).unwrap(), b"ours");
                    assert_eq!(fs::read(&target).unwrap(), b"secret");
                }
            }
        }
    }

    #[test]
    fn a_file_with_a_second_name_is_read_but_not_written() {
        let (folder, dir) = dir();
        dir.replace("target", b"secret").unwrap();
        fs::hard_link(folder.path().join("target"), folder.path().join("it")).unwrap();
        for (how, open) in OPENINGS {
            let error = open(&dir);
            if how == "read" {
                assert!(error.is_none());
            } else {
                assert_eq!(error.and_then(|error| error.refusal()), Some(Refusal::Link), "{how}");
            }
        }
        assert_eq!(dir.read_whole("target", 10).unwrap(), b"secret");
        assert!(dir.check("it", true).unwrap().is_some());
        dir.replace("it", b"ours").unwrap();
        assert_eq!(dir.read_whole("target", 10).unwrap(), b"secret");
    }

    #[test]
    fn a_link_to_a_folder_is_not_followed_from_an_open_folder() {
        let outside = tempfile::tempdir().unwrap();
        let (folder, dir) = dir();
        symlink(outside.path(), folder.path().join("it")).unwrap();
        for error in [dir.folder("it"), dir.make_folder("it")] {
            assert_eq!(error.err().and_then(|error| error.refusal()), Some(Refusal::Link));
        }
        // The path of the opened folder itself may lead through a link.
        let reached = Dir::open(&folder.path().join("it")).unwrap();
        reached.replace("file", b"x").unwrap();
        dir.remove_all("it").unwrap();
        assert!(outside.path().join("file").exists(), "the link is removed, not its target");
    }

    #[test]
    fn operations_use_the_opened_folder_after_its_path_leads_elsewhere() {
        let above = tempfile::tempdir().unwrap();
        let (path, moved) = (above.path().join("here"), above.path().join("there"));
        create_folder(&path).unwrap();
        let dir = Dir::open(&path).unwrap();
        fs::rename(&path, &moved).unwrap();
        create_folder(&path).unwrap();
        dir.create_new("file").unwrap();
        dir.make_folder("folder").unwrap();
        assert!(moved.join("file").exists() && moved.join("folder").exists());
        assert!(Dir::open(&path).unwrap().is_empty().unwrap());
    }

    #[test]
    fn a_file_that_is_reached_through_a_link_is_read_and_a_device_is_not() {
        let (folder, dir) = dir();
        dir.replace("key", b"secret").unwrap();
        let link = folder.path().join("link");
        symlink("key", &link).unwrap();
        assert_eq!(read_reached(&link, 6).unwrap().0, b"secret");
        assert!(matches!(read_reached(&link, 5).unwrap_err().cause(), Cause::TooLong));
        let fifo = folder.path().join("fifo");
        make_fifo(&fifo);
        for path in [Path::new("/dev/zero"), &fifo, folder.path()] {
            assert_eq!(read_reached(path, 100).unwrap_err().refusal(), Some(Refusal::FileType));
        }
    }

    #[test]
    fn an_error_about_a_mode_names_the_command_that_changes_it() {
        let (folder, dir) = dir();
        if system::is_super_user() {
            // A mode denies the super-user nothing; the message is the same.
            let path = folder.path().to_owned();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
            let error = Error::at(&path.join("x"), Cause::Io(io::ErrorKind::PermissionDenied.into()));
            assert_eq!(error.refusal(), Some(Refusal::Access));
            assert!(error.to_string().ends_with(&format!("run: chmod u=rwx {}", quoted(&path))), "{error}");
        } else {
            dir.make_folder("it").unwrap();
            fs::set_permissions(folder.path().join("it"), fs::Permissions::from_mode(0o000)).unwrap();
            let error = dir.folder("it").err().unwrap();
            assert_eq!(error.refusal(), Some(Refusal::Access));
            let path = quoted(&folder.path().join("it"));
            assert!(error.to_string().ends_with(&format!("run: chmod u=rwx {path}")), "{error}");
        }
    }

    #[test]
    fn a_file_of_another_user_is_refused() {
        let (folder, dir) = dir();
        let path = folder.path().join("it");
        dir.replace("it", b"x").unwrap();
        dir.make_folder("folder").unwrap();
        // Only the super-user can give a file to another user. Without that right, the test uses a folder of the
        // system.
        if system::is_super_user() {
            for path in [&path, &folder.path().join("folder")] {
                std::os::unix::fs::chown(path, Some(65_534), None).unwrap();
            }
            for (how, open) in OPENINGS {
                let error = open(&dir).unwrap();
                assert_eq!(error.refusal(), Some(Refusal::Owner), "{how}: {error}");
            }
            assert_eq!(dir.folder("folder").err().unwrap().refusal(), Some(Refusal::Owner));
            assert_eq!(
                may_create_folder(&folder.path().join("folder/x/y")).unwrap_err().refusal(),
                Some(Refusal::Owner)
            );
        } else {
            let root = Dir::open(Path::new("/")).err().unwrap();
            assert_eq!(root.refusal(), Some(Refusal::Owner));
        }
        assert!(may_create_folder(&folder.path().join("x/y")).is_ok());
        assert!(may_create_folder(&std::env::temp_dir().join("plugin-vault-is-not-there/x")).is_ok());
    }
}
