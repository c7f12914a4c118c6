//! The door: both protocols over HTTP, misbehaviour on command, exact counts, and the files that were asked for.
//!
//! [`server`] accepts a connection, [`connection`] reads requests with [`http`], lets in what [`guard`] lets in,
//! and finds their [`routes`]; [`answer`] decides with [`misbehave`]; [`counts`] counts with [`sequence`].

pub mod answer;
pub mod attempts;
pub mod connection;
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
