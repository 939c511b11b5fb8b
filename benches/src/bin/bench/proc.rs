//! The system's figures for a process: memory and processor time.

use std::fs;
use std::io;

/// Resident memory in KiB: all of it, and the part that is not backed by a file.
pub(crate) fn memory(process: u32) -> io::Result<(f64, f64)> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let field = |name: &str| {
        status
            .lines()
            .find_map(|line| line.strip_prefix(name)?.trim().strip_suffix(" kB")?.trim().parse().ok())
            .unwrap_or(f64::NAN)
    };
    Ok((field("VmRSS:"), field("RssAnon:")))
}

/// Processor time in microseconds, of all threads that there are.
pub(crate) fn processor_time(process: u32) -> io::Result<f64> {
    let mut sum = 0.0;
    for task in fs::read_dir(format!("/proc/{process}/task"))? {
        let schedstat = fs::read_to_string(task?.path().join("schedstat"))?;
        sum += schedstat.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or(0.0);
    }
    Ok(sum / 1e3)
}
