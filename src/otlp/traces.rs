//! How the lines of a logger travel to an endpoint of OTLP, in two steps with a spool each.
//!
//! [`LineFolding`] folds lines into spans. A batch of lines has left when the spans that it finished are in the second
//! spool, and the entities that it leaves open are in the first again, each as one record: lines of an entity that
//! stays open for hours pin no segment, and after a crash nothing that was accepted is missing. Such a record comes
//! round with each flush interval, and goes back as long as its entity is open.
//!
//! [`Spans`] sends what is finished. A span that was put there twice, by a crash between the steps, has the same id
//! twice.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::config::OtlpConfig;
use super::encode::{self, Signal};
use super::export::Exporter;
use super::fold::{FOLDED, FoldOptions, Folder, OtherLives};
use super::model::{Leave, LogRecord, OtlpSpan};
use crate::delivery::{Framing, Http, Outcome, Pipeline, Protocol};
use crate::process::clock;
use crate::process::unique::Uuid;
use crate::spool::{self, BatchLimits, RecordKind};
use crate::status::Status;
use crate::sync::{Condvar, Mutex};

/// A line, or the record of an open entity.
pub const KIND_LINE: RecordKind = RecordKind(0);
/// A span as it stands in a request.
const KIND_SPAN: RecordKind = RecordKind(0);
/// A log record as it stands in a request.
const KIND_LOG: RecordKind = RecordKind(1);

/// Backends take a megabyte at least (New Relic: exactly that, compressed).
const MAX_BATCH_BYTES: usize = 900 << 10;
/// So much is folded at a time: a segment.
const MAX_FOLDED_BYTES: usize = 1 << 20;
/// While the second spool takes nothing.
const FULL_PAUSE: Duration = Duration::from_secs(1);

/// The first step: lines become spans.
pub struct LineFolding {
    state: Mutex<FoldState>,
    spans: Arc<Pipeline>,
    lines: Mutex<Option<Weak<Pipeline>>>,
    /// They have been named.
    named: Condvar,
    /// The number of purges when records were last read.
    read_at: AtomicU64,
    /// Whether those were of a dead owner.
    is_adopted: AtomicBool,
    /// So many bytes of what waits in the first spool were put back there.
    put_back: AtomicU64,
}

struct FoldState {
    folder: Folder<Ready>,
    /// How often all has been purged.
    purges: u64,
    /// Lines that have been folded and could not be acknowledged since: its own, and of dead owners.
    folded: [Vec<u8>; 2],
    /// How many bytes of these, its own, had been put back.
    came_round: u64,
    /// What is to be put back into the first spool, in this order.
    open: VecDeque<Vec<u8>>,
}

/// What is to be put into the second spool, as it will stand in a request.
struct Ready {
    encoding: encode::Encoding,
    pieces: Vec<u8>,
    /// The kind of each piece, and where it ends.
    ends: Vec<(RecordKind, usize)>,
    /// How many have been put there.
    put: usize,
}

impl Ready {
    fn new(encoding: encode::Encoding) -> Ready {
        Ready { encoding, pieces: Vec::new(), ends: Vec::new(), put: 0 }
    }

    /// The next piece.
    fn next(&self) -> Option<(RecordKind, &[u8])> {
        let (kind, end) = *self.ends.get(self.put)?;
        let start = self.put.checked_sub(1).map_or(0, |before| self.ends[before].1);
        Some((kind, &self.pieces[start..end]))
    }

    fn is_empty(&self) -> bool {
        self.put == self.ends.len()
    }

    fn clear(&mut self) {
        self.pieces.clear();
        self.ends.clear();
        self.put = 0;
    }
}

impl Leave for Ready {
    fn span(&mut self, span: OtlpSpan<'_>) {
        encode::push_span(&mut self.pieces, &span, self.encoding);
        self.ends.push((KIND_SPAN, self.pieces.len()));
    }

    fn log(&mut self, record: LogRecord<'_>) {
        encode::push_log(&mut self.pieces, &record, self.encoding);
        self.ends.push((KIND_LOG, self.pieces.len()));
    }
}

impl LineFolding {
    /// Lines whose spans go into a pipeline.
    pub fn new(config: &OtlpConfig, spans: Arc<Pipeline>) -> LineFolding {
        let options = FoldOptions { incomplete_after: config.incomplete_after };
        let ready = Ready::new(config.encoding);
        let state = FoldState {
            folder: Folder::leaving_to(ready, Uuid::new().as_str(), options),
            purges: 0,
            folded: Default::default(),
            came_round: 0,
            open: VecDeque::new(),
        };
        LineFolding {
            state: Mutex::new(state),
            spans,
            lines: Mutex::default(),
            named: Condvar::new(),
            read_at: AtomicU64::new(0),
            is_adopted: AtomicBool::new(false),
            put_back: AtomicU64::new(0),
        }
    }

