//! The contract as the writers need it: named types, methods, notifications and errors, in the document's order.

use serde_json::{Map, Value};

/// The whole of it.
pub(crate) struct Contract {
    pub(crate) types: Vec<Named>,
    pub(crate) methods: Vec<Method>,
    pub(crate) errors: Vec<Failure>,
}

/// A type with a name.
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) shape: Type,
}

/// What values are of a type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Type {
    Named(String),
    Text,
    Number,
    /// A number without a fraction.
    Whole,
    Bool,
    Null,
    /// One value.
    Literal(Value),
    List(Box<Type>),
    /// Any object.
    Open,
    Object(Vec<Field>),
    OneOf(Vec<Type>),
}

/// A member of an object, or a parameter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) required: bool,
    pub(crate) shape: Type,
    /// The least and the highest of a number with a unit, and the unit.
    pub(crate) range: Option<(u64, u64, String)>,
}

/// A method, or a notification.
pub(crate) struct Method {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) params: Params,
    /// How many parameters may go by position.
    pub(crate) positional: usize,
    /// `None` for a notification.
    pub(crate) result: Option<Type>,
    pub(crate) to_client: bool,
    /// The kinds of errors.
    pub(crate) errors: Vec<String>,
    pub(crate) examples: Vec<Example>,
}

/// A call, and what becomes of it.
pub(crate) struct Example {
    pub(crate) title: String,
    pub(crate) params: Value,
    /// A result, or an error.
    pub(crate) outcome: Value,
    pub(crate) is_error: bool,
}

/// What goes with it.
pub(crate) enum Params {
    /// One by one. `open` if others are ignored.
    Each { fields: Vec<Field>, open: bool },
    /// As a whole.
    Whole(Type),
}

