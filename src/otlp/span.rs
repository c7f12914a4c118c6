//! The span that an entity becomes, and the log records for what belongs to none.
//!
//! Each span speaks both dialects of [`super::names`].

use serde_json::{Map, Value as Json, json};

use super::entity::{Entity, Happened, time};
use super::fold::{Left, Out};
use super::ids;
use super::model::{Attributes, Event, LogRecord, Span, SpanKind, Value};
use super::names::{COSTS, PARAMETERS, PROVIDERS, Shape, TOKENS, gen_ai, inference, own};

type Data = Map<String, Json>;

const SEVERITY_INFO: i32 = 9;
const SEVERITY_ERROR: i32 = 17;
const JSON_TYPE: &str = "application/json";
const TEXT_TYPE: &str = "text/plain";

fn text<'a>(data: &'a Data, name: &str) -> Option<&'a str> {
    data.get(name)?.as_str()
}

fn put(attributes: &mut Attributes, name: &str, value: impl Into<Value>) {
    attributes.push((name.to_owned(), value.into()));
}

fn put_some(attributes: &mut Attributes, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        put(attributes, name, value);
    }
}

fn nanoseconds(unix_us: i64) -> u64 {
    u64::try_from(unix_us).unwrap_or(0).saturating_mul(1_000)
}

/// The span of an entity that has ended, or is given up as incomplete.
pub fn of_entity(entity: &Entity, trace: &str, is_incomplete: bool) -> Span {
    let data = &entity.data;
    let mut attributes = Attributes::new();
    let (name, kind) = match entity.kind.as_str() {
        "generation" => generation(data, &mut attributes),
        "retrieval" => retrieval(data, &mut attributes),
        "tool_call" => tool_call(entity, &mut attributes),
        _ => step(entity, &mut attributes),
    };
    put(&mut attributes, own::TRACE_ID, trace);
    put(&mut attributes, own::ENTITY_ID, entity.id.as_str());
    put(&mut attributes, own::ENTITY_KIND, entity.kind.as_str());
    if let Some(session) = &entity.session {
        put(&mut attributes, gen_ai::CONVERSATION, session.as_str());
        put(&mut attributes, gen_ai::SESSION, session.as_str());
    }
    rest(data, &mut attributes);
    if is_incomplete {
        put(&mut attributes, own::INCOMPLETE, true);
    }
    let start_ns = entity.start_us.map_or(entity.seen_ns, nanoseconds);
    let end_ns = entity.end_us.map_or(entity.touched_ns, nanoseconds).max(start_ns);
    let mut error = failure(data, &mut attributes);
    let mut events = Vec::new();
    let mut attachments = 0;
    for happened in &entity.happened {
        if happened.action == "add-attachment" {
            attachment(attachments, &happened.data, &mut attributes);
            attachments += 1;
            continue;
        }
        if happened.action == "add-error" && error.is_none() {
            error = Some(text(&happened.data, "message").unwrap_or_default().to_owned());
            put_some(&mut attributes, gen_ai::ERROR_TYPE, error_type(&happened.data));
        }
        events.push(event(happened, end_ns));
    }
    if let Some(failed) =
        data.get("error").or_else(|| data.get("result")?.get("error")).and_then(Json::as_object)
        && !failed.is_empty()
    {
        let failed = Happened { action: "add-error".to_owned(), data: failed.clone() };
        events.push(event(&failed, end_ns));
    }
    let parent = match (&entity.parent, ids::remote(&entity.id)) {
        (Some((kind, id)), _) => Some(ids::span_id(trace, kind, id)),
        (None, Some((_, parent))) if entity.kind == "trace" => Some(parent),
        _ => None,
    };
    Span {
        trace_id: ids::trace_id(trace),
        span_id: ids::span_id(trace, &entity.kind, &entity.id),
        parent,
        name,
        kind,
        start_ns,
        end_ns,
        attributes,
        events,
        error,
    }
}

/// Members that have attributes of their own; the others become `maxim.…`.
const PLACED: [&str; 22] = [
    "name",
    "input",
    "output",
    "model",
    "provider",
    "messages",
    "modelParameters",
    "result",
    "error",
    "usage",
    "docs",
    "description",
    "args",
    "tags",
    "metadata",
    "metrics",
    "cost",
    "id",
    "type",
    "startTimestamp",
    "endTimestamp",
    "feedback",
];

