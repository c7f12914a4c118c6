//! APIs that complete a text, each in a form of its own: the models of AWS Bedrock by InvokeModel (Titan,
//! Llama, Mistral, Cohere, Jurassic, Claude 2), Anthropic's complete, Aleph Alpha, Text Generation Inference,
//! watsonx, Replicate, Writer, Workers AI, llama.cpp, Triton, ERNIE, YandexGPT, Reka, Vertex AI's predict.
//! Whole, or as the array of what their streams send: the texts are joined.
//!
//! What is not known of a body or chunk stays under its own name.

use super::completion::{Choice, Completion, Usage};
use super::openai_stream::chunks;
use super::parts::{append, finish_reason};
use super::value::{Read, count, filled, merge_members, rest, seconds};
use super::{Context, ResponseShape, error};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

pub(super) const SHAPE: ResponseShape = ResponseShape { name: "a completed text", is, convert };

/// `not_finished` (watsonx) is no reason to finish.
const FINISH_REASONS: [(&str, &str); 23] = [
    ("stop_sequence", "stop"),
    ("eos_token", "stop"),
    ("endoftext", "stop"),
    ("end_of_text", "stop"),
    ("FINISH", "stop"),
    ("COMPLETE", "stop"),
    ("succeeded", "stop"),
    ("max_tokens", "length"),
    ("MAX_TOKENS", "length"),
    ("maximum_tokens", "length"),
    ("token_limit", "length"),
    ("LENGTH", "length"),
    ("CONTENT_FILTERED", "content_filter"),
    ("ERROR_TOXIC", "content_filter"),
    ("guardrail_intervened", "content_filter"),
    ("canceled", "cancelled"),
    ("eos", "stop"),
    ("normal", "stop"),
    ("word", "stop"),
    ("limit", "length"),
    ("ALTERNATIVE_STATUS_FINAL", "stop"),
    ("ALTERNATIVE_STATUS_TRUNCATED_FINAL", "length"),
    ("ALTERNATIVE_STATUS_CONTENT_FILTER", "content_filter"),
];

/// Where the texts of one form are.
struct Form {
    /// The list that has them, or none where the body itself has one.
    list: Option<&'static str>,
    text: &'static str,
    reason: &'static str,
    /// Where the text alone tells nothing: members of which one must be there too, in any chunk of a stream or item.
    marks: &'static [&'static str],
}

/// What Llama on AWS Bedrock has beside its text.
const OF_LLAMA: [&str; 4] =
    ["stop_reason", "prompt_token_count", "generation_token_count", "amazon-bedrock-invocationMetrics"];
/// What Claude 2 has beside its text.
const OF_CLAUDE: [&str; 5] = ["stop_reason", "stop", "log_id", "model", "amazon-bedrock-invocationMetrics"];

/// Where Workers AI's text is in Cloudflare's envelope.
const IN_WORKERS_AI: &str = "result/response";

/// Every form. `text` may be a way to a member of a member; a body is of the first form that fits.
const FORMS: [Form; 29] = [
    Form { list: Some("results"), text: "outputText", reason: "completionReason", marks: &[] },
    Form { list: None, text: "outputText", reason: "completionReason", marks: &[] },
    Form { list: None, text: "generation", reason: "stop_reason", marks: &OF_LLAMA },
    Form { list: Some("outputs"), text: "text", reason: "stop_reason", marks: &["stop_reason"] },
    Form { list: Some("completions"), text: "data/text", reason: "finishReason/reason", marks: &[] },
    Form { list: Some("completions"), text: "completion", reason: "finish_reason", marks: &[] },
    Form {
        list: Some("generations"),
        text: "text",
        reason: "finish_reason",
        marks: &["id", "finish_reason", "generation_info", "llm_output", "meta"],
    },
    Form { list: Some("results"), text: "generated_text", reason: "stop_reason", marks: &[] },
    Form { list: None, text: "completion", reason: "stop_reason", marks: &OF_CLAUDE },
    Form { list: None, text: "token/text", reason: "details/finish_reason", marks: &[] },
    Form { list: None, text: "generated_text", reason: "details/finish_reason", marks: &[] },
    Form { list: None, text: "value", reason: "finish_reason", marks: &[] },
    Form { list: None, text: "generation/content", reason: "stop_reason", marks: &[] },
    Form { list: None, text: "text_output", reason: "finish_reason", marks: &[] },
    Form { list: None, text: "summary_text", reason: "finish_reason", marks: &[] },
    Form { list: None, text: "translation_text", reason: "finish_reason", marks: &[] },
    Form { list: Some("responses"), text: "message/content", reason: "finish_reason", marks: &[] },
    Form { list: None, text: "summary", reason: "finish_reason", marks: &["modelId", "model_id"] },
    Form { list: Some("alternatives"), text: "message/text", reason: "status", marks: &[] },
    Form { list: Some("predictions"), text: "content", reason: "finish_reason", marks: &[] },
    Form {
        list: None,
        text: "result",
        reason: "finish_reason",
        marks: &["is_truncated", "sentence_id", "is_end"],
    },
    Form { list: None, text: "content", reason: "stop_type", marks: &["tokens_predicted", "stop"] },
    Form { list: None, text: "response", reason: "finish_reason", marks: &["usage", "p"] },
    Form { list: None, text: IN_WORKERS_AI, reason: "finish_reason", marks: &["success"] },
    Form { list: None, text: "text", reason: "finishReason", marks: &["apiFormat"] },
    Form { list: Some("results"), text: "text", reason: "finish_reason", marks: &[] },
    Form { list: None, text: "token", reason: "finish_reason", marks: &["finish_reason"] },
    Form { list: None, text: "text", reason: "finish_reason", marks: &["finish_reason"] },
    Form { list: Some("result"), text: "completion", reason: "finish_reason", marks: &[] },
];

