//! How much the server takes from one peer and from all: bytes, connections and time. Generous for every client
//! that works, and the end of those that do not.

use std::time::Duration;

/// Connections at a time, each a thread with a buffer; one more is closed at once. Below the usual limit of 1024
/// descriptors, so that it is this limit that is met first.
pub const MAX_CONNECTIONS: usize = 900;
/// Largest body whose text is needed: more than twice the library's largest attachment.
pub const MAX_COLLECTED_BYTES: u64 = 256 << 20;
/// Largest body that is only counted.
pub const MAX_COUNTED_BYTES: u64 = 64 << 30;
/// Largest body of a request to the server itself, but for imports.
pub const MAX_OWN_BYTES: u64 = 1 << 20;
/// Time for a whole head once its first byte is there.
pub const HEAD_TIME: Duration = Duration::from_secs(30);
/// Time for a whole body that the server does not slow down itself.
pub const BODY_TIME: Duration = Duration::from_secs(600);
/// Time for a peer to send or take another byte within a request.
pub const STALL_TIME: Duration = Duration::from_secs(60);
/// Time for a peer to notice that its request was refused before its end.
pub const LINGER_TIME: Duration = Duration::from_millis(500);
/// Time that a connection may rest between requests.
pub const IDLE_TIME: Duration = Duration::from_secs(900);
/// Different values of `entity.action` that are counted by name; `by_action` counts the others together.
pub const MAX_ACTIONS: usize = 1000;