fn rest(data: &Data, attributes: &mut Attributes) {
    for (name, prefix) in [("metadata", own::METADATA), ("tags", own::TAG), ("metrics", own::METRIC)] {
        for (key, value) in data.get(name).and_then(Json::as_object).into_iter().flatten() {
            let value = match (name, value) {
                ("metrics", Json::Number(number)) => number.as_f64().map(Value::Float),
                _ => Value::of_json(value),
            };
            put_some(attributes, &format!("{prefix}{key}"), value);
        }
    }
    for (member, name) in COSTS {
        let cost = data.get("cost").and_then(|cost| cost.get(member)?.as_f64());
        put_some(attributes, name, cost);
    }
    for (key, value) in data {
        if !PLACED.contains(&key.as_str()) {
            put_some(attributes, &format!("{}{key}", own::MEMBER), Value::of_json(value));
        }
    }
}

/// A text, or an object `{"type", "value"}` of one.
fn content(value: &Json) -> Value {
    Value::text_of(value.get("value").unwrap_or(value))
}

fn input_and_output(data: &Data, attributes: &mut Attributes) {
    put_some(attributes, inference::INPUT, data.get("input").map(content));
    put_some(attributes, inference::OUTPUT, data.get("output").map(content));
}

/// A trace or a span.
fn step(entity: &Entity, attributes: &mut Attributes) -> (String, SpanKind) {
    let data = &entity.data;
    let is_agent = |data: &Data| {
        ["tags", "metadata"].iter().any(|name| {
            let said = data.get(*name).and_then(|said| said.get("type").or_else(|| said.get("kind")));
            said.and_then(Json::as_str).is_some_and(|said| said.eq_ignore_ascii_case("agent"))
        })
    };
    let is_agent = entity.kind == "span" && is_agent(data);
    put(attributes, inference::KIND, if is_agent { "AGENT" } else { "CHAIN" });
    if is_agent {
        put(attributes, gen_ai::OPERATION, "invoke_agent");
    }
    input_and_output(data, attributes);
    (text(data, "name").unwrap_or(&entity.kind).to_owned(), SpanKind::Internal)
}

fn generation(data: &Data, attributes: &mut Attributes) -> (String, SpanKind) {
    let model = text(data, "model");
    let provider = text(data, "provider");
    put(attributes, inference::KIND, "LLM");
    put(attributes, gen_ai::OPERATION, "chat");
    if let Some(provider) = provider {
        let known = PROVIDERS.iter().find(|(ours, _)| *ours == provider);
        put(attributes, gen_ai::PROVIDER, known.map_or(provider, |(_, theirs)| theirs));
        put(attributes, inference::PROVIDER, provider);
    }
    if let Some(model) = model {
        put(attributes, gen_ai::REQUEST_MODEL, model);
        put(attributes, inference::MODEL, model);
    }
    if let Some(parameters) =
        data.get("modelParameters").and_then(Json::as_object).filter(|given| !given.is_empty())
    {
        parameters_of(parameters, attributes);
    }
    put_some(attributes, &format!("{}name", own::MEMBER), text(data, "name"));
    if let Some(messages) = data.get("messages").and_then(Json::as_array).filter(|given| !given.is_empty()) {
        let list: Vec<Json> = messages.iter().map(message_of).collect();
        put(attributes, gen_ai::INPUT_MESSAGES, Json::Array(list).to_string());
        put(attributes, inference::INPUT, Json::Array(messages.clone()).to_string());
        put(attributes, inference::INPUT_TYPE, JSON_TYPE);
        messages_of(inference::INPUT_MESSAGES, messages, attributes);
    }
    if let Some(result) = data.get("result").and_then(Json::as_object) {
        result_of(result, attributes);
    }
    let name =
        model.or_else(|| text(data, "name")).map_or("chat".to_owned(), |model| format!("chat {model}"));
    (name, SpanKind::Client)
}

/// Parameters are texts on the wire; the convention's are typed.
fn parameters_of(parameters: &Data, attributes: &mut Attributes) {
    for (ours, theirs, shape) in PARAMETERS {
        let Some(given) = parameters.get(ours) else { continue };
        let words = given.as_str().map_or_else(|| given.to_string(), str::to_owned);
        let value = match shape {
            Shape::Int => words.parse().ok().map(Value::Int),
            Shape::Float => words.parse().ok().map(Value::Float),
            Shape::Bool => words.parse().ok().map(Value::Bool),
            Shape::Texts => Some(match serde_json::from_str(&words) {
                Ok(Json::Array(list)) => Value::List(list.iter().map(Value::text_of).collect()),
                _ => Value::List(vec![Value::Text(words.clone())]),
            }),
        };
        put_some(attributes, &format!("{}{theirs}", gen_ai::REQUEST), value);
    }
    // What was a number or an object before it became text is one again.
    let typed: Data = parameters
        .iter()
        .map(|(key, value)| {
            let parsed = value.as_str().and_then(|words| serde_json::from_str(words).ok());
            (key.clone(), parsed.unwrap_or_else(|| value.clone()))
        })
        .collect();
    put(attributes, inference::PARAMETERS, Json::Object(typed).to_string());
}

