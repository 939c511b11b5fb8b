//! An echo on `tower-lsp-server`: the method `echo` answers with its parameters.

use serde_json::Value;
use tower_lsp_server::jsonrpc::Result;
use tower_lsp_server::ls_types::{InitializeParams, InitializeResult};
use tower_lsp_server::{LanguageServer, LspService, Server};

struct Echo;

impl Echo {
    #[allow(clippy::unused_async, reason = "a method is asynchronous there")]
    async fn echo(&self, params: Value) -> Result<Value> {
        Ok(params)
    }
}

impl LanguageServer for Echo {
    async fn initialize(&self, _: InitializeParams) -> Result<InitializeResult> {
        Ok(InitializeResult::default())
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }
}

fn main() -> std::io::Result<()> {
    let (service, socket) = LspService::build(|_| Echo).custom_method("echo", Echo::echo).finish();
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(Server::new(tokio::io::stdin(), tokio::io::stdout(), socket).serve(service));
    Ok(())
}
