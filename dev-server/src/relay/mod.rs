//! `maxim-dev relay`: takes what many processes send, answers once it is stored, and forwards it.
//!
//! | file | job |
//! |---|---|
//! | [`door`] | requests in; an answer leaves when the store has the data |
//! | [`intake`] | many requests, one commit |
//! | [`fold`] | lines into spans and entries into log records, for an endpoint of OpenTelemetry |
//! | [`store`] | the queue on disk: what is to be forwarded, and what the service refuses |
//! | [`client`] | requests out, with the relay's key |
//! | [`forward`] | batches out, with the library's waits and its table of outcomes |
//!
//! A relay loses nothing through SIGKILL at any moment: what was answered is committed, and leaves the queue only
//! once the service has it. So a batch can arrive twice, never not at all: at least once, as the library has it.

pub mod body;
pub mod client;
pub mod door;
pub mod fold;
pub mod forward;
pub mod intake;
pub mod outcome;
pub mod shared;
pub mod store;

use std::io;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, mpsc};

use crate::cli::args::{RelayOptions, Target};
use crate::cli::{announce, listening};
use crate::collect::accept::accept;
use crate::relay::shared::Relay;

pub fn run(options: RelayOptions) -> io::Result<()> {
    let path = match &options.store {
        Some(path) => path.clone(),
        None => usual_store()?,
    };
    let client = client::Client::new(&options.target)?;
    let folds = matches!(options.target, Target::Otlp(_)).then_some(options.incomplete_after);
    let store =
        store::Store::open(&path, options.max_bytes, options.is_synced, folds).map_err(io::Error::other)?;
    let store = Arc::new(store::Shared::new(store));
    let (stop, stopped) = mpsc::channel();
    let signalled = stop.clone();
    ctrlc::set_handler(move || {
        let _ = signalled.send(());
    })
    .map_err(io::Error::other)?;
    let listener = listening::listen(options.port)?;
    let port = listener.local_addr()?.port();
    let relay = Arc::new(Relay {
        allowed_hosts: options.allowed_hosts,
        intake: intake::Intake::start(Arc::clone(&store))?,
        store,
        client,
        key: std::env::var("MAXIM_RELAY_KEY").ok().filter(|key| !key.is_empty()),
        target: options.target,
        contents: AtomicU64::new(0),
    });
    let forwarding = Arc::clone(&relay);
    std::thread::Builder::new().name("forward".into()).spawn(move || forward::run(&forwarding))?;
    let accepting = Arc::clone(&relay);
    std::thread::Builder::new()
        .name("accept".into())
        .spawn(move || accept(&listener, move |stream| door::serve(stream, &accepting)))?;
    if let Some(path) = &options.port_file {
        listening::write_port(path, port)?;
    }
    announce(&format!(
        "maxim-dev relay listening on http://127.0.0.1:{port}, to {}, store {}\n",
        relay.target.url(),
        path.display()
    ))?;
    if options.exit_when_stdin_closes {
        listening::stop_when_stdin_closes(stop)?;
    }
    // An error would mean that no sender is left; the signal handler always holds one.
    let _ = stopped.recv();
    let totals = relay.store.lock().totals();
    announce(&format!("{} records wait in {}\n", totals.held, path.display()))
}

fn usual_store() -> io::Result<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = variable("XDG_STATE_HOME")
        .or_else(|| variable("HOME").map(|home| home.join(".local/state")))
        .ok_or_else(|| io::Error::other("no HOME for the store; name one with --store FILE"))?;
    let directory = state.join("maxim");
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&directory)?;
    Ok(directory.join("relay.db"))
}