    /// Names the pipeline that these lines are in, to put back what is open.
    pub fn set_pipeline(&self, lines: Weak<Pipeline>) {
        *self.lines.lock() = Some(lines);
        self.named.notify_all();
    }

    /// That pipeline, whose thread may be there before it is named; `None` once it has been closed.
    fn pipeline(&self) -> Option<Arc<Pipeline>> {
        let mut lines = self.lines.lock();
        loop {
            match &*lines {
                Some(lines) => return lines.upgrade(),
                None => self.named.wait(&mut lines),
            }
        }
    }

    /// Folds what has not been folded by an attempt that failed later, of the same owners' lines.
    fn fold(state: &mut FoldState, are_adopted: bool, body: &[u8]) {
        let now_ns = clock::now_us() as u64 * 1_000;
        let new = match still_there(&state.folded[usize::from(are_adopted)], body) {
            Some(folded) => body.get(folded.len()..).unwrap_or_default(),
            None => body,
        };
        // Seen at one go, if it is text.
        let text = std::str::from_utf8(new).ok();
        let mut start = 0;
        while start < new.len() {
            let end = memchr::memchr(b'\n', &new[start..]).map_or(new.len(), |length| start + length);
            let line = &new[start..end];
            if !line.is_empty() {
                if !are_adopted && line.starts_with(FOLDED.as_bytes()) {
                    state.came_round += spool::record_size(line.len()) as u64;
                }
                let folded = match text {
                    Some(text) => state.folder.text(&text[start..end], now_ns),
                    None => state.folder.line(line, now_ns),
                };
                if let Err(why) = folded {
                    state.folder.unreadable(line, &why, now_ns);
                }
            }
            start = end + 1;
        }
        state.folder.expire(now_ns);
    }

    /// Puts what is finished into the second spool and what is open into the first.
    fn pass_on(&self, state: &mut FoldState, lines: &Pipeline) -> Result<(), (Status, String)> {
        let put = |pipeline: &Pipeline, kind: RecordKind, record: &[u8]| match pipeline.append(kind, record) {
            // It can be kept nowhere.
            Err(error) if error.status == Status::TooLarge => {
                pipeline
                    .remark(Status::TooLarge, "a span is too large to be kept, and is dropped".to_owned());
                Ok(false)
            }
            Err(error) => Err((error.status, error.into_detail())),
            Ok(()) => Ok(true),
        };
        // Before what has left: what is too large to be kept leaves as it is asked for.
        let changed = state.folder.changed();
        state.open.extend(changed.into_iter().filter_map(|kept| kept.record));
        let ready = state.folder.out();
        let any = !ready.is_empty();
        while let Some((kind, record)) = ready.next() {
            put(&self.spans, kind, record)?;
            ready.put += 1;
        }
        ready.clear();
        if any {
            self.spans.nudge();
        }
        while let Some(record) = state.open.front() {
            if put(lines, KIND_LINE, record)? {
                let bytes = spool::record_size(record.len()) as u64;
                self.put_back.fetch_add(bytes, Ordering::Relaxed);
            }
            state.open.pop_front();
        }
        Ok(())
    }
}

impl Protocol for LineFolding {
    fn limits(&self) -> BatchLimits {
        BatchLimits { max_bytes: MAX_FOLDED_BYTES, max_records: usize::MAX, per_record_overhead: 1 }
    }

    /// What says that an entity began is not acknowledged without what says that it ended, if both were folded.
    fn is_whole(&self) -> bool {
        true
    }

    fn send_batch(&self, _http: &mut Http, body: &[u8], records: usize, _deadline: Instant) -> Outcome {
        let Some(lines) = self.pipeline() else {
            return Outcome::Left { why: "left for the next logger: this one has been freed".to_owned() };
        };
        let state = &mut *self.state.lock();
        if self.read_at.load(Ordering::Relaxed) != state.purges {
            // What is still there of it is read again.
            return Outcome::Retry { after: None, why: "records have been purged meanwhile".to_owned() };
        }
        let are_read = self.is_adopted.load(Ordering::Relaxed);
        let these = if are_read { records as u64 } else { 0 };
        let wait = lines.spool().adopted_held() > these;
        let are_ready = wait && lines.spool().adopted_readable() > these;
        state.folder.set_others(OtherLives { are_read, wait, are_ready });
        LineFolding::fold(state, are_read, body);
        let passed_on = self.pass_on(state, &lines);
        let folded = &mut state.folded[usize::from(are_read)];
        match passed_on {
            Ok(()) => {
                let came_round = std::mem::take(&mut state.came_round);
                let put_back = self.put_back.load(Ordering::Relaxed).saturating_sub(came_round);
                // Some may have been dropped, and do not come round.
                self.put_back.store(put_back.min(lines.spool().own_bytes_held()), Ordering::Relaxed);
                let rest = still_there(folded, body).and_then(|folded| folded.get(body.len()..));
                let rest = rest.unwrap_or_default();
                *folded = rest.strip_prefix(b"\n").unwrap_or(rest).to_vec();
                Outcome::Delivered
            }
            Err((status, why)) => {
                let longer = still_there(folded, body).filter(|folded| folded.len() > body.len());
                *folded = longer.unwrap_or(body).to_vec();
                match status {
                    Status::Closed => Outcome::Left { why: not_ended(state.folder.open()) },
                    _ => Outcome::Retry { after: Some(FULL_PAUSE), why: format!("spans: {why}") },
                }
            }
        }
    }

