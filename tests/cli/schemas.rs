//! The schemas of what subcommands print with `--json`.

use std::path::Path;

use serde_json::Value;

/// Holds an output against the schema of its subcommand.
#[track_caller]
pub(crate) fn check(name: &str, output: &Value) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schema/cli/{name}.schema.json"));
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> = validator.iter_errors(output).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{name}: {errors:#?}\n{output:#}");
}
