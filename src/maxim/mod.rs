//! maxim (to be written)
