//! Programs that say a passphrase, as a hostile project and a bad day meet them: which file is run, where, and what its end means.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::client::Client;
use crate::home::{Home, KEY, PASSPHRASE, Ran, guarded_by_a_passphrase};

/// A folder that an editor has open, with a program of this name in it that leaves a mark when it is run.
struct Project<'h> {
    home: &'h Home,
    folder: PathBuf,
}

impl<'h> Project<'h> {
    fn with(home: &'h Home, program: &str) -> Self {
        let folder = home.path("project");
        plugin_vault::files::create_folder(&folder).unwrap();
        let script = format!("echo run >> '{}'\necho '{PASSPHRASE}'", home.path("ran").display());
        home.program_that(&format!("project/{program}"), &script);
        Self { home, folder }
    }

    /// Runs the program in this folder.
    fn run(&self, arguments: &[&str], input: &str, environment: &[(&str, &str)]) -> Ran {
        let mut command = self.home.command(arguments);
        command.current_dir(&self.folder).envs(environment.iter().copied());
        self.home.finish(command, input)
    }

    /// A sidecar that was started in this folder.
    fn sidecar(&self, environment: &[(&str, &str)]) -> Client {
        self.home.forget_cached();
        let mut command = self.home.command(&[]);
        command.current_dir(&self.folder).envs(environment.iter().copied());
        Client::start(self.home, command)
    }

    fn unlock(&self, environment: &[(&str, &str)]) -> Value {
        self.sidecar(environment).call("vault/unlock", &json!({}))
    }

    fn read(&self) -> Value {
        let mut sidecar = self.sidecar(&[]);
        assert!(sidecar.call("setAPIKey", &json!([KEY]))["result"]["handle"].is_string());
        sidecar.call("getPersistentData", &json!(["user"]))
    }

    fn was_run(&self) -> bool {
        self.home.path("ran").exists()
    }
}

/// A store that only this program opens.
fn guarded_by(home: &Home, program: &str) {
    home.answers(&[("setAPIKey", json!([KEY])), ("setPersistentData", json!(["user", {"a": 1}]))]);
    assert_eq!(home.run(&["protector", "add", "command", "--", program], "").code, 0);
    assert_eq!(home.run(&["protector", "remove", "key-file", "--yes"], "").code, 0);
    home.forget_cached();
}

/// The file that names the program of the store's only protector of this kind.
fn program_file(home: &Home) -> PathBuf {
    let folder = std::fs::read_dir(home.path("keys")).unwrap().next().unwrap().unwrap().path();
    let mut files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| path.file_name().unwrap().to_str().unwrap().starts_with("command-")).unwrap()
}

#[track_caller]
fn check_refused(answer: &Value, protector: &str, reason: &str) {
    let data = &answer["error"]["data"];
    assert_eq!(answer["error"]["code"], 4001, "{answer}");
    assert_eq!((&data["protector"], &data["reason"]), (&json!(protector), &json!(reason)), "{answer}");
    assert_eq!(data["retryable"], false);
}

/// Puts something in the place of a file.
#[cfg(target_os = "linux")]
type MakeAt<'m> = &'m dyn Fn(&std::path::Path);

#[test]
fn a_path_is_made_whole_when_it_is_added() {
    let home = Home::new();
    home.answers(&[("setAPIKey", json!([KEY])), ("setPersistentData", json!(["user", {"a": 1}]))]);
    let program = home.program("say", PASSPHRASE);
    let mut add = home.command(&["protector", "add", "command", "--", "./say", "an argument"]);
    add.current_dir(Path::new(&program).parent().unwrap());
    let added = home.finish(add, "");
    assert_eq!(added.code, 0, "{}", added.said);
    let named: Vec<String> = serde_json::from_slice(&std::fs::read(program_file(&home)).unwrap()).unwrap();
    assert!(Path::new(&named[0]).is_absolute() && named[0].ends_with("/say") && named[1] == "an argument");
    assert_eq!(home.run(&["protector", "remove", "key-file", "--yes"], "").code, 0);
    let project = Project::with(&home, "say");
    assert_eq!(project.read()["result"], json!({"a": 1}));
    assert!(!project.was_run());
}

