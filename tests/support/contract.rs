//! Checks every message of a test against `schema/openrpc.json`, with the crate `jsonschema`, a validator
//! that is independent of this project.
//!
//! A [`Conversation`] is one connection. It gets what was sent and what came back, and panics at the first message that
//! the contract does not have, unknown members included.
//!
//! Tests send wrong requests on purpose, so the rules are these:
//!
//! - Everything that the server sends is checked: results, errors with their code, message and data, notifications.
//!   Objects are closed there, so that a member which the contract does not have is a failure. An error also has to be
//!   one that the contract lists for the method.
//! - A request whose parameters the contract does not have must be refused, with one of [`REFUSALS`]. A request that is
//!   carried out has to be in the contract.
//! - Messages that LSP defines are not checked: `initialize` and the notifications that clients send have members that
//!   the server ignores.
//!
//! A schema cannot express every rule: that `workspaceFolder` and the context `user` exclude one another, lengths in
//! bytes instead of characters, a day that no month has. The server refuses such requests with `outOfRange`. The fuzzer
//! accepts that refusal for a request that the schema allows, and no other.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use jsonschema::Validator;
use plugin_vault::rpc::CONTRACT;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// What a client's request may be refused with although the schema has nothing against it, or the other way round: what
/// it has against it is refused with one of these.
pub(crate) const REFUSALS: &[&str] =
    &["invalidRequest", "methodNotFound", "invalidParams", "apiKeyInvalid", "workspaceFolderInvalid"];

/// The contract, ready to check.
pub(crate) struct Contract {
    /// By the method's name.
    requests: HashMap<String, Request>,
    /// The server's, by name.
    notices: HashMap<String, Validator>,
    /// By kind.
    errors: HashMap<String, Failure>,
}

struct Request {
    params: Validator,
    result: Validator,
    is_lenient: bool,
    /// The kinds of its errors.
    errors: Vec<String>,
}

struct Failure {
    code: Value,
    /// By reason; of a code with one cause, by `null`. `{parameter}` stands for the parameter.
    messages: Value,
    data: Validator,
}

/// Read once.
pub(crate) static THE_CONTRACT: LazyLock<Contract> = LazyLock::new(|| Contract::read(&document()));

/// The document as it is checked in.
pub(crate) fn document() -> Value {
    serde_json::from_str(CONTRACT).unwrap()
}

/// The schema of a method's parameters as they stand in a message: by name, by position, or not at all.
pub(crate) fn params_schema(method: &Value) -> Value {
    let params: Vec<_> = method["params"].as_array().unwrap().iter().collect();
    let required: Vec<_> =
        params.iter().filter(|param| param["required"] == true).map(|param| &param["name"]).collect();
    let properties: serde_json::Map<String, Value> = params
        .iter()
        .map(|param| (param["name"].as_str().unwrap().to_owned(), param["schema"].clone()))
        .collect();
    let by_name = json!({
        "type": "object", "properties": properties, "required": required,
        "additionalProperties": method["x-lenient"],
    });
    let positional = usize::try_from(method["x-positional"].as_u64().unwrap_or(0)).unwrap();
    let first: Vec<_> = params[..positional].iter().map(|param| &param["schema"]).collect();
    // Some clients send `null` for nothing.
    let mut by_position = json!({"type": "array", "minItems": required.len(), "items": {"type": "null"}});
    if positional > 0 {
        by_position["items"] = json!(first);
        by_position["additionalItems"] = json!({"type": "null"});
    }
    let mut forms = vec![by_name, by_position];
    if required.is_empty() {
        forms.push(json!({"type": "null"}));
    }
    json!({"anyOf": forms})
}

