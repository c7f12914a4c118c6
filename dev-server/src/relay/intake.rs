//! Many requests, one commit: whoever has a body waits for the commit that has it.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use crate::relay::body::Put;
use crate::relay::store::Shared;

/// Bodies that wait for a commit; further requests wait to be taken.
const QUEUED: usize = 256;

/// The time between two looks at what has been open for too long.
const EXPIRY_PAUSE: Duration = Duration::from_secs(1);

type Answer = Result<(), Refusal>;

/// Why a body was not stored. The client keeps it and tries again.
#[derive(Clone, Debug)]
pub enum Refusal {
    Full,
    Failed(String),
}

pub struct Intake {
    queue: SyncSender<(Put, SyncSender<Answer>)>,
}

impl Intake {
    pub fn start(store: Arc<Shared>) -> std::io::Result<Intake> {
        let (queue, incoming) = sync_channel(QUEUED);
        std::thread::Builder::new().name("commit".into()).spawn(move || commit(&store, &incoming))?;
        Ok(Intake { queue })
    }

    /// Returns once it is stored.
    pub fn put(&self, put: Put) -> Answer {
        let (give, take) = sync_channel(1);
        let ended = || Refusal::Failed("the store has ended".to_owned());
        self.queue.send((put, give)).map_err(|_| ended())?;
        take.recv().map_err(|_| ended())?
    }
}

fn commit(shared: &Shared, incoming: &Receiver<(Put, SyncSender<Answer>)>) {
    loop {
        let mut batch = match incoming.recv_timeout(EXPIRY_PAUSE) {
            Ok(first) => vec![first],
            // What has been open for too long leaves although nothing comes.
            Err(RecvTimeoutError::Timeout) => Vec::new(),
            Err(RecvTimeoutError::Disconnected) => return,
        };
        batch.extend(incoming.try_iter().take(QUEUED - 1));
        let answer = {
            let mut store = shared.lock();
            if store.is_full() && !batch.is_empty() {
                Err(Refusal::Full)
            } else {
                let puts: Vec<_> = batch.iter().map(|(put, _)| put).collect();
                store.put(&puts).map_err(|error| Refusal::Failed(error.to_string()))
            }
        };
        if let Err(Refusal::Failed(why)) = &answer {
            eprintln!("maxim-dev: the store: {why}");
        }
        shared.filled.notify_all();
        for (_, waiting) in batch {
            let _ = waiting.send(answer.clone());
        }
    }
}
