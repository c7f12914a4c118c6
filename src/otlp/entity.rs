//! An entity that is open: what its lines have said so far, as they said it.
//!
//! What it all comes to ([`FoldedEntity::data`]) is seen to when it leaves or is kept: members of updates take the place of
//! earlier ones; tags, metadata, metrics, parameters and costs are merged by key, messages come one after the other,
//! and what happened at a time is kept in order.

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;

use super::data::{ADDED, Data, MemberValue, Places};
use super::ids;
use super::json::{JsonText, Members, ObjectWriter, find, named, push_list};
use crate::text::time::parse_rfc3339;

/// One line of the log API, taken apart.
#[derive(Debug)]
pub struct Line<'a> {
    /// `trace`, `generation` …
    pub kind: &'a str,
    /// Whose line it is.
    pub id: &'a str,
    /// `create`, `update` …
    pub action: &'a str,
    /// The members: an object, if the line is one.
    pub data: &'a str,
}

impl<'a> Line<'a> {
    /// Takes a line apart.
    pub fn parse(line: &'a str) -> Result<Line<'a>, String> {
        let parts = || {
            let (kind, rest) = cut(line, "{id=")?;
            let (id, rest) = cut(rest, ",action=")?;
            let (action, rest) = cut(rest, ",data=")?;
            Some((kind, id, action, rest.strip_suffix('}')?))
        };
        let (kind, id, action, data) = parts().ok_or("no line of the log API")?;
        Ok(Line { kind, id, action, data })
    }

    /// The members, all of which have been seen.
    pub fn json(&self) -> Result<JsonText<'a>, String> {
        Ok(JsonText::parse(self.data).filter(|data| data.is_object()).ok_or(NO_OBJECT)?)
    }
}

const NO_OBJECT: &str = "its data is no JSON object";

/// What stands before and behind a mark, which is compared in place.
#[inline(always)]
fn cut<'a>(text: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    let (bytes, mark) = (text.as_bytes(), mark.as_bytes());
    let mut at = 0;
    loop {
        at = find(bytes, at, *mark.first()?)?;
        if bytes[at..].starts_with(mark) {
            return Some((&text[..at], &text[at + mark.len()..]));
        }
        at += 1;
    }
}

/// What an entity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntityKind {
    /// One request through the application.
    Trace,
    /// A step of it.
    Span,
    /// One call of a model.
    Generation,
    /// One look-up of documents.
    Retrieval,
    /// One call of a tool.
    ToolCall,
}

impl EntityKind {
    /// The kind of that name.
    pub fn of(name: &str) -> Option<EntityKind> {
        Some(match name {
            "trace" => EntityKind::Trace,
            "span" => EntityKind::Span,
            "generation" => EntityKind::Generation,
            "retrieval" => EntityKind::Retrieval,
            "tool_call" => EntityKind::ToolCall,
            _ => return None,
        })
    }

    /// Its name in lines.
    pub const fn name(self) -> &'static str {
        match self {
            EntityKind::Trace => "trace",
            EntityKind::Span => "span",
            EntityKind::Generation => "generation",
            EntityKind::Retrieval => "retrieval",
            EntityKind::ToolCall => "tool_call",
        }
    }
}

/// A trace, as all of its entities know it.
#[derive(Debug, PartialEq, Eq)]
pub struct OtlpTrace {
    /// The program's id.
    pub id: Box<str>,
    /// What is made of it.
    pub trace_id: [u8; 16],
}

impl OtlpTrace {
    /// The trace of an id.
    pub fn of(id: &str) -> Arc<OtlpTrace> {
        Arc::new(OtlpTrace { id: id.into(), trace_id: ids::trace_id(id) })
    }
}

/// Whom an entity is below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parent {
    /// What it is.
    pub kind: EntityKind,
    /// Its id.
    pub id: Box<str>,
    /// Its span id, once it has been made.
    pub span_id: Option<[u8; 8]>,
}

/// Something that happened to an entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// The line's action.
    pub action: Box<str>,
    /// Its members, as JSON.
    pub data: Box<str>,
}

/// Room that is kept for another entity has so many bytes at most.
const SMALL: usize = 4 << 10;

