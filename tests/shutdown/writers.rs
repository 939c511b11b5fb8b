//! One thread's writes, one after another to records of its own, and what these may hold afterwards.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::rig::{Random, Sidecar};

const RECORDS: usize = 3;

pub(crate) struct Writer {
    id: usize,
    random: Random,
    /// What each record may hold: one value, or more where the outcome can't be known.
    possible: Vec<Vec<Value>>,
    next: u64,
    pub(crate) answered: usize,
    pub(crate) refused: usize,
    pub(crate) open: usize,
    pub(crate) found: usize,
}

impl Writer {
    pub(crate) fn new(id: usize, random: &mut Random) -> Self {
        let possible = vec![vec![Value::Null]; RECORDS];
        Self { id, random: random.split(), possible, next: 0, answered: 0, refused: 0, open: 0, found: 0 }
    }

    /// There is no store any more.
    pub(crate) fn forget(&mut self) {
        self.possible.fill(vec![Value::Null]);
    }

    fn address(&self, record: usize) -> Value {
        json!({"context": "user", "name": format!("writer {} record {record}", self.id)})
    }

    /// Writes until the process is gone, or all is over.
    pub(crate) fn write(&mut self, sidecar: &Sidecar, key: &Value, over: &AtomicBool) {
        if !matches!(sidecar.call("setAPIKey", key), Some(Ok(_))) {
            return;
        }
        while !over.load(Ordering::Relaxed) {
            let record = self.random.below(RECORDS);
            let mut params = self.address(record);
            self.next += 1;
            let delete = self.random.one_in(8);
            let value = if delete {
                Value::Null
            } else {
                let length = [10, 300, 3_000, 40_000][self.random.below(4)];
                json!({"number": self.next, "fill": "x".repeat(length)})
            };
            let method = if delete {
                "deletePersistentData"
            } else {
                params["data"] = value.clone();
                "setPersistentData"
            };
            match sidecar.call(method, &params) {
                Some(Ok(_)) => {
                    self.answered += 1;
                    self.possible[record] = vec![value];
                }
                Some(Err(refused)) if refused.data["outcome"] != "unknown" => self.refused += 1,
                unknown => {
                    self.open += 1;
                    self.possible[record].push(value);
                    if unknown.is_none() {
                        return;
                    }
                }
            }
        }
    }

    /// Compares what is there with what may be.
    pub(crate) fn check(
        &mut self,
        call: impl Fn(&str, &Value) -> Result<Value, String>,
    ) -> Result<(), String> {
        for record in 0..RECORDS {
            let read = call("getPersistentData", &self.address(record))?;
            let possible = &mut self.possible[record];
            match possible.iter().position(|value| *value == read) {
                Some(0) => {}
                Some(_) => self.found += 1,
                None => {
                    let numbers: Vec<_> = possible.iter().map(|value| &value["number"]).collect();
                    let (id, last, read) = (self.id, self.next, &read["number"]);
                    return Err(format!(
                        "writer {id}, record {record}: {read} of {last} is there, and not {numbers:?}"
                    ));
                }
            }
            *possible = vec![read];
        }
        Ok(())
    }
}