impl Form {
    fn of(chunk: &Value) -> Option<&'static Form> {
        let has = |form: &Form, name: &str| {
            chunk.get(name).is_some()
                || form.list.is_some() && form.items(chunk).iter().any(|item| item.get(name).is_some())
        };
        // Llama 2 on SageMaker says nothing else.
        let is_lone = |form: &Form| form.text == "generation" && rest(chunk, &[form.text]).is_empty();
        let is_marked = |form: &Form| {
            form.marks.is_empty() || is_lone(form) || form.marks.iter().any(|name| has(form, name))
        };
        let is_enveloped = |form: &Form| form.text != IN_WORKERS_AI || is_of_workers_ai(chunk);
        FORMS.iter().find(|form| form.has_text(chunk) && is_marked(form) && is_enveloped(form))
    }

    fn has_text(&self, chunk: &Value) -> bool {
        match self.list {
            Some(list) => {
                let items = chunk.get(list).and_then(Value::as_array);
                items.is_some_and(|items| {
                    !items.is_empty()
                        && items.iter().any(|item| at(item, self.text).is_some_and(Value::is_string))
                })
            }
            None => at(chunk, self.text).is_some_and(Value::is_string),
        }
    }

    /// The member that the text is, or is in.
    fn text_member(&self) -> &'static str {
        self.text.split('/').next().unwrap_or(self.text)
    }

    fn reason_member(&self) -> &'static str {
        self.reason.split('/').next().unwrap_or(self.reason)
    }

    /// The bodies or items that have a text each.
    fn items<'v>(&self, chunk: &'v Value) -> &'v [Value] {
        match self.list {
            Some(list) => chunk.list(list),
            None => std::slice::from_ref(chunk),
        }
    }
}

/// A member, or a member of a member.
fn at<'v>(value: &'v Value, way: &str) -> Option<&'v Value> {
    way.split('/').try_fold(value, |value, name| value.given(name))
}

fn is_prediction(value: &Value) -> bool {
    let is_status = |status: &str| {
        ["starting", "processing", "succeeded", "failed", "canceled", "aborted"].contains(&status)
    };
    value.text("status").is_some_and(is_status)
        && value.filled("id").is_some()
        && (["output", "version", "logs"].iter().any(|name| value.get(name).is_some())
            || value.object("urls").is_some_and(|urls| urls.contains_key("get")))
}

/// Whether it is Cloudflare's envelope around a text and nothing else: many have a `result` of their own.
fn is_of_workers_ai(value: &Value) -> bool {
    let is_list = |name| value.get(name).is_some_and(Value::is_array);
    value.get("success").is_some_and(Value::is_boolean)
        && is_list("errors")
        && is_list("messages")
        && rest(value, &["result", "success", "errors", "messages"]).is_empty()
        && value.get("result").is_some_and(|result| rest(result, &["response"]).is_empty())
}

/// Whether a body of KoboldAI's has nothing else, or says why it ended: a list of results with texts is what many
/// services call what they found.
fn is_of_kobold(value: &Value) -> bool {
    const KNOWN: [&str; 6] =
        ["text", "finish_reason", "logprobs", "tool_calls", "prompt_tokens", "completion_tokens"];
    let is_known = |item: &Value| rest(item, &KNOWN).is_empty();
    let results = value.list("results");
    results.iter().all(|item| item.get("finish_reason").is_some())
        || rest(value, &["results"]).is_empty() && results.iter().all(is_known)
}

