//! maxim (to be written)
pub mod result;
