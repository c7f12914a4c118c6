//! A port at which nobody listens, for as long as a test wants that to be so.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Mutex;

use socket2::{Domain, Socket, Type};

/// A port of this machine at which nobody listens: whoever connects is refused. Until this process ends it is given to
/// nobody who asks for any port, and to no connection as its own; a server of the test's own may listen there, go and
/// come back. (A port that was only seen to be free can be somebody else's a moment later.)
pub fn free_port() -> u16 {
    static BOUND: Mutex<Vec<Socket>> = Mutex::new(Vec::new());
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    // As the standard library's listeners do: two that both say so may be bound together while none listens.
    socket.set_reuse_address(true).unwrap();
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    let port = socket.local_addr().unwrap().as_socket().unwrap().port();
    BOUND.lock().unwrap().push(socket);
    port
}
