//! What the programs share that the load program compares with: frames, read and written in the simplest way.

use std::error::Error;
use std::io::{self, BufRead, BufReader, Write};

use serde::Deserialize;
use serde_json::value::RawValue;

/// Reads the body of the next frame into `body`. Returns `false` at the end of the input.
pub fn read_frame(input: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<bool> {
    let mut length = 0;
    let mut line = String::new();
    loop {
        line.clear();
        if input.read_line(&mut line)? == 0 {
            return Ok(false);
        }
        match line.trim_end() {
            "" => break,
            header => {
                if let Some(value) = header.strip_prefix("Content-Length: ") {
                    length = value.parse().map_err(io::Error::other)?;
                }
            }
        }
    }
    body.resize(length, 0);
    input.read_exact(body)?;
    Ok(true)
}

/// Writes one frame, in one write.
pub fn write_frame(output: &mut impl Write, frame: &mut Vec<u8>, body: &[u8]) -> io::Result<()> {
    frame.clear();
    write!(frame, "Content-Length: {}\r\n\r\n", body.len())?;
    frame.extend_from_slice(body);
    output.write_all(frame)?;
    output.flush()
}

/// Stdout, without the buffer of the standard library.
pub fn stdout() -> io::Result<std::fs::File> {
    use std::os::fd::AsFd as _;
    Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
}

/// A request to a store behind the frames.
pub enum Asked<'a> {
    /// `get`, with `name`.
    Get(&'a str),
    /// `set`, with `name` and `data`.
    Set(&'a str, &'a str),
    /// Anything else.
    Other,
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    method: &'a str,
    #[serde(borrow)]
    params: Params<'a>,
}

#[derive(Deserialize)]
struct Params<'a> {
    name: Option<&'a str>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

/// Serves the client on stdin and stdout, with results as JSON text.
pub fn serve(
    mut answer: impl FnMut(&Asked<'_>) -> Result<String, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let (mut input, mut output) = (BufReader::with_capacity(64 * 1024, io::stdin().lock()), stdout()?);
    let (mut body, mut frame) = (Vec::new(), Vec::new());
    while read_frame(&mut input, &mut body)? {
        let Request { id, method, params } = serde_json::from_slice(&body)?;
        let asked = match (method, params.name, params.data) {
            ("get", Some(name), None) => Asked::Get(name),
            ("set", Some(name), Some(data)) => Asked::Set(name, data.get()),
            _ => Asked::Other,
        };
        let result = answer(&asked)?;
        let answer = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#);
        write_frame(&mut output, &mut frame, answer.as_bytes())?;
    }
    Ok(())
}
