//! What the wire says: lines taken apart, entities put together out of them, their figures, and text made safe to
//! show. Nothing here knows of requests, databases or pages.

pub mod clock;
pub mod entities;
pub mod figures;
pub mod line;
pub mod loggers;
pub mod note;
pub mod otlp;
pub mod plain;
pub mod spool;
