//! What arrived as a tree of lines for a terminal.

pub mod branch;
pub mod entries;
pub mod text;
pub mod traces;
pub mod tree;