/// A line of the table of errors.
pub(crate) struct Failure {
    pub(crate) code: i64,
    pub(crate) kind: String,
    pub(crate) retryable: bool,
    pub(crate) message: String,
    /// Each reason with its messages, where there is more than one.
    pub(crate) reasons: Vec<(String, Vec<String>)>,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn range(schema: &Value) -> Option<(u64, u64, String)> {
    Some((schema["minimum"].as_u64()?, schema["maximum"].as_u64()?, schema["x-unit"].as_str()?.to_owned()))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

impl Contract {
    pub(crate) fn read(document: &Value) -> Self {
        let components = &document["components"];
        let named = |(name, schema): (&String, &Value)| Named {
            name: name.clone(),
            description: text(&schema["description"]),
            shape: Type::read(schema),
        };
        let failure = |(kind, error): (&String, &Value)| Failure {
            code: error["code"].as_i64().unwrap(),
            kind: kind.clone(),
            retryable: error["data"]["retryable"].as_bool().unwrap(),
            message: text(&error["message"]),
            reasons: reasons(components, kind),
        };
        let mut errors: Vec<_> = members(&components["errors"]).iter().map(failure).collect();
        // As they stand in the table: JSON-RPC's own, then ours in rising order.
        errors.sort_by_key(|error| (error.code > 0, if error.code > 0 { error.code } else { -error.code }));
        Self {
            types: members(&components["schemas"]).iter().map(named).collect(),
            methods: list(&document["methods"]).iter().map(Method::read).collect(),
            errors,
        }
    }
}

/// The reasons of a kind of error, in the order of the table.
fn reasons(components: &Value, kind: &str) -> Vec<(String, Vec<String>)> {
    let data = &components["schemas"][format!("{}{}Data", kind[..1].to_uppercase(), &kind[1..])];
    let messages = |reason: &Value| list(&data["x-messages"][text(reason)]).iter().map(text).collect();
    let reasons = list(&data["properties"]["reason"]["enum"]);
    reasons
        .iter()
        .map(|reason| (text(reason), messages(reason)))
        .filter(|(_, said): &(_, Vec<_>)| !said.is_empty())
        .collect()
}

fn members(value: &Value) -> &Map<String, Value> {
    value.as_object().expect("an object")
}

impl Method {
    fn read(method: &Value) -> Self {
        let field = |param: &Value| Field {
            name: text(&param["name"]),
            description: text(&param["description"]),
            required: param["required"] == true,
            shape: Type::read(&param["schema"]),
            range: range(&param["schema"]),
        };
        let params = match method.get("x-params") {
            Some(whole) => Params::Whole(Type::read(whole)),
            None => Params::Each {
                fields: list(&method["params"]).iter().map(field).collect(),
                open: method["x-lenient"] == true,
            },
        };
        let kind = |error: &Value| text(&error["$ref"]).rsplit('/').next().unwrap_or_default().to_owned();
        Self {
            name: text(&method["name"]),
            description: text(&method["description"]),
            params,
            positional: method["x-positional"].as_u64().map_or(0, |count| usize::try_from(count).unwrap()),
            result: method.get("result").map(|result| Type::read(&result["schema"])),
            to_client: method["x-direction"] == "serverToClient",
            errors: list(&method["errors"]).iter().map(kind).collect(),
            examples: list(&method["examples"]).iter().map(Example::read).collect(),
        }
    }
}

impl Example {
    fn read(example: &Value) -> Self {
        let params = list(&example["params"]);
        let params = if example["x-paramStructure"] == "by-position" {
            params.iter().map(|param| param["value"].clone()).collect()
        } else {
            params.iter().map(|param| (text(&param["name"]), param["value"].clone())).collect()
        };
        Self {
            title: text(&example["name"]),
            params,
            outcome: example["result"]["value"].clone(),
            is_error: example["x-error"] == true,
        }
    }
}

impl Contract {
    /// The requests.
    pub(crate) fn requests(&self) -> impl Iterator<Item = (&Method, &Type)> {
        self.methods.iter().filter_map(|method| Some((method, method.result.as_ref()?)))
    }

    /// The notifications that a client sends, or takes.
    pub(crate) fn notifications(&self, to_client: bool) -> impl Iterator<Item = &Method> {
        self.methods.iter().filter(move |method| method.result.is_none() && method.to_client == to_client)
    }
}

impl Type {
    /// Reads the part of JSON Schema that the contract uses; anything else is a fault of the contract's.
    pub(crate) fn read(schema: &Value) -> Self {
        if let Some(reference) = schema["$ref"].as_str() {
            return Self::Named(reference.rsplit('/').next().unwrap().to_owned());
        }
        if let [one] = list(&schema["allOf"]) {
            return Self::read(one);
        }
        if let Some(value) = schema.get("const") {
            return Self::Literal(value.clone());
        }
        if let Some(values) = schema["enum"].as_array() {
            return Self::OneOf(values.iter().cloned().map(Self::Literal).collect());
        }
        for any in ["anyOf", "oneOf"] {
            if let Some(schemas) = schema[any].as_array() {
                return Self::OneOf(schemas.iter().map(Self::read).collect());
            }
        }
        match &schema["type"] {
            Value::String(name) => Self::plain(name, schema),
            Value::Array(names) => {
                Self::OneOf(names.iter().map(|name| Self::plain(name.as_str().unwrap(), schema)).collect())
            }
            _ => panic!("no type in {schema}"),
        }
    }

    fn plain(name: &str, schema: &Value) -> Self {
        match name {
            "string" => Self::Text,
            "integer" => Self::Whole,
            "number" => Self::Number,
            "boolean" => Self::Bool,
            "null" => Self::Null,
            "array" => Self::List(Box::new(Self::read(&schema["items"]))),
            "object" => match schema.get("properties") {
                None => Self::Open,
                Some(properties) => Self::Object(Self::fields(members(properties), &schema["required"])),
            },
            other => panic!("no such type: {other}"),
        }
    }

    fn fields(properties: &Map<String, Value>, required: &Value) -> Vec<Field> {
        let is_required = |name: &str| list(required).iter().any(|required| required == name);
        let field = |(name, schema): (&String, &Value)| Field {
            name: name.clone(),
            description: text(&schema["description"]),
            required: is_required(name),
            shape: Self::read(schema),
            range: range(schema),
        };
        let mut fields: Vec<_> = properties.iter().map(field).collect();
        // What is always there first, and what tells an object from others before all else.
        fields.sort_by_key(|field| (!matches!(field.shape, Type::Literal(_)), !field.required));
        fields
    }
}