/// A message as the convention has it: a role and parts.
fn message_of(message: &Json) -> Json {
    let role = message.get("role").and_then(Json::as_str).unwrap_or("user");
    let mut parts = Vec::new();
    let content = message.get("content");
    if role == "tool" {
        let id = message.get("tool_call_id").cloned().unwrap_or(Json::Null);
        parts.push(json!({ "type": "tool_call_response", "id": id, "response": content }));
    } else {
        match content {
            Some(Json::String(text)) => parts.push(json!({ "type": "text", "content": text })),
            Some(Json::Array(list)) => parts.extend(list.iter().map(part_of)),
            Some(Json::Null) | None => {}
            Some(other) => parts.push(json!({ "type": "text", "content": other.to_string() })),
        }
    }
    for call in message.get("tool_calls").and_then(Json::as_array).into_iter().flatten() {
        let function = call.get("function").unwrap_or(call);
        let arguments = function.get("arguments").map(|given| match given {
            // The model's own text, which is JSON if it kept to what it was asked.
            Json::String(text) => serde_json::from_str(text).unwrap_or_else(|_| given.clone()),
            other => other.clone(),
        });
        parts.push(json!({
            "type": "tool_call", "id": call.get("id"), "name": function.get("name"), "arguments": arguments,
        }));
    }
    json!({ "role": role, "parts": parts })
}

fn part_of(part: &Json) -> Json {
    let kind = part.get("type").and_then(Json::as_str).unwrap_or_default();
    if let Some(text) = part.get("text").filter(|_| kind.contains("text") || kind.is_empty()) {
        return json!({ "type": "text", "content": text });
    }
    let url = part.pointer("/image_url/url").or_else(|| part.get("image_url")).or_else(|| part.get("url"));
    match url.and_then(Json::as_str).filter(|url| !url.starts_with("data:")) {
        Some(url) => json!({ "type": "uri", "modality": "image", "uri": url }),
        None => part.clone(),
    }
}

/// Messages as OpenInference has them: an attribute for each piece.
fn messages_of(prefix: &str, messages: &[Json], attributes: &mut Attributes) {
    for (at, message) in messages.iter().enumerate() {
        let mut put = |name: &str, value: Value| attributes.push((format!("{prefix}.{at}.{name}"), value));
        put(inference::ROLE, message.get("role").map_or("user".into(), Value::text_of));
        match message.get("content") {
            None | Some(Json::Null) => {}
            Some(content) => put(inference::CONTENT, Value::text_of(content)),
        }
        let calls = message.get("tool_calls").and_then(Json::as_array);
        for (number, call) in calls.into_iter().flatten().enumerate() {
            let function = call.get("function").unwrap_or(call);
            let members = [
                (inference::CALL_ID, call.get("id")),
                (inference::CALL_NAME, function.get("name")),
                (inference::CALL_ARGUMENTS, function.get("arguments")),
            ];
            for (name, value) in members {
                if let Some(value) = value {
                    put(&format!("{}.{number}.{name}", inference::TOOL_CALLS), Value::text_of(value));
                }
            }
        }
    }
}

