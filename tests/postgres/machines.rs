//! Machines that share a store, as the tests of the commands have them: a folder each, and the program.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use plugin_vault::remote::{self, Appended, Commit, Credentials, Log as _, PlacedRow, PostgresLog};
use plugin_vault::rows::{Id, Table};
use plugin_vault::store::{Location, NewStore, ProtectorRow, Row, Store, StoreError};
use serde_json::Value;

use crate::harness::Home;
use crate::server::{Server, server, soon};

/// A port on which nothing listens: only the super-user could.
pub(crate) const URL_WITHOUT_SERVER: &str = "postgres://app@127.0.0.1:1/nowhere";

/// Holds what a command printed against its schema.
#[track_caller]
pub(crate) fn valid(name: &str, value: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schema/cli/{name}.schema.json"));
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    let errors: Vec<_> = validator.iter_errors(value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{name}: {errors:?}: {value}");
}

/// Stores an object with something secret.
pub(crate) fn store(home: &Home, record: &str) -> Value {
    let object = home.object();
    let ran = home.run(&["set", record], &object.to_string());
    assert_eq!(ran.code, 0, "{}", ran.said);
    object
}

pub(crate) fn object(home: &Home, record: &str) -> Value {
    home.run(&["get", record], "").json()
}

/// The file with the credentials of the only store, if there is one.
pub(crate) fn credentials(home: &Home) -> Option<PathBuf> {
    home.key_folders().into_iter().map(|folder| folder.join("remote")).find(|file| file.exists())
}

/// The machine reaches its server by another URL from now on.
pub(crate) fn edit_credentials(home: &Home, url: &str) {
    let (id, mut found) = own_credentials(home);
    url.clone_into(&mut found.url);
    found.save(&home.keys(), &id).unwrap();
}

fn own_credentials(home: &Home) -> (Id, Credentials) {
    let path = credentials(home).expect("the store is shared");
    let name = path.parent().unwrap().file_name().unwrap().to_str().unwrap();
    let mut id = Id::default();
    base16ct::lower::decode(name, &mut id).unwrap();
    (id, Credentials::load(&home.keys(), &id).unwrap().unwrap())
}

/// A store with one record, and the database that it is shared in.
pub(crate) struct Shared {
    pub(crate) first: Home,
    pub(crate) database: String,
    /// The record `me.app`.
    pub(crate) object: Value,
    own: Option<Server>,
}

impl Shared {
    /// A database with the schema, by the command.
    pub(crate) fn set_up(first: Home) -> Self {
        Self::set_up_at(first, None)
    }

    fn set_up_at(first: Home, own: Option<Server>) -> Self {
        let database = own.as_ref().unwrap_or_else(|| server()).database();
        let shared = Self { first, database, object: Value::Null, own };
        let ran = shared.first.run(&["remote", "setup", &shared.url("owner")], "");
        assert_eq!(ran.code, 0, "{}", ran.said);
        shared
    }

    /// A store that was pushed. From then on the machine logs in as a role without rights of its own.
    pub(crate) fn pushed() -> Self {
        Self::pushed_at(None)
    }

    pub(crate) fn pushed_to_its_own_server() -> Self {
        Self::pushed_at(Some(Server::start()))
    }

    fn pushed_at(own: Option<Server>) -> Self {
        let home = Home::new();
        let object = store(&home, "me.app");
        let shared = Self { object, ..Self::set_up_at(home, own) };
        let ran = shared.first.run(&["remote", "push", &shared.url("owner")], "");
        assert_eq!(ran.code, 0, "{}", ran.said);
        edit_credentials(&shared.first, &shared.url("app"));
        shared
    }

    pub(crate) fn server(&self) -> &Server {
        self.own.as_ref().unwrap_or_else(|| server())
    }

    pub(crate) fn url(&self, user: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/{}", self.server().port(), self.database)
    }

    pub(crate) fn psql(&self, sql: &str) -> String {
        self.server().psql(&self.database, sql)
    }

    /// The log on another server, as the first machine sees it.
    pub(crate) fn log_at(&self, server: &Server) -> PostgresLog {
        let (id, mut found) = own_credentials(&self.first);
        found.url = format!("postgres://app@127.0.0.1:{}/{}", server.port(), self.database);
        found.log(id).unwrap()
    }

    /// Removes all records by a commit on the server, which the first machine takes.
    pub(crate) fn remove_records(&self) {
        let mut log = self.log_at(self.server());
        opened(&self.first, |store| {
            let mut rows = Vec::new();
            let snapshot = store.snapshot().unwrap();
            let removed =
                |key: &[u8]| PlacedRow { table: Table::Records as u8, key: key.to_vec(), value: None };
            snapshot.scan(Table::Records, &[], |key, _| rows.push(removed(key))).unwrap();
            let (position, revision) =
                (remote::position(&snapshot).unwrap(), snapshot.revision().unwrap() + 1);
            let commit = Commit { position: &position, write_id: &[5; 16], revision, rows: &rows };
            assert_eq!(log.append(&commit, &soon()), Ok(Appended::Done));
            let caught_up = remote::catch_up(&mut log, &snapshot, &soon()).unwrap();
            drop(snapshot);
            let lock = store.lock().unwrap();
            store.commit(&lock, &caught_up.batch.unwrap()).unwrap_or_else(|_| panic!("the copy takes it"));
        });
    }
}

/// Looks into the store of a machine.
pub(crate) fn opened<T>(home: &Home, look: impl FnOnce(&Store) -> T) -> T {
    let location = Location::new(home.data(), true, [9; 16]);
    let store = location.open(u64::MAX, || 0, None::<&Nothing>).unwrap().unwrap();
    let found = look(&store);
    store.close();
    location.end();
    found
}

/// No store is made.
enum Nothing {}

impl NewStore for Nothing {
    type Error = StoreError;

    fn may_be_made(&self) -> Result<(), StoreError> {
        match *self {}
    }

    fn begin(&self) -> Result<(Id, ProtectorRow, Vec<Row>), StoreError> {
        match *self {}
    }
}

#[track_caller]
pub(crate) fn fails(home: &Home, arguments: &[&str], code: i32, word: &str) {
    let ran = home.run(arguments, "");
    assert!(ran.code == code && ran.said.contains(word), "{arguments:?}: {} {}", ran.code, ran.said);
}

/// A join that waits for its approval.
pub(crate) struct Waiting {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
    pub(crate) code: String,
}

impl Waiting {
    pub(crate) fn begin(home: &Home, url: &str, more: &[&str]) -> Self {
        let all = [&["--json", "remote", "join", url], more].concat();
        let mut command = home.start().usual_log().arguments(all).command();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::from(home.stderr_file()));
        let mut child = command.spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let shown: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("a code is shown: {line}"));
        Self { child, output, code: shown["code"].as_str().unwrap().to_owned() }
    }

    pub(crate) fn end(mut self) -> Value {
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        assert!(self.child.wait().unwrap().success());
        let joined = serde_json::from_str(&rest).unwrap();
        valid("remote-join", &joined);
        joined
    }

    pub(crate) fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.code
    }
}

/// Lets a machine with its own home join.
pub(crate) fn joined(shared: &Shared, more: &[&str]) -> (Home, Value) {
    let home = Home::new();
    let waiting = Waiting::begin(&home, &shared.url("app"), more);
    let approved = shared.first.run(&["--json", "remote", "approve", "--yes", &waiting.code], "").json();
    valid("remote-approve", &approved);
    let joined = waiting.end();
    assert_eq!(joined["store"], approved["store"]);
    (home, joined)
}
