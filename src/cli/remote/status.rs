//! `remote status`: where the store is shared, what this machine has of it, and whether the server can be reached.

use serde::Serialize;

use crate::vault::sharing::{SharedStatus, Standing};

use super::super::failed::Failed;
use super::super::operator::{Answer, Operator};
use super::json;
use super::why::of_server;

/// The state of a shared store.
#[derive(Serialize, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct RemoteStatusReport {
    /// Whether the store is shared. If it is not, there are no other members.
    shared: bool,
    /// The id of the store: the same on all its machines.
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<String>,
    /// The server's URL, without a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// The name of this machine; empty for the machine that moved the store to the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    machine: Option<String>,
    /// The number of the last commit that this machine has.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
    /// The number of the server's last commit; absent if the server said nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<u64>,
    /// How this machine compares with the server; absent if the server said nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<ReplicaState>,
    /// Why the server said nothing; absent if it answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Days without an answer of the server after which this machine's copy is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    offline_days: Option<u32>,
}

/// How a machine compares with the server.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
enum ReplicaState {
    /// It has everything.
    Current,
    /// The server has commits that it has not.
    Behind,
    /// The server has lost commits that it has.
    WentBack,
}

/// Shows the state. The exit code says whether the server can be reached.
pub(super) fn run(operator: &Operator, as_json: bool) -> Result<Answer, Failed> {
    let opened = operator.locked()?.ok_or_else(Failed::no_store)?;
    let Some(state) = opened.remote_state(operator.config())? else {
        let text = "the store is not shared; it is on this machine alone";
        let shown = if as_json { json(&RemoteStatusReport::default()) } else { text.into() };
        return Ok(shown.into());
    };
    let failed = state.server.err().map(of_server);
    let report = RemoteStatusReport::of(state, failed.as_ref());
    let shown = if as_json { json(&report) } else { report.text() };
    Ok(Answer { shown: Some(shown), failed })
}

impl RemoteStatusReport {
    fn of(state: SharedStatus, failed: Option<&Failed>) -> Self {
        let server = state.server.ok();
        Self {
            shared: true,
            store: Some(state.store),
            url: Some(state.url),
            machine: Some(state.machine),
            position: Some(state.turn),
            head: server.map(|server| server.turn),
            state: server.map(|server| match server.standing {
                Standing::AtHead => ReplicaState::Current,
                Standing::Behind | Standing::FarBehind => ReplicaState::Behind,
                Standing::Ahead => ReplicaState::WentBack,
            }),
            reason: failed.map(|failed| failed.why.clone()),
            offline_days: Some(state.offline_days),
        }
    }

    fn text(&self) -> String {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let machine = match self.machine.as_deref() {
            None | Some("") => "the first one, without a name".into(),
            Some(name) => super::super::visible::visible(name),
        };
        let state = match self.state {
            Some(ReplicaState::Current) => "current",
            Some(ReplicaState::Behind) => "behind the server",
            Some(ReplicaState::WentBack) => {
                "the server has lost commits; see remote keep-server and keep-mine"
            }
            None => "the server said nothing",
        };
        let head = self.head.map_or("unknown".into(), |head| head.to_string());
        let lines = [
            format!("store     {}", text(&self.store)),
            format!("server    {}", text(&self.url)),
            format!("machine   {machine}"),
            format!("state     {state}"),
            format!("commits   {} here, {head} on the server", self.position.unwrap_or_default()),
        ];
        lines.join("\n")
    }
}
