//! The span of a generation: a call of a model, with its parameters, its messages and what came of it.

use std::borrow::Cow;

use super::super::data::{Data, MemberValue};
use super::super::json::{JsonText, ObjectWriter, push_list};
use super::super::model::{AttributeValue, Attributes, SpanKind};
use super::super::names::{PARAMETERS, PROVIDERS, ParameterType, TOKENS, gen_ai, inference, own};
use super::messages::ChatMessage;
use super::{JSON_TYPE, TEXT_TYPE, prefixed, put, put_named, put_some};

/// Adds a generation's attributes; gives its name and kind.
pub fn of<'a>(data: &Data<'a>, attributes: &mut Attributes<'a>) -> (Cow<'a, str>, SpanKind) {
    let model = data.text("model");
    let name = data.text("name");
    put(attributes, inference::KIND, "LLM");
    put(attributes, gen_ai::OPERATION, "chat");
    if let Some(provider) = data.text("provider") {
        let known = PROVIDERS.iter().find(|(ours, _)| *ours == provider);
        put(attributes, gen_ai::PROVIDER, known.map_or(provider.clone(), |(_, theirs)| (*theirs).into()));
        put(attributes, inference::PROVIDER, provider);
    }
    if let Some(model) = &model {
        put(attributes, gen_ai::REQUEST_MODEL, model.clone());
        put(attributes, inference::MODEL, model.clone());
    }
    if let Some(parameters) = data.get("modelParameters") {
        parameters_of(parameters, attributes);
    }
    put_some(attributes, own::NAME, name.clone());
    if let Some(messages) = data.get("messages").filter(|given| given.json().is_array()) {
        let list: Vec<ChatMessage<'a>> = messages.elements().into_iter().map(ChatMessage::of).collect();
        if !list.is_empty() {
            let mut parts = String::new();
            push_list(&mut parts, &list, |out, message| message.push(out, "user", None));
            put(attributes, gen_ai::INPUT_MESSAGES, parts);
            put(attributes, inference::INPUT, messages.raw());
            put(attributes, inference::INPUT_TYPE, JSON_TYPE);
            for (at, message) in list.iter().enumerate() {
                message.put(inference::INPUT_MESSAGES, at, "user", attributes);
            }
        }
    }
    if let Some(result) = data.json("result").filter(|result| result.is_object()) {
        result_of(result, attributes);
    }
    let name = model.or(name).map_or("chat".into(), |model| format!("chat {model}").into());
    (name, SpanKind::Client)
}

/// Parameters are texts on the wire; the convention's are typed.
fn parameters_of<'a>(parameters: &MemberValue<'a>, attributes: &mut Attributes<'a>) {
    let members = parameters.members();
    if members.is_empty() {
        return;
    }
    for (ours, theirs, shape) in PARAMETERS {
        let Some((_, given)) = members.iter().find(|(name, _)| name == ours) else { continue };
        let words = given.shown();
        let value = match shape {
            ParameterType::Int => words.parse().ok().map(AttributeValue::Int),
            ParameterType::Float => words.parse().ok().map(AttributeValue::Float),
            ParameterType::Bool => words.parse().ok().map(AttributeValue::Bool),
            ParameterType::Texts => {
                Some(AttributeValue::List(match JsonText::parse(&words).filter(|list| list.is_array()) {
                    Some(list) => list.elements().map(|text| text.shown().into_owned().into()).collect(),
                    None => vec![words.into()],
                }))
            }
        };
        put_named(attributes, prefixed(gen_ai::REQUEST, theirs), value);
    }
    // What was a number or an object before it became text is one again.
    let mut typed = String::new();
    let mut object = ObjectWriter::begin(&mut typed);
    for (name, given) in &members {
        match given.text() {
            Some(words) if JsonText::parse(&words).is_some() => object.raw(name, &words),
            _ => object.raw(name, given.raw()),
        }
    }
    object.end();
    put(attributes, inference::PARAMETERS, typed);
}

/// A chat completion, a text completion or a response.
fn result_of<'a>(result: JsonText<'a>, attributes: &mut Attributes<'a>) {
    put_some(attributes, gen_ai::RESPONSE_ID, result.text_at("id"));
    put_some(attributes, gen_ai::RESPONSE_MODEL, result.text_at("model"));
    if let Some(usage) = result.get("usage") {
        for (paths, names) in TOKENS {
            let found = paths.iter().find_map(|path| usage.at(path)?.as_i64());
            for name in names {
                put_some(attributes, name, found);
            }
        }
    }
    let mut finish = Vec::new();
    let mut messages = Vec::new();
    for choice in result.get("choices").into_iter().flat_map(JsonText::elements) {
        finish.extend(choice.text_at("finish_reason"));
        match (choice.get("message"), choice.get("text")) {
            (Some(message), _) => messages.push(ChatMessage::of(message)),
            (None, Some(text)) => messages.push(ChatMessage::written(None, text)),
            (None, None) => {}
        }
    }
    for item in result.get("output").into_iter().flat_map(JsonText::elements) {
        match (item.text_at("type").as_deref(), item.get("content")) {
            (Some("function_call"), _) => messages.push(ChatMessage::calling(item)),
            (_, Some(content)) => messages.push(ChatMessage::written(item.get("role"), content)),
            _ => {}
        }
    }
    if finish.is_empty() {
        finish.extend(result.text_at("status"));
    }
    if !finish.is_empty() {
        let list = finish.iter().map(|reason| AttributeValue::from(reason.clone())).collect();
        put(attributes, gen_ai::FINISH_REASONS, AttributeValue::List(list));
    }
    if messages.is_empty() {
        return;
    }
    let mut list = String::new();
    push_list(&mut list, messages.iter().enumerate(), |out, (at, message)| {
        let reason = finish.get(at).or(finish.first()).map_or("stop", |reason| reason);
        message.push(out, "assistant", Some(reason));
    });
    put(attributes, gen_ai::OUTPUT_MESSAGES, list);
    match &messages[..] {
        [only] if only.text().is_some() => {
            put_some(attributes, inference::OUTPUT, only.text());
            put(attributes, inference::OUTPUT_TYPE, TEXT_TYPE);
        }
        _ => {
            let mut plain = String::new();
            push_list(&mut plain, &messages, |out, message| message.push_plain(out));
            put(attributes, inference::OUTPUT, plain);
            put(attributes, inference::OUTPUT_TYPE, JSON_TYPE);
        }
    }
    for (at, message) in messages.iter().enumerate() {
        message.put(inference::OUTPUT_MESSAGES, at, "assistant", attributes);
    }
}
