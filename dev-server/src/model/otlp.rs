//! Spans and log records of OpenTelemetry, understood as entities and entries.
//!
//! A *unit* is one span or log record as OTLP/JSON has it, with its resource and scope:
//! `{"resource": …, "scope": …, "span": …}`. What a span is follows from the attributes of either convention for
//! generative AI (`gen_ai.*` and OpenInference); one that has neither is a plain span. Attributes that have no place
//! of their own become metadata, so nothing is lost from sight.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, SecondsFormat};
use serde_json::{Map, Value, json};

use crate::store::event::plain;

/// The repository of spans that name neither one nor a service.
const DEFAULT_REPOSITORY: &str = "opentelemetry";

/// The two kinds of thing that OTLP requests carry here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    Spans,
    Logs,
}

impl Signal {
    /// The members that lead to it in a request, and its member in a unit.
    fn names(self) -> [&'static str; 4] {
        match self {
            Signal::Spans => ["resourceSpans", "scopeSpans", "spans", "span"],
            Signal::Logs => ["resourceLogs", "scopeLogs", "logRecords", "log"],
        }
    }
}

/// The units of a request in OTLP/JSON; `None` if it is no such request.
pub fn units(request: &Value, signal: Signal) -> Option<Vec<Value>> {
    let [resources, scopes, items, item] = signal.names();
    let mut units = Vec::new();
    for resource in request.get(resources)?.as_array()? {
        for scope in resource[scopes].as_array().into_iter().flatten() {
            for found in scope[items].as_array().into_iter().flatten() {
                let mut unit = json!({"resource": resource["resource"], "scope": scope["scope"]});
                unit[item] = found.clone();
                units.push(unit);
            }
        }
    }
    Some(units)
}

/// Units of spans as one request again; those of one resource and scope that follow each other stand together.
pub fn request(units: &[Value]) -> Value {
    let mut resources: Vec<Value> = Vec::new();
    for unit in units {
        let is_joined = resources.last().is_some_and(|last| {
            last["resource"] == unit["resource"] && last["scopeSpans"][0]["scope"] == unit["scope"]
        });
        if !is_joined {
            resources.push(
                json!({"resource": unit["resource"], "scopeSpans": [{"scope": unit["scope"], "spans": []}]}),
            );
        }
        if let Some(spans) =
            resources.last_mut().and_then(|last| last["scopeSpans"][0]["spans"].as_array_mut())
        {
            spans.push(unit["span"].clone());
        }
    }
    json!({"resourceSpans": resources})
}

/// A span as the entity that it is.
pub struct Span {
    pub repository: String,
    /// The id of its trace as OpenTelemetry has it, and as an entity: the same, or what the library called it.
    pub trace: String,
    pub trace_id: String,
    pub span: String,
    pub parent: Option<String>,
    /// `trace` for a root that is nothing else.
    pub kind: &'static str,
    pub data: Map<String, Value>,
    pub events: Vec<Map<String, Value>>,
}

