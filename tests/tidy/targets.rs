//! Checks the tests themselves: each file belongs to a target, one harness starts the program, and each method is called.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use plugin_vault::rpc;

use crate::{read, root, sources};

/// Folders below `tests` with files of other projects.
const NOT_OURS: &[&str] = &["tests/.cache/", "/node_modules/"];

/// What of the harness sends a request.
const CALLS: &[&str] = &["begin", "call", "ok", "refused", "code", "revision", "exact"];

/// Methods that no end-to-end test calls by name, and why.
const NOT_IN_E2E: &[(&str, &str)] = &[];

/// Methods that no case of `editors/conformance` calls by name, and why.
const NOT_IN_CASES: &[(&str, &str)] = &[
    ("initialize", "the suite itself begins a session with it"),
    ("shutdown", "the suite itself ends a session with it"),
    ("exit", "the suite itself ends a session with it"),
    ("setAPIKey", "the steps of a case that connect call it"),
    ("issueAPIKey", "the steps of a case that connect call it"),
    ("rpc.discover", "it is for tools that read the contract, and no binding has it"),
];

/// A file's modules that are files: their names, and the path where one is given.
fn modules(text: &str) -> Vec<(String, Option<String>)> {
    let mut path = None;
    let mut found = Vec::new();
    for line in text.lines().map(str::trim_start) {
        if let Some(rest) = line.strip_prefix("#[path = \"") {
            path = rest.split('"').next().map(str::to_owned);
        } else if !line.starts_with('#') {
            let words =
                line.split_once("mod ").filter(|(before, _)| before.is_empty() || before.starts_with("pub"));
            let name = words.and_then(|(_, rest)| rest.strip_suffix(';'));
            found.extend(name.map(|name| (name.to_owned(), path.take())));
            path = None;
        }
    }
    found
}

#[test]
fn modules_are_found_with_their_paths() {
    let text = "mod a;\n#[cfg(unix)]\n#[path = \"../x/y.rs\"]\npub(crate) mod b;\nmod c {\n// mod d;\n}";
    assert_eq!(modules(text), [("a".to_owned(), None), ("b".to_owned(), Some("../x/y.rs".to_owned()))]);
}

/// Adds a file and all that it names. `children` is where modules without a path are.
fn follow(file: &Path, children: &Path, found: &mut BTreeSet<PathBuf>) {
    if !found.insert(file.to_owned()) {
        return;
    }
    let text = std::fs::read_to_string(file)
        .unwrap_or_else(|_| panic!("{} is named, and not there", file.display()));
    for (name, path) in modules(&text) {
        match path {
            // The modules of a file with a path are beside it.
            Some(path) => {
                let file = file.parent().unwrap().join(path).canonicalize().unwrap();
                follow(&file, file.parent().unwrap(), found);
            }
            None => follow(&children.join(format!("{name}.rs")), &children.join(name), found),
        }
    }
}

#[test]
fn every_file_belongs_to_a_target() {
    let tests = root().join("tests").canonicalize().unwrap();
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(&tests).unwrap() {
        let path = entry.unwrap().path();
        let target = if path.is_dir() { path.join("main.rs") } else { path };
        if target.is_file() && target.extension().is_some_and(|extension| extension == "rs") {
            follow(&target, target.parent().unwrap(), &mut found);
        }
    }
    assert!(found.len() > 150, "the targets were not found");
    for (path, _) in sources("tests") {
        if !NOT_OURS.iter().any(|folder| path.contains(folder)) {
            let file = root().join(&path).canonicalize().unwrap();
            assert!(found.contains(&file), "no target names {path}: none of its tests is run");
        }
    }
}

#[test]
fn each_test_that_does_not_run_on_a_server_exists_and_has_a_reason() {
    let list = read("tests/postgres/exceptions.list");
    for line in list.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<_> = line.splitn(3, ' ').collect();
        let [target, name, reason] = words[..] else { panic!("target, name, reason: {line}") };
        let (folder, test) = name.rsplit_once("::").unwrap_or(("main", name));
        let file = read(&format!("tests/{target}/{}.rs", folder.replace("::", "/")));
        assert!(file.contains(&format!("fn {test}()")), "{target} has no test {name}");
        assert!(reason.len() > 10, "{name} has no reason");
    }
}

#[test]
fn only_the_harness_starts_the_program() {
    // In two parts, since this file is searched too.
    let variable = ["CARGO_BIN", "_EXE"].concat();
    for (path, text) in sources("tests") {
        let names_it = text.contains(&variable);
        assert_eq!(names_it, path == "tests/support/start.rs", "{path}: the harness starts the program");
    }
}

/// Fails unless each method either is named in the text or has a reason, and not both.
#[track_caller]
fn check(called: impl Fn(&str) -> bool, exceptions: &[(&str, &str)], place: &str) {
    for (name, reason) in exceptions {
        assert!(rpc::NAMES.contains(name), "{name} is an exception for {place}, and no method");
        assert!(!called(name), "{place} calls {name}: it is no exception ({reason})");
    }
    for name in rpc::NAMES {
        let is_exception = exceptions.iter().any(|(exception, _)| exception == name);
        assert!(is_exception || called(name), "{place} does not call {name}");
    }
}

#[test]
fn every_method_is_called_by_an_end_to_end_test() {
    let tests: String = sources("tests/e2e").into_iter().map(|(_, text)| text).collect();
    let tests: String = tests.split_whitespace().collect();
    let called = |name: &str| CALLS.iter().any(|call| tests.contains(&format!(".{call}(\"{name}\"")));
    check(called, NOT_IN_E2E, "tests/e2e");
}

#[test]
fn every_method_is_called_by_a_conformance_case_of_the_bindings() {
    let tiers = ["core", "changes", "leases", "keys", "inherit", "lock"];
    let cases = tiers.map(|tier| read(&format!("editors/conformance/{tier}.json"))).concat();
    let called = |name: &str| cases.contains(&format!("\"call\": \"{name}\""));
    check(called, NOT_IN_CASES, "editors/conformance");
}
