//! Flows: entries that are the steps of one thing, numbered from 0 without a gap.
//!
//! A step's index is given under the flow's lock, together with the append, and only when the entry
//! was accepted; so steps are in order in the spool as well.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

use crate::sync::Mutex;
use serde_json::Value;

use super::client::Client;
use super::entry::{self, Entry, MAX_STEP_INDEX, check_length};
use crate::process::{self, ForkCell};
use crate::status::{Error, Result, Status};
use crate::text::{id, lossy};

/// Stands for a flow's name that is empty.
const NO_NAME: &str = "(no name)";

/// A flow's name as it leaves: masked, and in a lossy call of at most so many characters.
fn shown_name<'n>(client: &Client, name: &'n str, most: usize) -> Result<Cow<'n, str>> {
    match check_length("name", name, 1, most) {
        Err(error) if !lossy::active() => return Err(error),
        _ if name.is_empty() => return Ok(Cow::Borrowed(NO_NAME)),
        _ => {}
    }
    Ok(match client.name_of_flow(name, most) {
        Cow::Borrowed(name) => lossy::head(name, most),
        Cow::Owned(masked) => Cow::Owned(lossy::head(&masked, most).into_owned()),
    })
}

/// One flow of a client.
pub struct Flow {
    client: Arc<Client>,
    name: String,
    id: String,
    own: ForkCell<FlowState>,
}

/// What belongs to one process: a forked child goes on counting on its own.
struct FlowState {
    one_at_a_time: Mutex<()>,
    next: AtomicI32,
}

impl FlowState {
    fn starting_at(next: i32) -> FlowState {
        FlowState { one_at_a_time: Mutex::new(()), next: AtomicI32::new(next) }
    }
}

impl Flow {
    /// A flow with a local id: the name and eight random hexadecimal digits.
    pub fn new(client: Arc<Client>, name: &str) -> Result<Flow> {
        const DIGITS: usize = 8;
        let shown = shown_name(&client, name, entry::NAME - DIGITS - 1)?;
        let mut digits = [0; DIGITS];
        id::short_hex(&mut digits, process::epoch());
        let id = format!("{shown}-{}", String::from_utf8_lossy(&digits));
        drop(shown);
        Ok(Flow::with_id(client, name, id))
    }

    /// A flow whose id the service gives. Waits for the answer.
    pub fn new_remote(client: Arc<Client>, name: &str, timeout: Duration) -> Result<Flow> {
        let shown = shown_name(&client, name, entry::NAME)?;
        if client.config.disabled {
            // Nobody is asked; no entry will have the id.
            let id = shown.into_owned();
            return Ok(Flow::with_id(client, name, id));
        }
        let protocol = client.open_protocol()?.clone();
        let body = serde_json::json!({ "name": shown }).to_string();
        let deadline = Instant::now() + timeout;
        let ask = || protocol.ask(&client.config, "/v1/flows", body.as_bytes(), deadline);
        let answer = process::on_own_stack("maxim-flow", ask)?;
        let id = serde_json::from_slice::<Value>(&answer)
            .ok()
            .and_then(|answer| answer.get("flowId")?.as_str().map(str::to_owned))
            .ok_or_else(|| {
                Error::new(Status::Rejected, "the service answered without the flowId that it should give")
            })?;
        check_length("flowId", &id, 1, entry::NAME)
            .map_err(|error| Error::new(Status::Rejected, format!("the service's {error}")))?;
        drop(shown);
        Ok(Flow::with_id(client, name, id))
    }

    fn with_id(client: Arc<Client>, name: &str, id: String) -> Flow {
        Flow { client, name: name.to_owned(), id, own: ForkCell::new(FlowState::starting_at(0)) }
    }

    /// Its client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    #[inline]
    fn own(&self) -> &FlowState {
        self.own.get(|inherited| FlowState::starting_at(inherited.next.load(Ordering::Acquire)))
    }

    /// The index that the next step will have.
    pub fn step_index(&self) -> i32 {
        self.own().next.load(Ordering::Acquire)
    }

    /// Logs one step, if its level is high enough; one that is not logged takes no index.
    pub fn log(&self, entry: &Entry<'_>) -> Result<()> {
        if !self.client.would_log(entry.level) {
            return Ok(());
        }
        if !self.client.sends() {
            return self.client.log(entry);
        }
        let own = self.own();
        let _one_at_a_time = own.one_at_a_time.lock();
        let step = own.next.load(Ordering::Relaxed);
        if step > MAX_STEP_INDEX {
            return Err(Error::new(
                Status::FlowExhausted,
                format!("flow {}: a flow has at most {} steps; begin another", self.id, MAX_STEP_INDEX + 1),
            ));
        }
        self.client.log(&Entry { flow_id: Some(&self.id), step_index: Some(step), ..*entry })?;
        own.next.store(step + 1, Ordering::Release);
        Ok(())
    }
}