/// A chat completion, a text completion or a response.
fn result_of(result: &Data, attributes: &mut Attributes) {
    put_some(attributes, gen_ai::RESPONSE_ID, text(result, "id"));
    put_some(attributes, gen_ai::RESPONSE_MODEL, text(result, "model"));
    if let Some(usage) = result.get("usage") {
        for (paths, names) in TOKENS {
            let found = paths.iter().find_map(|path| usage.pointer(path)?.as_i64());
            for name in names {
                put_some(attributes, name, found);
            }
        }
    }
    let mut finish = Vec::new();
    let mut messages = Vec::new();
    for choice in result.get("choices").and_then(Json::as_array).into_iter().flatten() {
        finish.extend(text_at(choice, "finish_reason"));
        match (choice.get("message"), choice.get("text")) {
            (Some(message), _) => messages.push(message.clone()),
            (None, Some(text)) => messages.push(json!({ "role": "assistant", "content": text })),
            (None, None) => {}
        }
    }
    for item in result.get("output").and_then(Json::as_array).into_iter().flatten() {
        match text_at(item, "type").as_deref() {
            Some("function_call") => messages.push(json!({
                "role": "assistant",
                "tool_calls": [{ "id": item.get("call_id"), "function": {
                    "name": item.get("name"), "arguments": item.get("arguments") } }],
            })),
            _ if item.get("content").is_some() => messages.push(json!({
                "role": item.get("role").cloned().unwrap_or("assistant".into()), "content": item.get("content"),
            })),
            _ => {}
        }
    }
    if finish.is_empty() {
        finish.extend(text(result, "status").map(str::to_owned));
    }
    if !finish.is_empty() {
        let list = finish.iter().map(|reason| Value::from(reason.as_str())).collect();
        put(attributes, gen_ai::FINISH_REASONS, Value::List(list));
    }
    if messages.is_empty() {
        return;
    }
    let list: Vec<Json> = messages
        .iter()
        .enumerate()
        .map(|(at, message)| {
            let mut message = message_of(message);
            message["finish_reason"] =
                finish.get(at).or(finish.first()).map_or("stop", String::as_str).into();
            message
        })
        .collect();
    put(attributes, gen_ai::OUTPUT_MESSAGES, Json::Array(list).to_string());
    match &messages[..] {
        [only] if only.get("content").is_some_and(Json::is_string) => {
            put(attributes, inference::OUTPUT, only["content"].as_str().unwrap_or_default());
            put(attributes, inference::OUTPUT_TYPE, TEXT_TYPE);
        }
        _ => {
            put(attributes, inference::OUTPUT, Json::Array(messages.clone()).to_string());
            put(attributes, inference::OUTPUT_TYPE, JSON_TYPE);
        }
    }
    messages_of(inference::OUTPUT_MESSAGES, &messages, attributes);
}

fn text_at(value: &Json, name: &str) -> Option<String> {
    value.get(name)?.as_str().map(str::to_owned)
}

fn retrieval(data: &Data, attributes: &mut Attributes) -> (String, SpanKind) {
    let name = text(data, "name").unwrap_or_default();
    put(attributes, inference::KIND, "RETRIEVER");
    put(attributes, gen_ai::OPERATION, "retrieval");
    if let Some(query) = data.get("input").map(content) {
        put(attributes, gen_ai::RETRIEVAL_QUERY, query.clone());
        put(attributes, inference::INPUT, query);
    }
    if let Some(documents) = data.get("docs").and_then(Json::as_array) {
        let list: Vec<Json> = documents.iter().map(document_of).collect();
        put(attributes, gen_ai::RETRIEVAL_DOCUMENTS, Json::Array(list).to_string());
        put(attributes, inference::OUTPUT, Json::Array(documents.clone()).to_string());
        put(attributes, inference::OUTPUT_TYPE, JSON_TYPE);
        for (at, document) in documents.iter().enumerate() {
            documents_of(at, document, attributes);
        }
    }
    (format!("retrieval {name}").trim_end().to_owned(), SpanKind::Client)
}

/// The text of a document, whatever its member is called.
fn text_of_document(document: &Json) -> Json {
    let named = ["content", "text", "page_content", "document"].iter().find_map(|name| document.get(*name));
    named.unwrap_or(document).clone()
}

fn document_of(document: &Json) -> Json {
    let mut found = json!({ "content": text_of_document(document) });
    for name in ["id", "score"] {
        if let Some(value) = document.get(name) {
            found[name] = value.clone();
        }
    }
    found
}

fn documents_of(at: usize, document: &Json, attributes: &mut Attributes) {
    let mut put = |name: &str, value: Option<Value>| {
        put_some(attributes, &format!("{}.{at}.{name}", inference::DOCUMENTS), value);
    };
    put(inference::DOCUMENT_CONTENT, Some(Value::text_of(&text_of_document(document))));
    put(inference::DOCUMENT_ID, document.get("id").map(Value::text_of));
    put(inference::DOCUMENT_SCORE, document.get("score").and_then(Json::as_f64).map(Value::Float));
    put(inference::DOCUMENT_METADATA, document.get("metadata").map(|given| given.to_string().into()));
}

