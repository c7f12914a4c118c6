//! The loop that accepts connections, and TCP as what they run on.

use std::io::Read as _;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use socket2::SockRef;

use crate::collect::http::Transport;
use crate::collect::limits::{LINGER_TIME, MAX_CONNECTIONS, STALL_TIME};

/// Pause after a connection could not be accepted, so that a lack of descriptors does not become a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

static CONNECTIONS: AtomicUsize = AtomicUsize::new(0);

/// A place among the connections at a time, given back with this value.
struct Place;

impl Place {
    fn take() -> Option<Place> {
        // Counted first, so that the place is given back on both ways.
        let before = CONNECTIONS.fetch_add(1, Ordering::Relaxed);
        let place = Place;
        (before < MAX_CONNECTIONS).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        CONNECTIONS.fetch_sub(1, Ordering::Relaxed);
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
pub fn accept(listener: &TcpListener, serve: impl Fn(TcpStream) + Clone + Send + 'static) -> ! {
    loop {
        let accepted = listener.accept().and_then(|(stream, _)| {
            let Some(place) = Place::take() else { return Ok(()) };
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(STALL_TIME))?;
            stream.set_write_timeout(Some(STALL_TIME))?;
            let serve = serve.clone();
            std::thread::Builder::new()
                .name("connection".into())
                .spawn(move || {
                    let _place = place;
                    serve(stream);
                })
                .map(drop)
        });
        if let Err(error) = accepted {
            eprintln!("maxim-dev: a connection was not accepted: {error}");
            std::thread::sleep(ACCEPT_PAUSE);
        }
    }
}
