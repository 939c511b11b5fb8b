//! A process that is neither killed nor stopped, and watches: it is told of every change, or that is wrong.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::call::Told;
use crate::check::Wrong;
use crate::client::World;
use crate::rig::Sidecar;

pub(crate) struct Witness(Arc<Sidecar>);

impl Witness {
    /// `sidecar` has its key, and nothing has been asked of it besides.
    pub(crate) fn new(sidecar: Arc<Sidecar>) -> Self {
        sidecar.ok("watchPersistentData", &json!({}));
        Self(sidecar)
    }

    /// All that it was told of, up to the change that was made last.
    pub(crate) fn told(self, world: &World, last: u64) -> Result<Vec<Told>, Wrong> {
        let mut told = Vec::new();
        loop {
            let Some((notice, at)) = self.0.notice() else {
                return Err(Wrong("the witness was not told of the last change".into()));
            };
            let params = &notice["params"];
            let revision = params["revision"].as_u64().unwrap();
            if revision == last {
                break;
            }
            let record = record(params).ok_or_else(|| Wrong(format!("the witness was told {params}")))?;
            let deleted = params["deleted"].as_bool().unwrap();
            told.push(Told { revision, record, deleted, at: world.time(at) });
        }
        assert!(self.0.end().success());
        Ok(told)
    }
}

fn record(params: &Value) -> Option<usize> {
    params["name"].as_str()?.strip_prefix("record ")?.parse().ok()
}