fn tool_call(entity: &Entity, attributes: &mut Attributes) -> (String, SpanKind) {
    let data = &entity.data;
    let name = text(data, "name").unwrap_or_default();
    put(attributes, inference::KIND, "TOOL");
    put(attributes, gen_ai::OPERATION, "execute_tool");
    put(attributes, gen_ai::TOOL_CALL_ID, entity.id.as_str());
    for (member, names) in [
        ("name", [gen_ai::TOOL_NAME, inference::TOOL_NAME]),
        ("description", [gen_ai::TOOL_DESCRIPTION, inference::TOOL_DESCRIPTION]),
        ("args", [gen_ai::TOOL_ARGUMENTS, inference::TOOL_PARAMETERS]),
        ("result", [gen_ai::TOOL_RESULT, inference::OUTPUT]),
    ] {
        for name in names {
            put_some(attributes, name, data.get(member).map(Value::text_of));
        }
    }
    put_some(attributes, inference::INPUT, data.get("args").map(Value::text_of));
    (format!("execute_tool {name}").trim_end().to_owned(), SpanKind::Internal)
}

/// What a generation's result or a tool call's error says of a failure.
fn failure(data: &Data, attributes: &mut Attributes) -> Option<String> {
    let error = data.get("error").or_else(|| data.get("result")?.get("error"))?;
    if error.is_null() {
        return None;
    }
    let object = error.as_object();
    put(attributes, gen_ai::ERROR_TYPE, object.and_then(error_type).unwrap_or_else(|| "_OTHER".to_owned()));
    let message = object
        .map_or_else(|| error.as_str().map(str::to_owned), |error| text(error, "message").map(str::to_owned));
    Some(message.unwrap_or_default())
}

/// The kind of an error, its code or its name.
fn error_type(error: &Data) -> Option<String> {
    ["errorType", "type", "code", "name"]
        .iter()
        .find_map(|name| text(error, name).filter(|text| !text.is_empty()))
        .map(str::to_owned)
}

fn attachment(at: usize, data: &Data, attributes: &mut Attributes) {
    let mime = text(data, "mimeType").or_else(|| text(data, "mime_type"));
    let members = [
        ("key", text(data, "key")),
        ("mime_type", mime),
        ("name", text(data, "name")),
        ("url", text(data, "url")),
        ("id", text(data, "id")),
    ];
    for (name, value) in members {
        put_some(attributes, &format!("{}{at}.{name}", own::ATTACHMENT), value);
    }
}

/// Something that happened, as an event of the span.
fn event(happened: &Happened, otherwise_ns: u64) -> Event {
    let (name, attributes, time_us) = said(happened);
    Event { name, time_ns: time_us.map_or(otherwise_ns, nanoseconds), attributes }
}

/// The name, the attributes and the time of something that happened.
fn said(happened: &Happened) -> (String, Attributes, Option<i64>) {
    let data = &happened.data;
    let mut attributes = Attributes::new();
    let time_us = time(data, "timestamp").or_else(|| time(data, "startTimestamp"));
    let name = match happened.action.as_str() {
        "add-event" => {
            put_some(&mut attributes, own::ENTITY_ID, text(data, "id"));
            rest_of(data, &["id", "name", "timestamp"], &mut attributes);
            text(data, "name").unwrap_or("event").to_owned()
        }
        "add-error" => {
            put_some(&mut attributes, gen_ai::EXCEPTION_TYPE, error_type(data));
            put_some(&mut attributes, gen_ai::EXCEPTION_MESSAGE, text(data, "message"));
            let placed = ["message", "startTimestamp", "timestamp"];
            rest_of(data, &placed, &mut attributes);
            gen_ai::EXCEPTION.to_owned()
        }
        "add-feedback" => {
            put(&mut attributes, gen_ai::EVALUATION_NAME, own::FEEDBACK);
            match data.get("score") {
                Some(Json::Number(score)) => {
                    put_some(&mut attributes, gen_ai::EVALUATION_SCORE, score.as_f64());
                }
                Some(score) => put(&mut attributes, gen_ai::EVALUATION_LABEL, Value::text_of(score)),
                None => {}
            }
            put_some(&mut attributes, gen_ai::EVALUATION_EXPLANATION, text(data, "comment"));
            rest_of(data, &["score", "comment"], &mut attributes);
            gen_ai::EVALUATION.to_owned()
        }
        "evaluate" => {
            rest_of(data, &["timestamp"], &mut attributes);
            own::EVALUATE.to_owned()
        }
        action => {
            put(&mut attributes, "maxim.action", action);
            rest_of(data, &[], &mut attributes);
            own::UPDATE.to_owned()
        }
    };
    (name, attributes, time_us)
}

