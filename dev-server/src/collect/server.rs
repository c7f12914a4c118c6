//! What all connections share, and the loop that accepts them.

use std::hash::{BuildHasher, RandomState};
use std::io::Read as _;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use socket2::SockRef;

use crate::collect::attempts::Attempts;
use crate::collect::connection;
use crate::collect::counts::Store;
use crate::collect::http::Transport;
use crate::collect::limits::{LINGER_TIME, MAX_CONNECTIONS, STALL_TIME};
use crate::collect::misbehave::Behaviour;
use crate::collect::record::Log;
use crate::store::intake::Library;

/// Pause after a connection could not be accepted, so that a lack of descriptors does not become a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

pub struct Server {
    pub port: u16,
    /// Names beside those of the loopback interface that requests may be for.
    pub allowed_hosts: Vec<String>,
    pub behaviour: Mutex<Behaviour>,
    pub store: Mutex<Store>,
    pub record: Option<Mutex<Log>>,
    /// What arrived, for the pages; only where something is kept.
    pub library: Option<Arc<Library>>,
    /// Whether the library is in a file that a reset leaves as it is.
    pub is_library_kept: bool,
    pub attempts: Mutex<Attempts>,
    random: RandomState,
    flow_count: AtomicU64,
    connection_count: AtomicUsize,
}

/// A place among the connections at a time, given back with this value.
struct Place(Arc<Server>);

impl Place {
    fn take(server: &Arc<Server>) -> Option<Place> {
        // Counted first, so that the place is given back on both ways.
        let before = server.connection_count.fetch_add(1, Ordering::Relaxed);
        let place = Place(Arc::clone(server));
        (before < MAX_CONNECTIONS).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.connection_count.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Server {
    pub fn new(
        port: u16,
        allowed_hosts: Vec<String>,
        behaviour: Behaviour,
        store: Store,
        record: Option<Log>,
        library: Option<Arc<Library>>,
        is_library_kept: bool,
    ) -> Self {
        Server {
            port,
            allowed_hosts,
            behaviour: Mutex::new(behaviour),
            store: Mutex::new(store),
            record: record.map(Mutex::new),
            library,
            is_library_kept,
            attempts: Mutex::default(),
            random: RandomState::new(),
            flow_count: AtomicU64::new(0),
            connection_count: AtomicUsize::new(0),
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

    fn linger(&mut self) {
        let end = Instant::now() + LINGER_TIME;
        let is_ready =
            self.shutdown(Shutdown::Write).and_then(|()| self.set_read_timeout(Some(LINGER_TIME))).is_ok();
        let mut ignored = vec![0; 64 * 1024];
        while is_ready && Instant::now() < end && self.read(&mut ignored).is_ok_and(|read| read > 0) {}
    }
}

/// Serves each connection on a thread of its own, for ever.
pub fn accept(listener: &TcpListener, server: &Arc<Server>) -> ! {
    loop {
        let accepted = listener.accept().and_then(|(stream, _)| {
            let Some(place) = Place::take(server) else { return Ok(()) };
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(STALL_TIME))?;
            stream.set_write_timeout(Some(STALL_TIME))?;
            std::thread::Builder::new()
                .name("connection".into())
                .spawn(move || connection::serve(stream, &place.0))
                .map(drop)
        });
        if let Err(error) = accepted {
            eprintln!("maxim-dev: a connection was not accepted: {error}");
            std::thread::sleep(ACCEPT_PAUSE);
        }
    }
}
