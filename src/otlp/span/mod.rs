//! The span that an entity becomes, and the log records for what belongs to none.
//!
//! Each span speaks both dialects of [`super::names`].
//!
//! | file | job |
//! |---|---|
//! | [`generation`] | a call of a model: parameters, result, tokens |
//! | [`messages`] | messages in both dialects |
//! | [`happened`] | events, and log records for what belongs to no open span |

mod generation;
mod happened;
mod messages;

pub use happened::{of_late, of_other, of_session, of_unknown, of_unreadable};

use std::borrow::Cow;

use super::data::Data;
use super::entity::{EntityKind, FoldedEntity, OtlpTrace};
use super::ids;
use super::json::{JsonText, ObjectWriter, push_list};
use super::model::{AttributeValue, Attributes, OtlpSpan, SpanKind};
use super::names::{COSTS, gen_ai, inference, own};

const JSON_TYPE: &str = "application/json";
const TEXT_TYPE: &str = "text/plain";
/// Most spans have fewer attributes.
const USUAL_ATTRIBUTES: usize = 16;

fn put<'a>(attributes: &mut Attributes<'a>, name: &'static str, value: impl Into<AttributeValue<'a>>) {
    attributes.push((name.into(), value.into()));
}

fn put_some<'a>(
    attributes: &mut Attributes<'a>,
    name: &'static str,
    value: Option<impl Into<AttributeValue<'a>>>,
) {
    if let Some(value) = value {
        put(attributes, name, value);
    }
}

/// One whose name is made.
fn put_named<'a>(
    attributes: &mut Attributes<'a>,
    name: String,
    value: Option<impl Into<AttributeValue<'a>>>,
) {
    if let Some(value) = value {
        attributes.push((name.into(), value.into()));
    }
}

fn prefixed(prefix: &str, name: &str) -> String {
    [prefix, name].concat()
}

fn nanoseconds(unix_us: i64) -> u64 {
    u64::try_from(unix_us).unwrap_or(0).saturating_mul(1_000)
}

/// The span of an entity that has ended, or is given up as incomplete.
pub fn of_entity<'a>(
    entity: &'a FoldedEntity,
    data: &Data<'a>,
    trace: &'a OtlpTrace,
    span_id: [u8; 8],
    is_incomplete: bool,
) -> OtlpSpan<'a> {
    let mut attributes = Attributes::with_capacity(USUAL_ATTRIBUTES);
    let (name, kind) = match entity.kind {
        EntityKind::Generation => generation::of(data, &mut attributes),
        EntityKind::Retrieval => retrieval(data, &mut attributes),
        EntityKind::ToolCall => tool_call(entity, data, &mut attributes),
        EntityKind::Trace | EntityKind::Span => step(entity, data, &mut attributes),
    };
    put(&mut attributes, own::TRACE_ID, &*trace.id);
    put(&mut attributes, own::ENTITY_ID, &*entity.id);
    put(&mut attributes, own::ENTITY_KIND, entity.kind.name());
    if let Some(session) = entity.session.as_deref() {
        put(&mut attributes, gen_ai::CONVERSATION, session);
        put(&mut attributes, gen_ai::SESSION, session);
    }
    rest(data, &mut attributes);
    if is_incomplete {
        put(&mut attributes, own::INCOMPLETE, true);
    }
    let start_ns = entity.start_us.map_or(entity.seen_ns, nanoseconds);
    let end_ns = entity.end_us.map_or(entity.touched_ns, nanoseconds).max(start_ns);
    let failure = data.json("error").or_else(|| data.get("result")?.get("error"));
    let mut error = failed(failure, &mut attributes);
    let mut events = Vec::new();
    let mut attachments = 0;
    for happened in &entity.happened {
        // It was JSON when it was said.
        let Some(said) = JsonText::parse(&happened.data) else { continue };
        if &*happened.action == "add-attachment" {
            attachment(attachments, said, &mut attributes);
            attachments += 1;
            continue;
        }
        if &*happened.action == "add-error" && error.is_none() {
            error = Some(said.text_at("message").unwrap_or_default());
            put_some(&mut attributes, gen_ai::ERROR_TYPE, error_type(said));
        }
        events.push(happened::event(&happened.action, said, end_ns));
    }
    if let Some(failure) = failure.filter(|failure| failure.members().next().is_some()) {
        events.push(happened::event("add-error", failure, end_ns));
    }
    let parent = match &entity.parent {
        Some(parent) => parent.span_id,
        None if entity.kind == EntityKind::Trace => ids::remote(&entity.id).map(|(_, parent)| parent),
        None => None,
    };
    let trace_id = trace.trace_id;
    OtlpSpan { trace_id, span_id, parent, name, kind, start_ns, end_ns, attributes, events, error }
}