/// Members that have no attribute of their own: tags and metadata by key, the others as `maxim.…`.
fn rest_of(data: &Data, placed: &[&str], attributes: &mut Attributes) {
    for (key, value) in data {
        let prefix = match key.as_str() {
            "tags" => own::TAG,
            "metadata" => own::METADATA,
            "metrics" => own::METRIC,
            key if placed.contains(&key) => continue,
            key => {
                put_some(attributes, &format!("{}{key}", own::MEMBER), Value::of_json(value));
                continue;
            }
        };
        for (key, value) in value.as_object().into_iter().flatten() {
            put_some(attributes, &format!("{prefix}{key}"), Value::of_json(value));
        }
    }
}

fn record(happened: &Happened, now_ns: u64) -> LogRecord {
    let (event_name, attributes, time_us) = said(happened);
    let is_error = happened.action == "add-error";
    LogRecord {
        time_ns: time_us.map_or(now_ns, nanoseconds),
        severity: if is_error { SEVERITY_ERROR } else { SEVERITY_INFO },
        severity_text: if is_error { "ERROR" } else { "INFO" }.to_owned(),
        body: text(&happened.data, "message").map(Value::from),
        event_name,
        attributes,
        ..LogRecord::default()
    }
}

/// What is said of a session.
pub fn of_session(id: &str, action: &str, data: &Data, now_ns: u64, out: &mut Vec<Out>) {
    let mut record = record(&super::fold::happened(action, data), now_ns);
    let is_known = matches!(action, "add-event" | "add-feedback" | "evaluate" | "add-error");
    if !is_known {
        record.event_name = format!("{}{action}", own::SESSION);
        if let Some(time) = time(data, "startTimestamp").or_else(|| time(data, "endTimestamp")) {
            record.time_ns = nanoseconds(time);
        }
    }
    put(&mut record.attributes, gen_ai::SESSION, id);
    put(&mut record.attributes, gen_ai::CONVERSATION, id);
    out.push(Out::Log(record));
}

/// What is said of an entity that has left.
pub fn of_late(
    left: &Left,
    kind: &str,
    id: &str,
    action: &str,
    data: &Data,
    now_ns: u64,
    out: &mut Vec<Out>,
) {
    if action == "end" {
        // A result and an end of the caller's.
        return;
    }
    let record = record(&super::fold::happened(action, data), now_ns);
    push_about(left, kind, id, record, out);
}

/// What was said of an entity whose beginning is unknown.
pub fn of_unknown(left: &Left, entity: &Entity, out: &mut Vec<Out>) {
    let rest = (!entity.data.is_empty())
        .then(|| Happened { action: "update".to_owned(), data: entity.data.clone() });
    for happened in entity.happened.iter().chain(&rest) {
        push_about(left, &entity.kind, &entity.id, record(happened, entity.touched_ns), out);
    }
}

fn push_about(left: &Left, kind: &str, id: &str, mut record: LogRecord, out: &mut Vec<Out>) {
    put(&mut record.attributes, own::TRACE_ID, left.trace.as_str());
    put(&mut record.attributes, own::ENTITY_ID, id);
    put(&mut record.attributes, own::ENTITY_KIND, kind);
    if let Some(session) = &left.session {
        put(&mut record.attributes, gen_ai::SESSION, session.as_str());
        put(&mut record.attributes, gen_ai::CONVERSATION, session.as_str());
    }
    record.trace_id = Some(ids::trace_id(&left.trace));
    record.span_id = Some(ids::span_id(&left.trace, kind, id));
    out.push(Out::Log(record));
}

/// A line about something that is neither a session nor a span.
pub fn of_other(kind: &str, id: &str, action: &str, data: &Data, now_ns: u64, out: &mut Vec<Out>) {
    let mut record = record(&super::fold::happened(action, data), now_ns);
    put(&mut record.attributes, own::ENTITY_ID, id);
    put(&mut record.attributes, own::ENTITY_KIND, kind);
    out.push(Out::Log(record));
}

/// A line that cannot be read, as it is.
pub fn of_unreadable(line: &[u8], why: &str, now_ns: u64) -> LogRecord {
    LogRecord {
        time_ns: now_ns,
        severity: SEVERITY_INFO,
        severity_text: "INFO".to_owned(),
        event_name: own::UNREADABLE.to_owned(),
        body: Some(String::from_utf8_lossy(line).into_owned().into()),
        attributes: vec![(gen_ai::EXCEPTION_MESSAGE.to_owned(), why.into())],
        ..LogRecord::default()
    }
}
