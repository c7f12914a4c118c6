//! The structured log client: where its entries go, and its life.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::config::ClientConfig;
use super::defaults::{DefaultField, Defaults};
use super::entry::{self, Entry, LOG_ENTRY, Level, check_length};
use super::protocol::{KIND_ENTRY, StructuredLog};
use crate::control::{Control, Records};
use crate::delivery::{self, Pipeline, PipelineConfig, Protocol};
use crate::otlp::logs::Logs;
use crate::process::ForkCell;
use crate::spool;
use crate::status::{Error, Result, Status};
use crate::text::buffer::Buffer;
use crate::text::object::{Object, key};
use crate::text::{lossy, scratch};

/// Above every level.
const NO_LEVEL: u8 = u8::MAX;

/// A client for one source.
pub struct Client {
    pub(super) config: ClientConfig,
    pub(super) protocol: Option<Arc<StructuredLog>>,
    /// `source`, `environment` and `version`, which every entry has, as members of its object.
    constant: Vec<u8>,
    own: ForkCell<ClientState>,
    ignored: AtomicU64,
    /// What every record passes; `None`: nothing is to be looked at.
    pub(super) control: Option<Control>,
    /// The lowest level that is logged, as a number; above all of them when nothing is.
    least: u8,
}

/// What belongs to one process.
struct ClientState {
    /// None without an API key.
    pipeline: Option<Pipeline>,
    defaults: Defaults,
}

impl Client {
    /// A client; opens its spool and starts its writer, without touching the network. Without an API
    /// key it does neither.
    pub fn new(config: ClientConfig) -> Result<Client> {
        if !config.disabled {
            check_length("source", &config.source, 1, usize::MAX)?;
        }
        if let Some(dataset) = &config.dataset {
            check_length("dataset", dataset, 0, entry::NAME)?;
        }
        let control = Control::new(&config.control);
        let id_of = |which, text: Option<&str>| {
            let id = text.map(|text| default_id(which, text, config.lossy, control.as_ref())).transpose();
            id.map(|id| id.map(Cow::into_owned))
        };
        let user = id_of(DefaultField::User, config.user_id.as_deref())?;
        let session = id_of(DefaultField::Session, config.session_id.as_deref())?;
        let mut constant = Buffer::new();
        Object::members(&mut constant, |line| {
            line.text(key!("source"), &config.source);
            line.text(key!("environment"), config.environment.name());
            line.optional_text(key!("version"), config.version.as_deref());
            Ok(())
        })?;
        let key = config.api_key.clone().filter(|_| !config.disabled && config.otlp.is_none());
        let protocol = key.map(|key| Arc::new(StructuredLog::new(&config, key)));
        let defaults = Defaults::new(user.as_deref(), session.as_deref());
        if config.api_key.is_some() || config.otlp.is_some() {
            config.settings.check_spool_dir()?;
        }
        let own = ClientState { pipeline: open(&config, protocol.as_ref()), defaults };
        Ok(Client {
            control,
            least: if config.disabled { NO_LEVEL } else { config.min_level as u8 },
            config,
            protocol,
            constant: constant.into_vec(),
            own: ForkCell::new(own),
            ignored: AtomicU64::new(0),
        })
    }

    #[inline]
    fn own(&self) -> &ClientState {
        self.own.get(|inherited| {
            if let Some(pipeline) = &inherited.pipeline {
                pipeline.after_fork_in_child();
            }
            ClientState {
                pipeline: open(&self.config, self.protocol.as_ref()),
                defaults: inherited.defaults.renewed(),
            }
        })
    }

    /// Whether entries of this level are logged.
    #[inline]
    pub fn would_log(&self, level: Level) -> bool {
        level as u8 >= self.least
    }

    /// Whether entries go anywhere.
    #[inline]
    pub(super) fn sends(&self) -> bool {
        self.own().pipeline.is_some()
    }

    /// Whether a value that cannot be sent is changed rather than its entry refused.
    #[inline]
    pub fn is_lossy(&self) -> bool {
        self.config.lossy
    }

