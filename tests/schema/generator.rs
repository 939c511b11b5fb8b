//! The generator: from `schema/openrpc.json`, and nothing else, the types of several languages and the reference. First
//! `model` reads the document into types without a language; then there is one short writer a language.

pub(crate) mod lua;
pub(crate) mod markdown;
pub(crate) mod model;
pub(crate) mod python;
pub(crate) mod typescript;
pub(crate) mod vim;
