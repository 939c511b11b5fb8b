//! Clients that write without reading: nothing waits for them for ever, and they cost bounded memory.

use serde_json::{Value, json};

use crate::harness::{Framing, Home};

const MEBIBYTE: usize = 1024 * 1024;

#[test]
fn a_client_that_writes_5_mb_before_it_reads_gets_every_answer() {
    for framing in [Framing::Headers, Framing::Lines] {
        let home = Home::new();
        let mut server = home.start().framing(framing).deaf().run();
        let key = home.key();
        let (_, text) = server.request_text("setAPIKey", &json!([key]).to_string());
        let mut bytes = server.frame(&text);
        let mut last = 0;
        while bytes.len() < 5 * MEBIBYTE {
            let params = json!({"context": "user", "name": format!("n{}", last % 50), "data": {"x": "y".repeat(4_000)}});
            let (_, text) = server.request_text("setPersistentData", &params.to_string());
            bytes.extend(server.frame(&text));
            for _ in 0..10 {
                let (id, text) = server.request_text("getPersistentData", r#"["user"]"#);
                bytes.extend(server.frame(&text));
                last = id;
            }
        }
        server.send_all_in_time(bytes);
        server.listen();
        for id in 1..=last {
            server.wait(id).ok();
        }
    }
}

#[test]
fn a_batch_has_at_most_1000_elements() {
    let home = Home::new();
    let mut server = home.client();
    let batch = |count: usize| {
        let request = |id| json!({"jsonrpc": "2.0", "id": id, "method": "vault/status"});
        Value::from((0..count).map(request).collect::<Vec<_>>()).to_string()
    };
    server.send_text(&batch(1_000));
    let answers: Value = serde_json::from_str(&server.next_text()).unwrap();
    assert_eq!(answers.as_array().unwrap().len(), 1_000);
    server.send_text(&batch(1_001));
    let answer = server.next();
    assert_eq!((answer.id(), answer.refused().code), ("null", -32600));
}

/// The memory of a server is read from `/proc`.
#[cfg(target_os = "linux")]
mod memory {
    use std::fs;
    use std::time::{Duration, Instant};

    use rustix::process::Signal;
    use serde_json::json;

    use super::MEBIBYTE;
    use crate::harness::{DEADLINE, Framing, Home, Server};

    /// Bytes of memory that the process has, now.
    fn resident(server: &Server) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", server.pid().as_raw_nonzero())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("the process is there");
        1024 * line.trim().trim_end_matches(" kB").parse::<usize>().unwrap()
    }

    /// What the requests of a flood have to wait for.
    #[derive(Clone, Copy)]
    enum Waiting {
        /// Nothing: each is answered as it is read.
        Nothing,
        /// A write, so that all are read before the first is answered.
        Write,
    }

    /// Starts a server, and sends requests for an object of 1 MiB without reading one answer.
    fn flooded(home: &Home, waiting: Waiting, count: usize) -> Server {
        let key = home.key();
        let mut writer = home.script_with(&key);
        writer.ok("setPersistentData", json!(["user", {"x": "y".repeat(MEBIBYTE - 8)}]));
        let mut server = home.start().framing(Framing::Lines).deaf().run();
        server.begin("setAPIKey", [key]);
        server.take_one().ok();
        let before = resident(&server);
        if let Waiting::Write = waiting {
            server.begin("setPersistentData", json!({"context": "user", "name": "n", "data": {}}));
        }
        for _ in 0..count {
            server.begin("getPersistentData", ["user"]);
        }
        let began = Instant::now();
        let mut full = None;
        let mut most = 0;
        // More than this lies unread at the end.
        let some = before + 6 * MEBIBYTE;
        // It takes its time until no more is made ready; from then on it is watched for a while.
        while full.is_none_or(|full: Instant| full.elapsed() < Duration::from_secs(1)) {
            server.stays_for(Duration::from_millis(20));
            most = most.max(resident(&server));
            if most > some {
                full.get_or_insert_with(Instant::now);
            }
            assert!(began.elapsed() < DEADLINE, "no answers were made ready: {most}");
        }
        assert!(most < before + 24 * MEBIBYTE, "{} MiB", most / MEBIBYTE);
        server
    }

    #[track_caller]
    fn check_end(waiting: Waiting, code: i32, end: fn(&mut Server)) {
        let home = Home::new();
        let mut server = flooded(&home, waiting, 200);
        let began = Instant::now();
        end(&mut server);
        assert_eq!(server.wait_for_end().code, Some(code));
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    }

    #[test]
    fn the_end_of_input_is_the_end_for_a_client_that_never_reads() {
        // A script whose answers are lost has failed.
        check_end(Waiting::Nothing, 1, |server| {
            server.close_input();
        });
    }

    #[test]
    fn a_signal_is_the_end_for_a_client_that_never_reads() {
        check_end(Waiting::Nothing, 0, |server| server.signal(Signal::TERM));
    }

    #[test]
    fn the_end_of_input_is_the_end_though_many_reads_have_waited_for_a_write() {
        check_end(Waiting::Write, 1, |server| {
            server.close_input();
        });
    }

    #[test]
    fn a_signal_is_the_end_though_many_reads_have_waited_for_a_write() {
        check_end(Waiting::Write, 0, |server| server.signal(Signal::TERM));
    }

    #[test]
    fn a_client_that_reads_late_gets_every_answer() {
        for (waiting, last) in [(Waiting::Nothing, 46), (Waiting::Write, 47)] {
            let home = Home::new();
            let mut server = flooded(&home, waiting, 45);
            server.listen();
            for id in 2..=last {
                let answer = server.wait(id);
                assert!(answer.result_text().len() > 2, "{id}");
            }
        }
    }

    #[test]
    fn a_length_costs_nothing_before_its_bytes_come() {
        let home = Home::new();
        let mut server = home.client();
        let before = resident(&server);
        server.send_raw(format!("Content-Length: {}\r\n\r\n{{", 16 * MEBIBYTE).as_bytes());
        server.stays_for(Duration::from_millis(200));
        assert!(resident(&server) < before + 4 * MEBIBYTE);
        assert_eq!(server.finish().code, Some(1));
    }
}
