//! An echo on `lsp-server`: the method `echo` answers with its parameters.

use std::error::Error;

use lsp_server::{Connection, Message, Response};

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let (connection, threads) = Connection::stdio();
    connection.initialize(serde_json::json!({}))?;
    for message in &connection.receiver {
        if let Message::Request(request) = message {
            if connection.handle_shutdown(&request)? {
                break;
            }
            connection.sender.send(Response::new_ok(request.id, request.params).into())?;
        }
    }
    drop(connection);
    threads.join()?;
    Ok(())
}
