//! Three machines with addresses of their own, as network namespaces on one bridge, and a server beside them that they
//! reach by TLS. The cable of one is cut and joined again: what it sends then is lost, and no end of a connection says so.
//!
//! `tests/run` gives the whole program a network namespace, in which the bridge is.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::harness::{Framing, Home, Ran, Server as Sidecar};
use crate::server::{SERVER_ADDRESS, Server};

const BRIDGE: &str = "vault-hub";

/// A machine: a network namespace, which ends with the process that holds it, and a cable to the bridge.
struct Machine {
    home: Home,
    holder: Child,
    cable: String,
}

fn ip(words: &str) {
    let ran = Command::new("ip").args(words.split(' ')).output().unwrap();
    assert!(ran.status.success(), "ip {words}: {}", String::from_utf8_lossy(&ran.stderr));
}

impl Machine {
    fn new(number: u32) -> Self {
        let mut holder = Command::new("unshare");
        holder
            .args(["--net", "sh", "-c", "echo there; read -r _"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut holder = holder.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "there\n");
        let (cable, process) = (format!("vault-{number}"), holder.id());
        ip(&format!("link add name {cable} type veth peer name eth0 netns {process}"));
        ip(&format!("link set dev {cable} master {BRIDGE} up"));
        let machine = Self { home: Home::without_store(), holder, cable };
        machine.inside(&format!("addr add 10.177.53.{}/24 dev eth0", 10 + number));
        machine.inside("link set dev eth0 up");
        machine
    }

    fn entering(&self) -> [String; 2] {
        ["nsenter".into(), format!("--net=/proc/{}/ns/net", self.holder.id())]
    }

    fn inside(&self, words: &str) {
        let [program, place] = self.entering();
        let ran = Command::new(program).arg(place).arg("ip").args(words.split(' ')).output().unwrap();
        assert!(ran.status.success(), "ip {words}: {}", String::from_utf8_lossy(&ran.stderr));
    }

    fn run(&self, arguments: &[&str], input: &str) -> Ran {
        let ran = self.home.start().usual_log().under(self.entering()).arguments(arguments).ran(input);
        assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.said);
        ran
    }

    fn sidecar(&self, key: &str) -> Sidecar {
        let mut sidecar = self.home.start().framing(Framing::Headers).under(self.entering()).run();
        sidecar.initialize(&[]);
        sidecar.set_key(key);
        sidecar
    }

    fn cable(&self, state: &str) {
        ip(&format!("link set dev {} {state}", self.cable));
    }

    /// Joins the store of another machine.
    fn join(&self, first: &Self, url: &str, name: &str) {
        let arguments = ["--json", "remote", "join", url, "--machine", name];
        let mut command = self.home.start().usual_log().under(self.entering()).arguments(arguments).command();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(self.home.stderr_file());
        let mut joining = command.spawn().unwrap();
        let (mut line, mut output) = (String::new(), BufReader::new(joining.stdout.take().unwrap()));
        output.read_line(&mut line).unwrap();
        let shown: Value = serde_json::from_str(&line).unwrap();
        first.run(&["remote", "approve", "--yes", shown["code"].as_str().unwrap()], "");
        assert!(joining.wait().unwrap().success());
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // The namespace goes with its last process, and the cable with the namespace.
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}

/// The bridge, with the server's address.
struct Bridge;

impl Bridge {
    fn new() -> Self {
        ip(&format!("link add name {BRIDGE} type bridge"));
        ip(&format!("addr add {SERVER_ADDRESS}/24 dev {BRIDGE}"));
        ip(&format!("link set dev {BRIDGE} up"));
        ip("link set dev lo up");
        Self
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["link", "delete", "dev", BRIDGE]).status();
    }
}

fn read(sidecar: &mut Sidecar) -> Value {
    sidecar.ok("getPersistentData", json!({"context": "user", "fresh": true}))
}

#[test]
fn a_machine_that_was_cut_off_reads_what_it_has_and_goes_on_with_what_the_others_wrote() {
    let _bridge = Bridge::new();
    let server = Server::start_on_bridge();
    let database = server.database();
    let root = server.folder.join("data/server.crt");
    let port = server.port();
    let url =
        |role| format!("postgres://{role}@{SERVER_ADDRESS}:{port}/{database}?sslrootcert={}", root.display());
    let machines = [1, 2, 3].map(Machine::new);
    let [one, two, three] = &machines;
    one.run(&["set", "me.app"], &one.home.object().to_string());
    one.run(&["remote", "setup", &url("owner")], "");
    one.run(&["remote", "push", &url("owner")], "");
    two.join(one, &url("app"), "two");
    three.join(one, &url("app"), "three");
    let key = one.home.key();
    let mut sidecars = machines.each_ref().map(|machine| machine.sidecar(&key));
    let object = |machine: &Machine| json!({"context": "user", "data": machine.home.object()});
    for (at, machine) in machines.iter().enumerate() {
        let written = object(machine);
        sidecars[at].ok("setPersistentData", written.clone());
        for reader in &mut sidecars {
            assert_eq!(read(reader), written["data"]);
        }
    }
    let addresses = "select count(distinct client_addr) from pg_stat_activity where client_addr <<= '10.177.53.0/24' \
                     and (select ssl from pg_stat_ssl s where s.pid = pg_stat_activity.pid)";
    assert_eq!(server.psql(&database, addresses), "3");
    let [first, second, third] = &mut sidecars;

    let seen = read(second);
    two.cable("down");
    let lost = second.refused("setPersistentData", object(two));
    assert!([5006, 5007].contains(&lost.code), "{}", lost.code);
    assert_eq!(second.notice("vault/didChangeStatus")["remote"]["state"], "offline");
    assert_eq!(second.ok("getPersistentData", json!(["user"])), seen);
    assert_eq!(second.code("getPersistentData", json!({"context": "user", "fresh": true})), 5007);
    assert_eq!(second.code("acquireLease", json!({"name": "refresh", "ttlMs": 1_000})), 5007);
    let newest = object(three);
    first.ok("setPersistentData", object(one));
    third.ok("setPersistentData", newest.clone());
    assert_eq!(read(first), newest["data"]);

    two.cable("up");
    assert_eq!(second.notice("vault/didChangeStatus")["remote"]["state"], "current");
    // What it could not write before is not written late.
    assert_eq!(read(second), newest["data"]);
    assert_eq!(read(first), newest["data"]);
    let written = object(two);
    second.ok("setPersistentData", written.clone());
    assert_eq!(read(third), written["data"]);
}
