//! What the recorded processes are asked, and what a store may hold afterwards: the state after some first part of it,
//! and that part has everything in it that was answered.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::rig::log::{self, Event};
use crate::rig::{Home, Random, Sidecar, preload};

const RECORDS: usize = 5;
/// Requests that a client sends before it takes an answer.
const AT_ONCE: usize = 4;

#[derive(Clone)]
enum Step {
    Set(usize, Value),
    Delete(usize),
    Share,
    Revoke,
}

/// What a store holds, as a client sees it that reads all of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct State {
    records: BTreeMap<usize, Value>,
    /// Whether the shared key can be used: 0 for yes, else the code of the refusal.
    shared: i64,
}

/// What was done, by whom, and what was told to whom at which point.
pub(crate) struct Recording {
    pub(crate) root: String,
    pub(crate) events: Vec<Event>,
    /// How many steps were answered before each event.
    pub(crate) answered: Vec<usize>,
    /// The state after each number of steps.
    pub(crate) states: Vec<State>,
    key: Value,
    shared: Value,
}

impl Recording {
    /// Asks two processes, one after the other, and records them.
    pub(crate) fn make(random: &mut Random, steps: usize, fault: &str) -> Self {
        let home = Home::new();
        let root = home.root().canonicalize().unwrap().to_str().unwrap().to_owned();
        let key = Value::from(home.key());
        let steps = steps_of(random, steps);
        let logs = tempfile::tempdir().unwrap();
        let (mut events, mut answered) = (Vec::new(), Vec::new());
        let mut shared = json!({});
        for (session, steps) in steps.chunks(steps.len().div_ceil(2)).enumerate() {
            let before = answered.last().copied().unwrap_or(0);
            let log = logs.path().join(session.to_string());
            let mut command = home.command();
            command
                .env("PLUGIN_VAULT_FAULT", fault)
                .env("LD_PRELOAD", preload())
                .env("RIG_MODE", "record")
                .env("RIG_ROOT", &root)
                .env("RIG_LOG", &log);
            let sidecar = Sidecar::start(command);
            sidecar.ok("setAPIKey", &json!([key]));
            for group in steps.chunks(AT_ONCE) {
                let answers: Vec<_> = group.iter().map(|step| step.begin(&sidecar, &shared)).collect();
                for (step, answer) in group.iter().zip(answers) {
                    let answer = Sidecar::wait(&answer).expect("an answer").0.unwrap();
                    if matches!(step, Step::Share) {
                        shared = answer;
                    }
                }
            }
            assert!(sidecar.end().success());
            let new = log::read(&log);
            // The first answer is the key's.
            answered.extend(count_answers(&new).into_iter().map(|count| before + count.saturating_sub(1)));
            events.extend(new);
        }
        assert_eq!(answered.last(), Some(&steps.len()), "every answer was recorded");
        Self { root, events, answered, states: states_of(&steps), key, shared: shared["apiKey"].clone() }
    }

    /// What the store in this home holds. It has to open, and to be written to.
    pub(crate) fn ask(&self, home: &Home) -> Result<State, String> {
        let sidecar = Sidecar::start(home.command());
        let call = |method: &str, params: Value| match sidecar.call(method, &params) {
            Some(Ok(result)) => Ok(result),
            Some(Err(refused)) => Err(format!("{method} is refused with {}: {}", refused.code, refused.data)),
            None => Err(format!("the process ends at {method}")),
        };
        let handle = call("setAPIKey", json!([self.key]))?["handle"].clone();
        let mut records = BTreeMap::new();
        for record in 0..RECORDS {
            let data = call("getPersistentData", Step::params(record, &handle))?;
            if !data.is_null() {
                records.insert(record, data);
            }
        }
        let known = sidecar.call("setAPIKey", &json!({"apiKey": self.shared, "mustExist": true}));
        let shared = match known {
            Some(Ok(result)) => {
                let read = call("getPersistentData", Step::params(0, &result["handle"]))?;
                if Some(&read) != records.get(&0).or(Some(&Value::Null)) {
                    return Err("the shared key sees something else".to_owned());
                }
                0
            }
            Some(Err(refused)) => refused.code,
            None => return Err("the process ends at the shared key".to_owned()),
        };
        let mut params = Step::params(RECORDS, &handle);
        params["data"] = json!({"after": "all"});
        call("setPersistentData", params)?;
        let written = call("getPersistentData", Step::params(RECORDS, &handle))?;
        if written != json!({"after": "all"}) {
            return Err("what is written then is not there".to_owned());
        }
        let status = sidecar.end();
        if status.success() { Ok(State { records, shared }) } else { Err(format!("it ends with {status}")) }
    }

    /// Whether a store may hold this after everything that was done before an event.
    pub(crate) fn allows(&self, event: usize, state: &State) -> bool {
        let answered = event.checked_sub(1).map_or(0, |before| self.answered[before]);
        self.states[answered..].contains(state)
    }
}

/// How many answers were complete, by event.
fn count_answers(events: &[Event]) -> Vec<usize> {
    let mut lines = 0;
    let count = |event: &Event| {
        if let Event::Answered(bytes) = event {
            lines += bytes.split(|byte| *byte == b'\n').count() - 1;
        }
        lines
    };
    events.iter().map(count).collect()
}

fn steps_of(random: &mut Random, count: usize) -> Vec<Step> {
    let mut steps: Vec<_> = (0..count)
        .map(|number| {
            let record = random.below(RECORDS);
            if random.one_in(6) {
                return Step::Delete(record);
            }
            let length = [0, 100, 700, 5000, 30_000][random.below(5)];
            Step::Set(record, json!({"number": number, "fill": format!("{number}.").repeat(length / 3)}))
        })
        .collect();
    steps.insert(count / 3, Step::Share);
    steps.insert(count * 2 / 3, Step::Revoke);
    steps
}

fn states_of(steps: &[Step]) -> Vec<State> {
    let mut state = State { records: BTreeMap::new(), shared: 1003 };
    let mut states = vec![state.clone()];
    for step in steps {
        match step {
            Step::Set(record, data) => drop(state.records.insert(*record, data.clone())),
            Step::Delete(record) => drop(state.records.remove(record)),
            Step::Share => state.shared = 0,
            Step::Revoke => state.shared = 1004,
        }
        states.push(state.clone());
    }
    states
}

impl Step {
    fn params(record: usize, handle: &Value) -> Value {
        json!({"context": "user", "name": format!("record {record}"), "handle": handle})
    }

    fn begin(
        &self,
        sidecar: &Sidecar,
        shared: &Value,
    ) -> std::sync::mpsc::Receiver<(crate::rig::Answer, std::time::Instant)> {
        match self {
            Self::Set(record, data) => {
                let mut params = Self::params(*record, &Value::Null);
                params["data"] = data.clone();
                sidecar.begin("setPersistentData", &params)
            }
            Self::Delete(record) => {
                sidecar.begin("deletePersistentData", &Self::params(*record, &Value::Null))
            }
            Self::Share => sidecar.begin("shareAPIKey", &json!({})),
            Self::Revoke => sidecar.begin("revokeAPIKey", &json!({"keyId": shared["keyId"]})),
        }
    }
}
