//! What arrived as a tree of lines for a terminal.

pub mod entries;
pub mod traces;
pub mod tree;
