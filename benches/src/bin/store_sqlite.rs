//! What a developer would write in an afternoon: SQLite behind the same frames, with WAL and `synchronous=FULL`, so
//! that an answer to a write means the same. Nothing is encrypted, and there are no keys, folders or revisions.
//!
//! Its argument is the file.

use std::error::Error;
use std::time::Duration;

use plugin_vault_benches::{Asked, serve};
use rusqlite::{Connection, OptionalExtension as _};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("no file is named")?;
    let store = Connection::open(path)?;
    store.busy_timeout(Duration::from_secs(5))?;
    store.pragma_update(None, "journal_mode", "WAL")?;
    store.pragma_update(None, "synchronous", "FULL")?;
    store.execute("CREATE TABLE IF NOT EXISTS records (name TEXT PRIMARY KEY, data TEXT NOT NULL)", ())?;
    let mut get = store.prepare("SELECT data FROM records WHERE name = ?1")?;
    let mut put = store.prepare("INSERT OR REPLACE INTO records VALUES (?1, ?2)")?;
    serve(|asked| {
        Ok(match asked {
            Asked::Get(name) => get.query_row([name], |row| row.get(0)).optional()?,
            Asked::Set(name, data) => {
                put.execute([name, data])?;
                Some("true".to_owned())
            }
            Asked::Other => None,
        }
        .unwrap_or_else(|| "null".to_owned()))
    })
}
