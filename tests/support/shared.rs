//! Stores on a server. With `PLUGIN_VAULT_TEST_STORE=postgres` the store of each home is one that several machines could
//! share: the tests of a target then run a second time, against a server that the run starts. Each store is pushed by a
//! role that owns the schema, and used by one that may call its functions alone.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::sync::OnceLock;
use std::sync::mpsc::channel;

use plugin_vault::limits::Limits;
use plugin_vault::remote::{self, Credentials};
use plugin_vault::vault::sharing::Server;
use plugin_vault::vault::{Config, Need, Vault};

use serde_json::Value;

use super::Home;
use super::postgres::{server, soon};

/// The variable that chooses where stores are.
const VARIABLE: &str = "PLUGIN_VAULT_TEST_STORE";

/// Whether stores are on a server in this run.
pub(crate) fn is_chosen() -> bool {
    match std::env::var(VARIABLE).as_deref() {
        Err(_) => false,
        Ok("postgres") => true,
        Ok(other) => panic!("{VARIABLE} is {other}, which is no kind of store"),
    }
}

/// The database of this run, with the schema, as seen by a role.
pub(crate) fn url(role: &str) -> String {
    static DATABASE: OnceLock<String> = OnceLock::new();
    let database = DATABASE.get_or_init(|| {
        let database = server().database();
        remote::install(&server().url("owner", &database), &soon()).unwrap();
        database
    });
    format!("postgres://{role}@127.0.0.1:{}/{database}", server().port())
}

/// Makes an empty store in a home, and moves it to the server.
pub(crate) fn push(home: &Home) {
    let (data, keys) = (&home.data(), &home.keys());
    let config = Config {
        data: data.clone(),
        keys: keys.clone(),
        askpass: None,
        allow_network: true,
        store: None,
        limits: Limits::default(),
    };
    let vault = Vault::for_one_task(config);
    let (done, opened) = channel();
    vault.open(Need::Key, move |outcome| done.send(outcome).unwrap());
    let opened = opened.recv().unwrap().unwrap().expect("it was made");
    vault.push(&opened, &Server::parse(&url("owner")).unwrap(), remote::OFFLINE_DAYS).unwrap();
    drop(opened);
    vault.end();
    use_server(home, None);
}

/// A machine that joins the store of another one under this name.
pub(crate) fn joined(first: &Home, name: &str) -> Home {
    let home = Home::without_store();
    let arguments = ["--json", "remote", "join", &url("app"), "--machine", name];
    let mut command = home.start().usual_log().arguments(arguments).command();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(home.stderr_file());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    let shown: Value = serde_json::from_str(&line).unwrap();
    let approved = first.run(&["remote", "approve", "--yes", shown["code"].as_str().unwrap()], "");
    assert_eq!(approved.code, 0, "{}", approved.said);
    assert!(child.wait().unwrap().success());
    home
}

/// The machine reaches its server as the role without rights of its own from now on, at the server's port or another one.
pub(crate) fn use_server(home: &Home, port: Option<u16>) {
    let folders = home.key_folders();
    let [folder] = &folders[..] else { panic!("a machine has one store: {folders:?}") };
    let mut id = [0; 16];
    base16ct::lower::decode(folder.file_name().unwrap().as_encoded_bytes(), &mut id).unwrap();
    let mut credentials = Credentials::load(&home.keys(), &id).unwrap().expect("the store is shared");
    let (own, port) = (server().port(), port.unwrap_or_else(|| server().port()));
    credentials.url = url("app").replace(&format!(":{own}/"), &format!(":{port}/"));
    credentials.save(&home.keys(), &id).unwrap();
}