impl Span {
    /// Why a unit is no span is told in words.
    pub fn new(unit: &Value) -> Result<Span, &'static str> {
        let said = &unit["span"];
        let trace = id(&said["traceId"], 32).ok_or("a traceId is not 16 bytes other than zero")?;
        let span = id(&said["spanId"], 16).ok_or("a spanId is not 8 bytes other than zero")?;
        let parent = id(&said["parentSpanId"], 16);
        let resource = attributes(&unit["resource"]["attributes"]);
        let mut all = attributes(&said["attributes"]);
        let kind = kind_of(&all);
        let kind = if parent.is_none() && kind == "span" { "trace" } else { kind };
        let named = all.shift_remove("maxim.trace.id").and_then(|id| id.as_str().map(str::to_owned));
        let trace_id = named.filter(|id| is_entity_id(id)).unwrap_or_else(|| trace.clone());
        let text = |name: &str| resource.get(name).and_then(Value::as_str).map(str::to_owned);
        let repository = text("maxim.repository.id").or_else(|| text("service.name"));
        let (data, events) = data(kind, said, &mut all);
        let repository =
            repository.filter(|name| !name.is_empty()).unwrap_or_else(|| DEFAULT_REPOSITORY.to_owned());
        Ok(Span { repository, trace, trace_id, span, parent, kind, data, events })
    }

    /// Its id as an entity.
    pub fn id(&self) -> &str {
        if self.kind == "trace" { &self.trace_id } else { &self.span }
    }

    /// What it says of itself, as lines of the log API.
    pub fn own_lines(&self) -> Vec<String> {
        let line = |action: &str, data: &Map<String, Value>| {
            format!("{}{{id={},action={action},data={}}}", self.kind, self.id(), Value::Object(data.clone()))
        };
        let mut lines = vec![line("create", &self.data)];
        lines.extend(self.events.iter().map(|event| line("add-event", event)));
        lines
    }

    /// The line that makes it below what holds it, for all but a trace.
    fn line_below(&self, kind: &str, id: &str) -> String {
        let mut data = self.data.clone();
        data.insert("id".into(), self.id().into());
        let action = self.kind.replace('_', "-");
        format!("{kind}{{id={id},action=add-{action},data={}}}", Value::Object(data))
    }
}

/// All units as lines of the log API, by repository: parents are known here, in whatever order they came.
pub fn lines(units: &[Value]) -> Vec<(String, String)> {
    let spans: Vec<_> = units.iter().filter_map(|unit| Span::new(unit).ok()).collect();
    let known: HashMap<_, _> = spans
        .iter()
        .map(|span| ((span.trace.as_str(), span.span.as_str()), (span.kind, span.id())))
        .collect();
    let mut lines = Vec::new();
    for span in &spans {
        let parent = span.parent.as_deref().and_then(|parent| known.get(&(span.trace.as_str(), parent)));
        let own = span.own_lines();
        if span.kind == "trace" {
            lines.extend(own.into_iter().map(|line| (span.repository.clone(), line)));
        } else {
            let (kind, id) = parent.copied().unwrap_or(("trace", span.trace_id.as_str()));
            lines.push((span.repository.clone(), span.line_below(kind, id)));
            lines.extend(own.into_iter().skip(1).map(|line| (span.repository.clone(), line)));
        }
    }
    lines
}

/// A log record as a structured entry.
pub fn entry(unit: &Value) -> Value {
    let log = &unit["log"];
    let resource = attributes(&unit["resource"]["attributes"]);
    let mut all = attributes(&log["attributes"]);
    let level = match (whole(&log["severityNumber"]).unwrap_or(0), log["severityText"].as_str()) {
        (17.., _) => "error",
        (13..=16, _) => "warn",
        (9..=12, _) => "info",
        (1..=8, _) => "debug",
        (_, Some(text)) if text.to_ascii_lowercase().starts_with("err") => "error",
        (_, Some(text)) if text.to_ascii_lowercase().starts_with("warn") => "warn",
        (_, Some(text)) if text.to_ascii_lowercase().starts_with("debug") => "debug",
        _ => "info",
    };
    let mut entry = Map::new();
    entry.insert("level".into(), level.into());
    entry.insert("message".into(), plain(&any(&log["body"])).into());
    let at = nanoseconds(&log["timeUnixNano"]).or_else(|| nanoseconds(&log["observedTimeUnixNano"]));
    if let Some(at) = at {
        entry.insert("timestamp".into(), (at / 1_000_000).into());
    }
    let members = [
        ("errorName", "exception.type"),
        ("errorStack", "exception.stacktrace"),
        ("userId", "user.id"),
        ("sessionId", "session.id"),
        ("flowId", "maxim.flow.id"),
        ("stepIndex", "maxim.flow.step"),
    ];
    for (member, name) in members {
        if let Some(value) = all.shift_remove(name) {
            entry.insert(member.into(), value);
        }
    }
    for (member, name) in [("source", "service.name"), ("environment", "deployment.environment.name")] {
        if let Some(value) = resource.get(name) {
            entry.insert(member.into(), value.clone());
        }
    }
    for (name, digits) in [("traceId", 32), ("spanId", 16)] {
        if let Some(id) = id(&log[name], digits) {
            all.insert(name.into(), id.into());
        }
    }
    if !all.is_empty() {
        entry.insert("data".into(), Value::Object(all));
    }
    Value::Object(entry)
}

