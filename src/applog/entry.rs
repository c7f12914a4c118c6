//! One entry: its members, the service's limits, and its JSON.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use crate::control::Control;
use crate::status::{Error, Result, Status};
use crate::text::buffer::Buffer;
use crate::text::escape;
use crate::text::json::{self, Kind, Shape};
use crate::text::lossy;
use crate::text::object::{Json, Key, Object, key};
use crate::text::scratch;

/// What a mask is told instead of an entity.
pub(super) const LOG_ENTRY: i32 = -1;

/// The severity of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Diagnostic detail.
    Debug,
    /// Normal operation.
    Info,
    /// Unexpected but recoverable.
    Warn,
    /// A failure.
    Error,
}

impl Level {
    /// Every level, in the order of its number in the ABI.
    pub const ALL: [Level; 4] = [Level::Debug, Level::Info, Level::Warn, Level::Error];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        }
    }
}

// The service's limits, in code points.
const MESSAGE: usize = 10_000;
const ERROR_NAME: usize = 200;
const ERROR_STACK: usize = 10_000;
/// Of a user's, session's or request's id.
pub const ID: usize = 100;
/// Of a dataset's name and a flow's id.
pub const NAME: usize = 50;
const IP_ADDRESS: usize = 100;
const COUNTRY: usize = 10;
const TAGS: usize = 20;
const TAG: usize = 50;
/// Step indices go from 0 to this.
pub const MAX_STEP_INDEX: i32 = 1_000;

/// Everything that an entry can say; what is absent is left out.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    /// How bad it is.
    pub level: Level,
    /// What happened, 1 to 10,000 characters.
    pub message: &'a str,
    /// An object of whatever belongs to it.
    pub data: Option<Json<'a>>,
    /// An error's message, which becomes `data.message`.
    pub error_message: Option<&'a str>,
    /// Whom it concerns, up to 100 characters; the client's default when absent.
    pub user_id: Option<&'a str>,
    /// In which session, up to 100 characters; the client's default when absent.
    pub session_id: Option<&'a str>,
    /// In which request, up to 100 characters.
    pub request_id: Option<&'a str>,
    /// The kind of error, up to 200 characters.
    pub error_name: Option<&'a str>,
    /// Where it came from, up to 10,000 characters.
    pub error_stack: Option<&'a str>,
    /// An array of up to 20 strings of up to 50 characters.
    pub tags: Option<Json<'a>>,
    /// The flow it is a step of, up to 50 characters.
    pub flow_id: Option<&'a str>,
    /// Which step, 0 to 1,000.
    pub step_index: Option<i32>,
    /// Another dataset than the client's, up to 50 characters.
    pub dataset: Option<&'a str>,
    /// When, in Unix milliseconds.
    pub timestamp_ms: i64,
    /// From where, up to 100 characters.
    pub ip_address: Option<&'a str>,
    /// From which country, up to 10 characters.
    pub country: Option<&'a str>,
}

