//! Agents: Mistral's conversations, AWS Bedrock's agents and knowledge bases as streams, and the messages of the Claude
//! Agent SDK.
//!
//! Tools that the service runs itself stand in the message's `server_tool_calls`; what an agent asks its caller to do
//! are tool calls; traces stay, under `traces`. Of the messages of a session the last is the answer, those before it are
//! its `earlier_responses`, and its end is its `session`.

use std::collections::BTreeMap;

use super::completion::{AssistantToolCall, Choice, Completion, Usage};
use super::openai::MessageContent;
use super::parts::{append, arguments, finished};
use super::value::{self, Read, count, merge_members, push, rest, seconds};
use super::{Context, ResponseShape, error, several};
use base64::Engine;
use serde_json::{Map, Value, json};

pub(super) const MISTRAL: ResponseShape = ResponseShape {
    name: "a Mistral conversation",
    is: |value| value.is_object() && is_mistral(value),
    convert: mistral,
};

pub(super) const MISTRAL_STREAM: ResponseShape = ResponseShape {
    name: "a Mistral conversation stream",
    is: |value| value.as_array().is_some_and(|events| events.iter().any(is_mistral_event)),
    convert: mistral_stream,
};

pub(super) const BEDROCK_STREAM: ResponseShape =
    ResponseShape { name: "an AWS Bedrock agent stream", is: is_bedrock, convert: bedrock };

pub(super) const CLAUDE: ResponseShape =
    ResponseShape { name: "a Claude Agent SDK session", is: is_claude, convert: claude };

fn is_mistral(value: &Value) -> bool {
    const OUTPUTS: [&str; 4] = ["message.output", "tool.execution", "function.call", "agent.handoff"];
    value.text("object") == Some("conversation.response")
        || value
            .list("outputs")
            .iter()
            .any(|output| output.text("type").is_some_and(|it| OUTPUTS.contains(&it)))
}

fn is_mistral_event(event: &Value) -> bool {
    event.text("type").is_some_and(|kind| {
        ["conversation.response.", "message.output.", "tool.execution.", "function.call.", "agent.handoff."]
            .iter()
            .any(|begin| kind.starts_with(begin))
    })
}

fn mistral(value: Value, context: &mut Context<'_>) -> Value {
    let mut answer = MistralAnswer::default();
    value.list("outputs").iter().for_each(|output| answer.read(output));
    let extra = rest(&value, &["id", "object", "outputs", "usage", "model", "created_at"]);
    answer.completion.id = value.filled("id").or(answer.completion.id);
    answer.completion.usage = value.given("usage").filter(|usage| usage.is_object()).cloned();
    merge_members(&mut answer.completion.extra, extra);
    answer.finish(context)
}

fn mistral_stream(value: Value, context: &mut Context<'_>) -> Value {
    let mut answer = MistralAnswer::default();
    for event in value.as_array().into_iter().flatten() {
        match event.text("type").unwrap_or_default() {
            "conversation.response.started" => {
                merge_members(&mut answer.completion.extra, rest(event, &["type", "created_at"]));
            }
            "conversation.response.done" => {
                answer.completion.usage = event.given("usage").filter(|usage| usage.is_object()).cloned();
                answer.is_done = true;
            }
            "conversation.response.error" => {
                answer.completion.error = Some(error::describe(event, event));
            }
            "message.output.delta" | "function.call.delta" => answer.read(event),
            // Its beginning and its end say the same; what comes between has its arguments.
            kind if kind.ends_with(".started") || kind.ends_with(".delta") => {}
            "" => answer.completion.error = error::error_of(event).or(answer.completion.error),
            _ => answer.read(event),
        }
    }
    if !answer.is_done {
        answer.is_cut_short = true;
    }
    answer.finish(context)
}

#[derive(Default)]
struct MistralAnswer {
    completion: Completion,
    choice: Choice,
    content: MessageContent,
    /// The places of the tool calls, by id.
    calls: BTreeMap<String, usize>,
    is_done: bool,
    is_cut_short: bool,
}