fn is(value: &Value) -> bool {
    let lone_values = |chunks: &[Value]| {
        chunks.iter().all(|chunk| {
            chunk.get("value").is_some_and(Value::is_string)
                && rest(chunk, &["value", "event", "finish_reason"]).is_empty()
        })
    };
    let chunks = chunks(value);
    let form = chunks.iter().find_map(Form::of);
    match form {
        Some(form) if form.text == "value" => value.is_array() && lone_values(chunks),
        Some(form) if form.list == Some("results") && form.text == "text" => chunks.iter().all(is_of_kobold),
        Some(form) if form.text == "token" => {
            chunks.iter().all(|chunk| rest(chunk, &["token", "finish_reason", "event", "id"]).is_empty())
        }
        Some(_) => true,
        None => is_prediction(value),
    }
}

fn convert(value: Value, context: &mut Context<'_>) -> Value {
    if is_prediction(&value) {
        return prediction(&value, context);
    }
    let mut completion = Completion::default();
    let mut choices: BTreeMap<u64, Choice> = BTreeMap::new();
    let mut counts = TokenCounts::default();
    let all = chunks(&value);
    // A list of whole texts, not of a stream's, has as many answers.
    let whole_texts = ["generated_text", "summary_text", "translation_text"];
    let is_list = all.len() > 1
        && all.iter().all(|chunk| chunk.either(&whole_texts).is_some_and(Value::is_string))
        && all.iter().all(|chunk| chunk.get("token").is_none());
    // What one chunk has a mark of, all are.
    let marked = all.iter().find_map(Form::of);
    for (position, chunk) in all.iter().enumerate() {
        if let Some(error) = error::error_of(chunk) {
            completion.error = Some(error);
            continue;
        }
        counts.read(chunk);
        let form = Form::of(chunk).or_else(|| marked.filter(|form| form.has_text(chunk)));
        read_head(chunk, form, &mut completion);
        let Some(form) = form else { continue };
        for (at_item, item) in form.items(chunk).iter().enumerate() {
            let index = if is_list { position } else { at_item } as u64;
            let choice = choices.entry(index).or_insert_with(|| Choice::new(index));
            read_item(form, item, choice);
            counts.read_item(form, item);
        }
    }
    completion.choices = choices.into_values().collect();
    if completion.choices.is_empty() {
        completion.choices.push(Choice::default());
    }
    completion.usage = counts.usage();
    if let Some(usage) = completion.extra.remove("Usage") {
        completion.usage = completion.usage.or(Some(usage));
    }
    completion.build(context)
}

/// What a chunk says that is neither a text nor a count.
fn read_head(chunk: &Value, form: Option<&Form>, completion: &mut Completion) {
    completion.id = completion.id.take().or_else(|| chunk.either(&["id", "log_id", "Id"]).and_then(filled));
    let model =
        chunk.either(&["model", "model_id", "modelId", "model_version", "modelVersion"]).and_then(filled);
    completion.model = completion.model.take().or(model);
    completion.created = completion
        .created
        .take()
        .or_else(|| chunk.either(&["created_at", "created", "Created"]).and_then(seconds));
    let known = [
        form.filter(|form| form.list.is_none()).map_or("", Form::text_member),
        form.filter(|form| form.list.is_none()).map_or("", Form::reason_member),
        "id",
        "log_id",
        "model",
        "model_id",
        "model_version",
        "created_at",
        "results",
        "outputs",
        "completions",
        "generations",
        "outputText",
        "index",
        "totalOutputTextTokenCount",
        "inputTextTokenCount",
        "completionReason",
        "generation",
        "prompt_token_count",
        "generation_token_count",
        "stop_reason",
        "completion",
        "token",
        "generated_text",
        "details",
        "value",
        "prompt",
        "object",
        "type",
        "num_tokens_prompt_total",
        "num_tokens_generated",
        "finish_reason",
        "text_output",
        "summary_text",
        "translation_text",
        "responses",
        "Choices",
        "alternatives",
        "predictions",
        "tokens_evaluated",
        "tokens_predicted",
        "Id",
        "Created",
        "modelVersion",
        "modelId",
    ];
    merge_members(&mut completion.extra, rest(chunk, &known));
}

