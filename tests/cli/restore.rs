//! Backups for people to keep: where they go, what is wrong with one, and which protectors come back with it.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
#[cfg(unix)]
use std::process::Stdio;
use std::time::Duration;

use plugin_vault::files;
#[cfg(unix)]
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::{Value, json};

use crate::home::{Home, KEY, PASSPHRASE, guarded_by_a_passphrase};
#[cfg(unix)]
use crate::terminal::Terminal;

fn filled() -> Home {
    let home = Home::new();
    home.answers(&[("setAPIKey", json!([KEY])), ("setPersistentData", json!(["user", {"a": 1}]))]);
    home
}

fn value(home: &Home) -> Value {
    home.answers(&[("setAPIKey", json!([KEY])), ("getPersistentData", json!(["user"]))])[1]["result"].clone()
}

fn kinds(home: &Home) -> Vec<String> {
    let listed = home.json(&["protector", "list"], "");
    listed.as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
}

fn ids(home: &Home) -> Vec<String> {
    let listed = home.json(&["protector", "list"], "");
    listed.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

/// What must not have changed where nothing was restored.
fn content(home: &Home) -> Vec<(PathBuf, Vec<u8>)> {
    let folders = ["", "slots", "protectors", "backups", "quarantine"];
    let files =
        folders.iter().flat_map(|folder| fs::read_dir(home.data().join(folder)).into_iter().flatten());
    let files = files.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let is_lasting = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.len() == 32 || ["header", "data.mdb"].contains(&name)
    };
    let mut found: Vec<_> =
        files.filter(is_lasting).map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    found.sort();
    found
}

/// A backup in which there is a passphrase that the store has no more.
fn with_a_removed_passphrase(home: &Home) -> PathBuf {
    assert_eq!(home.run(&["protector", "add", "passphrase"], PASSPHRASE).code, 0);
    let file = home.path("copy");
    assert_eq!(home.run(&["backup", file.to_str().unwrap()], "").code, 0);
    assert_eq!(home.run(&["protector", "remove", "passphrase", "--yes"], "").code, 0);
    file
}

#[test]
fn a_removed_protector_comes_back_only_if_the_user_agrees() {
    let home = filled();
    let file = with_a_removed_passphrase(&home);
    let file = file.to_str().unwrap();
    let before = content(&home);
    let refused = home.refused(&["restore", file], "");
    assert!(refused.contains("--yes") && refused.contains("nothing was changed"), "{refused}");
    assert!(refused.contains("passphrase") && refused.contains("was removed"), "{refused}");
    assert!(content(&home) == before);
    // Without it.
    let kept = home.json(&["restore", "--yes", "--keep-protectors", file], "");
    assert_eq!((&kept["added"], &kept["records"]), (&json!([]), &json!(1)));
    assert_eq!(kinds(&home), ["key-file"]);
    assert_eq!(value(&home), json!({"a": 1}));
    // With it.
    let ran = home.run(&["restore", "--yes", file], "");
    assert_eq!(ran.code, 0, "{}", ran.said);
    assert!(ran.shown.contains("was removed"), "{}", ran.shown);
    assert_eq!(kinds(&home).len(), 2);
    fs::remove_dir_all(home.path("keys")).unwrap();
    let unlocked = home.answers(&[("vault/unlock", json!({"passphrase": PASSPHRASE}))]);
    assert_eq!(unlocked[0]["result"], json!({"keyAvailable": true}));
    // Now that it is there, no question is asked again.
    assert_eq!(home.run(&["restore", "--yes", file], "").code, 0);
}

#[cfg(unix)]
#[test]
fn a_person_at_a_terminal_is_asked() {
    let home = filled();
    let file = with_a_removed_passphrase(&home);
    let before = content(&home);
    for (answer, code, protectors) in [("n\n", 1, 1), ("\n", 1, 1), ("y\n", 0, 2)] {
        let mut terminal = Terminal::run(home.command(&["restore", file.to_str().unwrap()]));
        let asked = terminal.wait_for("[y/N] ");
        assert!(asked.contains("passphrase") && asked.contains("was removed"), "{asked}");
        terminal.types(answer);
        assert_eq!(terminal.ends().0, code, "{answer:?}");
        assert_eq!(kinds(&home).len(), protectors, "{answer:?}");
        assert_eq!(content(&home) == before, code == 1);
    }
}