#[test]
fn an_old_program_file_with_a_relative_path_runs_nothing() {
    let home = Home::new();
    guarded_by(&home, &home.program("say", PASSPHRASE));
    let project = Project::with(&home, "say");
    for name in ["./say", "../project/say", "project/../say"] {
        let file = program_file(&home);
        std::fs::remove_file(&file).unwrap();
        plugin_vault::files::create_whole(&file, json!([name]).to_string().as_bytes()).unwrap();
        check_refused(&project.read(), "command", "relativeProgram");
        let listed = project.run(&["key", "list"], "", &[]);
        assert!(
            listed.code == 5 && listed.said.contains("add it again with its absolute path"),
            "{}",
            listed.said
        );
        assert!(
            listed.said.contains("passphrase depends on the current folder, so it is not run"),
            "{}",
            listed.said
        );
    }
    assert!(!project.was_run());
}

#[test]
fn an_askpass_program_with_a_relative_path_runs_nothing() {
    let home = guarded_by_a_passphrase();
    let project = Project::with(&home, "ask");
    for name in ["./ask", "../project/ask"] {
        let environment = [("PLUGIN_VAULT_ASKPASS", name)];
        check_refused(&project.unlock(&environment), "passphrase", "relativeProgram");
        let listed = project.run(&["key", "list"], "", &environment);
        assert!(listed.code == 5 && listed.said.contains("PLUGIN_VAULT_ASKPASS"), "{}", listed.said);
    }
    assert!(!project.was_run());
}

/// An empty entry of `PATH` means the current folder, for those who let it.
#[test]
fn a_bare_name_is_looked_up_in_absolute_folders_alone() {
    let home = guarded_by_a_passphrase();
    let project = Project::with(&home, "ask");
    for path in ["", ":", ".", "./", ":/nowhere", "/nowhere:", "../project", "/nowhere::/nowhere"] {
        let environment = [("PLUGIN_VAULT_ASKPASS", "ask"), ("PATH", path)];
        check_refused(&project.unlock(&environment), "passphrase", "programMissing");
    }
    assert!(!project.was_run());
    // A file that can't be executed, or a folder, is not the one that is meant.
    let tools = home.path("tools");
    plugin_vault::files::create_folder(&tools.join("first").join("ask")).unwrap();
    home.program("tools/ask", PASSPHRASE);
    let path = format!(".::{0}/first:/usr/bin:/bin:{0}", tools.display());
    let environment = [("PLUGIN_VAULT_ASKPASS", "ask"), ("PATH", &path)];
    assert_eq!(project.unlock(&environment)["result"], json!({"keyAvailable": true}));
    assert!(!project.was_run());
}

#[test]
fn a_program_runs_in_the_home_folder_of_the_user() {
    let home = guarded_by_a_passphrase();
    let project = Project::with(&home, "other");
    let own = home.path("own");
    plugin_vault::files::create_folder(&own).unwrap();
    plugin_vault::files::create_whole(&own.join("word"), PASSPHRASE.as_bytes()).unwrap();
    let program = home.program_that("ask", "exec cat word");
    for (folder, works) in [(own.to_str().unwrap(), true), ("/", false), ("relative", false)] {
        let environment = [("PLUGIN_VAULT_ASKPASS", program.as_str()), ("HOME", folder)];
        let answer = project.unlock(&environment);
        if works {
            assert_eq!(answer["result"], json!({"keyAvailable": true}), "{answer}");
        } else {
            check_refused(&answer, "passphrase", "failed");
        }
    }
}

#[test]
fn what_a_failing_program_says_is_no_passphrase() {
    let home = Home::new();
    // A program that fails is not added, even if it would say the right word.
    for end in ["exit 1", "kill -KILL $$", "kill -TERM $$"] {
        let program = home.program_that("fails", &format!("echo 'You are not logged in.'\n{end}"));
        let refused = home.refused(&["protector", "add", "command", "--", &program], "");
        assert!(refused.contains("fails") && refused.contains("exit status"), "{refused}");
        home.program_gone("fails");
    }
    assert_eq!(home.json(&["protector", "list"], "").as_array().unwrap().len(), 1);
    let program = home.program("say", PASSPHRASE);
    guarded_by(&home, &program);
    for end in ["exit 1", "kill -KILL $$"] {
        home.program_gone("say");
        home.program_that("say", &format!("echo '{PASSPHRASE}'\n{end}"));
        home.forget_cached();
        let answers = home.answers(&[("setAPIKey", json!([KEY])), ("getPersistentData", json!(["user"]))]);
        check_refused(&answers[1], "command", "failed");
        let listed = home.refused(&["key", "list"], "");
        assert!(listed.contains("the program of the protector command failed"), "{listed}");
    }
    home.program_gone("say");
    let answers = home.answers(&[("setAPIKey", json!([KEY])), ("getPersistentData", json!(["user"]))]);
    check_refused(&answers[1], "command", "programMissing");
}

