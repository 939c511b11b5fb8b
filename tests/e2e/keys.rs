//! API keys: setting, issuing, listing.

mod handles;
mod issue;
mod list;
mod lookup;
mod refused;
mod shared;
