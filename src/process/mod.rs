//! process (to be written)
pub mod clock;
pub mod fork_cell;
pub mod unique;
