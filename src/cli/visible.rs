//! Makes text from clients safe to show. A plugin chooses its own name and labels: they must not move the cursor,
//! change the reading direction, or look like another name because a part of them is invisible.

use std::fmt::Write as _;

use unicode_general_category::{GeneralCategory, get_general_category};

/// Default-ignorable characters whose general category does not say that they are invisible: fillers, joiners and
/// variation selectors, which Unicode counts as letters and marks.
const IGNORABLE: [(char, char); 9] = [
    ('\u{34f}', '\u{34f}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180d}'),
    ('\u{180f}', '\u{180f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{e0100}', '\u{e01ef}'),
];

/// The text with every hidden character written as `\u{…}`. Two different texts never become the same: a backslash that
/// would begin such a form is written in that form itself.
pub(super) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for (at, letter) in text.char_indices() {
        if is_hidden(letter) || text[at..].starts_with("\\u{") {
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(letter));
        } else {
            shown.push(letter);
        }
    }
    shown
}

/// A JSON text with every hidden character escaped. The value stays the same, since such characters occur only in
/// strings.
pub(super) fn escaped(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for letter in json.chars() {
        if is_hidden(letter) {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(letter);
        }
    }
    shown
}

/// Whether a terminal obeys a character, does not show it, or shows it like a space. Unassigned and private characters
/// count too: what a terminal shows for them is unknown.
fn is_hidden(letter: char) -> bool {
    use GeneralCategory as Is;
    match get_general_category(letter) {
        Is::Control
        | Is::Format
        | Is::LineSeparator
        | Is::ParagraphSeparator
        | Is::PrivateUse
        | Is::Surrogate
        | Is::Unassigned => true,
        Is::SpaceSeparator => letter != ' ',
        _ => IGNORABLE.iter().any(|(first, last)| (*first..=*last).contains(&letter)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Unicode's property `Default_Ignorable_Code_Point`, from `DerivedCoreProperties.txt` of version 17.
    const DEFAULT_IGNORABLE: [(u32, u32); 17] = [
        (0xad, 0xad),
        (0x34f, 0x34f),
        (0x61c, 0x61c),
        (0x115f, 0x1160),
        (0x17b4, 0x17b5),
        (0x180b, 0x180f),
        (0x200b, 0x200f),
        (0x202a, 0x202e),
        (0x2060, 0x206f),
        (0x3164, 0x3164),
        (0xfe00, 0xfe0f),
        (0xfeff, 0xfeff),
        (0xffa0, 0xffa0),
        (0xfff0, 0xfff8),
        (0x1_bca0, 0x1_bca3),
        (0x1_d173, 0x1_d17a),
        (0xe_0000, 0xe_0fff),
    ];

    #[test]
    fn control_and_hidden_characters_are_escaped() {
        for (text, shown) in [
            ("me.plugin", "me.plugin"),
            ("ключ 鍵 clé d\u{301}j\u{e0} हिन्दी 🔑", "ключ 鍵 clé d\u{301}j\u{e0} हिन्दी 🔑"),
            ("a\u{1b}[2Jb", "a\\u{1b}[2Jb"),
            ("a\u{9b}2Jb\u{7f}", "a\\u{9b}2Jb\\u{7f}"),
            ("a\r\nb\tc\0", "a\\u{d}\\u{a}b\\u{9}c\\u{0}"),
            ("ms\u{200b}-git", "ms\\u{200b}-git"),
            ("a\u{202e}gpj.exe", "a\\u{202e}gpj.exe"),
            ("a\u{2066}b\u{2069}\u{61c}", "a\\u{2066}b\\u{2069}\\u{61c}"),
            ("a\u{e0041}\u{e007f}", "a\\u{e0041}\\u{e007f}"),
            ("a\u{2028}b\u{2029}\u{85}", "a\\u{2028}b\\u{2029}\\u{85}"),
            ("a\u{a0}b\u{3000}\u{3164}", "a\\u{a0}b\\u{3000}\\u{3164}"),
            ("\u{feff}a\u{fe0f}\u{ad}\u{34f}", "\\u{feff}a\\u{fe0f}\\u{ad}\\u{34f}"),
            ("\u{e000}\u{378}\u{10ffff}", "\\u{e000}\\u{378}\\u{10ffff}"),
            ("C:\\u \\u{200b}", "C:\\u \\u{5c}u{200b}"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }

    #[test]
    fn all_ignorable_and_direction_characters_of_unicode_are_hidden() {
        for letter in '\0'..=char::MAX {
            let number = u32::from(letter);
            // This includes all characters that set the direction.
            let is_ignorable =
                DEFAULT_IGNORABLE.iter().any(|(first, last)| (*first..=*last).contains(&number));
            let is_invisible =
                is_ignorable || letter.is_control() || (letter.is_whitespace() && letter != ' ');
            assert!(!is_invisible || is_hidden(letter), "{number:x}");
        }
    }

    #[test]
    fn escaped_json_has_the_same_value_and_no_hidden_character() {
        let value: String =
            ('\0'..='\u{ff}').chain("é鍵\u{200b}\u{202e}\u{2028}\u{e0041}🔑".chars()).collect();
        let text = escaped(&serde_json::json!({ "name": value }).to_string());
        assert!(!text.chars().any(is_hidden), "{text}");
        assert!(text.contains("é鍵\\u200b\\u202e\\u2028\\udb40\\udc41🔑") && text.contains("\\u007f\\u0080"));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap()["name"], value);
    }
}