/// An id of that many hexadecimal digits that is not all zeros.
fn id(value: &Value, digits: usize) -> Option<String> {
    let text = value.as_str()?.to_ascii_lowercase();
    let is_id = text.len() == digits
        && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        && text.bytes().any(|byte| byte != b'0');
    is_id.then_some(text)
}

fn is_entity_id(text: &str) -> bool {
    (1..=256).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// A number that JSON may have as text, as 64-bit ones are.
fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn nanoseconds(value: &Value) -> Option<i64> {
    whole(value).filter(|&at| at > 0)
}

/// The plain value of an `AnyValue`.
fn any(value: &Value) -> Value {
    let Some((kind, inner)) = value.as_object().and_then(|members| members.iter().next()) else {
        return Value::Null;
    };
    match kind.as_str() {
        "intValue" => whole(inner).map_or(Value::Null, Value::from),
        "arrayValue" => inner["values"].as_array().into_iter().flatten().map(any).collect(),
        "kvlistValue" => Value::Object(attributes(&inner["values"])),
        _ => inner.clone(),
    }
}

/// A time as lines of the log API have it.
fn time(nanoseconds: i64) -> Value {
    let time = DateTime::from_timestamp_nanos(nanoseconds);
    time.to_rfc3339_opts(SecondsFormat::Micros, true).into()
}

fn attributes(list: &Value) -> Map<String, Value> {
    let pairs = list.as_array().into_iter().flatten();
    pairs.filter_map(|pair| Some((pair["key"].as_str()?.to_owned(), any(&pair["value"])))).collect()
}

fn kind_of(all: &Map<String, Value>) -> &'static str {
    let word = |name: &str| all.get(name).and_then(Value::as_str).unwrap_or_default();
    match word("openinference.span.kind").to_ascii_uppercase().as_str() {
        "LLM" | "EMBEDDING" => return "generation",
        "RETRIEVER" | "RERANKER" => return "retrieval",
        "TOOL" => return "tool_call",
        "" => {}
        _ => return "span",
    }
    match word("gen_ai.operation.name") {
        "chat" | "text_completion" | "generate_content" | "embeddings" => "generation",
        "execute_tool" => "tool_call",
        "retrieval" => "retrieval",
        "" if all.contains_key("gen_ai.request.model") => "generation",
        _ => "span",
    }
}

/// Takes the attributes of these names out, and gives the first of them that is there.
fn take(all: &mut Map<String, Value>, names: &[&str]) -> Option<Value> {
    names.iter().map(|name| all.shift_remove(*name)).fold(None, |first, found| first.or(found))
}

/// Takes `prefix.N.rest` out, as the members of the Nth.
fn take_indexed(all: &mut Map<String, Value>, prefix: &str) -> Vec<Map<String, Value>> {
    let mut found: BTreeMap<u32, Map<String, Value>> = BTreeMap::new();
    let names: Vec<String> = all.keys().filter(|name| name.starts_with(prefix)).cloned().collect();
    for name in names {
        let Some((number, rest)) = name[prefix.len()..].split_once('.') else { continue };
        let Ok(number) = number.parse() else { continue };
        if let Some(value) = all.shift_remove(&name) {
            found.entry(number).or_default().insert(rest.to_owned(), value);
        }
    }
    found.into_values().collect()
}

