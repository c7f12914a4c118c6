//! What new ids are made with.

#[path = "../../../src/text/id.rs"]
pub mod id;
