//! Property: whatever a client sends, in whatever order, each request gets one answer with its own id, and nothing else
//! gets any. Driven without a process, so that many orders can be tried.

#![allow(clippy::unwrap_used, reason = "a test that can't set its server up has failed")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use plugin_vault::limits::Limits;
use plugin_vault::rpc::{Connection, Flow};
use plugin_vault::session::{Client, Session};
use plugin_vault::vault::{Config, Vault};
use proptest::prelude::*;
use serde_json::value::RawValue;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// Something that a client does.
#[derive(Clone, Debug)]
enum Event {
    Request(Call),
    Notification(Call),
    Batch(Vec<Element>),
    Cancel(&'static str),
    CancelLikeVim(&'static str),
    /// Gets one answer with the id `null`.
    Broken(&'static str),
    /// Gets no answer.
    Ignored(&'static str),
}

#[derive(Clone, Debug)]
enum Element {
    Request(Call),
    Notification(Call),
    Broken,
}

/// An id, a method, and its parameters, as text.
type Call = (&'static str, &'static str, &'static str);

fn call() -> impl Strategy<Value = Call> {
    let id =
        prop::sample::select(&["0", "1", "-1", "1.5", "18446744073709551616", r#""1""#, r#""A""#, "null"]);
    let key = r#"["0123456789abcdef0123456789abcdef01234567"]"#;
    let call = prop::sample::select(vec![
        ("setAPIKey", key),
        ("setAPIKey", r#"{"apiKey":"ABCDEF0123abcdef0123456789abcdef01234567","mustExist":true}"#),
        ("setAPIKey", r#"["no key"]"#),
        ("setPersistentData", r#"["user",{"a":1}]"#),
        ("setPersistentData", r#"{"context":"user","data":{"a":2},"ifRevision":0}"#),
        ("setPersistentData", r#"{"context":"workspace","data":{},"workspaceFolder":"file:///a"}"#),
        ("patchPersistentData", r#"["user",{"b":{"c":null}}]"#),
        ("getPersistentData", r#"["user",null]"#),
        ("getPersistentRecord", r#"{"context":"workspace"}"#),
        ("deletePersistentData", r#"["user"]"#),
        ("listPersistentData", "{}"),
        ("movePersistentData", r#"["file:///a","file:///b"]"#),
        ("issueAPIKey", r#"{"plugin":"a.b","installation":"test"}"#),
        ("listAPIKeys", "null"),
        ("vault/status", "[]"),
        ("initialize", r#"{"processId":null,"unknown":1}"#),
        ("noSuchMethod", "{}"),
        ("$/unknown", "{}"),
        ("shutdown", "[null]"),
    ]);
    (id, call).prop_map(|(id, (method, params))| (id, method, params))
}

fn element() -> impl Strategy<Value = Element> {
    prop_oneof![
        4 => call().prop_map(Element::Request),
        2 => call().prop_map(Element::Notification),
        1 => Just(Element::Broken),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let id = || prop::sample::select(&["0", "1", "1.5", r#""1""#, "null"]);
    prop_oneof![
        12 => call().prop_map(Event::Request),
        4 => call().prop_map(Event::Notification),
        3 => prop::collection::vec(element(), 1..6).prop_map(Event::Batch),
        2 => id().prop_map(Event::Cancel),
        1 => id().prop_map(Event::CancelLikeVim),
        1 => prop::sample::select(&["{", "1", "[]", r#"{"jsonrpc":"2.0","method":1}"#, "\u{1}"]).prop_map(Event::Broken),
        1 => prop::sample::select(&[r#"{"jsonrpc":"2.0","id":1,"result":null}"#, r#"[{"jsonrpc":"2.0","id":1,"error":{}}]"#])
            .prop_map(Event::Ignored),
    ]
}

fn request((id, method, params): &Call) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#)
}

fn notification((_, method, params): &Call) -> String {
    format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{params}}}"#)
}

impl Event {
    fn text(&self) -> String {
        match self {
            Self::Request(call) => request(call),
            Self::Notification(call) => notification(call),
            Self::Batch(elements) => {
                let elements = elements.iter().map(|element| match element {
                    Element::Request(call) => request(call),
                    Element::Notification(call) => notification(call),
                    Element::Broken => "1".into(),
                });
                format!("[{}]", elements.collect::<Vec<_>>().join(","))
            }
            Self::Cancel(id) => {
                format!(r#"{{"jsonrpc":"2.0","method":"$/cancelRequest","params":{{"id":{id}}}}}"#)
            }
            Self::CancelLikeVim(id) => format!(r#"{{"jsonrpc":"2.0","method":"$/cancelRequest","id":{id}}}"#),
            Self::Broken(text) | Self::Ignored(text) => (*text).into(),
        }
    }

    /// The ids of the answers that it shall get.
    fn answered(&self) -> Vec<&'static str> {
        match self {
            Self::Request((id, ..)) => vec![id],
            Self::Batch(elements) => elements
                .iter()
                .filter_map(|element| match element {
                    Element::Request((id, ..)) => Some(*id),
                    Element::Broken => Some("null"),
                    Element::Notification(_) => None,
                })
                .collect(),
            Self::Broken(_) => vec!["null"],
            Self::Notification(_) | Self::Cancel(_) | Self::CancelLikeVim(_) | Self::Ignored(_) => Vec::new(),
        }
    }
}

/// Keeps what is sent.
#[derive(Default)]
struct Kept(Mutex<Vec<Vec<u8>>>);

impl Client for Kept {
    fn send(&self, message: Vec<u8>) {
        self.0.lock().unwrap().push(message);
    }

    fn when_taken(&self, taken: Box<dyn FnOnce() + Send>) {
        taken();
    }

    fn watch(&self, _: u32) {}
}

/// One store for all cases; each has a connection of its own.
fn vault() -> Arc<Vault> {
    static STORE: OnceLock<(TempDir, Arc<Vault>)> = OnceLock::new();
    let (_, vault) = STORE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let (data, keys) = (folder.path().join("data"), folder.path().join("keys"));
        let vault = Vault::new(Config {
            data,
            keys,
            askpass: None,
            allow_network: true,
            store: None,
            limits: Limits::default(),
        });
        (folder, vault)
    });
    vault.clone()
}

fn counted<'a>(ids: impl IntoIterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    for id in ids {
        *counts.entry(id).or_insert(0) += 1;
    }
    counts
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    jsonrpc: String,
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
    #[serde(default)]
    error: Option<serde_json::Value>,
}

/// An answer, or the answers of a batch.
fn answers(text: &[u8]) -> Vec<Answer<'_>> {
    if text.starts_with(b"[") {
        serde_json::from_slice(text).unwrap()
    } else {
        vec![serde_json::from_slice(text).unwrap()]
    }
}

fn run(runtime: &Runtime, events: &[Event]) -> Vec<Vec<u8>> {
    let kept = Arc::new(Kept::default());
    let session = Arc::new(Session::new(vault(), Vec::new(), kept.clone()));
    let connection = Connection::new(session, runtime.handle().clone());
    let entered = runtime.enter();
    for event in events {
        assert_eq!(connection.receive(event.text().as_bytes()), Flow::Continue);
    }
    drop(entered);
    runtime.block_on(connection.all_answered());
    std::mem::take(&mut kept.0.lock().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn each_request_gets_one_answer_with_its_own_id(events in prop::collection::vec(event(), 1..40)) {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let sent = run(&runtime, &events);
        let mut ids = Vec::new();
        for text in &sent {
            for answer in answers(text) {
                prop_assert_eq!(&answer.jsonrpc, "2.0");
                let is_null = String::from_utf8_lossy(text).contains(r#""result":null"#);
                prop_assert!(answer.error.is_some() || answer.result.is_some() || is_null);
                ids.push(answer.id.get());
            }
        }
        prop_assert_eq!(counted(ids), counted(events.iter().flat_map(Event::answered)));
    }
}