/// Takes `prefix.K` out, as an object of K.
fn take_below(all: &mut Map<String, Value>, prefix: &str) -> Map<String, Value> {
    let names: Vec<String> = all.keys().filter(|name| name.starts_with(prefix)).cloned().collect();
    names
        .into_iter()
        .filter_map(|name| Some((name[prefix.len()..].to_owned(), all.shift_remove(&name)?)))
        .collect()
}

/// JSON that an attribute has as text.
fn parsed(value: Value) -> Value {
    match &value {
        Value::String(text) if text.trim_start().starts_with(['{', '[']) => {
            serde_json::from_str(text).unwrap_or(value)
        }
        _ => value,
    }
}

/// The members of the entity, and what happened to it.
fn data(
    kind: &str,
    said: &Value,
    all: &mut Map<String, Value>,
) -> (Map<String, Value>, Vec<Map<String, Value>>) {
    let mut data = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value.filter(|value| !value.is_null()) {
            data.insert(name.to_owned(), value);
        }
    };
    let tool = take(all, &["gen_ai.tool.name", "tool.name"]).filter(|_| kind == "tool_call");
    put("name", tool.or_else(|| said["name"].as_str().filter(|name| !name.is_empty()).map(Value::from)));
    put("startTimestamp", nanoseconds(&said["startTimeUnixNano"]).map(time));
    put("endTimestamp", nanoseconds(&said["endTimeUnixNano"]).map(time));
    put("sessionId", take(all, &["gen_ai.conversation.id", "session.id"]));
    put("provider", take(all, &["gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system"]));
    let asked = take(all, &["gen_ai.request.model", "llm.model_name", "embedding.model_name"]);
    let answered = take(all, &["gen_ai.response.model"]);
    put("model", answered.clone().or_else(|| asked.clone()));
    let mut parameters = take_below(all, "gen_ai.request.");
    if let Some(Value::Object(more)) = take(all, &["llm.invocation_parameters"]).map(parsed) {
        parameters.extend(more);
    }
    put("modelParameters", (!parameters.is_empty()).then_some(Value::Object(parameters)));
    for (name, prefix) in [("tags", "maxim.tag."), ("metrics", "maxim.metric.")] {
        let members = take_below(all, prefix);
        put(name, (!members.is_empty()).then_some(Value::Object(members)));
    }
    let cost = take_below(all, "llm.cost.");
    let (input_cost, output_cost) = (cost.get("prompt").cloned(), cost.get("completion").cloned());
    let sum = || Some(input_cost.as_ref()?.as_f64()? + output_cost.as_ref()?.as_f64()?);
    let total = cost.get("total").cloned().or_else(|| sum().map(Value::from));
    put("cost", total.map(|total| json!({"input": input_cost, "output": output_cost, "total": total})));

    let messages = input_messages(all);
    let output = output_messages(all);
    let usage = usage(all);
    let (input, output_value) = (take(all, &["input.value"]), take(all, &["output.value"]));
    take(all, &["input.mime_type", "output.mime_type", "openinference.span.kind", "gen_ai.operation.name"]);
    let response_id = take(all, &["gen_ai.response.id"]);
    match kind {
        "generation" => {
            let input = input.filter(|_| messages.is_empty());
            put("messages", (!messages.is_empty()).then_some(Value::Array(messages)));
            put("input", input);
            let mut choices = output;
            if let Some(value) = output_value.filter(|_| choices.is_empty()) {
                choices.push(json!({"index": 0, "message": {"role": "assistant", "content": plain(&value)}}));
            }
            let has_result = !choices.is_empty() || usage.is_some();
            let result =
                json!({"id": response_id, "model": answered.or(asked), "choices": choices, "usage": usage});
            put("result", has_result.then_some(result));
        }
        "tool_call" => {
            let arguments =
                take(all, &["gen_ai.tool.call.arguments", "tool_call.function.arguments", "tool.parameters"]);
            put("args", arguments.or(input).map(|value| plain(&value).into()));
            put(
                "result",
                take(all, &["gen_ai.tool.call.result"]).or(output_value).map(|value| plain(&value).into()),
            );
            put("description", take(all, &["gen_ai.tool.description", "tool.description"]));
        }
        "retrieval" => {
            put("input", take(all, &["gen_ai.retrieval.query.text"]).or(input));
            let documents: Vec<Value> = take_indexed(all, "retrieval.documents.")
                .into_iter()
                .map(|mut document| {
                    take(&mut document, &["document.content"]).unwrap_or(Value::Object(document))
                })
                .collect();
            put(
                "docs",
                if documents.is_empty() {
                    output_value.map(|value| json!([value]))
                } else {
                    Some(documents.into())
                },
            );
        }
        _ => {
            put("input", input);
            put("output", output_value);
            put("messages", (!messages.is_empty()).then_some(Value::Array(messages)));
        }
    }

    let (events, failure) = events(said);
    let is_failed = said["status"]["code"] == 2 || said["status"]["code"] == "STATUS_CODE_ERROR";
    let kind_of_failure = take(all, &["error.type"]);
    if is_failed || failure.is_some() {
        let (message, kind) = failure.unwrap_or_default();
        let message =
            said["status"]["message"].as_str().filter(|text| !text.is_empty()).map(str::to_owned).or(message);
        let kind = kind_of_failure.or(kind.map(Value::from));
        put(
            "error",
            Some(
                json!({"message": message.unwrap_or_else(|| "the span's status is ERROR".into()), "type": kind}),
            ),
        );
    }
    let mut metadata = take_below(all, "maxim.metadata.");
    metadata.append(all);
    put("metadata", (!metadata.is_empty()).then_some(Value::Object(metadata)));
    (data, events)
}

