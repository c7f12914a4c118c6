//! Messages, as the convention has them (JSON of a role and parts, by its published schemas) and as OpenInference has
//! them (an attribute for each piece).

use super::super::json::{JsonText, ObjectWriter, push_list, push_text};
use super::super::model::{AttributeValue, Attributes};
use super::super::names::inference;

/// A call of a tool that a model asks for.
pub struct RequestedCall<'a> {
    id: Option<JsonText<'a>>,
    name: Option<JsonText<'a>>,
    arguments: Option<JsonText<'a>>,
}

/// A message of a chat.
pub struct ChatMessage<'a> {
    role: Option<JsonText<'a>>,
    /// Its text, or its parts.
    content: Option<JsonText<'a>>,
    /// The call that it answers.
    answers: Option<JsonText<'a>>,
    calls: Vec<RequestedCall<'a>>,
    /// As it was said, if it was said as one.
    said: Option<JsonText<'a>>,
}

impl<'a> ChatMessage<'a> {
    /// One of a chat completion.
    pub fn of(message: JsonText<'a>) -> ChatMessage<'a> {
        let calls = message.get("tool_calls").into_iter().flat_map(JsonText::elements);
        let calls = calls.map(|call| {
            let function = call.get("function").unwrap_or(call);
            RequestedCall {
                id: call.get("id"),
                name: function.get("name"),
                arguments: function.get("arguments"),
            }
        });
        ChatMessage {
            role: message.get("role").filter(|role| role.is_text()),
            content: message.get("content").filter(|content| !content.is_null()),
            answers: message.get("tool_call_id"),
            calls: calls.collect(),
            said: Some(message),
        }
    }

    /// What the model wrote.
    pub fn written(role: Option<JsonText<'a>>, content: JsonText<'a>) -> ChatMessage<'a> {
        ChatMessage { role, content: Some(content), answers: None, calls: Vec::new(), said: None }
    }

    /// An item of a response that calls a tool.
    pub fn calling(item: JsonText<'a>) -> ChatMessage<'a> {
        let call = RequestedCall {
            id: item.get("call_id"),
            name: item.get("name"),
            arguments: item.get("arguments"),
        };
        ChatMessage { role: None, content: None, answers: None, calls: vec![call], said: None }
    }

    /// Its text, if that is all there is.
    pub fn text(&self) -> Option<std::borrow::Cow<'a, str>> {
        self.content?.text()
    }

    fn role(&self, otherwise: &'static str) -> std::borrow::Cow<'a, str> {
        self.role.map_or(otherwise.into(), JsonText::shown)
    }

    /// Appends it as the convention has it.
    pub fn push(&self, out: &mut String, otherwise: &'static str, finish_reason: Option<&str>) {
        let mut object = ObjectWriter::begin(out);
        let role = self.role(otherwise);
        object.text("role", &role);
        push_list(object.name("parts"), self.parts(role == "tool"), |out, part| part.push(out));
        if let Some(reason) = finish_reason {
            let reason = if matches!(reason, "tool_calls" | "function_call") { "tool_call" } else { reason };
            object.text("finish_reason", reason);
        }
        object.end();
    }

    fn parts(&self, is_answer: bool) -> impl Iterator<Item = Part<'a, '_>> {
        let answer = is_answer.then_some(Part::Answer(self.answers, self.content));
        let content = self.content.filter(|_| !is_answer);
        let whole = content.filter(|content| !content.is_array()).map(Part::Text);
        let list = content.into_iter().flat_map(JsonText::elements).map(Part::Other);
        answer.into_iter().chain(whole).chain(list).chain(self.calls.iter().map(Part::Call))
    }

    /// Appends it as chat completions have it.
    pub fn push_plain(&self, out: &mut String) {
        if let Some(said) = self.said {
            out.push_str(said.raw());
            return;
        }
        let mut object = ObjectWriter::begin(out);
        object.text("role", &self.role("assistant"));
        if let Some(content) = self.content {
            object.raw("content", content.raw());
        }
        if !self.calls.is_empty() {
            push_list(object.name("tool_calls"), &self.calls, |out, call| {
                let mut object = ObjectWriter::begin(out);
                object.raw("id", raw(call.id));
                let mut function = ObjectWriter::begin(object.name("function"));
                function.raw("name", raw(call.name));
                function.raw("arguments", raw(call.arguments));
                function.end();
                object.end();
            });
        }
        object.end();
    }

    /// Adds an attribute for each piece.
    pub fn put(&self, prefix: &str, at: usize, otherwise: &'static str, attributes: &mut Attributes<'a>) {
        let mut put = |name: &str, value: AttributeValue<'a>| {
            attributes.push((format!("{prefix}.{at}.{name}").into(), value));
        };
        put(inference::ROLE, self.role(otherwise).into());
        if let Some(content) = self.content {
            put(inference::CONTENT, AttributeValue::text_of(content));
        }
        for (number, call) in self.calls.iter().enumerate() {
            let members = [
                (inference::CALL_ID, call.id),
                (inference::CALL_NAME, call.name),
                (inference::CALL_ARGUMENTS, call.arguments),
            ];
            for (name, value) in members {
                if let Some(value) = value {
                    put(
                        &format!("{}.{number}.{name}", inference::TOOL_CALLS),
                        AttributeValue::text_of(value),
                    );
                }
            }
        }
    }
}

