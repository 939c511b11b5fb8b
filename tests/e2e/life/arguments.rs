//! The command line.

use std::process::Output;

use crate::harness::Home;

fn run(arguments: &[&str]) -> Output {
    let home = Home::new();
    let output = home.start().usual_log().arguments(arguments).command().output().unwrap();
    assert!(!home.data().exists());
    output
}

#[test]
fn wrong_arguments_end_with_2_and_one_line() {
    let wrong: &[&[&str]] = &[
        &["--no-such-flag"],
        &["no-such-command"],
        &["--data-dir"],
        &["--max-data-bytes", "many"],
        &["--max-data-bytes", "-1"],
        &["--max-records", ""],
        &["--clientProcessId", "me"],
        &["--workspace-folder", "not/a/uri"],
        &["--workspace-folder", ""],
        &["--log", "a=b=c"],
        &["--log", "info,my_app[request{id=7}]=debug"],
        &["--data-dir", "~/vault"],
        &["--data-dir", "~me"],
        &["--key-dir", "$HOME/keys"],
        &["--log-file", "${env:HOME}/log"],
        &["--log-file", "/no/such/folder/log"],
        &["--temporary"],
        &["serve", "serve"],
    ];
    for arguments in wrong {
        let output = run(arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert_eq!(output.stdout, b"", "{arguments:?}");
        assert!(
            stderr.starts_with("plugin-vault: ") && stderr.lines().count() == 1,
            "{arguments:?}: {stderr}"
        );
        let says_what_to_do = ["--help", "--log-file", "like file:///", "write an absolute path"]
            .iter()
            .any(|hint| stderr.contains(hint));
        assert!(says_what_to_do, "{arguments:?}: {stderr}");
    }
}

#[test]
fn help_and_version_go_to_stdout_and_end_with_0() {
    for (argument, word) in [
        ("--help", "--max-data-bytes"),
        ("-h", "--data-dir"),
        ("--version", concat!("plugin-vault ", env!("CARGO_PKG_VERSION"))),
        ("--version", "\nprotocol 1\nformat 1\ntarget "),
        ("--version", "\ncommit "),
        ("-V", concat!("plugin-vault ", env!("CARGO_PKG_VERSION"), "\n")),
    ] {
        let output = run(&[argument]);
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{argument}");
        assert!(String::from_utf8(output.stdout).unwrap().contains(word), "{argument}");
    }
}

#[test]
fn every_way_to_say_serve_serves() {
    for arguments in [&["serve"][..], &["--stdio"], &["serve", "--stdio"], &["--stdio", "serve"]] {
        let home = Home::new();
        let mut server = home.start().arguments(arguments).run();
        server.initialize(&[]);
        server.set_key(&home.key());
    }
}

#[test]
fn log_levels_by_target_are_taken() {
    for level in ["off", "error", "debug", "plugin_vault=trace,warn"] {
        let home = Home::new();
        let mut server = home.start().usual_log().arguments(["--log", level]).run();
        server.initialize(&[]);
        server.set_key(&home.key());
        let home = Home::new();
        let mut server = home.start().usual_log().environment("RUST_LOG", level).run();
        server.initialize(&[]);
        server.set_key(&home.key());
    }
}

/// The variable is often set for another program.
#[test]
fn a_log_filter_in_the_environment_counts_as_far_as_it_is_understood() {
    for said in ["info,my_app[request{id=7}]=debug", "my_app=trace", "=,[{,a=b=c", "\u{1f511}"] {
        let home = Home::new();
        // What keeps the store from being opened is an error in the log.
        std::fs::write(home.data(), "a file where the folder should be").unwrap();
        let mut server = home.start().usual_log().environment("RUST_LOG", said).run();
        server.initialize(&[]);
        server.refused("setAPIKey", [home.key()]);
        let stderr = server.shut_down().stderr;
        assert!(stderr.contains("ERROR"), "{said}: {stderr}");
    }
}
