//! Requests: begun, waited for, and held against what should come of them.

use serde::Serialize;
use serde_json::Value;

use super::{Refused, Server};

impl Server {
    /// Sends a request with the next id, and does not wait for its answer.
    pub(crate) fn begin(&mut self, method: &str, params: impl Serialize) -> u64 {
        let params = serde_json::to_value(params).unwrap();
        self.home.canaries().add_params(&params);
        let (id, text) = self.request_text(method, &params.to_string());
        self.send_text(&text);
        id
    }

    /// The text of a request with the next id.
    pub(crate) fn request_text(&mut self, method: &str, params: &str) -> (u64, String) {
        self.last_id += 1;
        let id = self.last_id;
        (id, format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#))
    }

    /// Sends a request and waits for its answer.
    pub(crate) fn call(&mut self, method: &str, params: impl Serialize) -> Result<Value, Refused> {
        let id = self.begin(method, params);
        self.answer(id)
    }

    /// Waits for the answer to a request.
    #[track_caller]
    pub(crate) fn answer(&mut self, id: u64) -> Result<Value, Refused> {
        let outcome = self.wait(id).outcome();
        if let Some(key) = outcome.as_ref().ok().and_then(|result| result["apiKey"].as_str()) {
            self.home.keep_key(key);
        }
        outcome
    }

    /// A request that has to succeed.
    #[track_caller]
    pub(crate) fn ok(&mut self, method: &str, params: impl Serialize) -> Value {
        self.call(method, params).unwrap_or_else(|refused| panic!("{method}: {refused:?}"))
    }

    /// A request that has to fail.
    #[track_caller]
    pub(crate) fn refused(&mut self, method: &str, params: impl Serialize) -> Refused {
        match self.call(method, params) {
            Ok(result) => panic!("{method} was answered with {result}"),
            Err(refused) => refused,
        }
    }

    /// A request that has to fail with this code.
    #[track_caller]
    pub(crate) fn code(&mut self, method: &str, params: impl Serialize) -> i64 {
        self.refused(method, params).code
    }

    /// A request and its result, both as text.
    pub(crate) fn exact(&mut self, method: &str, params: &str) -> String {
        let (id, text) = self.request_text(method, params);
        self.send_text(&text);
        self.wait(id).result_text().to_owned()
    }

    /// Sets a key; returns its handle.
    pub(crate) fn set_key(&mut self, key: &str) -> String {
        self.ok("setAPIKey", [key])["handle"].as_str().unwrap().to_owned()
    }

    pub(crate) fn revision(&mut self, method: &str, params: impl Serialize) -> u64 {
        self.ok(method, params)["revision"].as_u64().unwrap()
    }
}
