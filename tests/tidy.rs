//! Holds what a program can hold of the house: which room names which, sizes, the documents against the code.
//!
//! `UPDATE=1 cargo test --test tidy` writes what is made from the code.

#![allow(clippy::unwrap_used, reason = "a test that can't read its own repository has failed")]

#[path = "tidy/links.rs"]
mod links;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use plugin_vault::rpc;
use sha2::{Digest, Sha256};

/// Crates that are named only in these rooms, or folders of a room.
const CRATES: &[(&str, &[&str])] = &[
    ("heed", &["store/lmdb"]),
    ("libc", &["store/lmdb", "process"]),
    ("twox_hash", &["rows", "store"]),
    ("jsonrpsee", &["rpc"]),
    ("tokio", &["server", "transport", "rpc", "session"]),
    ("clap", &["limits", "cli"]),
    ("aes_gcm_siv", &["crypto"]),
    ("hkdf", &["crypto"]),
    ("hmac", &["crypto"]),
    ("sha1", &["crypto"]),
    ("sha2", &["crypto"]),
    ("getrandom", &["crypto"]),
    ("tracing_subscriber", &["logging"]),
    ("fluent_uri", &["vault", "remote"]),
    ("postgres_protocol", &["remote/postgres"]),
    ("rustls", &["remote/postgres"]),
    ("rustls_native_certs", &["remote/postgres"]),
    ("nix", &["process"]),
    ("unicode_general_category", &["cli"]),
    ("unicode_width", &["cli"]),
    ("zbus", &["protector"]),
    ("linux_keyutils", &["protector"]),
    ("windows_sys", &["files", "process"]),
    ("winapi_util", &["files"]),
    ("kqueue", &["process"]),
    ("sysctl", &["process"]),
];

/// Rooms in which nothing is `async`.
const SYNCHRONOUS: &[&str] = &[
    "faults",
    "files",
    "json",
    "limits",
    "logging",
    "process",
    "rows",
    "sync",
    "crypto",
    "store",
    "protector",
    "remote",
    "vault",
];

/// The files that make the bytes on the disk.
const FORMAT_FILES: &[&str] = &[
    "src/crypto/derive.rs",
    "src/crypto/ids.rs",
    "src/crypto/joining.rs",
    "src/crypto/seal.rs",
    "src/protector/command.rs",
    "src/protector/key_file.rs",
    "src/protector/keyring.rs",
    "src/protector/passphrase.rs",
    "src/protector/row.rs",
    "src/remote/credentials.rs",
    "src/remote/joining.rs",
    "src/rows/checksum.rs",
    "src/rows/record.rs",
    "src/rows/repaired.rs",
    "src/rows/table.rs",
    "src/store/archive.rs",
    "src/store/archive/unpack.rs",
    "src/store/lmdb/header.rs",
    "src/store/protectors.rs",
    "src/store/slot.rs",
    "src/vault/address.rs",
    "src/vault/changes.rs",
    "src/vault/key_row.rs",
    "src/vault/lease.rs",
    "src/vault/record.rs",
    "src/vault/writes.rs",
];

const HARD_LIMIT: usize = 500;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Every Rust file below a folder, with its path from the root.
fn sources(folder: &str) -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(folder), &mut found);
    found.sort();
    let name = |path: &Path| path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
    found.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

fn room(path: &str) -> &str {
    path.trim_start_matches("src/").split(['/', '.']).next().unwrap()
}

/// Lines of code, without comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(|line| line.split("//").next().unwrap())
}

/// The names that stand behind `crate::` in a file.
fn rooms_named(text: &str) -> BTreeSet<&str> {
    let named = code(text).flat_map(|line| line.split("crate::").skip(1));
    named
        .flat_map(|rest| match rest.strip_prefix('{') {
            Some(group) => group.split('}').next().unwrap().split(',').map(str::trim).collect(),
            None => vec![rest],
        })
        .map(|rest| rest.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next().unwrap())
        .filter(|name| !name.is_empty())
        .collect()
}