    /// Whether texts are looked at before they leave.
    pub fn has_masks(&self) -> bool {
        self.control.is_some()
    }

    /// Logs one entry, if its level is high enough.
    #[inline]
    pub fn log(&self, entry: &Entry<'_>) -> Result<()> {
        if !self.would_log(entry.level) {
            return Ok(());
        }
        let own = self.own();
        let Some(pipeline) = &own.pipeline else {
            self.ignored.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        };
        let mut out = scratch::lend();
        self.write(entry, &own.defaults, &mut out)?;
        let accepted = match &self.control {
            None => pipeline.append(KIND_ENTRY, &out),
            Some(control) => append_through(control, pipeline, &out),
        };
        out.give_back();
        accepted
    }

    /// Writes an entry with what the client adds to it.
    #[inline(always)]
    fn write(&self, entry: &Entry<'_>, defaults: &Defaults, out: &mut Buffer) -> Result<()> {
        let start = out.len();
        let line = &mut Object::begin(out);
        let control = self.control.as_ref();
        entry.write(line, control)?;
        line.again(&self.constant);
        let dataset = entry.dataset.or(self.config.dataset.as_deref());
        entry::limited(line, key!("dataset"), "dataset", dataset, entry::NAME, control)?;
        entry::identified(line, key!("userId"), "user_id", entry.user_id, control)?;
        entry::identified(line, key!("sessionId"), "session_id", entry.session_id, control)?;
        defaults.write(line, entry.user_id.is_none(), entry.session_id.is_none());
        Object::end(out, start, *b"}");
        if self.is_lossy() {
            lossy::replace_lone_surrogates(out);
        }
        Ok(())
    }

    /// A flow's name as it may leave, of at most so many characters.
    pub(super) fn name_of_flow<'n>(&self, name: &'n str, most: usize) -> Cow<'n, str> {
        self.control.as_ref().map_or(Cow::Borrowed(name), |control| {
            Cow::Owned(control.rewrite_within(LOG_ENTRY, "flowId", name, most))
        })
    }

    /// Appends a record that is no entry.
    pub(super) fn append(&self, kind: spool::RecordKind, parts: &[&[u8]]) -> Result<()> {
        match &self.own().pipeline {
            Some(pipeline) => pipeline.append_parts(kind, parts),
            None => Err(self.without_key()),
        }
    }

    /// The API, for a question that is not a record: while there is a key and the client is not closed.
    pub(super) fn open_protocol(&self) -> Result<&Arc<StructuredLog>> {
        match &self.own().pipeline {
            Some(pipeline) if pipeline.is_closed() => {
                Err(Error::new(Status::Closed, "client: it has been disconnected"))
            }
            _ if self.config.otlp.is_some() => {
                let reason = "protocol: OTLP has neither raw documents nor flows of the service";
                Err(Error::new(Status::NotConfigured, reason))
            }
            _ => self.protocol.as_ref().ok_or_else(|| self.without_key()),
        }
    }

    fn without_key(&self) -> Error {
        let reason = "api_key: the client was made without one, so it can send nothing";
        Error::new(Status::NotConfigured, reason)
    }

    /// Changes the user or session of entries that name none.
    pub fn set_default(&self, which: DefaultField, text: Option<&str>) -> Result<()> {
        let id =
            text.map(|text| default_id(which, text, self.is_lossy(), self.control.as_ref())).transpose()?;
        self.own().defaults.set(which, id.as_deref());
        Ok(())
    }

    /// Gives back what log calls of this thread hold which are gone: [`Spool::give_back_own`](crate::spool::Spool::give_back_own).
    pub fn give_back_own(&self, frame: usize) {
        self.own().pipeline.iter().for_each(|pipeline| pipeline.spool().give_back_own(frame));
    }

    /// Waits until everything accepted so far has been delivered.
    pub fn flush(&self, timeout: Duration) -> Result<()> {
        self.own().pipeline.as_ref().map_or(Ok(()), |pipeline| pipeline.flush(timeout))
    }

    /// As [`Client::flush`], without waiting.
    pub fn flush_async(&self, timeout: Duration, done: delivery::Done) {
        match &self.own().pipeline {
            Some(pipeline) => pipeline.flush_async(timeout, done),
            None => done(Ok(())),
        }
    }

    /// Refuses further entries, delivers what it can in the time, leaves the rest in files.
    pub fn close(&self, timeout: Duration) -> Result<()> {
        self.own().pipeline.as_ref().map_or(Ok(()), |pipeline| pipeline.close(timeout))
    }

    /// The directory for entries that cannot be sent, if they can be put into files.
    pub fn spool_dir(&self) -> Option<PathBuf> {
        self.own().pipeline.as_ref().and_then(Pipeline::spool_dir)
    }

    /// Drops everything that is held.
    pub fn purge(&self) -> Result<()> {
        self.own().pipeline.as_ref().map_or(Ok(()), Pipeline::purge)
    }

    /// Ends without waiting.
    pub fn abandon(&self) {
        if let Some(pipeline) = &self.own().pipeline {
            pipeline.abandon();
        }
    }

    /// Texts at which a mask failed.
    pub fn masks_failed(&self) -> u64 {
        self.control.as_ref().map_or(0, Control::failed)
    }

    /// What became of the entries, and how many were discarded for want of a key.
    pub fn stats(&self) -> Result<(delivery::Stats, u64)> {
        let numbers = self.own().pipeline.as_ref().map(Pipeline::stats).transpose()?.unwrap_or_default();
        Ok((numbers, self.ignored.load(Ordering::Relaxed)))
    }
}