/// An entity that is open.
#[derive(Debug)]
pub struct FoldedEntity {
    /// What it is.
    pub kind: EntityKind,
    /// Its id.
    pub id: Box<str>,
    /// The trace it belongs to, if that is known.
    pub trace: Option<Arc<OtlpTrace>>,
    /// The session of that trace.
    pub session: Option<Arc<str>>,
    /// The entity above it.
    pub parent: Option<Parent>,
    /// Its span id, once it has been made.
    pub span_id: Option<[u8; 8]>,
    /// Whether the line has come that it begins with.
    pub created: bool,
    /// When it began, in Unix microseconds.
    pub start_us: Option<i64>,
    /// When it ended.
    pub end_us: Option<i64>,
    /// When its first line was folded, in Unix nanoseconds.
    pub seen_ns: u64,
    /// When its last one was.
    pub touched_ns: u64,
    /// What is said of it: objects one after the other, the later ones above the earlier.
    said: String,
    /// Where their members stand.
    places: Places,
    /// What happened to it, in order.
    pub happened: Vec<Happened>,
}

/// What folding itself wants to know of a line's members.
#[derive(Default)]
pub struct Known<'a> {
    /// The id of what it begins.
    pub id: Option<Cow<'a, str>>,
    /// The span that a generation is below.
    pub span: Option<Cow<'a, str>>,
    start_us: Option<i64>,
    end_us: Option<i64>,
    session: Option<Cow<'a, str>>,
    /// Whether anything else is said.
    has_more: bool,
    /// Where all members stand but those that only an entity's own fields come from.
    places: Places,
}

impl<'a> Known<'a> {
    /// Looks through a line's members, which are one object.
    pub fn of(data: &'a str) -> Result<Known<'a>, String> {
        let mut known = Known::default();
        let mut members = Members::unseen(data);
        while let Some((name, has_escapes, place)) = members.scan_next() {
            let value = JsonText::seen(&data[place.clone()]);
            match &*named(&data[name.clone()], has_escapes) {
                "id" => known.id = value.text(),
                "startTimestamp" => known.start_us = value.text().and_then(|text| time(&text)),
                "endTimestamp" => known.end_us = value.text().and_then(|text| time(&text)),
                "sessionId" if value.is_text() => known.session = value.text(),
                other => {
                    match other {
                        "spanId" => known.span = value.text(),
                        _ => known.has_more = true,
                    }
                    known.places.add(name, has_escapes, place);
                }
            }
        }
        if members.rest() != Some("") {
            return Err(NO_OBJECT.to_owned());
        }
        known.has_more |= known.span.is_some();
        Ok(known)
    }
}

impl FoldedEntity {
    /// One of which nothing is known yet.
    pub fn new(kind: EntityKind, id: &str, now_ns: u64) -> FoldedEntity {
        let mut entity = FoldedEntity {
            kind,
            id: Box::default(),
            trace: None,
            session: None,
            parent: None,
            span_id: None,
            created: false,
            start_us: None,
            end_us: None,
            seen_ns: now_ns,
            touched_ns: now_ns,
            said: String::new(),
            places: Places::default(),
            happened: Vec::new(),
        };
        entity.begin(kind, id, now_ns);
        entity
    }

    /// Becomes one of which nothing is known yet.
    pub fn begin(&mut self, kind: EntityKind, id: &str, now_ns: u64) {
        self.kind = kind;
        self.id = id.into();
        self.trace = (kind == EntityKind::Trace).then(|| OtlpTrace::of(id));
        self.session = None;
        self.parent = None;
        self.span_id = None;
        self.created = false;
        (self.start_us, self.end_us) = (None, None);
        (self.seen_ns, self.touched_ns) = (now_ns, now_ns);
        self.empty();
    }

    /// Forgets what was said of it.
    pub fn empty(&mut self) {
        self.said.clear();
        self.places = Places::default();
        self.happened.clear();
    }

    /// Whether another one may be made in the room that this one has.
    pub fn is_small(&self) -> bool {
        self.said.capacity() <= SMALL && self.happened.capacity() <= SMALL / size_of::<Happened>()
    }

    /// Whether nothing more is waited for.
    pub fn is_finished(&self) -> bool {
        self.created && self.end_us.is_some()
    }

    /// Its span id within a trace.
    pub fn span_id(&mut self, trace: &OtlpTrace) -> [u8; 8] {
        *self.span_id.get_or_insert_with(|| ids::span_id(&trace.id, self.kind.name(), &self.id))
    }

