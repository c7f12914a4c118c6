//! Google's generateContent response (Gemini API and Vertex AI), whole or as the array of chunks
//! that streamGenerateContent sends: a whole response is a stream of one chunk.
//!
//! Candidates are joined by their index; counts, model and id are those of the last chunk to give
//! them. Member names are read as the JSON form of protocol buffers has them and as the messages
//! declare them (`usageMetadata`, `usage_metadata`), enums as names and as numbers: Google's clients write
//! all of these. A blocked prompt, which has no candidates, comes out as one choice that ended in
//! `content_filter`. Images and sounds become attachments; code, its results and Google's own tools stand in
//! the message's `server_tool_calls`; whatever else a candidate, the usage or the response says (grounding,
//! URL context, safety ratings, tokens by modality) stays under its own name.

use super::completion::{AssistantToolCall, Choice, Completion, Usage};
use super::gemini_arguments::Partial;
use super::openai_stream::chunks;
use super::parts::{append, arguments, finish_reason, sum};
use super::value::{Read, count, filled, merge_members, push, rest, seconds};
use super::{Context, ResponseShape, error};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

pub(super) const SHAPE: ResponseShape = ResponseShape { name: "a Google Gemini response", is, convert };

/// Those without a counterpart (`OTHER`, `LANGUAGE`, `MALFORMED_FUNCTION_CALL`, …) stay. The numbers are
/// those of the protocol buffers, as far as Google's two APIs agree on them.
const FINISH_REASONS: [(&str, &str); 15] = [
    ("STOP", "stop"),
    ("MAX_TOKENS", "length"),
    ("SAFETY", "content_filter"),
    ("RECITATION", "content_filter"),
    ("BLOCKLIST", "content_filter"),
    ("PROHIBITED_CONTENT", "content_filter"),
    ("SPII", "content_filter"),
    ("IMAGE_SAFETY", "content_filter"),
    ("IMAGE_PROHIBITED_CONTENT", "content_filter"),
    ("IMAGE_RECITATION", "content_filter"),
    ("1", "stop"),
    ("2", "length"),
    ("3", "content_filter"),
    ("4", "content_filter"),
    ("5", "OTHER"),
];

/// What a response has. Usage alone is not enough: embeddings have it as well.
const DECISIVE: [&str; 3] = ["candidates", "promptFeedback", "prompt_feedback"];
const USAGE: [&str; 2] = ["usageMetadata", "usage_metadata"];

/// What tells candidates from those of an election.
const HEADS: [&str; 4] = ["modelVersion", "model_version", "responseId", "response_id"];

/// Whether nothing speaks against a chunk's candidates being a model's.
fn are_candidates(chunk: &Value) -> bool {
    let known = [
        "content",
        "finishReason",
        "finish_reason",
        "finishMessage",
        "safetyRatings",
        "safety_ratings",
        "groundingMetadata",
        "grounding_metadata",
        "index",
        "author",
        "output",
    ];
    // As gateways of MLflow have them.
    let has_metadata = |it: &Map<String, Value>| it.contains_key("text") && it.contains_key("metadata");
    let Some(candidates) = chunk.get("candidates").and_then(Value::as_array) else { return false };
    let is_one = |candidate: &Value| {
        candidate.as_object().is_some_and(|it| {
            it.is_empty() || has_metadata(it) || known.iter().any(|name| it.contains_key(*name))
        })
    };
    candidates.is_empty() || candidates.iter().all(Value::is_object) && candidates.iter().any(is_one)
}

fn is(value: &Value) -> bool {
    let has = |chunk: &Value, names: &[&str]| names.iter().any(|name| chunk.given(name).is_some());
    let others = ["embedding", "embeddings", "predictions", "serverContent", "setupComplete"];
    let all = chunks(value);
    let is_chunk = |chunk: &Value| {
        has(chunk, &DECISIVE[1..]) || has(chunk, &USAGE) || has(chunk, &HEADS) || are_candidates(chunk)
    };
    all.iter().any(|chunk| {
        has(chunk, &DECISIVE) && is_chunk(chunk) || has(chunk, &USAGE) || filtered(chunk).is_some()
    }) && !all.iter().any(|chunk| has(chunk, &others) && !has(chunk, &DECISIVE))
}