/// The user or session of entries that name none: what is too long is refused or, by a lossy client, becomes what it
/// becomes in an entry. Masks see it whole.
fn default_id<'t>(
    which: DefaultField,
    text: &'t str,
    is_lossy: bool,
    control: Option<&Control>,
) -> Result<Cow<'t, str>> {
    let (name, field) = match which {
        DefaultField::User => ("user_id", "userId"),
        DefaultField::Session => ("session_id", "sessionId"),
    };
    match check_length(name, text, 0, entry::ID) {
        Ok(()) => Ok(Cow::Borrowed(text)),
        Err(error) if !is_lossy => Err(error),
        Err(_) => {
            let masked =
                control.map_or(Cow::Borrowed(text), |control| control.rewrite_text(LOG_ENTRY, field, text));
            Ok(Cow::Owned(lossy::head_and_hash(&masked, entry::ID).into_owned()))
        }
    }
}

/// Appends one entry as it may leave.
#[cold]
#[inline(never)]
fn append_through(control: &Control, pipeline: &Pipeline, entry: &[u8]) -> Result<()> {
    let rewritten: &mut Buffer = &mut scratch::lend();
    match control.rewrite(Records::Entries, LOG_ENTRY, entry, rewritten) {
        // Not by the call that is compiled in line where nothing is rewritten.
        true => pipeline.append_parts(KIND_ENTRY, &[rewritten]),
        false => Ok(()),
    }
}

fn open(config: &ClientConfig, protocol: Option<&Arc<StructuredLog>>) -> Option<Pipeline> {
    let settings = &config.settings;
    let (protocol, spool): (Arc<dyn Protocol>, _) = match &config.otlp {
        _ if config.disabled => return None,
        Some(otlp) => {
            let identity = format!("{} {}", config.source, otlp.identity());
            let spool = settings.spool("otlp-logs", &identity, &otlp.secret());
            (Arc::new(Logs::new(otlp.clone())), spool)
        }
        None => {
            let protocol: Arc<StructuredLog> = Arc::clone(protocol?);
            (protocol, settings.spool("structured", &config.source, config.api_key.as_ref()?))
        }
    };
    let spool = spool::Options { wake_records: config.batch_size.into(), ..spool };
    let pipeline = settings.pipeline("maxim-log-write", spool, protocol, Some(config.flush_interval));
    Some(Pipeline::open(PipelineConfig { backoff: config.backoff, ..pipeline }))
}