/// Message and type of an exception.
type Failure = (Option<String>, Option<String>);

/// What happened to a span, and the exception among it.
fn events(said: &Value) -> (Vec<Map<String, Value>>, Option<Failure>) {
    let (mut events, mut failure) = (Vec::new(), None);
    for event in said["events"].as_array().into_iter().flatten() {
        let mut all = attributes(&event["attributes"]);
        if event["name"] == "exception" {
            let text = |name: &str| all.get(name).map(plain);
            failure = Some((text("exception.message"), text("exception.type")));
        }
        let mut happened = Map::new();
        happened.insert("name".into(), event["name"].clone());
        if let Some(at) = nanoseconds(&event["timeUnixNano"]) {
            happened.insert("timestamp".into(), time(at));
        }
        let tags: Map<_, _> = std::mem::take(&mut all);
        if !tags.is_empty() {
            happened.insert("metadata".into(), Value::Object(tags));
        }
        events.push(happened);
    }
    (events, failure)
}

fn usage(all: &mut Map<String, Value>) -> Option<Value> {
    let mut number = |names: &[&str]| take(all, names).as_ref().and_then(whole);
    let input =
        number(&["gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt"]);
    let output = number(&[
        "gen_ai.usage.output_tokens",
        "gen_ai.usage.completion_tokens",
        "llm.token_count.completion",
    ]);
    let cached =
        number(&["gen_ai.usage.cache_read.input_tokens", "llm.token_count.prompt_details.cache_read"]);
    let total = number(&["llm.token_count.total"]);
    input.or(output).or(total)?;
    let total = total.unwrap_or(input.unwrap_or(0) + output.unwrap_or(0));
    let mut usage = json!({"prompt_tokens": input, "completion_tokens": output, "total_tokens": total});
    if let Some(cached) = cached {
        usage["prompt_tokens_details"] = json!({"cached_tokens": cached});
    }
    Some(usage)
}