/// Whether a member has attributes of its own; the others become `maxim.…`.
fn is_placed(member: &str) -> bool {
    matches!(
        member,
        "name"
            | "input"
            | "output"
            | "model"
            | "provider"
            | "messages"
            | "modelParameters"
            | "result"
            | "error"
            | "usage"
            | "docs"
            | "description"
            | "args"
            | "cost"
            | "type"
            | "feedback"
    )
}

fn rest<'a>(data: &Data<'a>, attributes: &mut Attributes<'a>) {
    for (name, member) in data.members() {
        let prefix = match &**name {
            "metadata" => own::METADATA,
            "tags" => own::TAG,
            "metrics" => own::METRIC,
            name => {
                if !is_placed(name) {
                    put_named(
                        attributes,
                        prefixed(own::MEMBER, name),
                        AttributeValue::of_json(member.json()),
                    );
                }
                continue;
            }
        };
        for (key, value) in member.members() {
            let value = match value.as_f64() {
                Some(number) if prefix == own::METRIC => Some(AttributeValue::Float(number)),
                _ => AttributeValue::of_json(value),
            };
            put_named(attributes, prefixed(prefix, &key), value);
        }
    }
    if let Some(cost) = data.get("cost") {
        for (member, name) in COSTS {
            put_some(attributes, name, cost.get(member).and_then(JsonText::as_f64));
        }
    }
}

/// A text, or an object `{"type", "value"}` of one.
fn content(value: JsonText<'_>) -> AttributeValue<'_> {
    AttributeValue::text_of(value.get("value").unwrap_or(value))
}

fn input_and_output<'a>(data: &Data<'a>, attributes: &mut Attributes<'a>) {
    put_some(attributes, inference::INPUT, data.json("input").map(content));
    put_some(attributes, inference::OUTPUT, data.json("output").map(content));
}

/// A trace or a span.
fn step<'a>(
    entity: &FoldedEntity,
    data: &Data<'a>,
    attributes: &mut Attributes<'a>,
) -> (Cow<'a, str>, SpanKind) {
    let says_agent = || {
        ["tags", "metadata"].iter().any(|name| {
            let said = data.get(name).and_then(|said| said.get("type").or_else(|| said.get("kind")));
            said.and_then(JsonText::text).is_some_and(|said| said.eq_ignore_ascii_case("agent"))
        })
    };
    let is_agent = entity.kind == EntityKind::Span && says_agent();
    put(attributes, inference::KIND, if is_agent { "AGENT" } else { "CHAIN" });
    if is_agent {
        put(attributes, gen_ai::OPERATION, "invoke_agent");
    }
    input_and_output(data, attributes);
    (data.text("name").unwrap_or(entity.kind.name().into()), SpanKind::Internal)
}

fn retrieval<'a>(data: &Data<'a>, attributes: &mut Attributes<'a>) -> (Cow<'a, str>, SpanKind) {
    let name = data.text("name").unwrap_or_default();
    put(attributes, inference::KIND, "RETRIEVER");
    put(attributes, gen_ai::OPERATION, "retrieval");
    if let Some(query) = data.json("input").map(content) {
        put(attributes, gen_ai::RETRIEVAL_QUERY, query.clone());
        put(attributes, inference::INPUT, query);
    }
    if let Some(docs) = data.json("docs").filter(|docs| docs.is_array()) {
        // The convention's form needs an id and a score of each; OpenInference's has them all in any case.
        let has_all = |document: JsonText<'_>| document.get("id").is_some() && score_of(document).is_some();
        if docs.elements().all(has_all) {
            let mut list = String::new();
            push_list(&mut list, docs.elements(), document_of);
            put(attributes, gen_ai::RETRIEVAL_DOCUMENTS, list);
        }
        put(attributes, inference::OUTPUT, docs.raw());
        put(attributes, inference::OUTPUT_TYPE, JSON_TYPE);
        for (at, document) in docs.elements().enumerate() {
            documents_of(at, document, attributes);
        }
    }
    (format!("retrieval {name}").trim_end().to_owned().into(), SpanKind::Client)
}

