//! The credential helpers: git's with git itself, docker's by its protocol, and the one for HTTP headers.

#[cfg(unix)]
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::harness::Ran;
use crate::home::{Home, guarded_by_a_passphrase};
use crate::records::store;

const EXPIRY: &str = "4102444800";

#[track_caller]
fn git(home: &Home, operation: &str, attributes: &str) -> String {
    let ran = home.run(&["helper", "git", operation], attributes);
    assert_eq!((ran.code, ran.said.as_str()), (0, ""), "{operation}");
    ran.shown
}

#[track_caller]
fn docker(home: &Home, operation: &str, input: &str) -> Ran {
    home.run(&["helper", "docker", operation], input)
}

#[test]
fn git_stores_gets_and_erases_a_credential() {
    let home = Home::new();
    assert_eq!(git(&home, "get", "protocol=https\nhost=h\n\n"), "");
    assert_eq!(git(&home, "erase", "protocol=https\nhost=h\n\n"), "");
    assert!(!home.data().exists(), "reading makes no store");
    let word = home.word();
    let given = format!(
        "protocol=https\nhost=h:8443\nusername=u\npassword={word}\npassword_expiry_utc={EXPIRY}\n\
         oauth_refresh_token=r{word}\ncapability[]=authtype\nwwwauth[]=Basic\n\n"
    );
    git(&home, "store", &given);
    let expected =
        format!("username=u\npassword={word}\npassword_expiry_utc={EXPIRY}\noauth_refresh_token=r{word}\n");
    for asked in [
        "protocol=https\nhost=h:8443\n",
        "url=https://h:8443/\n",
        "protocol=https\nhost=h:8443\nusername=u\n",
    ] {
        assert_eq!(git(&home, "get", asked), expected, "{asked}");
    }
    for other in [
        "protocol=http\nhost=h:8443\n",
        "protocol=https\nhost=h\n",
        "protocol=https\nhost=h:8443\nusername=v\n",
        "",
    ] {
        assert_eq!(git(&home, "get", other), "", "{other}");
    }
    assert_eq!(home.json(&["list"], "")["records"][0]["name"], "https://h:8443");
    git(&home, "approve-of-a-later-git", "protocol=https\nhost=h:8443\n");
    // Another password was stored meanwhile.
    git(&home, "erase", "protocol=https\nhost=h:8443\nusername=u\npassword=old\n");
    assert_eq!(git(&home, "get", "protocol=https\nhost=h:8443\n"), expected);
    git(&home, "erase", &given);
    assert_eq!(git(&home, "get", "protocol=https\nhost=h:8443\n"), "");
}

#[test]
fn two_users_and_two_paths_of_a_host_have_credentials_of_their_own() {
    let home = Home::new();
    let host = "protocol=https\nhost=h\n";
    for user in ["first", "second", "a@b/c"] {
        git(&home, "store", &format!("{host}username={user}\npassword=of {user}\n"));
    }
    for user in ["first", "second", "a@b/c"] {
        let shown = git(&home, "get", &format!("{host}username={user}\n"));
        assert_eq!(shown, format!("username={user}\npassword=of {user}\n"));
    }
    // The last one, where git does not name a user.
    assert_eq!(git(&home, "get", host), "username=a@b/c\npassword=of a@b/c\n");
    git(&home, "store", &format!("{host}path=a.git\nusername=u\npassword=of a\n"));
    git(&home, "store", &format!("{host}path=b.git\nusername=u\npassword=of b\n"));
    assert_eq!(git(&home, "get", &format!("{host}path=a.git\n")), "username=u\npassword=of a\n");
    assert_eq!(git(&home, "get", &format!("{host}path=c.git\n")), "");
    git(&home, "erase", &format!("{host}path=a.git\nusername=u\n"));
    assert_eq!(git(&home, "get", &format!("{host}path=a.git\n")), "");
    assert_eq!(git(&home, "get", &format!("{host}path=b.git\n")), "username=u\npassword=of b\n");
}

/// Debian's git, with the helper beside its own cache, as a user sets it up.
#[cfg(feature = "program-tests")]
#[test]
fn debians_git_uses_the_helper_beside_its_cache() {
    let home = Home::new();
    std::fs::create_dir(home.path("cache")).unwrap();
    let helper = home.command(&["helper", "git"]);
    let words: Vec<_> = std::iter::once(helper.get_program())
        .chain(helper.get_args())
        .map(|word| word.to_str().unwrap())
        .collect();
    let git = |arguments: &[&str], config: &[&str], attributes: &str| {
        let mut command = Command::new("/usr/bin/git");
        let socket =
            format!("credential.helper=cache --timeout 30 --socket {}", home.path("cache/socket").display());
        command
            .env_clear()
            .env("HOME", home.path("cache"))
            .env("PATH", "/usr/bin:/bin")
            .env("GIT_TERMINAL_PROMPT", "0");
        command.args([
            "-c",
            "credential.helper=",
            "-c",
            &socket,
            "-c",
            &format!("credential.helper=!{}", words.join(" ")),
        ]);
        command.args(config).arg("credential").args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        home.finish(command, attributes)
    };
    let word = home.word();
    let full = format!("protocol=https\nhost=git.test\nusername=me\npassword={word}\n\n");
    assert_eq!(git(&["approve"], &[], &full).code, 0);
    // The cache forgets, the store does not.
    let forget = Command::new("/usr/bin/git")
        .args(["credential-cache", "--socket", home.path("cache/socket").to_str().unwrap(), "exit"])
        .status();
    assert!(forget.unwrap().success());
    let filled = git(&["fill"], &[], "protocol=https\nhost=git.test\n\n");
    assert!(filled.shown.contains(&format!("password={word}\n")), "{}{}", filled.shown, filled.said);
    // A path counts only where git sends it.
    let with_path = ["-c", "credential.useHttpPath=true"];
    let path = format!("protocol=https\nhost=git.test\npath=a.git\nusername=me\npassword=p{word}\n\n");
    assert_eq!(git(&["approve"], &with_path, &path).code, 0);
    let filled = git(&["fill"], &with_path, "protocol=https\nhost=git.test\npath=a.git\n\n");
    assert!(filled.shown.contains(&format!("password=p{word}\n")), "{}", filled.shown);
    assert_eq!(git(&["reject"], &[], &full).code, 0);
    let filled = git(&["fill"], &[], "protocol=https\nhost=git.test\nusername=other\n\n");
    assert_ne!(filled.code, 0, "{}", filled.shown);
    let _ = Command::new("/usr/bin/git")
        .args(["credential-cache", "--socket", home.path("cache/socket").to_str().unwrap(), "exit"])
        .status();
}

