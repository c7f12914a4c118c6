//! The text module, as far as ids need it.

#[path = "../../../src/text/id.rs"]
pub mod id;