fn input_messages(all: &mut Map<String, Value>) -> Vec<Value> {
    let mut messages = Vec::new();
    if let Some(system) = take(all, &["gen_ai.system_instructions"]).map(parsed) {
        let parts = if system.is_array() { system } else { json!([{"type": "text", "content": system}]) };
        messages.push(message(&json!({"role": "system", "parts": parts})));
    }
    if let Some(Value::Array(given)) = take(all, &["gen_ai.input.messages"]).map(parsed) {
        messages.extend(given.iter().map(message));
    }
    for (prefix, inner) in [("llm.input_messages.", "message."), ("gen_ai.prompt.", "")] {
        let given = take_indexed(all, prefix);
        if messages.is_empty() {
            messages.extend(given.into_iter().map(|members| flat_message(members, inner)));
        }
    }
    messages
}

fn output_messages(all: &mut Map<String, Value>) -> Vec<Value> {
    let mut given = Vec::new();
    if let Some(Value::Array(messages)) = take(all, &["gen_ai.output.messages"]).map(parsed) {
        given.extend(messages.iter().map(|said| (message(said), said["finish_reason"].clone())));
    }
    for (prefix, inner) in [("llm.output_messages.", "message."), ("gen_ai.completion.", "")] {
        let flat = take_indexed(all, prefix);
        if given.is_empty() {
            given.extend(flat.into_iter().map(|mut members| {
                let reason = members.shift_remove("finish_reason").unwrap_or_default();
                (flat_message(members, inner), reason)
            }));
        }
    }
    let reasons = take(all, &["gen_ai.response.finish_reasons"]).unwrap_or_default();
    let choices = given.into_iter().enumerate().map(|(at, (message, reason))| {
        let reason = if reason.is_null() { reasons[at].clone() } else { reason };
        json!({"index": at, "message": message, "finish_reason": reason})
    });
    choices.collect()
}

/// A message of the convention: a role and parts.
fn message(said: &Value) -> Value {
    let mut content = Vec::new();
    let mut calls = Vec::new();
    for part in said["parts"].as_array().into_iter().flatten() {
        match part["type"].as_str().unwrap_or_default() {
            "tool_call" => calls.push(json!({
                "id": part["id"], "type": "function",
                "function": {"name": part["name"], "arguments": plain(&part["arguments"])},
            })),
            "tool_call_response" => {
                let text = [&part["response"], &part["result"]].into_iter().find(|value| !value.is_null());
                content.push(json!({"type": "text", "text": text.map(plain).unwrap_or_default()}));
            }
            "uri" => content.push(json!({"type": "image_url", "image_url": {"url": part["uri"]}})),
            "blob" => {
                let mime = part["mime_type"].as_str().unwrap_or("application/octet-stream");
                let url = format!("data:{mime};base64,{}", plain(&part["content"]));
                content.push(json!({"type": "image_url", "image_url": {"url": url}}));
            }
            _ if part["content"].is_string() => {
                content.push(json!({"type": "text", "text": part["content"]}))
            }
            _ => content.push(json!({"type": "text", "text": part.to_string()})),
        }
    }
    if !said["parts"].is_array() && !said["content"].is_null() {
        return said.clone();
    }
    joined(said["role"].clone(), content, calls)
}

/// A message whose members are attributes of their own.
fn flat_message(mut members: Map<String, Value>, prefix: &str) -> Value {
    let mut get = |name: &str| members.shift_remove(&format!("{prefix}{name}"));
    let role = get("role").unwrap_or_default();
    let mut content: Vec<Value> =
        get("content").map(|text| json!({"type": "text", "text": plain(&text)})).into_iter().collect();
    for mut part in take_indexed(&mut members, &format!("{prefix}contents.")) {
        if let Some(text) = take(&mut part, &["message_content.text"]) {
            content.push(json!({"type": "text", "text": text}));
        } else if let Some(url) = take(&mut part, &["message_content.image.image.url"]) {
            content.push(json!({"type": "image_url", "image_url": {"url": url}}));
        }
    }
    let calls = take_indexed(&mut members, &format!("{prefix}tool_calls.")).into_iter().map(|mut call| {
        let mut get = |names: &[&str]| take(&mut call, names).unwrap_or_default();
        json!({"id": get(&["tool_call.id", "id"]), "type": "function", "function": {
            "name": get(&["tool_call.function.name", "name"]),
            "arguments": plain(&get(&["tool_call.function.arguments", "arguments"])),
        }})
    });
    joined(role, content, calls.collect())
}

