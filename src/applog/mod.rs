//! applog (to be written)
