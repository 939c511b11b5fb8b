//! What one run asks, and what it has to be told: the right answer, or a right error, and later the right values.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::rig::{Answer, Home, Random, Refused, Sidecar};

const RECORDS: usize = 3;

/// What the outside is told where a file can't be used: full, busy, refused, failed, and the key not available. Never that
/// something is damaged: nothing is.
const RIGHT_ERRORS: [i64; 5] = [5001, 5002, 5005, 5006, 4001];

#[derive(Clone, Debug)]
enum Step {
    Set(usize, Value),
    Patch(usize, Value),
    Get(usize),
    Delete(usize),
    Share,
}

#[derive(Clone)]
pub(crate) struct Script(Vec<Step>);

/// How often each error was told.
pub(crate) type Errors = BTreeMap<i64, usize>;

/// What each record may hold: one value, or two where the outcome can't be known.
type Possible = BTreeMap<usize, Vec<Value>>;

impl Script {
    pub(crate) fn new(random: &mut Random, steps: usize) -> Self {
        let step = |number: usize, random: &mut Random| {
            let record = random.below(RECORDS);
            match random.below(10) {
                0..=3 => {
                    let length = [10, 500, 20_000][random.below(3)];
                    Step::Set(record, json!({"number": number, "fill": "x".repeat(length)}))
                }
                4 | 5 => Step::Patch(record, json!({"patched": number})),
                6 => Step::Delete(record),
                7 => Step::Share,
                _ => Step::Get(record),
            }
        };
        Self((0..steps).map(|number| step(number, random)).collect())
    }

    /// Asks everything of a process that meets failures, and then another one that does not. Where they are over some
    /// time (`recovers`), the first must go on too. What was wrong, if anything; and how often each error was told.
    pub(crate) fn run(
        &self,
        home: &Home,
        failing: std::process::Command,
        recovers: bool,
    ) -> Result<Errors, String> {
        let key = Value::from(home.key());
        let mut possible: Possible = (0..RECORDS).map(|record| (record, vec![Value::Null])).collect();
        let mut errors = Errors::new();
        let sidecar = Sidecar::start(failing);
        let mut has_key = false;
        for _ in 0..2 {
            has_key = has_key || right(sidecar.call("setAPIKey", &json!([key])), true, "setAPIKey")?.is_ok();
        }
        for step in &self.0 {
            let (method, params) = step.request();
            let answer = right(sidecar.call(method, &params), has_key, method)?;
            if let Err(refused) = &answer {
                *errors.entry(refused.code).or_default() += 1;
            }
            step.note(answer, &mut possible)?;
        }
        if recovers {
            let mut goes_on = false;
            // The one failure may come as late as here.
            for _ in 0..2 {
                has_key =
                    has_key || right(sidecar.call("setAPIKey", &json!([key])), true, "setAPIKey")?.is_ok();
                let mut params = at(RECORDS);
                params["data"] = json!({"after": "the failure"});
                goes_on =
                    goes_on || right(sidecar.call("setPersistentData", &params), has_key, "a set")?.is_ok();
            }
            let read = right(sidecar.call("getPersistentData", &at(RECORDS)), has_key, "a get")?;
            if !goes_on || read != Ok(json!({"after": "the failure"})) {
                return Err("one failure was enough for all that followed".to_owned());
            }
        }
        let status = sidecar.end();
        if !matches!(status.code(), Some(0 | 3)) {
            return Err(format!("it ends with {status}"));
        }
        Self::check_after(home, &key, &possible)?;
        Ok(errors)
    }

    /// Everything works again, and nothing that was answered is lost.
    fn check_after(home: &Home, key: &Value, possible: &Possible) -> Result<(), String> {
        let sidecar = Sidecar::start(home.command());
        let call = |method: &str, params: Value| match sidecar.call(method, &params) {
            Some(Ok(result)) => Ok(result),
            other => Err(format!("afterwards: {method}: {other:?}")),
        };
        call("setAPIKey", json!([key]))?;
        for (record, possible) in possible {
            let data = call("getPersistentData", at(*record))?;
            if !possible.contains(&data) {
                return Err(format!("afterwards: {} is there, and not {}", short(&data), short(possible)));
            }
        }
        let mut params = at(RECORDS);
        params["data"] = json!({"after": "all"});
        call("setPersistentData", params)?;
        let status = sidecar.end();
        if status.success() { Ok(()) } else { Err(format!("afterwards: it ends with {status}")) }
    }
}

fn at(record: usize) -> Value {
    json!({"context": "user", "name": format!("record {record}")})
}

fn short(value: impl std::fmt::Debug) -> String {
    format!("{value:?}").chars().take(120).collect()
}

/// An answer, or a right error.
fn right(answer: Option<Answer>, has_key: bool, method: &str) -> Result<Answer, String> {
    match answer {
        None => Err(format!("the process ends at {method}")),
        Some(Err(refused)) if RIGHT_ERRORS.contains(&refused.code) => Ok(Err(refused)),
        Some(Err(refused)) if refused.code == 1001 && !has_key => Ok(Err(refused)),
        Some(Err(Refused { code, data, .. })) => Err(format!("{method} is refused with {code}: {data}")),
        Some(Ok(result)) => Ok(Ok(result)),
    }
}

impl Step {
    fn request(&self) -> (&'static str, Value) {
        match self {
            Self::Set(record, data) => {
                let mut params = at(*record);
                params["data"] = data.clone();
                ("setPersistentData", params)
            }
            Self::Patch(record, patch) => {
                let mut params = at(*record);
                params["patch"] = patch.clone();
                ("patchPersistentData", params)
            }
            Self::Get(record) => ("getPersistentData", at(*record)),
            Self::Delete(record) => ("deletePersistentData", at(*record)),
            Self::Share => ("shareAPIKey", json!({})),
        }
    }

    /// What the record holds after this, where it held `before`.
    fn after(&self, before: &Value) -> Value {
        match self {
            Self::Set(_, data) => data.clone(),
            Self::Patch(_, patch) => {
                let mut after = if before.is_null() { json!({}) } else { before.clone() };
                after["patched"] = patch["patched"].clone();
                after
            }
            Self::Delete(_) => Value::Null,
            Self::Get(_) | Self::Share => before.clone(),
        }
    }

    fn note(&self, answer: Answer, possible: &mut Possible) -> Result<(), String> {
        let (Self::Set(record, _) | Self::Patch(record, _) | Self::Get(record) | Self::Delete(record)) = self
        else {
            return Ok(());
        };
        let before = possible.get_mut(record).unwrap();
        match answer {
            Ok(data) if matches!(self, Self::Get(_)) => {
                if !before.contains(&data) {
                    return Err(format!("{} was read, and not {}", short(&data), short(before)));
                }
                *before = vec![data];
            }
            Ok(_) => *before = before.iter().map(|before| self.after(before)).collect(),
            Err(refused) if refused.data["outcome"] == "unknown" => {
                let after: Vec<_> = before.iter().map(|before| self.after(before)).collect();
                before.extend(after);
            }
            // Nothing was changed.
            Err(_) => {}
        }
        Ok(())
    }
}