/// The table of rooms in `docs/architecture.md`.
fn allowed_rooms() -> BTreeMap<String, BTreeSet<String>> {
    let text = read("docs/architecture.md");
    let mut rows = text.lines().filter(|line| line.starts_with('|')).map(|line| {
        let cells = line.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().trim_matches('`').to_owned()).collect::<Vec<_>>()
    });
    let head = rows.find(|cells| cells[0].starts_with("room ↓")).unwrap();
    let rows = rows.skip(1).take_while(|cells| cells.len() == head.len());
    rows.map(|cells| {
        let ticked = head.iter().zip(&cells).skip(1).filter(|(_, cell)| *cell == "✓");
        (cells[0].clone(), ticked.map(|(name, _)| name.clone()).collect())
    })
    .collect()
}

#[test]
fn a_room_names_only_the_rooms_that_its_row_ticks() {
    let allowed = allowed_rooms();
    assert!(allowed.len() > 10, "the table was not found");
    let mut wrong = Vec::new();
    for (path, text) in sources("src") {
        let room = room(&path);
        if matches!(room, "main" | "lib") {
            continue;
        }
        let allowed = &allowed[room];
        for named in rooms_named(&text) {
            if named != room && !allowed.contains(named) {
                wrong.push(format!("{path} names {named}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The files whose code differs between operating systems. Most of them only choose between two files.
const PLATFORM_FILES: &[&str] = &[
    "src/cli/folders.rs",
    "src/files.rs",
    "src/files/unix.rs",
    "src/files/unix/file_system.rs",
    "src/process.rs",
    "src/process/unix.rs",
    "src/protector/system.rs",
    "src/server/signals.rs",
    "src/store/lmdb/engine.rs",
    "src/transport/stdio.rs",
    "src/transport/stdio/unix.rs",
    "src/vault/folder.rs",
];

#[test]
fn only_platform_files_ask_for_the_operating_system() {
    assert!(PLATFORM_FILES.len() <= 12, "code that differs between systems should stay in few places");
    let asks = |text: &str| {
        let text = code(text.split("mod tests {").next().unwrap()).collect::<String>();
        let conditions = text.split("cfg").skip(1).filter(|rest| rest.starts_with(['(', '!']));
        let words = ["unix", "windows", "target_os", "target_vendor", "target_env"];
        conditions
            .map(|rest| rest.split([']', '{', ';']).next().unwrap())
            .any(|condition| !condition.contains("test") && words.iter().any(|word| condition.contains(word)))
    };
    let is_test = |path: &str| path.ends_with("/tests.rs") || path.contains("/tests/");
    let found: Vec<_> =
        sources("src").into_iter().filter(|(path, text)| !is_test(path) && asks(text)).collect();
    let found: BTreeSet<_> = found.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(found, PLATFORM_FILES.iter().copied().collect());
}

#[test]
fn a_crate_is_named_only_where_it_belongs() {
    for (path, text) in sources("src") {
        for (name, rooms) in CRATES {
            let call = format!("{name}::");
            let named = code(&text).any(|line| {
                line.match_indices(&call).any(|(at, _)| {
                    !line[..at]
                        .ends_with(|letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':')
                })
            });
            let belongs = rooms.iter().any(|place| {
                let is_folder = place.contains('/') && path.starts_with(&format!("src/{place}"));
                is_folder || *place == room(&path)
            });
            assert!(!named || belongs, "{path} names {name}");
        }
    }
}

/// What only the store knows: its engine, the sizes that this one has, and the files that lie in the data folder.
const ONLY_THE_STORE_S: &[&str] =
    &["lmdb", "for_tests", ".mdb", "page_size", "slots/", "\"slots\"", "quarantine/", "backups/"];

#[test]
fn nothing_outside_of_the_store_names_its_engine_or_its_files() {
    for (path, text) in sources("src") {
        // Tests may look at the files.
        let (text, _) = text.split_once("#[cfg(test)]\nmod tests").unwrap_or((&text, ""));
        if room(&path) != "store" && !path.ends_with("/forged.rs") {
            let named = ONLY_THE_STORE_S.iter().find(|word| code(text).any(|line| line.contains(**word)));
            assert!(named.is_none(), "{path} names {named:?}");
        }
    }
}

#[test]
fn nothing_at_or_below_the_vault_is_async() {
    for (path, text) in sources("src") {
        if SYNCHRONOUS.contains(&room(&path)) {
            let found = code(&text).any(|line| line.contains("async ") || line.contains(".await"));
            assert!(!found, "{path}");
        }
    }
}

/// The engine's map, and the calls of Windows that no crate offers without `unsafe` (decisions/0146).
const UNSAFE_FILES: &[&str] =
    &["src/files/windows/access_list.rs", "src/process/windows/calls.rs", "src/store/lmdb/engine.rs"];

#[test]
fn unsafe_code_stands_in_few_files() {
    let sources = sources("src");
    let found: Vec<_> =
        sources.iter().filter(|(_, text)| code(text).any(|line| line.contains("unsafe {"))).collect();
    let found: BTreeSet<_> = found.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(found, UNSAFE_FILES.iter().copied().collect());
}

#[test]
fn every_file_says_what_it_is_for_and_is_short() {
    for folder in ["src", "tests"] {
        for (path, text) in sources(folder) {
            if path.contains("/.cache/") || path.contains("/node_modules/") {
                continue;
            }
            assert!(text.starts_with("//! "), "{path} does not begin with //!");
            assert!(text.lines().count() <= HARD_LIMIT, "{path} has over {HARD_LIMIT} lines");
        }
    }
}

#[test]
fn every_method_is_documented() {
    let reference = read("docs/reference.md");
    for name in rpc::NAMES {
        assert!(reference.contains(&format!("`{name}`")), "docs/reference.md does not have {name}");
    }
}

#[test]
fn every_error_is_met_by_a_test() {
    let mut tests = String::new();
    for folder in ["tests/e2e", "tests/conformance", "tests/postgres"] {
        for path in walk_all(&root().join(folder)) {
            tests.push_str(&fs::read_to_string(path).unwrap_or_default());
        }
    }
    for code in rpc::TABLE {
        // A fault of ours can't be provoked from outside; its answer has a test beside the code.
        if code.kind != "internalError" {
            assert!(tests.contains(&code.number.to_string()), "no test meets {}", code.number);
        }
    }
}

fn walk_all(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(walk_all(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn the_format_is_as_documented() {
    let mut digest = Sha256::new();
    for path in FORMAT_FILES {
        digest.update(code(&read(path)).collect::<Vec<_>>().join("\n"));
    }
    let mut text = String::from("\n```text\n");
    for path in FORMAT_FILES {
        writeln!(text, "{path}").unwrap();
    }
    let digest: String = digest.finalize().iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    });
    writeln!(text, "sha256 {digest}\n```").unwrap();
    made("docs/format.md", "UPDATE=1 cargo test --test tidy`.\n", "", &text);
}

/// What stands between two marks of a file is made from the code. An empty `end` is the end of the file.
fn made(path: &str, begin: &str, end: &str, wanted: &str) {
    let text = read(path);
    let from = text.find(begin).unwrap() + begin.len();
    let to = if end.is_empty() { text.len() } else { text.find(end).unwrap() };
    if text[from..to] == *wanted {
        return;
    }
    let update = std::env::var_os("UPDATE").is_some();
    assert!(update, "{path} differs from the code; look at why, then UPDATE=1 cargo test --test tidy");
    #[allow(clippy::disallowed_methods, reason = "a document, for everybody to read")]
    fs::write(root().join(path), format!("{}{wanted}{}", &text[..from], &text[to..])).unwrap();
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = read("Cargo.toml");
    let reasons = read("docs/architecture.md");
    let mut in_dependencies = false;
    let mut count = 0;
    for line in manifest.lines() {
        if line.starts_with('[') {
            in_dependencies = line.contains("dependencies");
        } else if let Some((name, _)) = line.split_once(" = ")
            && in_dependencies
        {
            count += 1;
            assert!(reasons.contains(&format!("`{name}`")), "docs/architecture.md has no reason for {name}");
        }
    }
    assert!(count > 15, "the dependencies were not found");
    // LMDB's lock format is part of the disk format, so its package is pinned.
    assert!(manifest.contains(r#"heed = { version = "=0.23.1""#));
}

/// The tests that a cell names, as `path: name, name` between backquotes.
fn tests_named(cell: &str) -> Vec<(&str, Vec<&str>)> {
    let spans = cell.split('`').skip(1).step_by(2);
    spans
        .filter_map(|span| Some((span.split_once(": ")?.0, span.split_once(": ")?.1.split(", ").collect())))
        .collect()
}

/// Whether a file has a test of this name, and not only a function.
fn has_test(text: &str, name: &str) -> bool {
    let mut lines = text.lines().map(str::trim_start);
    let mut is_test = false;
    lines.any(|line| {
        let begins = |rest: &str| rest.starts_with('(');
        let found =
            is_test && line.strip_prefix("fn ").and_then(|line| line.strip_prefix(name)).is_some_and(begins);
        is_test = line == "#[test]" || (is_test && line.starts_with("#["));
        found
    })
}

#[test]
fn a_test_is_told_from_a_function() {
    let text =
        "fn a() {}\n    #[test]\n    #[cfg(unix)]\n    fn b() {}\nfn c() {}\n#[test]\nfn d_and_more() {}";
    let found = ["a", "b", "c", "d", "d_and_more"].map(|name| has_test(text, name));
    assert_eq!(found, [false, true, false, false, true]);
}

#[test]
fn every_claim_of_the_threat_model_is_shown_by_a_test() {
    let text = read("docs/threat-model.md");
    let mut wrong = Vec::new();
    let mut claims = 0;
    for line in text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| who |")) {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let (who, shown_by) = (cells[0], cells[3]);
        assert_eq!(cells.len(), 4, "{who}");
        claims += 1;
        let named = tests_named(shown_by);
        let reason = shown_by.strip_prefix("no test: ").is_some_and(|reason| reason.len() > 20);
        if named.is_empty() && !reason {
            wrong.push(format!("{who}: no test and no reason"));
        }
        for (path, names) in named {
            let source = fs::read_to_string(root().join(path)).unwrap_or_default();
            let missing = names.into_iter().filter(|name| !has_test(&source, name));
            wrong.extend(missing.map(|name| format!("{who}: {path} has no test {name}")));
        }
    }
    assert!(claims > 30, "the tables were not found");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_write_passes_few_files() {
    let text = read("docs/architecture.md");
    let section = text.split("## What one write passes").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with('|'));
    let files: Vec<_> = rows.flat_map(|row| row.split('`')).filter(|name| name.starts_with("src/")).collect();
    for file in &files {
        assert!(root().join(file).is_file(), "{file} is not there");
    }
    let different = files.iter().collect::<BTreeSet<_>>().len();
    assert!((20..=35).contains(&different) && different == files.len(), "{different} files");
}

#[test]
fn the_readme_begins_with_the_two_commands() {
    let readme = read("README.md");
    let first_screen: Vec<_> = readme.lines().take(24).collect();
    let has = |words: &str| first_screen.iter().any(|line| line.contains(words));
    assert!(has("< tests/data/first.jsonl"));
    assert!(has("tests/run"));
}

#[path = "tidy/targets.rs"]
mod targets;
#[path = "tidy/words.rs"]
mod words;

#[path = "tidy/circles.rs"]
mod circles;
