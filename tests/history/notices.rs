//! How long it takes until another process is told of a commit.

use std::fmt;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::rig::{Home, Sidecar};

/// Times of all changes, each counted from the moment at which it was asked for, in ascending order.
#[derive(Default)]
pub(crate) struct Times {
    answered: Vec<Duration>,
    told: Vec<Duration>,
}

/// One process changes a record, one after the other, and another watches.
pub(crate) fn measure(length: Duration) -> Times {
    let home = Home::new();
    let key = home.key();
    let [writer, watcher] = [(); 2].map(|()| Sidecar::start(home.command()));
    for sidecar in [&writer, &watcher] {
        sidecar.ok("setAPIKey", &json!([key]));
    }
    writer.ok("setPersistentData", &json!(["user", {}]));
    watcher.ok("watchPersistentData", &json!({}));
    let mut times = Times::default();
    let until = Instant::now() + length;
    while Instant::now() < until {
        let began = Instant::now();
        let data = json!(["user", {"n": times.told.len()}]);
        let answer = Sidecar::wait(&writer.begin("setPersistentData", &data)).expect("the process is there");
        let (notice, told) = watcher.notice().expect("it is told");
        assert_eq!(notice["params"]["revision"], answer.0.unwrap()["revision"]);
        times.answered.push(answer.1 - began);
        times.told.push(told - began);
        // Between two the watcher has nothing to do, as it is with people.
        std::thread::sleep(Duration::from_millis(3));
    }
    for sidecar in [&writer, &watcher] {
        assert!(sidecar.end().success());
    }
    times.answered.sort_unstable();
    times.told.sort_unstable();
    times
}

impl fmt::Display for Times {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { answered, told } = self;
        let millis =
            |times: &[Duration], percent: usize| times[times.len() * percent / 100].as_secs_f64() * 1e3;
        write!(
            formatter,
            "{} changes; from asking to the answer {:.2} ms in the median, to the notice in another process {:.2} ms, \
             {:.2} ms for 99 of 100",
            told.len(),
            millis(answered, 50),
            millis(told, 50),
            millis(told, 99),
        )
    }
}