#[test]
fn docker_stores_gets_lists_and_erases_a_credential() {
    let home = Home::new();
    let url = "https://index.docker.io/v1/";
    let missing = docker(&home, "get", url);
    assert_eq!((missing.code, missing.shown.as_str()), (1, "credentials not found in native keychain\n"));
    assert_eq!(docker(&home, "list", "").shown, "{}\n");
    assert!(!home.data().exists(), "reading makes no store");
    let word = home.word();
    let credential = json!({"ServerURL": url, "Username": "me", "Secret": word});
    let stored = docker(&home, "store", &credential.to_string());
    assert_eq!((stored.code, stored.shown.as_str(), stored.said.as_str()), (0, "", ""));
    let got = docker(&home, "get", &format!("{url}\n"));
    assert_eq!(serde_json::from_str::<Value>(&got.shown).unwrap(), credential);
    assert_eq!(docker(&home, "list", "").shown, format!("{}\n", json!({url: "me"})));
    assert_eq!(
        home.json(&["list"], "")["records"][0]["ref"],
        "docker-credential/default:https://index.docker.io/v1/"
    );
    assert_eq!(docker(&home, "erase", url).code, 0);
    assert_eq!(docker(&home, "get", url).code, 1);
    assert_eq!(docker(&home, "erase", url).code, 0, "a log-out without a log-in is no failure");
}

#[test]
fn docker_gets_the_texts_of_its_protocol() {
    let home = Home::new();
    for (operation, input, shown) in [
        ("get", "", "no credentials server URL\n"),
        ("erase", " \n", "no credentials server URL\n"),
        ("store", r#"{"ServerURL":"","Username":"u","Secret":"s"}"#, "no credentials server URL\n"),
        ("store", r#"{"ServerURL":"https://r","Username":"","Secret":"s"}"#, "no credentials username\n"),
        ("explode", "", "Unknown credential action `explode`\n"),
    ] {
        let ran = docker(&home, operation, input);
        assert_eq!((ran.code, ran.shown.as_str(), ran.said.as_str()), (1, shown, ""), "{operation} {input}");
    }
    assert!(docker(&home, "version", "").shown.starts_with("docker-credential-plugin-vault (plugin-vault) "));
    let locked = guarded_by_a_passphrase();
    locked.forget_cached();
    let ran = docker(&locked, "get", "https://r");
    assert!(ran.code == 1 && ran.shown.contains("the store is locked"), "{}", ran.shown);
}

/// Docker starts `docker-credential-NAME` for `"credsStore": "NAME"`.
#[cfg(unix)]
#[test]
fn the_program_is_dockers_helper_under_that_name() {
    let home = Home::new();
    let link = home.path("docker-credential-plugin-vault");
    let program = home.command(&[]);
    std::os::unix::fs::symlink(program.get_program(), &link).unwrap();
    let run = |operation: &str, input: &str| {
        let mut command = Command::new(&link);
        command.arg(operation).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env("PLUGIN_VAULT_DATA_DIR", home.data()).env("PLUGIN_VAULT_KEY_DIR", home.keys());
        home.finish(command, input)
    };
    let stored = run("store", r#"{"ServerURL":"https://r","Username":"u","Secret":"s"}"#);
    assert_eq!(stored.code, 0, "{}{}", stored.shown, stored.said);
    assert_eq!(run("list", "").shown, "{\"https://r\":\"u\"}\n");
}

#[test]
fn a_header_has_the_token_of_a_member() {
    let home = Home::new();
    let word = home.word();
    store(&home, "me.mcp", &json!({"token": word, "n": 1, "lines": "a\nb"}));
    let shown = home.run(&["helper", "headers", "me.mcp#/token"], "").shown;
    assert_eq!(
        serde_json::from_str::<Value>(&shown).unwrap(),
        json!({"Authorization": format!("Bearer {word}")})
    );
    for (reference, code) in [("me.mcp", 2), ("me.mcp#/n", 2), ("me.mcp#/lines", 1), ("me.mcp#/gone", 4)] {
        let ran = home.run(&["helper", "headers", reference], "");
        assert_eq!((ran.code, ran.shown.as_str()), (code, ""), "{reference}: {}", ran.said);
    }
}
