//! What the parts of a relay share.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::cli::args::Target;
use crate::relay::client::Client;
use crate::relay::intake::Intake;
use crate::relay::store::Shared;

pub struct Relay {
    pub allowed_hosts: Vec<String>,
    pub target: Target,
    pub intake: Intake,
    pub store: Arc<Shared>,
    pub client: Client,
    /// What clients must present, where `MAXIM_RELAY_KEY` says so.
    pub key: Option<String>,
    /// Contents of attachments that were taken and do not go on.
    pub contents: AtomicU64,
}
