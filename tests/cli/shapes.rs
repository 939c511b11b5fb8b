//! The schemas of what commands print with `--json`: `schema/cli/`.

use std::path::Path;

use serde_json::Value;

/// Holds a value against a schema.
#[track_caller]
pub(crate) fn valid(name: &str, value: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schema/cli/{name}.schema.json"));
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    let errors: Vec<_> = validator.iter_errors(value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{name}: {errors:?}: {value}");
}

/// The object that a command with `--json` writes to stderr when it fails.
#[track_caller]
pub(crate) fn failure(said: &str) -> Value {
    let value: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    valid("error", &value);
    value
}