#[test]
fn an_askpass_program_that_fails_gives_no_passphrase() {
    let home = guarded_by_a_passphrase();
    let project = Project::with(&home, "other");
    for end in ["exit 1", "kill -KILL $$"] {
        let program = home.program_that("ask", &format!("echo '{PASSPHRASE}'\n{end}"));
        let environment = [("PLUGIN_VAULT_ASKPASS", program.as_str())];
        check_refused(&project.unlock(&environment), "passphrase", "failed");
        let listed = project.run(&["--log", "trace", "key", "list"], "", &environment);
        assert!(listed.code == 5 && listed.said.contains("ended with"), "{}", listed.said);
        assert!(!listed.said.contains(PASSPHRASE), "{}", listed.said);
        home.program_gone("ask");
    }
}

#[test]
fn a_program_that_is_not_there_is_named_to_the_user_who_adds_it() {
    let home = Home::new();
    for name in ["no-such-program", "/no/such/program", "./no-such-program"] {
        let refused = home.refused(&["protector", "add", "command", "--", name], "");
        assert!(refused.contains("no-such") || refused.contains("/no/such/program"), "{refused}");
        assert!(refused.contains("was not found"), "{refused}");
    }
    let silent = home.refused(&["protector", "add", "command", "--", "true"], "");
    assert!(silent.contains("\"true\"") && silent.contains("printed no passphrase"), "{silent}");
    assert_eq!(home.json(&["protector", "list"], "").as_array().unwrap().len(), 1);
}

/// The folder of program files may be reached through links. What names the program may not: it is read as it lies there.
#[cfg(target_os = "linux")]
#[test]
fn what_is_no_file_of_ours_names_no_program() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::{fs, path};

    let set_mode =
        |path: &path::Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let home = Home::new();
    let program =
        home.program_that("say", &format!("echo >> '{}'; echo '{PASSPHRASE}'", home.path("ran").display()));
    guarded_by(&home, &program);
    fs::remove_file(home.path("ran")).unwrap();
    let (file, aside) = (program_file(&home), home.path("aside"));
    let fifo = |path: &path::Path| {
        let (kind, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR);
        rustix::fs::mknodat(rustix::fs::CWD, path, kind, mode, 0).unwrap();
    };
    let long = |path: &path::Path| {
        plugin_vault::files::create_whole(path, &fs::read(&aside).unwrap()).unwrap();
        fs::File::options().write(true).open(path).unwrap().set_len(1 << 40).unwrap();
    };
    let makes: [(u32, &str, MakeAt<'_>); 6] = [
        (5005, "fileType", &|path| symlink(&aside, path).unwrap()),
        (5005, "fileType", &fifo),
        (5005, "fileType", &|path| symlink("/dev/zero", path).unwrap()),
        (5005, "fileType", &|path| fs::create_dir(path).unwrap()),
        (4001, "wrong", &long),
        (4001, "missing", &|_| ()),
    ];
    fs::rename(&file, &aside).unwrap();
    let project = Project::with(&home, "unused");
    for (code, reason, make) in makes {
        make(&file);
        let error = project.read()["error"].clone();
        assert_eq!((&error["code"], &error["data"]["reason"]), (&json!(code), &json!(reason)));
        let _ = fs::remove_file(&file).or_else(|_| fs::remove_dir(&file));
    }
    fs::rename(&aside, &file).unwrap();
    // A user who can write or replace the file would choose what runs as this user.
    let folder = file.parent().unwrap();
    for (path, open, private) in [(file.as_path(), 0o620, 0o600), (folder, 0o770, 0o700)] {
        set_mode(path, open);
        let error = project.read()["error"].clone();
        assert_eq!((&error["code"], &error["data"]["reason"]), (&json!(5005), &json!("permissions")));
        set_mode(path, private);
    }
    assert!(!home.path("ran").exists(), "the program was run");
    let elsewhere = home.path("elsewhere");
    fs::rename(home.path("keys"), &elsewhere).unwrap();
    symlink(&elsewhere, home.path("keys")).unwrap();
    assert_eq!(project.read()["result"], json!({"a": 1}));
    assert!(home.path("ran").exists());
}