#[test]
fn a_passphrase_that_was_made_for_a_backup_is_in_the_backup_alone() {
    let (home, there) = (filled(), Home::new());
    let (file, before) = (home.path("copy"), content(&home));
    let file = file.to_str().unwrap();
    assert_eq!(home.run(&["backup", "--new-passphrase-fd", "0", file], PASSPHRASE).code, 0);
    assert!(content(&home) == before, "the backup has changed the store");
    assert_eq!(kinds(&home), ["key-file"]);
    // In its own place it is one more way in; in an empty place it is listed.
    let refused = home.refused(&["restore", file], "");
    assert!(refused.contains("was not in the store"), "{refused}");
    let ran = there.run(&["restore", file], "");
    assert_eq!(ran.code, 0, "{}", ran.said);
    assert!(ran.shown.contains("key-file") && ran.shown.contains("passphrase"), "{}", ran.shown);
    assert!(ran.shown.contains("opens it once the passphrase is given"), "{}", ran.shown);
    assert_eq!(kinds(&there).len(), 2);
}

#[test]
fn a_store_that_nothing_here_opens_is_said_to_be_so() {
    let (home, there) = (filled(), Home::new());
    let file = home.path("copy");
    assert_eq!(home.run(&["backup", file.to_str().unwrap()], "").code, 0);
    let ran = there.run(&["restore", "--yes", file.to_str().unwrap()], "");
    assert_eq!(ran.code, 5);
    assert!(ran.shown.contains("restored, with 1 records") && ran.shown.contains("missing"), "{}", ran.shown);
    let key_file = fs::read_dir(home.path("keys")).unwrap().next().unwrap().unwrap().path().join("key");
    let wanted = there.path("keys").join(key_file.strip_prefix(home.path("keys")).unwrap());
    let said = ran.said.lines().last().unwrap();
    assert!(said.contains("no protector here opens it") && said.contains(wanted.to_str().unwrap()), "{said}");
    // With what it names it opens.
    files::create_folder(wanted.parent().unwrap()).unwrap();
    fs::copy(key_file, &wanted).unwrap();
    assert!(
        std::process::Command::new("chmod")
            .args(["-R", "go="])
            .arg(there.path("keys"))
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(value(&there), json!({"a": 1}));
    let again = there.json(&["restore", "--yes", file.to_str().unwrap()], "");
    assert_eq!(again["protectors"][0]["works"], true);
}

#[test]
fn a_backup_goes_through_a_pipe_both_ways() {
    let (home, there) = (guarded_by_a_passphrase(), Home::new());
    let command = home.command(&["backup", "-"]);
    let mut child = { command }.spawn().unwrap();
    drop(child.stdin.take());
    let mut archive = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut archive).unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(child.wait().unwrap().success() && said.contains("its passphrase opens it"), "{said}");
    assert!(!home.path("-").exists() && !Path::new("-").exists());
    for from in ["-", "/dev/stdin"] {
        let mut child = there.command(&["restore", "--yes", from]).spawn().unwrap();
        child.stdin.take().unwrap().write_all(&archive).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let unlocked = there.answers(&[("vault/unlock", json!({"passphrase": PASSPHRASE}))]);
    assert_eq!(unlocked[0]["result"], json!({"keyAvailable": true}));
}

#[cfg(unix)]
#[test]
fn a_backup_is_not_written_to_a_terminal() {
    let home = filled();
    let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    // No program of another test inherits it.
    rustix::io::fcntl_setfd(&person, rustix::io::FdFlags::CLOEXEC).unwrap();
    grantpt(&person).unwrap();
    unlockpt(&person).unwrap();
    let name = ptsname(&person, Vec::new()).unwrap().into_string().unwrap();
    let mut command = home.command(&["backup", "-"]);
    command.stdout(File::options().write(true).open(name).unwrap()).stdin(Stdio::null());
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("send standard output to a file"), "{said}");
}

