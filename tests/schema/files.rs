//! The generated files and their sources. The chain begins with the code; each file is generated from the one before it,
//! as that is checked in.

use std::fs;
use std::path::{Path, PathBuf};

use super::generator::{commands, java, lua, markdown, model::Contract, python, typescript, vim};
use super::json;
use plugin_vault::rpc::contract;

pub(crate) const DOCUMENT: &str = "schema/openrpc.json";
const PAGE: &str = "docs/reference.md";

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_default()
}

/// Holds a file against what it should be, or writes it.
fn made(path: &str, wanted: &str) {
    if read(path) == wanted {
        return;
    }
    let update = std::env::var_os("UPDATE").is_some();
    assert!(
        update,
        "{path} differs from what it is made from; look at why, then UPDATE=1 cargo test --features schema --test schema"
    );
    let file: PathBuf = root().join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, wanted).unwrap();
}

/// One test, since each file is made from the one before.
#[test]
fn every_file_is_what_it_is_made_from() {
    made(DOCUMENT, &json::file(&contract::document()));
    for (name, schema) in contract::shared() {
        made(&format!("schema/{name}.schema.json"), &json::file(&schema));
    }
    for (name, schema) in plugin_vault::cli::schemas::all() {
        made(&format!("schema/cli/{name}.schema.json"), &json::file(&schema.to_value()));
    }
    let contract = Contract::read(&serde_json::from_str(&read(DOCUMENT)).unwrap());
    let typescript = typescript::types(&contract);
    made("schema/types/plugin-vault.ts", &typescript);
    made("editors/node/src/wire.ts", &typescript);
    made("editors/python/src/plugin_vault/wire.py", &python::types(&contract));
    made("editors/jvm/src/main/java/io/github/pluginvault/Wire.java", &java::types(&contract));
    for path in ["schema/types/plugin_vault.lua", "editors/neovim/lua/plugin-vault/types.lua"] {
        made(path, &lua::types(&contract));
    }
    for path in ["schema/types/plugin_vault.vim", "editors/vim/autoload/pluginvault/types.vim"] {
        made(path, &vim::types(&contract));
    }
    made(PAGE, &markdown::page(&contract));
    made("docs/commands.md", &commands::page(&plugin_vault::cli::definition()));
}