fn read_item(form: &Form, item: &Value, choice: &mut Choice) {
    let text = at(item, form.text).and_then(Value::as_str).unwrap_or_default();
    // The last event of such a stream repeats the whole text, which has no special tokens in it.
    match item.text("generated_text").filter(|_| form.text == "token/text") {
        Some(whole) => choice.content = Some(whole.to_owned()),
        // Each event of YandexGPT has the whole text so far.
        None if form.list == Some("alternatives")
            && choice.content.as_ref().is_none_or(|before| text.starts_with(before.as_str())) =>
        {
            choice.content = Some(text.to_owned());
        }
        None => append(&mut choice.content, text),
    }
    let reason = at(item, form.reason).or_else(|| item.given("completionReason")).and_then(filled);
    if let Some(reason) = reason.filter(|reason| reason != "not_finished") {
        choice.finish_reason = Some(finish_reason(&reason, &FINISH_REASONS));
    }
    if form.list.is_some() {
        let known = [
            form.text_member(),
            form.reason_member(),
            "text",
            "index",
            "outputText",
            "tokenCount",
            "completionReason",
            "stop_reason",
            "data",
            "finishReason",
            "completion",
            "finish_reason",
            "generated_text",
            "generated_token_count",
            "input_token_count",
            "Index",
        ];
        merge_members(&mut choice.extra, rest(item, &known));
        // A message may have more than its text.
        let member = form.text_member();
        if let (Some(message), Some((_, text))) = (item.given(member), form.text.split_once('/')) {
            let text = text.split('/').next().unwrap_or(text);
            let more = rest(message, &[text, "role", "Role"]);
            if !more.is_empty() {
                merge_members(&mut choice.extra, Map::from_iter([(member.to_owned(), Value::Object(more))]));
            }
        }
    }
    if let Some(details) = item.object("details") {
        choice.extra.insert("details".to_owned(), Value::Object(details.clone()));
    }
}

/// The usage that Bedrock adds to the last chunk of any stream.
pub(super) fn invocation_usage(chunk: &Value) -> Option<Value> {
    let metrics = chunk.given("amazon-bedrock-invocationMetrics")?;
    let usage = Usage {
        prompt: metrics.count("inputTokenCount")?,
        completion: metrics.count("outputTokenCount").unwrap_or_default(),
        ..Usage::default()
    };
    Some(usage.build())
}

/// Tokens, as any of the forms counts them. Where a stream counts on, the last and largest holds.
#[derive(Default)]
struct TokenCounts {
    prompt: Option<u64>,
    completion: Option<u64>,
}

impl TokenCounts {
    fn read(&mut self, chunk: &Value) {
        let metrics = "amazon-bedrock-invocationMetrics";
        let prompt =
            ["inputTextTokenCount", "prompt_token_count", "num_tokens_prompt_total", "tokens_evaluated"];
        let completion = [
            "totalOutputTextTokenCount",
            "generation_token_count",
            "num_tokens_generated",
            "tokens_predicted",
        ];
        self.add(chunk.either(&prompt), chunk.either(&completion));
        self.add(at(chunk, "details/input_length"), at(chunk, "details/generated_tokens"));
        if let Some(metrics) = chunk.given(metrics) {
            self.add(metrics.given("inputTokenCount"), metrics.given("outputTokenCount"));
        }
    }

    fn read_item(&mut self, form: &Form, item: &Value) {
        if form.list.is_some() {
            let completion = item.either(&["tokenCount", "generated_token_count"]);
            self.add(item.given("input_token_count"), completion);
        }
    }

    fn add(&mut self, prompt: Option<&Value>, completion: Option<&Value>) {
        self.prompt = self.prompt.max(prompt.and_then(count));
        self.completion = self.completion.max(completion.and_then(count));
    }

    fn usage(self) -> Option<Value> {
        if self.prompt.is_none() && self.completion.is_none() {
            return None;
        }
        let usage = Usage {
            prompt: self.prompt.unwrap_or_default(),
            completion: self.completion.unwrap_or_default(),
            ..Usage::default()
        };
        Some(usage.build())
    }
}

/// Replicate's prediction: its output is a text, texts to be joined, or links to files.
fn prediction(prediction: &Value, context: &mut Context<'_>) -> Value {
    let mut choice = Choice::default();
    for part in prediction.list("output") {
        match part {
            Value::String(link) if link.starts_with("https://") || link.starts_with("http://") => {
                let kept = context.keep_url(link);
                super::value::push(&mut choice.message, "images", kept);
            }
            Value::String(text) => append(&mut choice.content, text),
            other => super::value::push(&mut choice.message, "other_content", other.clone()),
        }
    }
    let status = prediction.filled("status");
    choice.finish_reason = status.filter(|status| !matches!(status.as_str(), "starting" | "processing"));
    choice.finish_reason = choice.finish_reason.map(|status| finish_reason(&status, &FINISH_REASONS));
    let mut counts = TokenCounts::default();
    if let Some(metrics) = prediction.given("metrics") {
        counts.add(metrics.given("input_token_count"), metrics.given("output_token_count"));
    }
    let known = ["id", "model", "output", "created_at", "input", "error"];
    let completion = Completion {
        id: prediction.filled("id"),
        created: prediction.given("created_at").and_then(seconds),
        model: prediction.filled("model"),
        choices: vec![choice],
        usage: counts.usage(),
        error: prediction.given("error").map(|error| error::describe(error, error)),
        extra: rest(prediction, &known),
    };
    completion.build(context)
}
