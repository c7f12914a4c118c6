//! The way of accepted data into the archive: a bounded queue, and a thread that writes what is in it.
//!
//! The door does not wait for the database, until the queue is full: then it does, so that nothing is lost and memory
//! stays bounded. A page first waits for what had been accepted when it was asked for.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::model::line;
use crate::store::archive::{Archive, Item};
use crate::store::feed::Feed;

/// Batches in the queue; each is a request's body.
const QUEUED_BATCHES: usize = 256;
/// Lines between two looks at whether somebody wants to read.
const LINES_AT_ONCE: usize = 500;
/// Longest wait of a page for what was accepted before it was asked for.
const CATCH_UP_TIME: Duration = Duration::from_secs(2);

/// The archive with its intake and its feed.
pub struct Library {
    archive: Mutex<Archive>,
    pub feed: Feed,
    queue: SyncSender<(Item, i64)>,
    /// Batches that were queued, and those that are in the archive.
    progress: Mutex<(u64, u64)>,
    moved: Condvar,
    /// How many requests could not be kept so far, and what the database said of the last.
    pub failure: Mutex<Option<(u64, String)>>,
}

impl Library {
    pub fn start(archive: Archive) -> std::io::Result<Arc<Library>> {
        let (queue, incoming) = sync_channel(QUEUED_BATCHES);
        let library = Arc::new(Library {
            archive: Mutex::new(archive),
            feed: Feed::default(),
            queue,
            progress: Mutex::new((0, 0)),
            moved: Condvar::new(),
            failure: Mutex::new(None),
        });
        let writer = Arc::clone(&library);
        std::thread::Builder::new().name("archive".into()).spawn(move || writer.write(&incoming))?;
        Ok(library)
    }

    /// Takes accepted data; waits when the queue is full.
    pub fn take(&self, item: Item, at: i64) {
        self.progress.lock().0 += 1;
        // An error would mean that the writer has ended, which it does not.
        let _ = self.queue.send((item, at));
    }

    /// The archive with everything that was accepted before, or what could be written of it in two seconds.
    pub fn read(&self) -> MutexGuard<'_, Archive> {
        let mut progress = self.progress.lock();
        let wanted = progress.0;
        self.moved.wait_while_for(&mut progress, |progress| progress.1 < wanted, CATCH_UP_TIME);
        drop(progress);
        self.archive.lock()
    }

    /// The archive with everything that was accepted before, however long that takes: for data that goes elsewhere.
    pub fn read_all(&self) -> MutexGuard<'_, Archive> {
        let mut progress = self.progress.lock();
        let wanted = progress.0;
        // What cannot be written moves on as well.
        self.moved.wait_while(&mut progress, |progress| progress.1 < wanted);
        drop(progress);
        self.archive.lock()
    }

    fn write(&self, incoming: &Receiver<(Item, i64)>) {
        while let Ok(first) = incoming.recv() {
            let mut batch = vec![first];
            batch.extend(incoming.try_iter().take(QUEUED_BATCHES));
            let count = batch.len() as u64;
            if let Err(error) = self.write_all(batch) {
                eprintln!("maxim-dev: the database: {error}");
                let _ = self.archive.lock().db.execute_batch("ROLLBACK");
                let mut failure = self.failure.lock();
                let before = failure.take().map_or(0, |(requests, _)| requests);
                *failure = Some((before + count, error.to_string()));
            }
            self.progress.lock().1 += count;
            self.moved.notify_all();
        }
    }

    fn write_all(&self, batch: Vec<(Item, i64)>) -> rusqlite::Result<()> {
        let mut events = Vec::new();
        let mut archive = self.archive.lock();
        archive.begin()?;
        let mut lines = 0;
        for (item, at) in batch {
            let mut pause = |archive: &mut MutexGuard<'_, Archive>| {
                lines += 1;
                if lines % LINES_AT_ONCE == 0 {
                    archive.commit()?;
                    MutexGuard::bump(archive);
                    archive.begin()?;
                }
                Ok::<_, rusqlite::Error>(())
            };
            match item {
                Item::Lines { repo, text } => {
                    for line in line::split(&text) {
                        events.extend(archive.line(&repo, line, at)?.map(|event| event.to_string()));
                        pause(&mut archive)?;
                    }
                }
                Item::Entries(entries) => {
                    for entry in entries {
                        events.extend(archive.entry(&entry, at)?.map(|event| event.to_string()));
                        pause(&mut archive)?;
                    }
                }
                Item::Spans(units) => {
                    for unit in units {
                        events.extend(archive.span(&unit, at)?.map(|event| event.to_string()));
                        pause(&mut archive)?;
                    }
                }
                Item::Raw { query, text } => {
                    for (number, line) in (0..).zip(line::split(&text)) {
                        let event = archive.raw_line(&query, number, line, at)?;
                        events.extend(event.map(|event| event.to_string()));
                        pause(&mut archive)?;
                    }
                }
                Item::Flow { id, name } => archive.flow(&id, &name, at)?,
                Item::Upload { key, mime, bytes, content } => {
                    archive.upload(&key, &mime, bytes, content.as_deref(), at)?;
                }
                Item::Clear => archive.clear()?,
            }
        }
        archive.commit()?;
        drop(archive);
        self.feed.publish(events);
        Ok(())
    }
}
