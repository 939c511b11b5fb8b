//! Completions and man pages, checked by the shells themselves and by `mandoc`.

use std::fs;
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
#[cfg(unix)]
use std::process::Command;

use crate::home::Home;

/// Completions in a file.
fn completions(home: &Home, shell: &str) -> PathBuf {
    let ran = home.run(&["completions", shell], "");
    assert_eq!((ran.code, ran.said.as_str()), (0, ""), "{shell}");
    assert!(!home.data().exists(), "no store is opened");
    let path = home.path(&format!("{shell}-completions"));
    fs::write(&path, ran.shown).unwrap();
    path
}

#[test]
fn every_shell_gets_the_commands_and_their_options() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let text = fs::read_to_string(completions(&home, shell)).unwrap();
        for word in ["get", "helper", "headers", "expires-in", "on-conflict", "forget"] {
            assert!(text.contains(word), "{shell} has no {word}");
        }
    }
}

#[cfg(unix)]
#[test]
fn bash_completes_commands_and_options() {
    let home = Home::new();
    let script = r#"
        . "$0"
        complete_line() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _plugin__vault plugin-vault "${COMP_WORDS[$COMP_CWORD]}" "${COMP_WORDS[$COMP_CWORD-1]}"; echo "${COMPREPLY[*]}"; }
        complete_line plugin-vault ge
        complete_line plugin-vault key iss
        complete_line plugin-vault get --ra
    "#;
    let output =
        Command::new("bash").args(["--norc", "-c", script]).arg(completions(&home, "bash")).output().unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "get\nissue\n--raw\n",
        "{:?}",
        String::from_utf8(output.stderr)
    );
}

#[cfg(all(unix, feature = "program-tests"))]
#[test]
fn fish_and_zsh_take_their_completions() {
    let home = Home::new();
    let fish = completions(&home, "fish");
    let script = r#"source $argv[1]; complete -C "plugin-vault ge"; complete -C "plugin-vault key iss"; complete -C "plugin-vault get --ra""#;
    let output = Command::new("fish")
        .args(["--no-config", "-c", script])
        .arg(fish)
        .env("HOME", home.root())
        .output()
        .unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    let words: Vec<_> = shown.lines().map(|line| line.split('\t').next().unwrap()).collect();
    assert_eq!(words, ["get", "issue", "--raw"], "{:?}", String::from_utf8(output.stderr));
    let folder = home.path("functions");
    fs::create_dir(&folder).unwrap();
    fs::rename(completions(&home, "zsh"), folder.join("_plugin-vault")).unwrap();
    let script = r"fpath=($1 $fpath); autoload -Uz compinit; compinit -u -D; whence -w _plugin-vault; print $_comps[plugin-vault]; autoload +X _plugin-vault && print loaded";
    let output = Command::new("zsh")
        .args(["-f", "-c", script, "zsh"])
        .arg(&folder)
        .env("HOME", home.root())
        .output()
        .unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        shown,
        "_plugin-vault: function\n_plugin-vault\nloaded\n",
        "{:?}",
        String::from_utf8(output.stderr)
    );
}

/// Style is a matter of taste: of lines that a generator writes, only warnings and errors count.
#[cfg(all(unix, feature = "program-tests"))]
#[test]
fn mandoc_finds_nothing_wrong_in_any_page() {
    let home = Home::new();
    let folder = pages(&home);
    for page in fs::read_dir(folder).unwrap() {
        let page = page.unwrap().path();
        let output =
            Command::new("mandoc").args(["-T", "lint", "-W", "warning"]).arg(&page).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "", "{}", page.display());
    }
}

fn pages(home: &Home) -> PathBuf {
    let folder = home.path("man1");
    fs::create_dir(&folder).unwrap();
    let ran = home.run(&["man", folder.to_str().unwrap()], "");
    assert_eq!((ran.code, ran.shown.as_str(), ran.said.as_str()), (0, "", ""));
    folder
}

#[test]
fn each_command_has_a_page_that_all_users_may_read() {
    let home = Home::new();
    let folder = pages(&home);
    for name in ["", "-get", "-helper-git", "-key-issue", "-protector-add-command"] {
        let page = folder.join(format!("plugin-vault{name}.1"));
        #[cfg(unix)]
        assert_eq!(fs::metadata(&page).unwrap().permissions().mode() & 0o777, 0o644);
        let text = fs::read_to_string(&page).unwrap();
        assert!(text.contains(".SH OPTIONS"), "{name}");
        assert!(!text.contains("\ncommit "), "{name}: one page serves the programs of all systems");
    }
    let page = fs::read_to_string(folder.join("plugin-vault-get.1")).unwrap();
    assert!(page.contains("Examples:") && !page.contains("stdio"), "{page}");
    assert_eq!(home.run(&["man", "/no/such/folder"], "").code, 1);
    assert!(!home.data().exists(), "no store is opened");
}