#[test]
fn a_backup_that_cannot_be_written_says_what_is_wrong_with_the_place() {
    let home = filled();
    files::replace(&home.path("file"), b"").unwrap();
    let wrong = |path: &Path| home.refused(&["backup", path.to_str().unwrap()], "");
    let nowhere = home.path("nowhere");
    let said = wrong(&nowhere.join("copy"));
    assert!(said.contains("does not exist") && said.contains(nowhere.to_str().unwrap()), "{said}");
    assert!(wrong(&home.path("file")).contains("already"));
    assert!(wrong(&home.path("")).contains("already"));
    let said = wrong(&home.path("file").join("copy"));
    assert!(said.contains("is not a folder"), "{said}");
    if Path::new("/dev/full").exists() {
        let mut command = home.command(&["backup", "-"]);
        command.stdout(File::options().write(true).open("/dev/full").unwrap());
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && said.contains("not enough space"), "{said}");
    }
    assert!(home.refused(&["restore", nowhere.to_str().unwrap()], "").contains("no such file"));
    assert!(home.refused(&["restore", home.path("").to_str().unwrap()], "").contains("a folder"));
}

/// A member of an archive, as `tar` writes it.
#[derive(Clone)]
struct Member {
    name: String,
    kind: u8,
    content: Vec<u8>,
}