impl MistralAnswer {
    /// An output, or a piece of one.
    fn read(&mut self, output: &Value) {
        let kind = output.text("type").unwrap_or_default();
        match kind {
            "message.output" | "message.output.delta" => {
                self.content.read(output.given("content").unwrap_or(&Value::Null));
                self.completion.id = self.completion.id.take().or_else(|| output.filled("id"));
                self.completion.model = self.completion.model.take().or_else(|| output.filled("model"));
                self.completion.created =
                    self.completion.created.take().or_else(|| output.given("created_at").and_then(seconds));
            }
            "function.call" | "function.call.delta" => {
                let id = output.filled("tool_call_id").or_else(|| output.filled("id"));
                let piece = arguments(output.given("arguments"));
                let known = id.as_ref().filter(|_| kind.ends_with(".delta"));
                let at = known.and_then(|id| self.calls.get(id)).copied();
                match at.and_then(|at| self.choice.tool_calls.get_mut(at)) {
                    Some(call) => call.arguments.push_str(&piece),
                    None => {
                        if let Some(id) = &id {
                            self.calls.entry(id.clone()).or_insert(self.choice.tool_calls.len());
                        }
                        self.choice.tool_calls.push(AssistantToolCall {
                            id,
                            name: output.filled("name").unwrap_or_default(),
                            arguments: piece,
                            ..AssistantToolCall::default()
                        });
                    }
                }
            }
            _ => push(&mut self.choice.message, "server_tool_calls", output.clone()),
        }
    }

    fn finish(mut self, context: &Context<'_>) -> Value {
        self.choice.content = self.content.text;
        self.choice.reasoning = self.content.reasoning;
        for part in self.content.other {
            let name =
                if part.text("type") == Some("tool_reference") { "citations" } else { "other_content" };
            push(&mut self.choice.message, name, part);
        }
        if !self.is_cut_short && self.completion.error.is_none() {
            self.choice.finish_reason = Some("stop".to_owned());
            self.choice.finish_with_calls();
        }
        self.completion.choices.push(self.choice);
        self.completion.build(context)
    }
}

/// Events of InvokeAgent, InvokeInlineAgent, InvokeFlow and RetrieveAndGenerateStream.
fn is_bedrock(value: &Value) -> bool {
    let is_event = |event: &Value| {
        event.given("chunk").is_some_and(|chunk| chunk.text("bytes").is_some())
            || event.given("returnControl").is_some_and(|control| control.get("invocationInputs").is_some())
            || event.given("trace").is_some_and(|trace| trace.get("trace").is_some())
            || event.given("output").is_some_and(|output| {
                output.get("text").is_some_and(Value::is_string) && rest(output, &["text"]).is_empty()
            }) && rest(event, &["output"]).is_empty()
            || event.given("flowOutputEvent").is_some()
    };
    value.as_array().is_some_and(|events| events.iter().any(is_event))
}