    /// It begins. What was said before is said above it.
    pub fn create(&mut self, data: &str, known: &Known<'_>) {
        self.created = true;
        self.start_us = known.start_us.or(self.start_us);
        if let Some(session) = &known.session {
            self.session = Some((**session).into());
        }
        if self.said.is_empty() {
            // No longer than it needs to be: most entities say nothing more of themselves.
            self.said.reserve_exact(data.len());
            self.said.push_str(data);
            self.places = known.places;
        } else {
            self.said.insert_str(0, data);
            self.places = Places::unknown();
        }
    }

    /// Anything else of it.
    pub fn apply(&mut self, action: &str, data: &str, known: &Known<'_>, now_ns: u64) {
        if matches!(action, "add-event" | "add-error" | "add-feedback" | "add-attachment" | "evaluate") {
            self.happened.push(Happened { action: action.into(), data: data.into() });
            return;
        }
        if action == "end" {
            let now_us = (now_ns / 1_000) as i64;
            self.end_us = known.end_us.or(self.end_us).or(Some(now_us));
        } else {
            self.start_us = known.start_us.or(self.start_us);
            self.end_us = known.end_us.or(self.end_us);
        }
        if let Some(session) = &known.session {
            self.session = Some((**session).into());
        }
        if known.has_more {
            self.places.extend(&known.places, self.said.len());
            self.said.push_str(data);
        }
    }

    /// What it all comes to.
    pub fn data(&self) -> Data<'_> {
        Data::of(&self.said, &self.places, self.kind == EntityKind::Generation)
    }

    /// Takes over what an earlier life had folded. Lines of it that were folded again since (it ended before they
    /// were acknowledged) do not stand twice.
    pub fn merge_earlier(&mut self, mut earlier: FoldedEntity) {
        let mut both = String::new();
        {
            let (early, late) = (earlier.data(), self.data());
            early.write(&mut both);
            let known: Vec<JsonText<'_>> = early.get(ADDED).map(MemberValue::elements).unwrap_or_default();
            late.write_but(&mut both, |name, element| name == ADDED && known.contains(&element));
        }
        self.said = both;
        self.places = Places::unknown();
        self.happened.retain(|item| !earlier.happened.contains(item));
        earlier.happened.append(&mut self.happened);
        self.happened = earlier.happened;
        self.created |= earlier.created;
        self.trace = self.trace.take().or(earlier.trace);
        self.session = self.session.take().or(earlier.session);
        self.parent = self.parent.take().or(earlier.parent);
        self.start_us = self.start_us.or(earlier.start_us);
        self.end_us = self.end_us.or(earlier.end_us);
        self.seen_ns = self.seen_ns.min(earlier.seen_ns);
        self.touched_ns = self.touched_ns.max(earlier.touched_ns);
    }

    /// Writes it as JSON, and keeps what it says in as few words from now on.
    pub fn write(&mut self, out: &mut String) {
        let mut data = String::with_capacity(self.said.len());
        self.data().write(&mut data);
        let mut object = ObjectWriter::begin(out);
        object.text("kind", self.kind.name());
        object.text("id", &self.id);
        if let Some(trace) = &self.trace {
            object.text("trace", &trace.id);
        }
        if let Some(session) = &self.session {
            object.text("session", session);
        }
        if let Some(parent) = &self.parent {
            push_list(object.name("parent"), [parent.kind.name(), &parent.id], super::json::push_text);
        }
        object.raw("created", if self.created { "true" } else { "false" });
        for (name, time) in [("start_us", self.start_us), ("end_us", self.end_us)] {
            if let Some(time) = time {
                object.raw(name, &time.to_string());
            }
        }
        object.raw("seen_ns", &self.seen_ns.to_string());
        object.raw("touched_ns", &self.touched_ns.to_string());
        object.raw("data", &data);
        push_list(object.name("happened"), &self.happened, |out, happened| {
            let mut object = ObjectWriter::begin(out);
            object.text("action", &happened.action);
            object.raw("data", &happened.data);
            object.end();
        });
        object.end();
        self.said = data;
        self.places = Places::unknown();
    }