fn convert(value: Value, context: &mut Context<'_>) -> Value {
    let mut completion = Completion::default();
    let mut choices: BTreeMap<u64, Candidate> = BTreeMap::new();
    let mut blocked = None;
    for chunk in chunks(&value) {
        read_head(chunk, &mut completion);
        if let Some(feedback) = chunk.either(&["promptFeedback", "prompt_feedback"]) {
            blocked = block_reason(feedback).or(blocked);
        }
        blocked = blocked.or_else(|| filtered(chunk));
        for (position, candidate) in chunk.list("candidates").iter().enumerate() {
            let index = candidate.count("index").unwrap_or(position as u64);
            choices.entry(index).or_insert_with(|| Candidate::new(index)).read(candidate, context);
        }
    }
    completion.choices = choices.into_values().map(Candidate::finish).collect();
    if let (Some(reason), true) = (blocked, completion.choices.is_empty()) {
        completion.choices.push(Choice {
            refusal: Some(format!("The prompt was blocked: {reason}")),
            finish_reason: Some("content_filter".to_owned()),
            ..Choice::default()
        });
    }
    completion.build(context)
}

/// Why PaLM gives no candidate.
fn filtered(response: &Value) -> Option<String> {
    let is_palm =
        ["safetyFeedback", "safety_feedback", "messages"].iter().any(|name| response.get(name).is_some());
    response.list("filters").iter().filter(|_| is_palm).find_map(|filter| filter.filled("reason"))
}

fn block_reason(feedback: &Value) -> Option<String> {
    let reason = feedback.either(&["blockReason", "block_reason"]).and_then(filled)?;
    let message = feedback.either(&["blockReasonMessage", "block_reason_message"]).and_then(Value::as_str);
    Some(message.map_or_else(|| reason.clone(), |message| format!("{reason}: {message}")))
}

fn read_head(chunk: &Value, completion: &mut Completion) {
    let newer = |older: &mut Option<String>, names: &[&str]| {
        *older = chunk.either(names).and_then(filled).or(older.take());
    };
    newer(&mut completion.id, &["responseId", "response_id"]);
    newer(&mut completion.model, &["modelVersion", "model_version"]);
    if let Some(time) = chunk.either(&["createTime", "create_time"]).and_then(seconds) {
        completion.created = Some(time);
    }
    if let Some(usage) = chunk.either(&USAGE).filter(|usage| usage.is_object()) {
        completion.usage = Some(read_usage(usage));
    }
    if let Some(error) = error::error_of(chunk) {
        completion.error = Some(error);
    }
    let known = [
        "candidates",
        "usageMetadata",
        "usage_metadata",
        "responseId",
        "response_id",
        "modelVersion",
        "model_version",
        "createTime",
        "create_time",
        "error",
    ];
    merge_members(&mut completion.extra, rest(chunk, &known));
}

/// One candidate, and the call whose arguments are still arriving.
struct Candidate {
    choice: Choice,
    partial: Option<Partial>,
}

impl Candidate {
    fn new(index: u64) -> Candidate {
        Candidate { choice: Choice::new(index), partial: None }
    }

    fn read(&mut self, candidate: &Value, context: &mut Context<'_>) {
        let content = candidate.given("content").unwrap_or(&Value::Null);
        // PaLM's candidates have a text.
        if let Some(text) = content.as_str().or_else(|| candidate.text("output")) {
            append(&mut self.choice.content, text);
        }
        for part in content.list("parts") {
            self.read_part(part, context);
        }
        if let Some(reason) = candidate.either(&["finishReason", "finish_reason"]).and_then(filled) {
            // Python's clients write the enum with its class.
            let reason = reason.rsplit('.').next().unwrap_or(&reason);
            self.choice.finish_reason = Some(finish_reason(reason, &FINISH_REASONS));
        }
        let known = ["content", "output", "index", "finishReason", "finish_reason"];
        merge_members(&mut self.choice.extra, rest(candidate, &known));
    }

