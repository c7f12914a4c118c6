//! A TCP connection whose descriptor is in a process that is not ours.
//!
//! A host may close descriptors that it does not know (as programs do that become daemons) and have their numbers
//! used for something else: its log file, its database's connection. So the descriptor is looked at before each
//! use, and what is not our socket any more is neither written to, nor read, nor closed: the connection is gone, as
//! if the service had ended it. ureq's own connection would send the request, with its key, to whatever has
//! the number now, and close that in the end.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, ShutdownHandle, Transport,
};
use ureq::{Error, Timeout};

use crate::process::{beyond_standard, socket_identity};

/// The least time that one of several addresses is tried for.
const PER_ADDRESS_MIN: Duration = Duration::from_millis(10);

/// Connects to the first address that answers.
#[derive(Debug, Default)]
pub struct Sockets;

impl Connector for Sockets {
    type Out = Connection;

    fn connect(&self, details: &ConnectionDetails, _: Option<()>) -> Result<Option<Connection>, Error> {
        let config = details.config;
        let stream = connect(&details.addrs, details.timeout)?;
        if config.no_delay() {
            stream.set_nodelay(true)?;
        }
        let socket = Arc::new(Socket::new(stream)?);
        (details.register_shutdown)(Arc::downgrade(&socket) as Weak<dyn ShutdownHandle>)?;
        Ok(Some(Connection {
            socket,
            buffers: LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size()),
        }))
    }
}

/// Each address but the last has half of the time that is left.
fn connect(addresses: &[SocketAddr], timeout: NextTimeout) -> Result<TcpStream, Error> {
    let started = Instant::now();
    let mut failed = io::Error::from(io::ErrorKind::ConnectionRefused).into();
    for (index, address) in addresses.iter().enumerate() {
        let connected = match timeout.not_zero() {
            Some(limit) => {
                let left = limit.saturating_sub(started.elapsed());
                let own = if index + 1 < addresses.len() { left / 2 } else { left };
                TcpStream::connect_timeout(address, own.max(PER_ADDRESS_MIN))
            }
            None => TcpStream::connect(address),
        };
        match connected {
            Ok(stream) => return Ok(TcpStream::from(beyond_standard(stream)?)),
            Err(error) if is_timeout(&error) => failed = Error::Timeout(Timeout::Connect),
            Err(error) => failed = error.into(),
        }
    }
    Err(failed)
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}

/// A descriptor of ours, and what it was when it was made.
struct Socket {
    stream: Option<TcpStream>,
    device: u64,
    inode: u64,
}

impl Socket {
    fn new(stream: TcpStream) -> io::Result<Socket> {
        let (device, inode) = socket_identity(&stream)?;
        Ok(Socket { stream: Some(stream), device, inode })
    }

    /// The stream, if its descriptor is still ours.
    fn get(&self) -> io::Result<&TcpStream> {
        let stream = self.stream.as_ref().filter(|stream| self.is_ours(stream));
        stream.ok_or_else(|| {
            io::Error::new(io::ErrorKind::NotConnected, "this process has closed the connection's descriptor")
        })
    }

    fn is_ours(&self, stream: &TcpStream) -> bool {
        socket_identity(stream).is_ok_and(|found| found == (self.device, self.inode))
    }
}

impl ShutdownHandle for Socket {
    fn shutdown(&self) {
        if let Ok(stream) = self.get() {
            // Fails only where it has ended already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let Some(stream) = self.stream.take() {
            if !self.is_ours(&stream) {
                // Whatever has the number now is the host's to close.
                std::mem::forget(stream);
            }
        }
    }
}

/// A connection and its buffers.
pub struct Connection {
    socket: Arc<Socket>,
    buffers: LazyBuffers,
}

impl Transport for Connection {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let timeout = timeout.for_write();
        let mut stream = self.socket.get()?;
        stream.set_write_timeout(limit(&timeout)?)?;
        let sent = stream.write_all(&self.buffers.output()[..amount]);
        sent.map_err(|error| timed(error, &timeout))
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let timeout = timeout.for_read();
        let started = Instant::now();
        loop {
            let mut stream = self.socket.get()?;
            let left = limit(&timeout)?.map(|limit| limit.saturating_sub(started.elapsed()));
            if left.is_some_and(|left| left.is_zero()) {
                return Err(Error::Timeout(timeout.reason));
            }
            stream.set_read_timeout(left)?;
            let room = self.buffers.input_append_buf();
            if room.is_empty() {
                let held = self.buffers.input().len();
                return Err(Error::LargeResponseHeader(held + 1, held));
            }
            match stream.read(room) {
                Ok(read) => {
                    self.buffers.input_appended(read);
                    return Ok(read > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(timed(error, &timeout)),
            }
        }
    }

    /// Whether the other side has neither ended it nor sent what nobody asked for.
    fn is_open(&mut self) -> bool {
        let look = || {
            let stream = self.socket.get()?;
            stream.set_nonblocking(true)?;
            let nothing = stream.peek(&mut [0]);
            stream.set_nonblocking(false)?;
            io::Result::Ok(nothing.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock))
        };
        look().unwrap_or(false)
    }
}

/// How long one use may take.
fn limit(timeout: &NextTimeout) -> Result<Option<Duration>, Error> {
    if timeout.after.is_zero() {
        return Err(Error::Timeout(timeout.reason));
    }
    Ok(timeout.not_zero().map(|limit| *limit))
}

fn timed(error: io::Error, timeout: &NextTimeout) -> Error {
    if is_timeout(&error) { Error::Timeout(timeout.reason) } else { error.into() }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Connection")
    }
}
