//! What all connections share, and the loop that accepts them.

use std::hash::{BuildHasher, RandomState};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;
use socket2::SockRef;

use crate::connection;
use crate::http::Transport;
use crate::misbehave::Behaviour;
use crate::record::Log;
use crate::store::Store;

/// Pause after a connection could not be accepted, so that a lack of descriptors does not become a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

pub struct Server {
    pub port: u16,
    pub behaviour: Mutex<Behaviour>,
    pub store: Mutex<Store>,
    pub record: Option<Mutex<Log>>,
    random: RandomState,
    flow_count: AtomicU64,
}

impl Server {
    pub fn new(port: u16, behaviour: Behaviour, store: Store, record: Option<Log>) -> Self {
        Server {
            port,
            behaviour: Mutex::new(behaviour),
            store: Mutex::new(store),
            record: record.map(Mutex::new),
            random: RandomState::new(),
            flow_count: AtomicU64::new(0),
        }
    }

    /// An id for a new flow of that name, in the form the service gives.
    pub fn flow_id(&self, name: &str) -> String {
        let serial = self.flow_count.fetch_add(1, Ordering::Relaxed);
        format!("{name}-{:08x}", self.random.hash_one(serial) as u32)
    }
}

impl Transport for TcpStream {
    fn reset_on_drop(&mut self) {
        // Failing to set it leaves an orderly end, which a client must survive as well.
        let _ = SockRef::from(&*self).set_linger(Some(Duration::ZERO));
    }
}

/// Serves each connection on a thread of its own, for ever.
pub fn accept(listener: &TcpListener, server: &Arc<Server>) -> ! {
    loop {
        let accepted = listener.accept().and_then(|(stream, _)| {
            stream.set_nodelay(true)?;
            let server = Arc::clone(server);
            std::thread::Builder::new()
                .name("connection".into())
                .spawn(move || connection::serve(stream, &server))
        });
        if let Err(error) = accepted {
            eprintln!("maxim-dev: a connection was not accepted: {error}");
            std::thread::sleep(ACCEPT_PAUSE);
        }
    }
}

pub fn now_us() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as u64)
}
