//! The bytes of a frame, held against what the pickiest clients want.

use std::io::{self, BufRead};

use super::Framing;

/// One message, out of exactly the bytes that clients want; `None` at the end.
pub(super) fn read(output: &mut impl BufRead, framing: Framing) -> Result<Option<String>, String> {
    let failed = |error: io::Error| error.to_string();
    let mut line = Vec::new();
    output.read_until(b'\n', &mut line).map_err(failed)?;
    if line.is_empty() {
        return Ok(None);
    }
    let wrong = |line: &[u8]| {
        format!("a frame begins with {:?}", String::from_utf8_lossy(&line[..line.len().min(80)]))
    };
    let body = if framing == Framing::Lines {
        match line.strip_suffix(b"\n") {
            Some(text) if !text.contains(&b'\r') => text.to_vec(),
            _ => return Err(wrong(&line)),
        }
    } else {
        let length = line.strip_prefix(b"Content-Length: ").and_then(|rest| rest.strip_suffix(b"\r\n"));
        let length = length.and_then(|digits| str::from_utf8(digits).ok()?.parse().ok());
        let mut body = vec![0; length.ok_or_else(|| wrong(&line))?];
        let mut blank = [0; 2];
        output.read_exact(&mut blank).map_err(failed)?;
        if blank != *b"\r\n" {
            return Err(wrong(&blank));
        }
        output.read_exact(&mut body).map_err(failed)?;
        body
    };
    String::from_utf8(body).map(Some).map_err(|_| "a message is not UTF-8".to_owned())
}