impl Contract {
    fn read(document: &Value) -> Self {
        let validator = |schema: &Value| {
            let whole = json!({
                "$schema": "http://json-schema.org/draft-07/schema#",
                "components": document["components"],
                "allOf": [schema],
            });
            jsonschema::options().build(&whole).unwrap()
        };
        let kind = |error: &Value| error["$ref"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let mut contract = Self { requests: HashMap::new(), notices: HashMap::new(), errors: HashMap::new() };
        for method in document["methods"].as_array().unwrap() {
            let name = method["name"].as_str().unwrap().to_owned();
            if let Some(result) = method.get("result") {
                let errors = method["errors"].as_array().unwrap().iter().map(kind).collect();
                let params = validator(&params_schema(method));
                let is_lenient = method["x-lenient"] == true;
                contract.requests.insert(
                    name,
                    Request { params, result: validator(&result["schema"]), is_lenient, errors },
                );
            } else if let Some(params) = method.get("x-params") {
                contract.notices.insert(name, validator(params));
            }
        }
        for (kind, error) in document["components"]["errors"].as_object().unwrap() {
            let (first, rest) = kind.split_at(1);
            let name = format!("{}{rest}Data", first.to_uppercase());
            let messages = match &document["components"]["schemas"][&name]["x-messages"] {
                Value::Null => json!([error["message"]]),
                by_reason => by_reason.clone(),
            };
            let data = validator(&json!({"$ref": format!("#/components/schemas/{name}")}));
            contract.errors.insert(kind.clone(), Failure { code: error["code"].clone(), messages, data });
        }
        contract
    }

    /// Whether the contract has such a request with such parameters; `None` if it has no such request, or if what is
    /// wrong may be passed over, as LSP asks.
    pub(crate) fn allows(&self, method: &str, params: &Value) -> Option<bool> {
        let request = self.requests.get(method)?;
        let is_valid = request.params.is_valid(params);
        (is_valid || !request.is_lenient).then_some(is_valid)
    }

    fn check_result(&self, method: &str, result: &Value) -> Result<(), String> {
        holds(&self.requests[method].result, result)
    }

    /// The error's kind.
    fn check_error(&self, method: Option<&str>, error: &Value) -> Result<String, String> {
        let kind = error["data"]["kind"].as_str().ok_or("an error has no kind")?;
        let failure = self.errors.get(kind).ok_or("there is no such kind")?;
        if error.as_object().is_none_or(|members| members.len() != 3)
            || error["code"] != failure.code
            || !failure.says(&error["message"], &error["data"])
        {
            return Err(format!("{error} is not what the contract has for {kind}"));
        }
        holds(&failure.data, &error["data"])?;
        match method.and_then(|method| self.requests.get(method)) {
            Some(request) if !request.errors.iter().any(|known| known == kind) => {
                Err(format!("the contract has no {kind} for it"))
            }
            _ => Ok(kind.to_owned()),
        }
    }

    fn check_notice(&self, method: &str, params: &Value) -> Result<(), String> {
        holds(self.notices.get(method).ok_or("there is no such notification")?, params)
    }
}

impl Failure {
    /// Whether this is a message for such data: for its reason, and with the name of its parameter.
    fn says(&self, message: &Value, data: &Value) -> bool {
        let messages = data["reason"].as_str().map_or(&self.messages, |reason| &self.messages[reason]);
        let parameter = match &data["parameter"] {
            Value::String(name) => name.clone(),
            position => position.to_string(),
        };
        let known = messages.as_array().into_iter().flatten().filter_map(Value::as_str);
        let mut said = known.map(|known| known.replace("{parameter}", &parameter));
        said.any(|known| *message == known)
    }
}

fn holds(validator: &Validator, value: &Value) -> Result<(), String> {
    validator.validate(value).map_err(|error| format!("{error} at {}", error.instance_path()))
}

/// A method, and its parameters.
type Asked = (String, Option<Box<RawValue>>);

/// One connection.
#[derive(Default)]
pub(crate) struct Conversation {
    /// By the text of their ids. Two with one id: either may be meant by an answer.
    asked: HashMap<String, Vec<Asked>>,
}

type Members<'a> = BTreeMap<String, &'a RawValue>;

impl Conversation {
    /// Takes the text of a message that goes to the server, whatever it is.
    pub(crate) fn sent(&mut self, text: &str) {
        if let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(text) {
            return elements.into_iter().for_each(|element| self.sent(element.get()));
        }
        let Ok(members) = serde_json::from_str::<Members<'_>>(text) else { return };
        let (Some(id), Some(method)) = (members.get("id"), members.get("method")) else { return };
        if let Ok(method) = serde_json::from_str(method.get()) {
            let params = members.get("params").map(|params| (*params).to_owned());
            self.asked.entry(id.get().to_owned()).or_default().push((method, params));
        }
    }

    /// Holds the text of a message of the server's against the contract, and the request that it answers.
    pub(crate) fn heard(&self, text: &str) {
        if let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(text) {
            return elements.into_iter().for_each(|element| self.heard(element.get()));
        }
        let members: Members<'_> = serde_json::from_str(text).expect("a message is an object");
        if let Some(method) = members.get("method") {
            let method: String = serde_json::from_str(method.get()).unwrap();
            let params = value(members["params"]).expect("a notice is plain JSON");
            let held = THE_CONTRACT.check_notice(&method, &params);
            return held.unwrap_or_else(|why| panic!("{method}: {why}: {params}"));
        }
        let asked = self.asked.get(members["id"].get()).map_or(&[][..], Vec::as_slice);
        let checked: Vec<_> =
            asked.iter().map(|(method, params)| check_answer(method, params.as_deref(), &members)).collect();
        if checked.is_empty() && members.contains_key("error") {
            let error = value(members["error"]).unwrap();
            THE_CONTRACT.check_error(None, &error).unwrap_or_else(|why| panic!("{why}: {error}"));
        }
        if let Some(Err(why)) = checked.first()
            && checked.iter().all(Result::is_err)
        {
            panic!("{}: {why}", asked[0].0);
        }
    }
}

/// What can't be kept in a `Value`, like `1E400` or half a surrogate pair, is only in data, which may be anything.
fn value(text: &RawValue) -> Option<Value> {
    serde_json::from_str(text.get()).ok()
}

fn check_answer(method: &str, params: Option<&RawValue>, answer: &Members<'_>) -> Result<(), String> {
    let params = params.map_or(Some(Value::Null), value);
    let allowed = || params.as_ref().and_then(|params| THE_CONTRACT.allows(method, params));
    let not_allowed =
        || Err(format!("the contract does not have these parameters, and yet they were taken: {params:?}"));
    if let Some(error) = answer.get("error") {
        let error = value(error).ok_or("an error is plain JSON")?;
        let kind = THE_CONTRACT.check_error(Some(method), &error)?;
        let refused = REFUSALS.contains(&&*kind);
        return if refused || allowed() != Some(false) { Ok(()) } else { not_allowed() };
    }
    match (value(answer["result"]), allowed()) {
        (_, Some(false)) => not_allowed(),
        (Some(result), Some(true)) => THE_CONTRACT.check_result(method, &result),
        _ => Ok(()),
    }
}
