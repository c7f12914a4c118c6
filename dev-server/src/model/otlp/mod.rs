//! Spans and log records of OpenTelemetry, understood as entities and entries.
//!
//! A *unit* is one span or log record as OTLP/JSON has it, with its resource and scope:
//! `{"resource": …, "scope": …, "span": …}`. What a span is follows from the attributes of either convention for
//! generative AI (`gen_ai.*` and OpenInference); one that has neither is a plain span. Attributes that have no place
//! of their own become metadata, so nothing is lost from sight.

mod entry;
mod members;
mod messages;
mod values;

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use crate::otlp::ids;
pub use entry::entry;
use members::{data, kind_of};
use values::{attributes, id, is_entity_id};

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
        // One that goes on below another service's span is a part of that trace.
        let is_own = |id: &String| is_entity_id(id) && ids::remote(id).is_none();
        let trace_id = named.filter(is_own).unwrap_or_else(|| trace.clone());
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
    fn a_trace_of_the_library_below_another_services_span_is_a_part_of_that_trace() {
        let own = Span::new(&unit(json!({"maxim.trace.id": "question-1"}))).expect("a span");
        assert_eq!(own.trace_id, "question-1");
        let id = "0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-0123abcd";
        let joined = Span::new(&unit(json!({"maxim.trace.id": id, "openinference.span.kind": "CHAIN"})));
        let joined = joined.expect("a span");
        assert_eq!((joined.trace_id.as_str(), joined.kind), ("0af7651916cd43dd8448eb211c80319c", "span"));
        assert_eq!(joined.parent.as_deref(), Some("00f067aa0ba902b7"));
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
