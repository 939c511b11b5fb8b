//! Holds what a program can hold of `editors/`: its files' form, and its READMEs.

#![allow(clippy::unwrap_used, reason = "a test that can't read its own repository has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use plugin_vault::rpc;

/// The longest file of a binding.
const HARD_LIMIT: usize = 500;
/// Made by programs, or by others.
const NOT_OURS: &[&str] = &[
    "node_modules",
    "dist",
    "wire.ts",
    "wire.py",
    "Wire.java",
    "package-lock.json",
    ".cache",
    "__pycache__",
    ".mypy_cache",
    ".ruff_cache",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The files below a folder that people write.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if NOT_OURS.contains(&name) || name.starts_with(".vscode") {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// Programs in JavaScript, TypeScript, Python, Emacs Lisp and Java, with their paths from the root.
fn scripts() -> Vec<(String, String)> {
    let endings = ["ts", "js", "mjs", "mts", "py", "el", "java"];
    let is_script = |path: &PathBuf| {
        path.extension()
            .and_then(|extension| extension.to_str())
            .is_some_and(|found| endings.contains(&found))
    };
    let name = |path: &Path| path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
    let found = files(&root().join("editors")).into_iter().filter(is_script);
    found.map(|path| (name(&path), fs::read_to_string(&path).unwrap())).collect()
}

/// The folders of the bindings.
fn bindings() -> Vec<String> {
    let folders = fs::read_dir(root().join("editors")).unwrap().map(|entry| entry.unwrap().path());
    let names = folders.filter(|path| path.join("README.md").is_file());
    let mut names: Vec<_> =
        names.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names.retain(|name| name != "conformance");
    names
}

#[test]
fn every_file_of_a_binding_says_what_it_is_for_and_is_short() {
    let scripts = scripts();
    assert!(scripts.len() > 30, "the files were not found");
    for (path, text) in scripts {
        let is_shim = path.contains("/esm/");
        // In Java, the package and the imports come first.
        let is_java =
            path.rsplit_once('.').is_some_and(|(_, extension)| extension == "java") && text.contains("\n/**");
        let says =
            is_java || ["// ", "/**", "\"\"\"", "# ", ";;; "].iter().any(|begin| text.starts_with(begin));
        assert!(is_shim || says, "{path} does not say");
        assert!(text.lines().count() <= HARD_LIMIT, "{path} has over {HARD_LIMIT} lines");
    }
}

#[test]
fn no_binding_writes_to_its_console() {
    for (path, text) in scripts() {
        let may_print = ["/test/", "/tests/", "/conformance/", "build."];
        if may_print.iter().any(|part| path.contains(part))
            || path.ends_with("/cli.ts")
            || path.ends_with("/wheels.py")
            || path.ends_with("/readme.mjs")
        {
            continue;
        }
        for word in ["console.", "process.stdout", "process.stderr", "print(", "sys.std"] {
            assert!(!text.contains(word), "{path} has {word}");
        }
    }
}

#[test]
fn no_test_of_a_binding_is_left_out() {
    for (path, text) in scripts() {
        for word in
            [".skip(", ".only(", ".todo(", "{ skip:", "{ only:", ".mark.skip", ".mark.xfail", "pytest.skip("]
        {
            assert!(!text.contains(word), "{path} has {word}");
        }
    }
}

#[test]
fn every_binding_is_introduced_and_says_how_it_is_installed_used_and_uninstalled() {
    let contract = read("editors/README.md");
    for name in bindings() {
        assert!(contract.contains(&format!("[{name}]({name})")), "editors/README.md does not name {name}");
        let text = read(&format!("editors/{name}/README.md")).to_lowercase();
        for part in ["## install", "## use", "## uninstall"] {
            assert!(text.contains(part), "editors/{name}/README.md has no {part}");
        }
    }
}

#[test]
fn the_contract_says_what_to_do_for_each_error() {
    let contract = read("editors/README.md");
    for code in rpc::TABLE {
        assert!(
            contract.contains(&format!("`{}`", code.kind)),
            "editors/README.md does not have {}",
            code.kind
        );
    }
}

#[test]
fn the_troubleshooting_page_says_what_to_do_for_each_error() {
    let page = read("docs/troubleshooting.md");
    for code in rpc::TABLE {
        let named = page.contains(&format!("`{}`", code.kind));
        assert!(named, "docs/troubleshooting.md does not have {}", code.kind);
    }
}

#[test]
fn the_lock_files_name_no_registry() {
    let locks = [
        "editors/node",
        "editors/cloud9",
        "editors/vscode",
        "editors/vscode/test/host",
        "editors/vscode/test/theia",
        "tests/hosts/node",
        "tests/hosts/vi",
    ]
    .map(|folder| format!("{folder}/package-lock.json"));
    for path in locks {
        assert!(!read(&path).contains("://registry"), "{path}");
    }
}