    fn read_part(&mut self, part: &Value, context: &mut Context<'_>) {
        let choice = &mut self.choice;
        if let Some(signature) = part.either(&["thoughtSignature", "thought_signature"]).and_then(filled) {
            push(&mut choice.message, "reasoning_signatures", signature.into());
        }
        if let Some(text) = part.text("text") {
            let is_thought = part.get("thought").is_some_and(|thought| thought == true);
            append(if is_thought { &mut choice.reasoning } else { &mut choice.content }, text);
        }
        if let Some(call) = part.either(&["functionCall", "function_call"]) {
            self.read_call(call);
            return;
        }
        if let Some(data) = part.either(&["inlineData", "inline_data"]) {
            let mime = data.either(&["mimeType", "mime_type"]).and_then(Value::as_str);
            let image = data.text("data").and_then(|bytes| context.keep_base64(mime, bytes));
            let (name, item) = match image {
                Some(image) => ("images", image),
                None => ("other_content", part.clone()),
            };
            push(&mut self.choice.message, name, item);
            return;
        }
        let others = rest(part, &["text", "thought", "thoughtSignature", "thought_signature"]);
        if others.is_empty() {
            return;
        }
        const TOOLS: [&str; 10] = [
            "executableCode",
            "executable_code",
            "codeExecutionResult",
            "code_execution_result",
            "toolCall",
            "tool_call",
            "toolResponse",
            "tool_response",
            "functionResponse",
            "function_response",
        ];
        let is_tool = others.keys().any(|name| TOOLS.contains(&name.as_str()));
        let name = if is_tool { "server_tool_calls" } else { "other_content" };
        push(&mut self.choice.message, name, Value::Object(others));
    }

    /// A call may arrive in pieces: its name first, then arguments by their paths, then an empty end.
    fn read_call(&mut self, call: &Value) {
        let pieces = call.either(&["partialArgs", "partial_args"]);
        let goes_on = call.either(&["willContinue", "will_continue"]).is_some_and(|goes_on| goes_on == true);
        if let Some(name) = call.filled("name") {
            self.close();
            self.choice.tool_calls.push(AssistantToolCall {
                id: call.filled("id"),
                name,
                arguments: arguments(call.given("args")),
                ..AssistantToolCall::default()
            });
            if goes_on || pieces.is_some() {
                self.partial = Some(Partial::new(call.object("args").cloned().unwrap_or_default()));
            }
        } else if call.object("args").is_some() && self.partial.is_none() {
            self.choice.tool_calls.push(AssistantToolCall {
                id: call.filled("id"),
                arguments: arguments(call.given("args")),
                ..AssistantToolCall::default()
            });
        }
        if let (Some(partial), Some(pieces)) = (&mut self.partial, pieces) {
            pieces.as_array().into_iter().flatten().for_each(|piece| partial.add(piece));
        }
        if !goes_on {
            self.close();
        }
    }

    fn close(&mut self) {
        if let (Some(partial), Some(call)) = (self.partial.take(), self.choice.tool_calls.last_mut()) {
            call.arguments = partial.finish().to_string();
        }
    }

    fn finish(mut self) -> Choice {
        self.close();
        self.choice.finish_with_calls();
        self.choice
    }
}

/// `promptTokenCount` has the cached tokens in it; thoughts and the prompts of Google's own tools
/// are counted beside the rest, and within the total.
fn read_usage(usage: &Value) -> Value {
    let of = |names: &[&str]| usage.either(names).and_then(count);
    let reasoning = of(&["thoughtsTokenCount", "thoughts_token_count"]);
    let tokens = Usage {
        prompt: sum(&[
            of(&["promptTokenCount", "prompt_token_count"]),
            of(&["toolUsePromptTokenCount", "tool_use_prompt_token_count"]),
        ]),
        completion: sum(&[of(&["candidatesTokenCount", "candidates_token_count"]), reasoning]),
        total: of(&["totalTokenCount", "total_token_count"]),
        cached: of(&["cachedContentTokenCount", "cached_content_token_count"]),
        reasoning,
        cache_creation: None,
    };
    let counted = [
        "promptTokenCount",
        "prompt_token_count",
        "candidatesTokenCount",
        "candidates_token_count",
        "totalTokenCount",
        "total_token_count",
        "thoughtsTokenCount",
        "thoughts_token_count",
        "cachedContentTokenCount",
        "cached_content_token_count",
    ];
    let more: Map<String, Value> = rest(usage, &counted);
    tokens.build_with(more)
}
