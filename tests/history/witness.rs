//! A process that is neither killed nor stopped, and watches: it must get a notice of every change.
//!
//! The checker has to know of a call without an answer whether it was carried out. A later read shows that only if it
//! comes before the next change. Without such a read one call could explain several gaps, and the checker would be
//! lenient where it should be exact. Checkers for histories without revisions search through everything that such calls
//! may have done. This store makes that unnecessary: a watch gets each change of other connections once and in order.
//!
//! So the history must agree with the witness, which tests the watch as well. A change that was answered without a
//! notice, that has two notices or one in the wrong order, or whose notice came before the request, makes the history
//! wrong. One question remains open: which of a few unanswered calls on one record made a change that no client read.
//! Each of them makes one change at most.

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
            if notice["method"] == "vault/didChangeStatus" {
                // The server of a shared store was lost, or is there again.
                continue;
            }
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
