//! Records: writing, reading, and every way to be refused.

mod delete;
mod expiry;
mod inherit;
mod limits;
mod list;
mod moving;
mod order_of_checks;
mod parameters;
mod patch;
mod record;
mod revisions;
mod text;
mod wrong_parameters;
