//! Quotes a path for a shell.

use std::fmt::Write as _;
use std::path::Path;

/// A path in quotes, so that a command with it can be copied from the log into a shell.
#[cfg(unix)]
pub fn quoted(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt as _;
    let bytes = path.as_os_str().as_bytes();
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(is_hidden) => format!("'{}'", text.replace('\'', r"'\''")),
        _ => {
            let mut text = "$'".to_owned();
            for byte in bytes {
                match byte {
                    b'\'' | b'\\' => {
                        text.push('\\');
                        text.push(char::from(*byte));
                    }
                    b' '..=b'~' => text.push(char::from(*byte)),
                    _ => {
                        let _ = write!(text, "\\x{byte:02x}");
                    }
                }
            }
            text.push('\'');
            text
        }
    }
}

/// A path in quotes, so that a command with it can be copied from the log into a shell.
#[cfg(not(unix))]
pub fn quoted(path: &Path) -> String {
    let mut text = String::from("\"");
    for letter in path.to_string_lossy().chars() {
        if is_hidden(letter) {
            let _ = write!(text, "{}", letter.escape_unicode());
        } else {
            text.push(letter);
        }
    }
    text.push('"');
    text
}

/// Whether a character would end the line, or change how the line looks.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(all(test, unix))]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    use std::process::Command;

    use super::*;

    #[test]
    fn a_shell_reads_a_quoted_path_as_the_same_path() {
        let names: [&[u8]; 7] = [
            b"/plain",
            b"/with space",
            b"/it's",
            b"/$(id) `id` \"x\" \\n",
            b"/line\nfeed\x7f",
            b"/not utf-8 \xff'\\",
            "/rtl \u{202e}gpj".as_bytes(),
        ];
        for name in names {
            let quoted = quoted(Path::new(OsStr::from_bytes(name)));
            assert!(!quoted.chars().any(is_hidden), "{quoted}");
            let output = Command::new("bash").args(["-c", &format!("printf %s {quoted}")]).output().unwrap();
            assert_eq!(output.stdout, name, "{quoted}");
        }
    }
}
