//! The generator: from `schema/openrpc.json`, and nothing else, the types of several languages and the reference. First
//! `model` reads the document into types without a language; then there is one short writer a language. `commands` writes
//! the page of the command line, from the definition of it.

pub(crate) mod commands;
pub(crate) mod java;
pub(crate) mod lua;
pub(crate) mod markdown;
pub(crate) mod model;
pub(crate) mod python;
pub(crate) mod typescript;
pub(crate) mod vim;
