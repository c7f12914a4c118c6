//! spool (to be written)
