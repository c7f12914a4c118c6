//! The door: both protocols over HTTP, misbehaviour on command, exact counts, and the files that were asked for.
//!
//! [`accept`] takes connections, [`http`] reads their requests, [`guard`] lets in what may come, [`routes`] finds where
//! to; [`answer`] decides with [`misbehave`]; [`counts`] counts with [`sequence`].

pub mod accept;
pub mod answer;
pub mod attempts;
pub mod counts;
pub mod guard;
pub mod http;
pub mod limits;
pub mod misbehave;
pub mod otlp;
pub mod record;
pub mod routes;
pub mod sequence;
pub mod server;