/// The text of a document, whatever its member is called.
fn text_of_document(document: JsonText<'_>) -> JsonText<'_> {
    let named = ["content", "text", "page_content", "document"].iter().find_map(|name| document.get(name));
    named.unwrap_or(document)
}

fn score_of(document: JsonText<'_>) -> Option<f64> {
    document.get("score")?.as_f64()
}

fn document_of(out: &mut String, document: JsonText<'_>) {
    let mut object = ObjectWriter::begin(out);
    object.text("id", &document.get("id").map(JsonText::shown).unwrap_or_default());
    object.raw("score", document.get("score").map_or("0", JsonText::raw));
    object.raw("content", text_of_document(document).raw());
    object.end();
}

fn documents_of<'a>(at: usize, document: JsonText<'a>, attributes: &mut Attributes<'a>) {
    let mut put = |name: &str, value: Option<AttributeValue<'a>>| {
        put_named(attributes, format!("{}.{at}.{name}", inference::DOCUMENTS), value);
    };
    put(inference::DOCUMENT_CONTENT, Some(AttributeValue::text_of(text_of_document(document))));
    put(inference::DOCUMENT_ID, document.get("id").map(AttributeValue::text_of));
    put(inference::DOCUMENT_SCORE, score_of(document).map(AttributeValue::Float));
    put(inference::DOCUMENT_METADATA, document.get("metadata").map(|given| given.raw().into()));
}

fn tool_call<'a>(
    entity: &'a FoldedEntity,
    data: &Data<'a>,
    attributes: &mut Attributes<'a>,
) -> (Cow<'a, str>, SpanKind) {
    let name = data.text("name").unwrap_or_default();
    put(attributes, inference::KIND, "TOOL");
    put(attributes, gen_ai::OPERATION, "execute_tool");
    put(attributes, gen_ai::TOOL_CALL_ID, &*entity.id);
    for (member, names) in [
        ("name", [gen_ai::TOOL_NAME, inference::TOOL_NAME]),
        ("description", [gen_ai::TOOL_DESCRIPTION, inference::TOOL_DESCRIPTION]),
        ("args", [gen_ai::TOOL_ARGUMENTS, inference::TOOL_PARAMETERS]),
        ("result", [gen_ai::TOOL_RESULT, inference::OUTPUT]),
    ] {
        for name in names {
            put_some(attributes, name, data.json(member).map(AttributeValue::text_of));
        }
    }
    put_some(attributes, inference::INPUT, data.json("args").map(AttributeValue::text_of));
    (format!("execute_tool {name}").trim_end().to_owned().into(), SpanKind::Internal)
}

/// What a generation's result or a tool call's error says of a failure.
fn failed<'a>(error: Option<JsonText<'a>>, attributes: &mut Attributes<'a>) -> Option<Cow<'a, str>> {
    let error = error.filter(|error| !error.is_null())?;
    put(attributes, gen_ai::ERROR_TYPE, error_type(error).unwrap_or("_OTHER".into()));
    Some(error.text().or_else(|| error.text_at("message")).unwrap_or_default())
}

/// The kind of an error, its code or its name.
fn error_type(error: JsonText<'_>) -> Option<Cow<'_, str>> {
    ["errorType", "type", "code", "name"]
        .iter()
        .find_map(|name| error.text_at(name).filter(|text| !text.is_empty()))
}

fn attachment<'a>(at: usize, data: JsonText<'a>, attributes: &mut Attributes<'a>) {
    let mime = data.text_at("mimeType").or_else(|| data.text_at("mime_type"));
    let members = [
        ("key", data.text_at("key")),
        ("mime_type", mime),
        ("name", data.text_at("name")),
        ("url", data.text_at("url")),
        ("id", data.text_at("id")),
    ];
    for (name, value) in members {
        put_named(attributes, format!("{}{at}.{name}", own::ATTACHMENT), value);
    }
}