    /// Reads what [`FoldedEntity::write`] wrote.
    pub fn read(json: JsonText<'_>) -> Option<FoldedEntity> {
        let kind = EntityKind::of(&json.text_at("kind")?)?;
        let mut entity = FoldedEntity::new(kind, &json.text_at("id")?, json.get("seen_ns")?.as_u64()?);
        entity.touched_ns = json.get("touched_ns")?.as_u64()?;
        entity.trace = json.text_at("trace").map(|id| OtlpTrace::of(&id));
        entity.session = json.text_at("session").map(|session| (*session).into());
        let mut parent =
            json.get("parent").into_iter().flat_map(JsonText::elements).filter_map(JsonText::text);
        if let (Some(kind), Some(id)) = (parent.next(), parent.next()) {
            entity.parent = Some(Parent { kind: EntityKind::of(&kind)?, id: (*id).into(), span_id: None });
        }
        entity.created = json.get("created")?.as_bool()?;
        entity.start_us = json.get("start_us").and_then(JsonText::as_i64);
        entity.end_us = json.get("end_us").and_then(JsonText::as_i64);
        entity.said = json.get("data").filter(|data| data.is_object())?.raw().to_owned();
        entity.places = Places::unknown();
        for happened in json.get("happened")?.elements() {
            let (action, data) = (happened.text_at("action")?, happened.get("data")?.raw());
            entity.happened.push(Happened { action: (*action).into(), data: data.into() });
        }
        Some(entity)
    }
}

/// The length of a time as lines have it: `2026-01-02T03:04:05.000006+00:00`.
const TIME_BYTES: usize = 32;
/// Of that, the seconds.
const SECONDS_BYTES: usize = 19;

thread_local! {
    /// The second that was read last, as text and in Unix microseconds: most lines are of the same one.
    static SECOND: Cell<([u8; SECONDS_BYTES], i64)> = const { Cell::new(([0; SECONDS_BYTES], 0)) };
}

/// A time in Unix microseconds.
pub fn time(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let micros = (bytes.len() == TIME_BYTES && bytes[SECONDS_BYTES] == b'.' && bytes.ends_with(b"+00:00"))
        .then(|| &bytes[SECONDS_BYTES + 1..TIME_BYTES - 6])
        .filter(|digits| digits.iter().all(u8::is_ascii_digit))
        .map(|digits| digits.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')));
    let (Some(micros), Some(second)) = (micros, bytes.first_chunk::<SECONDS_BYTES>()) else {
        return parse_rfc3339(text);
    };
    let (last, us) = SECOND.get();
    if last == *second {
        return Some(us + micros);
    }
    let time = parse_rfc3339(text)?;
    SECOND.set((*second, time - micros));
    Some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_the_same_whatever_was_read_before() {
        for text in [
            "2026-01-02T03:04:05.000006+00:00",
            "2026-01-02T03:04:05.999999+00:00",
            "2026-01-02T03:04:06.000000+00:00",
            "1969-12-31T23:59:59.999999+00:00",
            "1969-12-31T23:59:59.000001+00:00",
            "2026-01-02T03:04:05.000006+02:00",
            "2026-01-02T03:04:05Z",
            "2026-02-30T03:04:05.000006+00:00",
            "2026-01-02T03:04:05.00000x+00:00",
            "",
        ] {
            assert_eq!(time(text), parse_rfc3339(text), "{text}");
            assert_eq!(time(text), parse_rfc3339(text), "{text}, again");
        }
    }

    #[test]
    fn an_entity_that_was_written_reads_as_it_was() {
        let mut entity = FoldedEntity::new(EntityKind::ToolCall, "c\"1", 5);
        let say = |entity: &mut FoldedEntity, text: &str| {
            entity.apply("update", text, &Known::of(text).unwrap(), 7);
        };
        say(&mut entity, r#"{"tags":{"a":"1","b":"2"},"name":"n"}"#);
        say(&mut entity, r#"{"tags":{"b":"3"},"endTimestamp":"2026-01-02T03:04:05Z","sessionId":"s"}"#);
        entity.apply("add-event", r#"{"name":"e"}"#, &Known::default(), 8);
        entity.parent = Some(Parent { kind: EntityKind::Span, id: "p".into(), span_id: Some([1; 8]) });
        let (mut first, mut second) = (String::new(), String::new());
        entity.write(&mut first);
        let mut read = FoldedEntity::read(JsonText::parse(&first).unwrap()).unwrap();
        read.write(&mut second);
        assert_eq!(first, second);
        let tags = read.data().get("tags").unwrap().json().raw().to_owned();
        assert_eq!(tags, r#"{"a":"1","b":"3"}"#);
        assert_eq!((read.end_us, read.session.as_deref()), (Some(1_767_323_045_000_000), Some("s")));
    }
}