impl<'a> Entry<'a> {
    /// An entry with nothing but a message.
    pub fn new(level: Level, message: &'a str, timestamp_ms: i64) -> Entry<'a> {
        Entry {
            level,
            message,
            data: None,
            error_message: None,
            user_id: None,
            session_id: None,
            request_id: None,
            error_name: None,
            error_stack: None,
            tags: None,
            flow_id: None,
            step_index: None,
            dataset: None,
            timestamp_ms,
            ip_address: None,
            country: None,
        }
    }

    /// Writes the entry's own members. What has to be cut stays whole for a [`Control`], which cuts it when it has masked
    /// it: a secret must not lose the half by which it is known, and no text is masked twice.
    #[inline(always)]
    pub(super) fn write(&self, line: &mut Object<'_>, control: Option<&Control>) -> Result<()> {
        line.plain(key!("level"), self.level.name());
        text(line, key!("message"), "message", self.message, 1..=MESSAGE, (lossy::head_and_tail, control))?;
        self.write_data(line)?;
        if let Some(tags) = self.tags {
            write_tags(line, tags, control)?;
        }
        identified(line, key!("requestId"), "request_id", self.request_id, control)?;
        limited(line, key!("errorName"), "error_name", self.error_name, ERROR_NAME, control)?;
        if let Some(stack) = self.error_stack {
            let cut: Cutting<'_> = (lossy::head_and_tail, control);
            text(line, key!("errorStack"), "error_stack", stack, 0..=ERROR_STACK, cut)?;
        }
        limited(line, key!("flowId"), "flow_id", self.flow_id, NAME, control)?;
        if let Some(mut step) = self.step_index {
            if lossy::active() {
                step = step.clamp(0, MAX_STEP_INDEX);
            }
            if !(0..=MAX_STEP_INDEX).contains(&step) {
                let reason = format!("step_index: {step} is not in 0 to {MAX_STEP_INDEX}");
                return Err(Error::new(Status::InvalidArgument, reason));
            }
            line.integer(key!("stepIndex"), step.into());
        }
        limited(line, key!("ipAddress"), "ip_address", self.ip_address, IP_ADDRESS, control)?;
        limited(line, key!("country"), "country", self.country, COUNTRY, control)?;
        line.integer(key!("timestamp"), self.timestamp_ms);
        Ok(())
    }

    fn write_data(&self, line: &mut Object<'_>) -> Result<()> {
        match (self.data, self.error_message) {
            (data, Some(message)) => {
                let object: &mut Buffer = &mut scratch::lend();
                if let Some(data) = data {
                    data.compact(Shape::Object, object)?;
                }
                line.object(key!("data"), |members| {
                    members.splice(object);
                    members.text(key!("message"), message);
                });
                Ok(())
            }
            (Some(data), None) => line.json(key!("data"), data, Shape::Object),
            (None, None) => Ok(()),
        }
    }
}

fn write_tags(line: &mut Object<'_>, tags: Json<'_>, control: Option<&Control>) -> Result<()> {
    let list: &mut Buffer = &mut scratch::lend();
    tags.compact(Shape::Array, list)?;
    match check_tags(list) {
        Ok(()) => line.compacted(key!("tags"), list),
        Err(_) if lossy::active() => write_fitting_tags(line, list, control),
        Err(error) => return Err(error),
    }
    Ok(())
}

fn check_tags(list: &[u8]) -> Result<()> {
    let refuse = |reason: String| Err(Error::new(Status::InvalidArgument, format!("tags: {reason}")));
    let count = json::elements(list).count();
    if count > TAGS {
        return refuse(format!("at most {TAGS} are taken, not {count}"));
    }
    for tag in json::elements(list) {
        if json::kind(tag) != Kind::String {
            return refuse("every tag is a string".to_owned());
        }
        // An escape is at least as long as the character that it stands for, so a short text is
        // short however it is written.
        if tag.len() - 2 > TAG {
            let text: String = serde_json::from_slice(tag).unwrap_or_default();
            check_length("tags", &text, 0, TAG)?;
        }
    }
    Ok(())
}

/// Writes the first tags, as many as are taken, each cut to its limit; one that is no string as its JSON text.
fn write_fitting_tags(line: &mut Object<'_>, list: &[u8], control: Option<&Control>) {
    line.written(key!("tags"), |out| {
        out.push(b'[');
        for (index, tag) in json::elements(list).take(TAGS).enumerate() {
            let text: String = serde_json::from_slice(tag).unwrap_or_else(|_| lossy::utf8(tag).into_owned());
            if index > 0 {
                out.push(b',');
            }
            match control {
                Some(_) => escape::push_string(out, &text),
                None => escape::push_string(out, &lossy::head(&text, TAG)),
            }
        }
        out.push(b']');
    });
}

/// Writes a text within its limit, if there is one.
#[inline(always)]
pub(super) fn limited(
    line: &mut Object<'_>,
    member: Key,
    name: &str,
    text: Option<&str>,
    most: usize,
    control: Option<&Control>,
) -> Result<()> {
    if let Some(text) = text {
        self::text(line, member, name, text, 0..=most, (lossy::head, control))?;
    }
    Ok(())
}

/// Writes the id of a user, session or request within its limit, if there is one.
#[inline(always)]
pub(super) fn identified(
    line: &mut Object<'_>,
    member: Key,
    name: &str,
    id: Option<&str>,
    control: Option<&Control>,
) -> Result<()> {
    if let Some(id) = id {
        text(line, member, name, id, 0..=ID, (lossy::head_and_hash, control))?;
    }
    Ok(())
}

/// How a text that is too long is cut in a lossy call, and who masks it before that.
type Cutting<'c> = (fn(&str, usize) -> Cow<'_, str>, Option<&'c Control>);

/// Writes a text within its limits, in code points; in a lossy call, what it is cut to.
#[inline(always)]
fn text(
    line: &mut Object<'_>,
    member: Key,
    name: &str,
    text: &str,
    limits: RangeInclusive<usize>,
    cut: Cutting<'_>,
) -> Result<()> {
    // No text has more code points than bytes.
    if limits.contains(&text.len()) {
        line.text(member, text);
        return Ok(());
    }
    long_text(line, member, (name, text), limits, cut)
}

#[cold]
#[inline(never)]
fn long_text(
    line: &mut Object<'_>,
    member: Key,
    (name, text): (&str, &str),
    limits: RangeInclusive<usize>,
    (cut, control): Cutting<'_>,
) -> Result<()> {
    let most = *limits.end();
    let Err(error) = check_length(name, text, *limits.start(), most) else {
        line.text(member, text);
        return Ok(());
    };
    // With a limit for each field, what may be long is cut and marked, not refused.
    let is_cut = control.is_some_and(|control| control.cuts() && most >= MESSAGE && !text.is_empty());
    match control {
        _ if !is_cut && !lossy::active() => return Err(error),
        _ if text.is_empty() => line.text(member, EMPTY),
        // Cut by it, when it is masked.
        Some(_) => line.text(member, text),
        None => line.text(member, &cut(text, most)),
    }
    Ok(())
}

/// Stands for a message that is empty, which the service does not take.
const EMPTY: &str = "(empty message)";

/// Checks a text's length in code points.
pub(super) fn check_length(name: &str, text: &str, least: usize, most: usize) -> Result<()> {
    // No text has more code points than bytes.
    if text.len() >= least && text.len() <= most {
        return Ok(());
    }
    let length = text.chars().count();
    if (least..=most).contains(&length) {
        return Ok(());
    }
    let reason = match most {
        usize::MAX => format!("{name}: at least {least} characters are needed, not {length}"),
        _ => format!("{name}: {least} to {most} characters are taken, not {length}"),
    };
    Err(Error::new(Status::InvalidArgument, reason))
}
