//! The floor: sends each frame back as it came, with one write for each frame. With a number as its argument, it
//! answers each frame with a body of that many bytes instead.

use std::io::{self, BufReader};

use plugin_vault_benches::{read_frame, stdout, write_frame};

fn main() -> io::Result<()> {
    let bytes = std::env::args().nth(1).map(|bytes| bytes.parse().map_err(io::Error::other)).transpose()?;
    let answer = bytes.map(|bytes| vec![b' '; bytes]);
    let (mut input, mut output) = (BufReader::with_capacity(64 * 1024, io::stdin().lock()), stdout()?);
    let (mut body, mut frame) = (Vec::new(), Vec::new());
    while read_frame(&mut input, &mut body)? {
        write_frame(&mut output, &mut frame, answer.as_deref().unwrap_or(&body))?;
    }
    Ok(())
}
