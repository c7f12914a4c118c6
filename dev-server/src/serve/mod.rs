//! The server as a command: serves until it is told to stop, then shows what arrived.

pub mod connection;

use std::io;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use crate::cli::args::Options;
use crate::cli::{about, announce, has_colours, listening, say, tail};
use crate::collect::accept::accept;
use crate::collect::counts::{Mode, Store};
use crate::collect::record::Log;
use crate::collect::sequence::Sequences;
use crate::collect::server::Server;
use crate::draw::tree;
use crate::store::archive::Archive;
use crate::store::intake::Library;
use crate::store::prices::Prices;

pub fn run(options: Options) -> io::Result<()> {
    let (stop, stopped) = mpsc::channel();
    let signalled = stop.clone();
    ctrlc::set_handler(move || {
        let _ = signalled.send(());
    })
    .map_err(io::Error::other)?;

    let open = |path: &Option<PathBuf>| {
        path.as_deref().map(|path| Log::open(path).map_err(|error| about(path, &error))).transpose()
    };
    let sequences = options.check_seq.then(|| Sequences::new(options.seq_start));
    let store = Store::new(options.mode, sequences, open(&options.lines)?);
    let record = open(&options.record)?;
    let library = library(&options)?;
    let newest = |library: &Arc<Library>| library.read_all().newest().map_err(io::Error::other);
    // At the end, the tree is of what arrived in this run.
    let before = library.as_ref().map(newest).transpose()?.unwrap_or(0);
    let listener = listening::listen(options.port)?;
    let port = listener.local_addr()?.port();
    let hosts = options.allowed_hosts.clone();
    let server =
        Server::new(port, hosts, options.behaviour, store, record, library.clone(), options.db.is_some());
    let server = Arc::new(server);
    let accepting = Arc::clone(&server);
    std::thread::Builder::new()
        .name("accept".into())
        .spawn(move || accept(&listener, move |stream| connection::serve(stream, &accepting)))?;
    if let Some(path) = &options.port_file {
        listening::write_port(path, port).map_err(|error| about(path, &error))?;
    }
    announce(&format!("maxim-dev listening on http://127.0.0.1:{port}\n"))?;
    if let Some(library) = library.as_ref().filter(|_| options.is_live) {
        let library = Arc::clone(library);
        std::thread::Builder::new().name("live".into()).spawn(move || show_live(&library))?;
    }

    if options.exit_when_stdin_closes {
        listening::stop_when_stdin_closes(stop)?;
    }
    // An error would mean that no sender is left; the signal handler always holds one.
    let _ = stopped.recv();

    if let Some(library) = &library {
        // What was accepted is in the file before the process ends.
        let archive = library.read_all();
        if options.mode == Mode::Tree {
            let kept = archive.kept(before.max(server.forgotten.load(Ordering::Relaxed)));
            drop(archive);
            announce(&tree::draw(&kept.map_err(io::Error::other)?, has_colours()))?;
        }
    }
    let store = server.store.lock();
    if options.mode != Mode::Quiet {
        announce(&store.stats.summary())?;
    }
    Ok(())
}

fn library(options: &Options) -> io::Result<Option<Arc<Library>>> {
    if options.mode != Mode::Tree && options.db.is_none() {
        return Ok(None);
    }
    let prices = Prices::load(options.prices.as_deref()).map_err(io::Error::other)?;
    let archive =
        Archive::open(options.db.as_deref(), options.max_db_bytes, prices).map_err(io::Error::other)?;
    Library::start(archive).map(Some)
}

/// A line for each thing that arrives.
fn show_live(library: &Library) {
    let (mut next, has_colours) = (0, has_colours());
    loop {
        let news = library.feed.wait(next, Duration::from_secs(3600));
        next = news.next;
        let mut text = String::new();
        if news.left_out > 0 {
            text.push_str(&format!("({} more than a terminal can follow)\n", news.left_out));
        }
        for event in &news.events {
            let event = serde_json::from_str(event).unwrap_or_default();
            text.push_str(&tail::line(&event, has_colours));
        }
        if say(&text).is_err() {
            return;
        }
    }
}