fn bedrock(value: Value, context: &mut Context<'_>) -> Value {
    let mut completion = Completion::default();
    let mut choice = Choice::default();
    let mut tokens = (None, None);
    for event in value.as_array().into_iter().flatten() {
        if let Some(error) = error::error_of(event) {
            completion.error = Some(error);
            continue;
        }
        if let Some(chunk) = event.given("chunk") {
            append(&mut choice.content, &text_of(chunk.text("bytes").unwrap_or_default()));
            for citation in chunk.given("attribution").map_or(&[][..], |it| it.list("citations")) {
                push(&mut choice.message, "citations", citation.clone());
            }
        }
        if let Some(text) = event.given("output").and_then(|output| output.text("text")) {
            append(&mut choice.content, text);
        }
        if let Some(citation) = event.given("citation") {
            push(&mut choice.message, "citations", citation.clone());
        }
        if let Some(output) = event.given("flowOutputEvent") {
            let document = output.given("content").and_then(|content| content.given("document"));
            append(&mut choice.content, document.and_then(Value::as_str).unwrap_or_default());
            if document.is_none_or(|document| !document.is_string()) {
                push(&mut choice.message, "other_content", output.clone());
            }
        }
        if let Some(control) = event.given("returnControl") {
            let id = control.filled("invocationId");
            control.list("invocationInputs").iter().for_each(|input| read_control(input, &id, &mut choice));
        }
        for file in event.given("files").map_or(&[][..], |files| files.list("files")) {
            let kept = file.text("bytes").and_then(|bytes| context.keep_base64(file.text("type"), bytes));
            let name = if kept.is_some() { "images" } else { "other_content" };
            push(&mut choice.message, name, kept.unwrap_or_else(|| file.clone()));
        }
        if let Some(trace) = event.given("trace") {
            count_tokens(trace, &mut tokens);
            push(&mut completion.extra, "traces", trace.clone());
        }
        let known = ["chunk", "output", "citation", "flowOutputEvent", "returnControl", "files", "trace"];
        merge_members(&mut completion.extra, rest(event, &known));
    }
    let blocked = completion.extra.get("guardrail").and_then(|it| it.text("action")) == Some("INTERVENED");
    if completion.error.is_none() {
        choice.finish_reason = Some(if blocked { "content_filter" } else { "stop" }.to_owned());
        choice.finish_with_calls();
    }
    completion.choices.push(choice);
    if let (Some(prompt), completed) = tokens {
        let usage = Usage { prompt, completion: completed.unwrap_or_default(), ..Usage::default() };
        completion.usage = Some(usage.build());
    }
    completion.build(context)
}

/// Bytes as JSON has them; some clients have made a text of them already.
fn text_of(bytes: &str) -> String {
    let decoded = base64::engine::general_purpose::STANDARD.decode(bytes).ok();
    decoded.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_else(|| bytes.to_owned())
}

/// What an agent wants its caller to do: a function with parameters, or a request to an API.
fn read_control(input: &Value, id: &Option<String>, choice: &mut Choice) {
    let known = [("functionInvocationInput", "function"), ("apiInvocationInput", "apiPath")];
    let Some((call, name)) =
        known.iter().find_map(|(of, name)| Some((input.given(of)?, call_name(input.given(of)?, name))))
    else {
        return push(&mut choice.message, "other_content", input.clone());
    };
    let parameters: Map<String, Value> = call
        .list("parameters")
        .iter()
        .filter_map(|parameter| Some((parameter.filled("name")?, parameter.get("value")?.clone())))
        .collect();
    choice.tool_calls.push(AssistantToolCall {
        id: id.clone(),
        name,
        arguments: Value::Object(parameters).to_string(),
        extra: rest(call, &["parameters", "function", "apiPath", "id", "type"]),
    });
}

fn call_name(call: &Value, name: &str) -> String {
    let method = call.filled("httpMethod").map(|method| format!("{method} ")).unwrap_or_default();
    format!("{method}{}", call.filled(name).unwrap_or_default())
}

/// Adds up what the models that an agent has called have counted, wherever a trace has it.
fn count_tokens(trace: &Value, tokens: &mut (Option<u64>, Option<u64>)) {
    match trace {
        Value::Object(members) => {
            let usage = members.given("metadata").and_then(|metadata| metadata.given("usage"));
            if let Some(usage) = usage {
                let add = |sum: &mut Option<u64>, name: &str| {
                    if let Some(more) = usage.given(name).and_then(count) {
                        *sum = Some(sum.unwrap_or_default().saturating_add(more));
                    }
                };
                add(&mut tokens.0, "inputTokens");
                add(&mut tokens.1, "outputTokens");
            }
            members.values().for_each(|member| count_tokens(member, tokens));
        }
        Value::Array(items) => items.iter().for_each(|item| count_tokens(item, tokens)),
        _ => {}
    }
}

