//! Signals: an ordered end, and nothing that was answered is lost.

use rustix::process::Signal;
use serde_json::json;

use crate::harness::{Framing, Home};

/// Those after which the process ends in an orderly way. What this process has inherited as ignored, its servers ignore.
fn orderly() -> impl Iterator<Item = Signal> {
    let all = [Signal::TERM, Signal::INT, Signal::HUP];
    all.into_iter()
        .filter(|signal| *signal == Signal::TERM || !plugin_vault::process::is_ignored(signal.as_raw()))
}

#[test]
fn a_signal_is_a_good_end_in_every_phase() {
    for signal in orderly() {
        let home = Home::new();
        let mut script = home.script();
        script.ok("vault/status", json!({}));
        let mut client = home.client_with(&home.key());
        let mut shut_down = home.client();
        shut_down.ok("shutdown", json!(null));
        for server in [&mut script, &mut client, &mut shut_down] {
            server.signal(signal);
            let end = server.wait_for_end();
            assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""), "{signal:?}");
        }
    }
}

#[test]
fn a_write_that_was_answered_before_a_signal_is_there_afterwards() {
    for signal in orderly() {
        let home = Home::new();
        let key = home.key();
        let mut server = home.start().framing(Framing::Lines).run();
        server.set_key(&key);
        for n in 0..200 {
            server.begin(
                "setPersistentData",
                json!({"context": "user", "name": format!("n{n}"), "data": {"n": n}}),
            );
        }
        // With the first answer, many are in flight.
        server.next().ok();
        server.signal(signal);
        assert_eq!(server.wait_for_end().code, Some(0));
        let mut answered = 1;
        while let Some(answer) = server.last_words() {
            answer.ok();
            answered += 1;
        }
        let mut server = home.script_with(&key);
        for n in 0..answered {
            let params = json!({"context": "user", "name": format!("n{n}")});
            assert_eq!(server.ok("getPersistentData", params), json!({"n": n}));
        }
    }
}

#[test]
fn what_was_read_before_a_signal_is_answered() {
    let home = Home::new();
    let key = home.key();
    let mut server = home.client_with(&key);
    let write = server.begin("setPersistentData", json!(["user", home.object()]));
    // This is answered without waiting, so the write before it was read.
    let status = server.begin("noSuchMethod", json!([]));
    server.wait(status).refused();
    server.signal(Signal::TERM);
    server.wait(write).ok();
    assert_eq!(server.wait_for_end().code, Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_the_parent_has_blocked_ends_the_process_all_the_same() {
    for signal in orderly() {
        let home = Home::new();
        let mut server = home.start().under(["env", "--default-signal", "--block-signal"]).run();
        server.initialize(&[]);
        server.set_key(&home.key());
        server.signal(signal);
        let end = server.wait_for_end();
        assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""), "{signal:?}");
    }
}

/// `nohup` ignores SIGHUP, and a shell ignores SIGINT for what it starts in the background. SIGTERM is meant in any case.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_the_parent_has_ignored_stays_ignored_except_for_sigterm() {
    let home = Home::new();
    let mut server = home.start().under(["env", "--ignore-signal=HUP,INT,TERM"]).run();
    server.initialize(&[]);
    for signal in [Signal::HUP, Signal::INT] {
        server.signal(signal);
        server.ok("vault/status", json!({}));
    }
    server.signal(Signal::TERM);
    assert_eq!(server.wait_for_end().code, Some(0));
}
