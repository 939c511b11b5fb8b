//! The keyring of the desktop, through a client that lives as long as the editor: the same frames, with the Secret
//! Service behind them.

use std::collections::HashMap;
use std::error::Error;

use plugin_vault_benches::{Asked, serve};
use secret_service::EncryptionType;
use secret_service::blocking::SecretService;

fn main() -> Result<(), Box<dyn Error>> {
    let service = SecretService::connect(EncryptionType::Dh)?;
    let collection = service.get_default_collection()?;
    serve(|asked| {
        Ok(match asked {
            Asked::Get(name) => match collection.search_items(attributes(name))?.first() {
                Some(item) => String::from_utf8(item.get_secret()?)?,
                None => "null".to_owned(),
            },
            Asked::Set(name, data) => {
                collection.create_item(name, attributes(name), data.as_bytes(), true, "application/json")?;
                "true".to_owned()
            }
            Asked::Other => "null".to_owned(),
        })
    })
}

fn attributes(name: &str) -> HashMap<&str, &str> {
    HashMap::from([("application", "plugin-vault-benches"), ("name", name)])
}
