//! JSON as people read it: what fits on a line stands on one.

use serde_json::Value;

/// Letters of a line.
const WIDTH: usize = 120;

/// The text of a file.
pub(crate) fn file(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, 0, 0);
    out.push('\n');
    out
}

/// On one line, with blanks.
pub(crate) fn line(value: &Value) -> String {
    match value {
        Value::Array(elements) => format!("[{}]", elements.iter().map(line).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let members =
                members.iter().map(|(name, value)| format!("{}: {}", Value::from(&**name), line(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        plain => plain.to_string(),
    }
}

/// `used` is what stands before it on its line, and a comma behind it.
fn write(out: &mut String, value: &Value, depth: usize, used: usize) {
    let short = line(value);
    let is_empty = matches!(short.as_str(), "[]" | "{}");
    let (members, ends): (Vec<_>, _) = match value {
        Value::Array(elements) => (elements.iter().map(|value| (String::new(), value)).collect(), "[]"),
        Value::Object(members) => (
            members.iter().map(|(name, value)| (format!("{}: ", Value::from(&**name)), value)).collect(),
            "{}",
        ),
        _ => return out.push_str(&short),
    };
    if is_empty || used + short.chars().count() <= WIDTH {
        return out.push_str(&short);
    }
    let indent = "  ".repeat(depth + 1);
    out.push_str(&ends[..1]);
    for (at, (name, value)) in members.iter().enumerate() {
        out.push_str(if at == 0 { "\n" } else { ",\n" });
        out.push_str(&indent);
        out.push_str(name);
        write(out, value, depth + 1, indent.len() + name.chars().count() + 1);
    }
    out.push('\n');
    out.push_str(&indent[2..]);
    out.push_str(&ends[1..]);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_fits_stands_on_one_line_and_all_is_the_same_value() {
        assert_eq!(file(&json!({"a": [1, "x"], "b": {}})), "{\"a\": [1, \"x\"], \"b\": {}}\n");
        let long = json!({"a": ["y".repeat(80), "z".repeat(80)], "b": [{}, []]});
        let text = file(&long);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), long);
        let (y, z) = ("y".repeat(80), "z".repeat(80));
        assert_eq!(
            text,
            format!("{{\n  \"a\": [\n    \"{y}\",\n    \"{z}\"\n  ],\n  \"b\": [{{}}, []]\n}}\n")
        );
    }
}
