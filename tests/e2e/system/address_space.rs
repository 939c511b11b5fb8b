//! A limit on addresses (`ulimit -v`), and machines that have few: the map is smaller there.

use std::fs;
use std::time::Instant;

use rustix::process::{Resource, Rlimit, prlimit};
use serde_json::{Value, json};

use super::{read, write};
use crate::harness::{DEADLINE, Framing, Home, Server};

const MEBIBYTE: u64 = 1 << 20;
const GIBIBYTE: u64 = 1 << 30;

fn started_with(home: &Home, addresses: u64) -> Server {
    let limit = format!("--as={addresses}:");
    home.start().usual_log().framing(Framing::Lines).under(["prlimit", &limit]).run()
}

/// Bytes of addresses that the process uses.
fn used(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid().as_raw_nonzero())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmSize:")).expect("the process is there");
    1024 * line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
}

#[test]
fn the_map_is_as_large_as_there_are_addresses() {
    let home = Home::new();
    let key = home.key();
    for (limit, map) in [
        (80 * GIBIBYTE, 64 * GIBIBYTE),
        (40 * GIBIBYTE, 16 * GIBIBYTE),
        (10 * GIBIBYTE, 4 * GIBIBYTE),
        (3 * GIBIBYTE, GIBIBYTE),
        (800 * MEBIBYTE, 256 * MEBIBYTE),
    ] {
        let mut server = started_with(&home, limit);
        server.set_key(&key);
        write(&mut server, limit, &json!({"n": limit})).unwrap();
        assert_eq!(read(&mut server, limit), json!({"n": limit}));
        let used = used(&server);
        assert!(used > map && used < limit, "{used} of {limit}");
    }
}

#[test]
fn too_few_addresses_are_an_error_that_says_so() {
    let home = Home::new();
    let key = home.key();
    let mut server = started_with(&home, 250 * MEBIBYTE);
    assert_eq!(server.refused("setAPIKey", [key.as_str()]).why(), (5002, "addressSpace"));
    // With more of them, the same process goes on.
    prlimit(Some(server.pid()), Resource::As, Rlimit { current: None, maximum: None }).unwrap();
    server.set_key(&key);
    write(&mut server, 1, &json!({"n": 1})).unwrap();
    assert_eq!(read(&mut server, 1), json!({"n": 1}));
    let stderr = server.finish().stderr;
    assert!(stderr.contains("ulimit -v"), "{stderr}");
}

/// Lets a process use so many addresses from now on; all if `None`.
fn allow(server: &Server, addresses: Option<u64>) {
    prlimit(Some(server.pid()), Resource::As, Rlimit { current: addresses, maximum: None }).unwrap();
}

/// Asks until something else than "try again" is answered.
fn soon<T>(mut ask: impl FnMut() -> Result<T, i64>) -> T {
    let began = Instant::now();
    loop {
        match ask() {
            Ok(answer) => return answer,
            Err(code) => assert!(code == 5002 && began.elapsed() < DEADLINE, "{code}"),
        }
    }
}

fn try_read(server: &mut Server, name: &str) -> Result<Value, i64> {
    let answer = server.call("getPersistentData", json!({"context": "user", "name": name}));
    answer.map_err(|refused| refused.code)
}

#[test]
fn processes_with_a_small_map_outlive_one_that_outgrows_it() {
    let home = Home::new();
    let key = home.key();
    let mut small: Vec<_> = (0..4).map(|_| started_with(&home, 700 * MEBIBYTE)).collect();
    for server in &mut small {
        server.set_key(&key);
        write(server, 1, &json!({"n": 1})).unwrap();
        assert!(used(server) < GIBIBYTE);
    }
    let mut large = home.script_with(&key);
    let filling = json!({"x": "y".repeat(8_000_000)});
    for n in 10..60 {
        write(&mut large, n, &filling).unwrap();
    }
    let size = fs::metadata(home.data().join("data.mdb")).unwrap().len();
    assert!(size > 300 * MEBIBYTE, "{size}");

    let [all, some, none, writes] = &mut small[..] else { unreachable!() };
    // All the addresses that there are; some, but not as many as the other has; none that are new.
    allow(all, None);
    assert_eq!(soon(|| try_read(all, "n1")), json!({"n": 1}));
    allow(some, Some(3 * GIBIBYTE));
    assert_eq!(soon(|| try_read(some, "n1")), json!({"n": 1}));
    assert!(used(some) < 3 * GIBIBYTE);
    for server in [none, writes] {
        for n in 0..6 {
            // Either there is room for just so much, or it is said that there is none.
            let outcome = if n % 2 == 0 {
                try_read(server, "n1").map(|data| assert_eq!(data, json!({"n": 1})))
            } else {
                write(server, 2, &json!({"n": n})).map(drop)
            };
            assert!(matches!(outcome, Ok(()) | Err(5001 | 5002)), "{outcome:?}");
        }
        allow(server, None);
        assert_eq!(soon(|| try_read(server, "n1")), json!({"n": 1}));
    }
    for server in &mut small {
        soon(|| write(server, 2, &json!({"n": 9})));
        assert_eq!(read(&mut large, 2), json!({"n": 9}));
    }
}
