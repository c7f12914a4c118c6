//! Against a misbehaving server.