    fn before_reading(&self) {
        self.read_at.store(self.state.lock().purges, Ordering::Relaxed);
    }

    fn has_read(&self, is_adopted: bool) {
        self.is_adopted.store(is_adopted, Ordering::Relaxed);
    }

    fn put_back_bytes(&self) -> u64 {
        self.put_back.load(Ordering::Relaxed)
    }

    fn purge(&self) -> bool {
        let state = &mut *self.state.lock();
        state.purges += 1;
        let had = state.folder.open() > 0 || !state.folder.out().is_empty() || !state.open.is_empty();
        state.folder.purge();
        state.folder.out().clear();
        state.open.clear();
        state.folded = Default::default();
        state.came_round = 0;
        self.put_back.store(0, Ordering::Relaxed);
        had
    }
}

/// Why lines of a closed logger are left: so many entities are open.
fn not_ended(open: usize) -> String {
    match open {
        0 => "spans could not be passed on in time, and their lines are left for the next logger".to_owned(),
        1 => "1 entity has not ended and is left for the next logger".to_owned(),
        _ => format!("{open} entities have not ended and are left for the next logger"),
    }
}

/// What of the lines that have been folded is at the beginning of these: all, or without the first ones, which may have
/// been dropped meanwhile to make room. Either may be the longer.
fn still_there<'a>(folded: &'a [u8], lines: &[u8]) -> Option<&'a [u8]> {
    let starts = std::iter::once(0).chain(memchr::memchr_iter(b'\n', folded).map(|at| at + 1));
    let rests = starts.map(|start| &folded[start..]);
    rests.filter(|rest| !rest.is_empty()).find(|rest| begins_with(lines, rest) || begins_with(rest, lines))
}

/// Whether lines begin with these ones.
fn begins_with(lines: &[u8], first: &[u8]) -> bool {
    lines.strip_prefix(first).is_some_and(|rest| rest.is_empty() || rest[0] == b'\n')
}

/// The second step: spans are sent.
pub struct Spans {
    exporter: Exporter,
}

impl Spans {
    /// The endpoint that a configuration names.
    pub fn new(config: OtlpConfig) -> Spans {
        Spans { exporter: Exporter::new(config) }
    }

    fn send(&self, http: &mut Http, signal: Signal, pieces: &[u8], deadline: Instant) -> Outcome {
        let config = self.exporter.config();
        let url = match signal {
            Signal::Traces => &config.traces_url,
            Signal::Logs => &config.logs_url,
        };
        let request = encode::request(signal, &config.named_resource(), pieces, config.encoding);
        self.exporter.send(http, url, &request, deadline)
    }

    /// Asks whether the endpoint takes an empty request.
    pub fn check(&self, http: &mut Http, deadline: Instant) -> Outcome {
        let config = self.exporter.config();
        let empty = encode::requests(Signal::Traces, &[], config.encoding);
        self.exporter.send(http, &config.traces_url, &empty, deadline)
    }
}

impl Protocol for Spans {
    fn limits(&self) -> BatchLimits {
        BatchLimits { max_bytes: MAX_BATCH_BYTES, max_records: usize::MAX, per_record_overhead: 1 }
    }

    fn framing(&self) -> Framing {
        Framing { prefix: b"", separator: encode::separator(self.exporter.config().encoding), suffix: b"" }
    }

    fn send_batch(&self, http: &mut Http, body: &[u8], _records: usize, deadline: Instant) -> Outcome {
        self.send(http, Signal::Traces, body, deadline)
    }

    fn send_alone(&self, http: &mut Http, kind: RecordKind, payload: &[u8], deadline: Instant) -> Outcome {
        match kind {
            KIND_LOG => self.send(http, Signal::Logs, payload, deadline),
            _ => Outcome::unknown_kind(kind),
        }
    }
}