fn header(name: &str, kind: u8, size: usize) -> Vec<u8> {
    let mut header = vec![0; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..108].copy_from_slice(b"0000600\0");
    header[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
    header[156] = kind;
    header[257..265].copy_from_slice(b"ustar  \0");
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

fn packed(members: &[Member]) -> Vec<u8> {
    let mut archive = Vec::new();
    for Member { name, kind, content } in members {
        archive.extend(header(name, *kind, content.len()));
        archive.extend(content);
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize(archive.len() + 1024, 0);
    archive
}

/// The members of an archive that the program wrote.
fn members(archive: &[u8]) -> Vec<Member> {
    let mut members = Vec::new();
    let mut rest = archive;
    while rest[0] != 0 {
        let text = |range: std::ops::Range<usize>| {
            String::from_utf8(rest[range].iter().copied().take_while(|byte| *byte != 0).collect()).unwrap()
        };
        let size = usize::from_str_radix(&text(124..135), 8).unwrap();
        let content = rest[512..512 + size].to_vec();
        members.push(Member { name: text(0..100), kind: rest[156], content });
        rest = &rest[512 + size.next_multiple_of(512)..];
    }
    members
}

#[test]
fn what_is_wrong_with_an_archive_is_said_and_nothing_is_changed() {
    let (home, other) = (filled(), filled());
    let file = home.path("copy");
    assert_eq!(home.run(&["backup", file.to_str().unwrap()], "").code, 0);
    assert_eq!(other.run(&["backup", other.path("copy").to_str().unwrap()], "").code, 0);
    let (whole, of_other) = (fs::read(&file).unwrap(), members(&fs::read(other.path("copy")).unwrap()));
    let good = members(&whole);
    let is_order = |member: &Member| member.name.split('/').next().unwrap().to_owned();
    assert_eq!(good[1..].iter().map(is_order).collect::<Vec<_>>(), ["data.mdb", "slots", "protectors"]);
    let before = content(&home);
    let with = |extra: Member| [good.clone(), vec![extra]].concat();
    let without =
        |name: &str| good.iter().filter(|member| !member.name.starts_with(name)).cloned().collect::<Vec<_>>();
    let of_kind = |kind: u8| Member { name: "slots".into(), kind, content: Vec::new() };
    let mut no_row = good.clone();
    no_row[3].content.fill(7);
    let mut other_tables = good.clone();
    other_tables[1] = of_other[1].clone();
    let mut garbled = whole.clone();
    // In the header behind the first line.
    garbled[1_024 + 130] ^= 1;
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("a damaged header", garbled, "damaged between two"),
        ("nothing", Vec::new(), "plugin-vault backup did not write it"),
        ("zeros", vec![0; 4096], "plugin-vault backup did not write it"),
        ("a text", b"this is no archive at all".to_vec(), "plugin-vault backup did not write it"),
        ("no tables", packed(&without("data")), "data.mdb is missing"),
        ("no protector", packed(&without("protectors")), "no protector that can be read"),
        ("a damaged protector", packed(&no_row), "no protector that can be read"),
        ("no first line", packed(&good[1..]), "does not begin with"),
        ("another order", packed(&[&good[1..], &good[..1]].concat()), "does not begin with"),
        ("tables twice", packed(&with(good[1].clone())), "data.mdb twice"),
        ("a slot twice", packed(&with(good[2].clone())), "twice"),
        ("a protector twice", packed(&with(good[3].clone())), "twice"),
        ("the first line twice", packed(&[&good[..1], &good].concat()), "twice"),
        ("other tables", packed(&other_tables), "another store"),
        ("cut in a member", whole[..whole.len() / 2].to_vec(), "end is missing"),
        (
            "cut behind a member",
            packed(&without("protectors"))[..].strip_suffix(&[0; 1024]).unwrap().to_vec(),
            "end is missing",
        ),
        ("a folder", packed(&with(of_kind(b'5'))), "does not write"),
        ("a link", packed(&with(of_kind(b'2'))), "does not write"),
        ("a long name", packed(&with(of_kind(b'L'))), "does not write"),
        ("a global header", packed(&with(of_kind(b'g'))), "does not write"),
        ("a header of the next", packed(&with(of_kind(b'x'))), "does not write"),
        ("a sparse file", packed(&with(of_kind(b'S'))), "does not write"),
        (
            "a way out",
            packed(&with(Member { name: "slots/../../x".into(), kind: b'0', content: Vec::new() })),
            "does not write",
        ),
        (
            "a long slot",
            packed(&with(Member {
                name: format!("slots/{}", "0".repeat(32)),
                kind: b'0',
                content: vec![0; 65 * 1024],
            })),
            "longer than it can be",
        ),
    ];
    for (name, bytes, why) in cases {
        let path = home.path("broken");
        files::replace(&path, &bytes).unwrap();
        let said = home.refused(&["restore", "--yes", path.to_str().unwrap()], "");
        assert!(said.contains(why) && said.contains("nothing was changed"), "{name}: {said}");
        assert!(content(&home) == before, "{name}");
        let left: Vec<_> =
            fs::read_dir(home.data()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(!left.iter().any(|left| left.to_str().unwrap().starts_with("new-")), "{name}: {left:?}");
    }
    assert!(!home.path("x").exists());
    // No promise is made about the order after the first line.
    let turned = [&good[..1], &[good[3].clone(), good[2].clone(), good[1].clone()]].concat();
    files::replace(&file, &packed(&turned)).unwrap();
    assert_eq!(home.run(&["restore", "--yes", file.to_str().unwrap()], "").code, 0);
    assert_eq!(value(&home), json!({"a": 1}));
}

/// The headers of long names were read into memory, as long as they said that they are.
#[test]
fn nothing_is_read_of_a_member_that_no_backup_has() {
    let home = filled();
    let file = home.path("copy");
    assert_eq!(home.run(&["backup", file.to_str().unwrap()], "").code, 0);
    let first = packed(&members(&fs::read(&file).unwrap())[..1]);
    let first = first.strip_suffix(&[0; 1024]).unwrap();
    let huge = 7 << 30;
    for (kind, name) in [(b'x', "pax"), (b'g', "pax"), (b'L', "long"), (b'K', "long"), (b'0', "data.mdb")] {
        let mut child = home.command(&["restore", "--yes", "-"]).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(&[first, &header(name, kind, huge)].concat()).unwrap();
        // Nothing follows, and the pipe stays open: it answers from the header alone.
        let mut stderr = child.stderr.take().unwrap();
        let (done, ended) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut said = String::new();
            stderr.read_to_string(&mut said).unwrap();
            let _ = done.send(said);
        });
        let said = ended.recv_timeout(Duration::from_mins(1));
        if said.is_err() {
            child.kill().unwrap();
        }
        let said = said.expect("it waits for what the header announces");
        assert_eq!(child.wait().unwrap().code(), Some(6));
        let why = if kind == b'0' { "larger than --max-store-bytes" } else { "does not write" };
        assert!(said.contains(why), "{kind}: {said}");
        drop(input);
    }
}

#[test]
fn remains_of_another_store_are_not_replaced() {
    let (home, other) = (filled(), filled());
    let file = other.path("copy");
    assert_eq!(other.run(&["backup", file.to_str().unwrap()], "").code, 0);
    fs::remove_file(home.data().join("data.mdb")).unwrap();
    let protectors = fs::read_dir(home.data().join("protectors")).unwrap().count();
    assert!(home.refused(&["restore", "--yes", file.to_str().unwrap()], "").contains("another store"));
    assert_eq!(fs::read_dir(home.data().join("protectors")).unwrap().count(), protectors);
    assert!(!home.data().join("data.mdb").exists());
}

#[test]
fn a_store_of_which_nothing_can_be_read_is_restored_over() {
    let home = filled();
    let file = home.path("copy");
    assert_eq!(home.run(&["backup", file.to_str().unwrap()], "").code, 0);
    for name in ["data.mdb", "header"] {
        if home.data().join(name).exists() {
            files::replace(&home.data().join(name), b"nothing").unwrap();
        }
    }
    let protectors = ids(&filled()).len();
    let ran = home.run(&["restore", "--yes", file.to_str().unwrap()], "");
    assert_eq!(ran.code, 0, "{}", ran.said);
    assert_eq!((value(&home), ids(&home).len()), (json!({"a": 1}), protectors));
    assert!(fs::read(home.data().join("quarantine/0000/data.mdb")).unwrap() == b"nothing");
}

/// Nothing else can bring a protector back.
#[test]
fn a_store_whose_protectors_are_gone_is_damaged_until_a_backup_of_ones_own_is_restored() {
    let home = filled();
    let file = home.path("copy");
    assert_eq!(home.run(&["backup", file.to_str().unwrap()], "").code, 0);
    let data = fs::read(home.data().join("data.mdb")).unwrap();
    fs::remove_dir_all(home.data().join("protectors")).unwrap();
    for _ in 0..2 {
        let ran = home.run(&["key", "issue", "a.b"], "");
        assert_eq!(ran.code, 6);
        assert!(
            ran.said.contains("plugin-vault restore") && ran.said.contains("plugin-vault reset"),
            "{}",
            ran.said
        );
        let answers = home.answers(&[("issueAPIKey", json!(["a.b"])), ("vault/status", json!({}))]);
        for answer in answers {
            assert_eq!(answer["error"]["code"], 4003, "{answer}");
        }
    }
    assert!(fs::read(home.data().join("data.mdb")).unwrap() == data);
    assert!(!home.data().join("quarantine/0000").exists());
    // Nor is it taken for an empty place when its tables are gone too: keys have slots there.
    fs::remove_file(home.data().join("data.mdb")).unwrap();
    assert_eq!(home.answers(&[("issueAPIKey", json!(["a.b"]))])[0]["error"]["code"], 4003);
    assert!(!home.data().join("data.mdb").exists());
    let ran = home.run(&["restore", "--yes", file.to_str().unwrap()], "");
    assert_eq!(ran.code, 0, "{}", ran.said);
    assert_eq!(value(&home), json!({"a": 1}));
}

/// A process was killed between the protector's file and the tables: nothing is there but a way to a key of nothing.
#[test]
fn a_protector_without_a_store_does_not_block_a_restore() {
    let home = Home::new();
    files::create_folder(&home.data().join("protectors")).unwrap();
    let left = home.data().join("protectors").join("0".repeat(32));
    files::replace(&left, b"left over").unwrap();
    assert!(
        std::process::Command::new("chmod").args(["-R", "go="]).arg(home.data()).status().unwrap().success()
    );
    let answers =
        home.answers(&[("setAPIKey", json!([KEY])), ("setPersistentData", json!(["user", {"a": 1}]))]);
    assert!(answers[1]["result"].is_object(), "{}", answers[1]);
    assert!(!left.exists());
    assert_eq!(kinds(&home), ["key-file"]);
}