fn is_claude(value: &Value) -> bool {
    let is_result = |event: &Value| {
        event.text("type") == Some("result")
            && ["session_id", "num_turns", "total_cost_usd"].iter().any(|name| event.get(*name).is_some())
    };
    let is_answer = |event: &Value| {
        event.text("type") == Some("assistant")
            && event.given("message").is_some_and(|message| message.get("content").is_some())
    };
    is_result(value)
        || value
            .as_array()
            .is_some_and(|events| events.iter().any(|event| is_result(event) || is_answer(event)))
}

fn claude(value: Value, context: &mut Context<'_>) -> Value {
    let one = [value.clone()];
    let events = value.as_array().map_or(&one[..], Vec::as_slice);
    let mut messages: Vec<Value> = Vec::new();
    for message in
        events.iter().filter(|it| it.text("type") == Some("assistant")).filter_map(|it| it.given("message"))
    {
        // A message may come block by block.
        let id = message.filled("id");
        match messages.last_mut().filter(|last| id.is_some() && last.filled("id") == id) {
            Some(last) => {
                let before = last.get_mut("content").map(Value::take);
                let mut content = match before {
                    Some(Value::Array(blocks)) => blocks,
                    _ => Vec::new(),
                };
                content.extend_from_slice(message.list("content"));
                if let (Value::Object(last), Some(more)) = (last, message.as_object()) {
                    last.extend(
                        more.iter()
                            .filter(|(_, member)| !member.is_null())
                            .map(|(name, it)| (name.clone(), it.clone())),
                    );
                    last.insert("content".to_owned(), content.into());
                }
            }
            None => messages.push(message.clone()),
        }
    }
    for message in messages.iter_mut().filter_map(Value::as_object_mut) {
        message.insert("type".to_owned(), "message".into());
        if let Some(text) = message.text("content").map(str::to_owned) {
            message.insert("content".to_owned(), json!([{"type": "text", "text": text}]));
        }
    }
    let end = events.iter().rfind(|event| event.text("type") == Some("result"));
    let mut answer = match messages.is_empty() {
        false => several(messages, context).0,
        true => ended(end.unwrap_or(&Value::Null), context),
    };
    if let (Some(end), Value::Object(answer)) = (end, &mut answer) {
        let failed = end.get("is_error").is_some_and(|is_error| is_error == true);
        if failed && answer.given("error").is_none() {
            let message = end.filled("result").or_else(|| end.filled("subtype")).unwrap_or_default();
            answer.insert(
                "error".to_owned(),
                error::describe(&json!({"message": message, "type": end["subtype"]}), end),
            );
        }
        answer.insert("session".to_owned(), Value::Object(rest(end, &["type"])));
    }
    answer
}

/// A session of which only its end is known.
fn ended(end: &Value, context: &mut Context<'_>) -> Value {
    let mut choice = Choice { content: end.filled("result"), ..Choice::default() };
    choice.finish_reason = finished(end, "stop_reason", &[("end_turn", "stop"), ("max_tokens", "length")])
        .or_else(|| (end.text("subtype") == Some("success")).then(|| "stop".to_owned()));
    if let Some(structured) = end.given("structured_output") {
        value::push(&mut choice.message, "other_content", structured.clone());
    }
    let usage = end.given("usage").map(|usage| {
        let of = |name: &str| usage.count(name);
        let (cached, created) = (of("cache_read_input_tokens"), of("cache_creation_input_tokens"));
        Usage {
            prompt: super::parts::sum(&[of("input_tokens"), cached, created]),
            completion: of("output_tokens").unwrap_or_default(),
            cached,
            cache_creation: created,
            ..Usage::default()
        }
        .build()
    });
    Completion { id: end.filled("uuid"), choices: vec![choice], usage, ..Completion::default() }
        .build(context)
}