fn raw<'a>(value: Option<JsonText<'a>>) -> &'a str {
    value.map_or("null", JsonText::raw)
}

/// A part of a message.
enum Part<'a, 'm> {
    /// What a tool answered, and to which call.
    Answer(Option<JsonText<'a>>, Option<JsonText<'a>>),
    /// Text, or what is no list of parts.
    Text(JsonText<'a>),
    /// A part as the provider has it.
    Other(JsonText<'a>),
    /// A call of a tool.
    Call(&'m RequestedCall<'a>),
}

impl Part<'_, '_> {
    fn push(&self, out: &mut String) {
        let mut object = ObjectWriter::begin(out);
        match self {
            Part::Answer(id, response) => {
                object.text("type", "tool_call_response");
                push_id(&mut object, *id);
                object.raw("response", raw(*response));
            }
            Part::Text(text) => {
                object.text("type", "text");
                object.text("content", &text.shown());
            }
            Part::Call(call) => {
                object.text("type", "tool_call");
                push_id(&mut object, call.id);
                object.text("name", &call.name.map(JsonText::shown).unwrap_or_default());
                // The model's own text, which is JSON if it kept to what it was asked.
                match call.arguments.map(|given| (given, given.text())) {
                    Some((_, Some(text))) if JsonText::parse(&text).is_some() => {
                        object.raw("arguments", &text)
                    }
                    Some((given, _)) => object.raw("arguments", given.raw()),
                    None => object.raw("arguments", "null"),
                }
            }
            Part::Other(part) => push_other(&mut object, *part),
        }
        object.end();
    }
}

/// An id, which is text or null.
fn push_id(object: &mut ObjectWriter<'_>, id: Option<JsonText<'_>>) {
    match id.filter(|id| !id.is_null()) {
        Some(id) => object.text("id", &id.shown()),
        None => object.raw("id", "null"),
    }
}

/// A part in a provider's own words.
fn push_other(object: &mut ObjectWriter<'_>, part: JsonText<'_>) {
    let kind = part.text_at("type").unwrap_or_default();
    let text = if part.is_text() { Some(part) } else { part.get("text") };
    if let Some(text) = text.filter(|_| kind.contains("text") || kind.is_empty()) {
        object.text("type", "text");
        object.text("content", &text.shown());
        return;
    }
    let thought = ["thinking", "reasoning", "content"].iter().find_map(|name| part.text_at(name));
    if let Some(thought) = thought.filter(|_| matches!(&*kind, "thinking" | "reasoning")) {
        object.text("type", "reasoning");
        object.text("content", &thought);
        return;
    }
    let url = part.at(&["image_url", "url"]).or_else(|| part.get("image_url")).or_else(|| part.get("url"));
    if let Some(url) = url.and_then(JsonText::text) {
        match url.strip_prefix("data:").and_then(|inline| inline.split_once(',')) {
            None if url.starts_with("data:") => {}
            None => {
                object.text("type", "uri");
                object.text("modality", "image");
                object.text("uri", &url);
                return;
            }
            Some((form, bytes)) => {
                object.text("type", "blob");
                object.text("mime_type", form.split(';').next().unwrap_or_default());
                object.text("modality", "image");
                object.text("content", bytes);
                return;
            }
        }
    }
    // A name of the convention's is only for what has all that the convention asks of it.
    let is_kept = CONVENTION.iter().all(|(known, needed)| {
        *known != kind || needed.iter().all(|name| part.get(name).is_some_and(JsonText::is_text))
    });
    let kind = if kind.is_empty() {
        "unknown"
    } else if is_kept {
        &kind
    } else {
        "other"
    };
    object.text("type", kind);
    if !part.is_object() {
        push_text(object.name("content"), part.raw());
    }
    for (name, value) in part.members().filter(|(name, _)| name != "type") {
        object.raw(&name, value.raw());
    }
}

/// The types of parts that the convention defines, and what each of them must have; of a server's tools and of
/// answers that is more than a text, and no provider's part is taken for one.
const CONVENTION: [(&str, &[&str]); 9] = [
    ("text", &["content"]),
    ("reasoning", &["content"]),
    ("tool_call", &["name"]),
    ("tool_call_response", &["response"]),
    ("blob", &["modality", "content"]),
    ("file", &["modality", "file_id"]),
    ("uri", &["modality", "uri"]),
    ("server_tool_call", &["server_tool_call"]),
    ("server_tool_call_response", &["server_tool_call_response"]),
];
