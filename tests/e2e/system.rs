//! A system that gives less than usual: limits of a process, processes that stand still, folders that go away, full and
//! foreign disks. Nothing of it may end a process, and nothing that was answered may be lost.

mod address_space;
mod descriptors;
mod file_size;
mod folder;
#[cfg(feature = "namespace-tests")]
mod full_disk;
#[cfg(feature = "namespace-tests")]
mod network;
#[cfg(feature = "namespace-tests")]
mod no_watch;
#[cfg(feature = "namespace-tests")]
mod processes;
#[cfg(feature = "namespace-tests")]
mod read_only;
mod readers;
mod starts;
mod stopped_writer;
mod threads;

use serde_json::{Value, json};

use crate::harness::Server;

/// Writes one of many records.
fn write(server: &mut Server, name: u64, data: &Value) -> Result<u64, i64> {
    let params = json!({"context": "user", "name": format!("n{name}"), "data": data});
    let answer = server.call("setPersistentData", params);
    answer.map(|written| written["revision"].as_u64().unwrap()).map_err(|refused| refused.code)
}

/// Reads one of them.
fn read(server: &mut Server, name: u64) -> Value {
    server.ok("getPersistentData", json!({"context": "user", "name": format!("n{name}")}))
}
