//! `export` and `import`: what leaves the store, what comes back, and what is removed from other files.

use std::fs;
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::home::Home;
use crate::records::store;
use crate::shapes::valid;

fn filled() -> Home {
    let home = Home::new();
    store(&home, "a.app", &json!({"token": "one"}));
    store(&home, "b.app/x:https://h/p#x", &json!({"token": "two", "n": 1}));
    assert_eq!(
        home.run(&["set", "b.app", "--workspace=file:///work/a", "--expires-in", "4w"], r#"{"of":"a"}"#).code,
        0
    );
    home
}

/// What the store has, without its revisions and times.
fn content(home: &Home) -> Vec<Value> {
    let text = home.run(&["export"], "").shown;
    let mut records = serde_json::from_str::<Value>(&text).unwrap()["records"].as_array().unwrap().clone();
    for record in &mut records {
        record.as_object_mut().unwrap().remove("updatedAt");
    }
    records
}

#[test]
fn what_is_exported_comes_back_in_another_store() {
    let home = filled();
    let exported = home.run(&["export"], "");
    assert_eq!(exported.code, 0);
    assert!(exported.said.contains("the values of 3 records"), "{}", exported.said);
    valid("export", &serde_json::from_str(&exported.shown).unwrap());
    let other = Home::new();
    let dry = other.json(&["import", "-", "--dry-run"], &exported.shown);
    assert_eq!(dry, json!({"new": 3, "unchanged": 0, "conflicts": [], "dryRun": true}));
    assert!(!other.data().exists(), "a dry run makes no store");
    let imported = other.json(&["import", "-"], &exported.shown);
    valid("imported", &imported);
    assert_eq!(imported["new"], 3);
    assert_eq!(content(&other), content(&home));
    assert_eq!(other.json(&["import", "-"], &exported.shown)["unchanged"], 3);
}

#[cfg(unix)]
#[test]
fn an_export_goes_only_to_a_new_file_of_the_user_alone() {
    let home = filled();
    let file = home.path("export.json");
    let path = file.to_str().unwrap();
    valid("exported", &home.json(&["export", "-o", path, "b.app"], ""));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("two") && !text.contains("one"), "{text}");
    let again = home.run(&["export", "-o", path], "");
    assert!(again.code == 1 && again.said.contains("exists already"), "{}", again.said);
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn an_export_names_what_the_store_has_no_key_for() {
    let home = filled();
    let issued = home.json(&["key", "issue", "own.app"], "");
    home.answers(&[
        ("setAPIKey", json!([issued["apiKey"]])),
        ("setPersistentData", json!(["user", {"a": 1}])),
    ]);
    let exported = home.run(&["export"], "");
    assert!(exported.said.contains("own.app"), "{}", exported.said);
    let document: Value = serde_json::from_str(&exported.shown).unwrap();
    valid("export", &document);
    assert_eq!(document["unlisted"][0]["plugin"], "own.app");
}

#[test]
fn a_conflict_is_found_before_anything_is_written() {
    let home = filled();
    let exported = home.run(&["export"], "").shown;
    store(&home, "a.app", &json!({"token": "newer"}));
    assert_eq!(home.run(&["delete", "b.app/x:https://h/p#x", "--yes"], "").code, 0);
    let before = content(&home);
    let failed = home.run(&["import", "-"], &exported);
    assert!(failed.code == 1 && failed.said.contains("a.app/default"), "{}", failed.said);
    assert_eq!(content(&home), before);
    let asked = home.run(&["import", "-", "--on-conflict", "replace"], &exported);
    assert!(
        asked.code == 2 && asked.said.contains("a.app/default") && asked.said.contains("--yes"),
        "{}",
        asked.said
    );
    assert_eq!(content(&home), before);
    let kept = home.json(&["import", "-", "--on-conflict", "keep"], &exported);
    assert_eq!((&kept["new"], &kept["conflicts"]), (&json!(1), &json!(["a.app/default"])));
    assert_eq!(home.run(&["get", "a.app#/token", "--raw"], "").shown, "newer");
    home.json(&["import", "-", "--on-conflict", "replace", "--yes"], &exported);
    assert_eq!(home.run(&["get", "a.app#/token", "--raw"], "").shown, "one");
}

#[cfg(unix)]
#[test]
fn files_of_other_programs_are_imported_and_scrubbed() {
    let home = Home::new();
    let word = home.word();
    for (form, text, to, reference, left) in [
        (
            "env",
            format!("# mine\nexport TOKEN='{word}'\nB=2\n"),
            &["--to", "me.env"][..],
            "me.env#/TOKEN",
            "# mine\n",
        ),
        (
            "json",
            format!(" {{\"TOKEN\": \"{word}\", \"n\": 1E400}}\n"),
            &["--to", "me.json:x"],
            "me.json:x#/TOKEN",
            " {}\n",
        ),
        (
            "netrc",
            format!("machine h\n login u\n password {word}\nmacdef m\n x\n\n"),
            &[],
            "netrc:h#/password",
            "macdef m\n x\n\n",
        ),
    ] {
        let file = home.path(form);
        fs::write(&file, &text).unwrap();
        let link = home.path(&format!("link to {form}"));
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let import = [&["import", link.to_str().unwrap(), "--from", form][..], to].concat();
        let asked = home.run(&[&import[..], &["--scrub"]].concat(), "");
        assert!(asked.code == 2 && asked.said.contains("are removed from"), "{}", asked.said);
        assert_eq!(fs::read_to_string(&file).unwrap(), text, "{form}");
        assert_eq!(home.json(&[&import[..], &["--scrub", "--yes"]].concat(), "")["new"], 1);
        assert_eq!(home.run(&["get", reference, "--raw"], "").shown, word);
        assert_eq!(fs::read_to_string(&file).unwrap(), left, "{form}");
        assert!(link.is_symlink(), "the link stays");
    }
}

#[test]
fn what_was_not_imported_stays_in_the_source() {
    let home = filled();
    let file = home.path("export.json");
    let path = file.to_str().unwrap();
    home.json(&["export", "-o", path], "");
    store(&home, "a.app", &json!({"token": "newer"}));
    let import = ["import", path, "--on-conflict", "keep", "--scrub", "--yes"];
    assert_eq!(home.json(&import, "")["unchanged"], 2);
    let left: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    valid("export", &left);
    let plugins: Vec<_> =
        left["records"].as_array().unwrap().iter().map(|record| &record["plugin"]).collect();
    assert_eq!(plugins, ["a.app"]);
}

#[test]
fn a_file_that_is_something_else_imports_nothing() {
    let home = filled();
    let before = content(&home);
    for (arguments, input) in [
        (&["import", "-"][..], "{}"),
        (&["import", "-"], "not JSON"),
        (&["import", "-"], r#"{"format":"plugin-vault-export","version":1,"records":[{"plugin":"a"}]}"#),
        (
            &["import", "-"],
            r#"{"format":"plugin-vault-export","version":1,"records":[{"plugin":"a","installation":"b","context":"user","data":1}]}"#,
        ),
        (&["import", "-", "--from", "env", "--to", "me.app"], "if true; then"),
        (&["import", "-", "--from", "env"], "A=b"),
        (&["import", "-", "--from", "env", "--to", "me.app#/a"], "A=b"),
        (&["import", "-", "--from", "json", "--to", "me.app"], "[1]"),
        (&["import", "-", "--from", "netrc"], "A=b"),
        (&["import", "-", "--from", "xml"], ""),
        (&["import", "-", "--to", "me.app"], "{}"),
    ] {
        let ran = home.run(arguments, input);
        assert_eq!((ran.code, ran.shown.as_str()), (2, ""), "{arguments:?}: {}", ran.said);
    }
    let later = home.run(&["import", "-"], r#"{"format":"plugin-vault-export","version":2,"records":[]}"#);
    assert!(later.code == 1 && later.said.contains("later version"), "{}", later.said);
    assert_eq!(home.run(&["import", "/no/such/file"], "").code, 1);
    assert_eq!(content(&home), before);
}

/// Debian's `age`, as the documents show it.
#[cfg(feature = "program-tests")]
#[test]
fn an_export_goes_through_age_and_back() {
    use std::process::{Command, Stdio};

    let home = filled();
    let identity = home.path("identity");
    let made = Command::new("age-keygen").arg("-o").arg(&identity).stderr(Stdio::null()).status();
    assert!(made.unwrap().success());
    let recipient = Command::new("age-keygen").arg("-y").arg(&identity).output().unwrap().stdout;
    let recipient = String::from_utf8(recipient).unwrap();
    let (file, other) = (home.path("all.age"), Home::new());
    let shell = |script: String, home: &Home, arguments: &[&str]| {
        let command = home.command(arguments);
        let mut shell = Command::new("sh");
        shell
            .args(["-e", "-c", &script])
            .arg(command.get_program())
            .args(command.get_args())
            .stderr(Stdio::null());
        assert!(shell.status().unwrap().success(), "{script}");
    };
    shell(format!(r#""$0" "$@" | age -r {} > '{}'"#, recipient.trim(), file.display()), &home, &["export"]);
    let encrypted = fs::read(&file).unwrap();
    assert!(
        encrypted.starts_with(b"age-encryption.org/v1") && !encrypted.windows(3).any(|part| part == b"two")
    );
    let back = format!(r#"age -d -i '{}' '{}' | "$0" "$@""#, identity.display(), file.display());
    shell(back, &other, &["import", "-"]);
    assert_eq!(content(&other), content(&home));
}