fn joined(role: Value, mut content: Vec<Value>, calls: Vec<Value>) -> Value {
    let content = match content.as_mut_slice() {
        [] => Value::Null,
        [one] if one["type"] == "text" => one["text"].take(),
        _ => Value::Array(content),
    };
    let mut message = json!({"role": role, "content": content});
    if !calls.is_empty() {
        message["tool_calls"] = calls.into();
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(attributes: Value) -> Value {
        let list: Vec<_> = attributes
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, value)| {
                let kind = match value {
                    Value::Number(number) if number.is_f64() => "doubleValue",
                    Value::Number(_) => "intValue",
                    _ => "stringValue",
                };
                json!({"key": key, "value": {kind: value}})
            })
            .collect();
        json!({"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}, "scope": {},
               "span": {"traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331", "name": "n",
                        "parentSpanId": "00f067aa0ba902b7", "startTimeUnixNano": "1700000000000000000",
                        "endTimeUnixNano": 1_700_000_001_500_000_000_u64, "attributes": list}})
    }

    #[test]
    fn both_dialects_say_the_same_generation() {
        let convention = json!({
            "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o",
            "gen_ai.usage.input_tokens": 7, "gen_ai.usage.output_tokens": 2,
            "gen_ai.input.messages": r#"[{"role":"user","parts":[{"type":"text","content":"hi"}]}]"#,
            "gen_ai.output.messages": r#"[{"role":"assistant","parts":[{"type":"text","content":"ho"}],"finish_reason":"stop"}]"#,
        });
        let inference = json!({
            "openinference.span.kind": "LLM", "llm.provider": "openai", "llm.model_name": "gpt-4o",
            "llm.token_count.prompt": 7, "llm.token_count.completion": 2,
            "llm.input_messages.0.message.role": "user", "llm.input_messages.0.message.content": "hi",
            "llm.output_messages.0.message.role": "assistant", "llm.output_messages.0.message.content": "ho",
        });
        for attributes in [convention, inference] {
            let span = Span::new(&unit(attributes)).expect("a span");
            assert_eq!((span.kind, span.repository.as_str()), ("generation", "shop"));
            assert_eq!(span.data["model"], "gpt-4o");
            assert_eq!(span.data["provider"], "openai");
            assert_eq!(span.data["messages"], json!([{"role": "user", "content": "hi"}]));
            assert_eq!(span.data["result"]["choices"][0]["message"]["content"], "ho");
            assert_eq!(span.data["result"]["usage"]["total_tokens"], 9);
            assert_eq!(span.data["endTimestamp"], "2023-11-14T22:13:21.500000Z");
            assert!(!span.data.contains_key("metadata"), "{:?}", span.data);
        }
    }

    #[test]
    fn what_has_no_place_of_its_own_is_metadata_and_ids_that_are_none_are_refused() {
        let span = Span::new(&unit(json!({"http.route": "/x"}))).expect("a span");
        assert_eq!((span.kind, &span.data["metadata"]), ("span", &json!({"http.route": "/x"})));
        let mut bad = unit(json!({}));
        bad["span"]["traceId"] = "00000000000000000000000000000000".into();
        assert!(Span::new(&bad).is_err());
    }

    #[test]
    fn units_become_the_same_request_again() {
        let request_ = json!({"resourceSpans": [{"resource": {"a": 1}, "scopeSpans": [{"scope": {"name": "s"},
            "spans": [{"traceId": "1"}, {"traceId": "2"}]}]}]});
        assert_eq!(request(&units(&request_, Signal::Spans).expect("units")), request_);
        assert!(units(&request_, Signal::Logs).is_none());
    }
}
