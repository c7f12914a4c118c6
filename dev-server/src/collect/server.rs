//! What all connections share.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::collect::attempts::Attempts;
use crate::collect::counts::Store;
use crate::collect::misbehave::Behaviour;
use crate::collect::record::Log;
use crate::store::intake::Library;

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
    /// The record up to which a reset has the tree forget what the file keeps.
    pub forgotten: AtomicI64,
    pub attempts: Mutex<Attempts>,
    random: RandomState,
    flow_count: AtomicU64,
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
            forgotten: AtomicI64::new(0),
            attempts: Mutex::default(),
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
