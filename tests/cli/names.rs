//! Names that plugins choose, where a person reads them: nothing in them may hide, move or turn round what stands there.

use serde_json::json;

use crate::home::Home;

/// Each has a part that a terminal obeys or does not show.
const HOSTILE: [&str; 10] = [
    "me.plugin\u{200b}",
    "me.\u{202e}nigulp",
    "me.\u{2066}plugin\u{2069}",
    "me.plugin\u{e0041}\u{e007f}",
    "me.plugin\u{2028}you.plugin\u{2029}",
    "me.plugin\nyou.plugin\r",
    "me.plugin\u{1b}[2K\u{7f}",
    "me.plugin\u{9b}2K\u{85}",
    "me.plugin\u{feff}\u{ad}\u{3164}",
    "me.plugin\u{fe0f}\u{34f}\u{a0}",
];

fn is_harmless(letter: char) -> bool {
    letter == '\n' || letter == ' ' || letter.is_ascii_graphic()
}

#[test]
fn names_and_labels_are_made_visible_in_tables_and_escaped_in_json() {
    let home = Home::new();
    for (at, name) in HOSTILE.iter().enumerate() {
        let issue = home.json(&["key", "issue", name, "--installation", name, "--label", name], "");
        assert_eq!((&issue["plugin"], &issue["label"]), (&json!(name), &json!(name)));
        let key = issue["apiKey"].clone();
        home.answers(&[
            ("setAPIKey", json!([key])),
            ("setPersistentData", json!({"context": "user", "name": name, "data": {"a": at}})),
        ]);
    }
    let listed = home.run(&["key", "list"], "").shown;
    assert_eq!(listed.lines().count(), 1 + HOSTILE.len(), "{listed:?}");
    assert!(listed.chars().all(is_harmless), "{listed:?}");
    for shown in ["me.plugin\\u{200b}", "me.\\u{202e}nigulp", "\\u{e0041}\\u{e007f}", "\\u{a}you.plugin"] {
        assert!(listed.contains(shown), "{listed:?}");
    }
    let text = home.run(&["key", "list", "--json"], "").shown;
    assert!(text.chars().all(is_harmless) && text.lines().count() == 1, "{text:?}");
    let keys: serde_json::Value = serde_json::from_str(&text).unwrap();
    for name in HOSTILE {
        let key = keys.as_array().unwrap().iter().find(|key| key["plugin"] == name).unwrap();
        assert_eq!((&key["label"], &key["installation"]), (&json!(name), &json!(name)));
        let records = ["key", "records", "--", name, name];
        let shown = home.run(&records, "").shown;
        assert!(shown.chars().all(is_harmless) && shown.lines().count() == 2, "{shown:?}");
        let text = home.run(&[&["--json"], &records[..]].concat(), "").shown;
        assert!(text.chars().all(is_harmless), "{text:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap()[0]["name"], name);
    }
    // What a script takes from the list is the name that it is.
    assert_eq!(home.json(&["key", "forget", "--yes", "--", HOSTILE[0]], ""), json!({"destroyed": 1}));
}

#[test]
fn letters_of_all_scripts_stay_what_they_are() {
    let home = Home::new();
    let name = "издатель.plugin 鍵 हिन्दी clé 🔑";
    home.json(&["key", "issue", name, "--installation", "x"], "");
    assert!(home.run(&["key", "list"], "").shown.contains(name));
    assert!(home.run(&["key", "list", "--json"], "").shown.contains(name));
}
