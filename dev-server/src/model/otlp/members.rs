//! What a span is, and its attributes as the members of that entity.

use serde_json::{Map, Value, json};

use super::messages::{input_messages, output_messages};
use super::values::{attributes, nanoseconds, parsed, take, take_below, take_indexed, time, whole};
use crate::model::entities::plain;

/// The kind of entity that a span with these attributes is.
pub fn kind_of(all: &Map<String, Value>) -> &'static str {
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

/// The members of the entity, and what happened to it.
pub fn data(
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
