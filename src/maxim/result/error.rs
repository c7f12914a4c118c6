//! What a provider sends in place of an answer, or at the end of a stream that breaks off: its error.
//!
//! It comes out as the log API has the error of a generation: `{"error": {message, code, type, …}, "id"}`.
//! What else the provider says of the error stays beside those three, under its own name.

use super::parts::new_id;
use super::value::{Read, rest};
use super::{Context, ResponseShape};
use serde_json::{Map, Value};

pub(super) const SHAPE: ResponseShape = ResponseShape { name: "an error of the provider", is, convert };

fn is(value: &Value) -> bool {
    error_of(value).is_some() || failed(value).is_some()
}

/// The chunk that is an error: the only one, or one that says so by a name.
fn failed(value: &Value) -> Option<&Value> {
    let all = chunks(value);
    all.iter().find(|chunk| (is_named(chunk) || all.len() == 1) && error_of(chunk).is_some())
}

/// Whether it says by a name that it is an error: a list of messages may be anybody's.
fn is_named(chunk: &Value) -> bool {
    chunk.either(&HOLDERS).is_some()
        || chunk.text("type").is_some_and(names_an_error)
        || chunk.as_object().is_some_and(|members| members.keys().any(|name| name.ends_with("Exception")))
}

fn chunks(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn convert(value: Value, _context: &mut Context<'_>) -> Value {
    let body = failed(&value).unwrap_or(&value);
    let error = error_of(body).unwrap_or_default();
    let id = body.filled("id").unwrap_or_else(new_id);
    let mut result = Map::new();
    result.insert("error".to_owned(), error);
    result.insert("id".to_owned(), id.into());
    // What stands beside an error is not the error's; it may be all that there is of an answer.
    if body.either(&HOLDERS).is_some_and(|error| !error.is_string()) {
        super::value::add_new(&mut result, rest(body, &OF_A_HEAD));
    }
    let is_more = |chunk: &&Value| !std::ptr::eq(*chunk, body) && !super::is_aside(chunk);
    let others: Vec<Value> = chunks(&value).iter().filter(is_more).cloned().collect();
    if !others.is_empty() {
        result.insert("events".to_owned(), others.into());
    }
    Value::Object(result)
}

/// What stands around a provider's error and says nothing of an answer.
const OF_A_HEAD: [&str; 15] = [
    "error",
    "Error",
    "ErrorMsg",
    "type",
    "object",
    "code",
    "status",
    "statusCode",
    "status_code",
    "raw_status_code",
    "message",
    "request_id",
    "requestId",
    "RequestId",
    "timestamp",
];

/// Members that a body has which says nothing but that something went wrong.
const OF_AN_ERROR: [&str; 45] = [
    "message",
    "Message",
    "id",
    "type",
    "__type",
    "code",
    "status",
    "statusCode",
    "status_code",
    "object",
    "request_id",
    "requestId",
    "param",
    "detail",
    "details",
    "title",
    "error",
    "errors",
    "error_description",
    "raw_status_code",
    "documentation_url",
    "url",
    "trace",
    "reason",
    "success",
    "timestamp",
    "path",
    "result",
    "messages",
    "resourceId",
    "error_type",
    "error_code",
    "error_msg",
    "errorCode",
    "Error",
    "ErrorMsg",
    "RequestId",
    "opcRequestId",
    "opc-request-id",
    "target_service",
    "operation_name",
    "client_version",
    "request_endpoint",
    "logging_tips",
    "troubleshooting_tips",
];

/// What an error stands under.
const HOLDERS: [&str; 3] = ["error", "Error", "ErrorMsg"];

/// The error that a body or a chunk of a stream is, in the log API's form.
pub(super) fn error_of(value: &Value) -> Option<Value> {
    let members = value.as_object()?;
    // Tencent's body.
    if let (1, Some(inner)) = (members.len(), value.given("Response").filter(|inner| inner.is_object())) {
        return error_of(inner);
    }
    let given = value.either(&HOLDERS);
    if let Some(error) = given.filter(|error| says_something(error)) {
        let mut read = describe(error, value);
        if let Some(read) = read.as_object_mut().filter(|_| error.is_string()) {
            // What stands beside a text belongs to it; of two texts the other is the longer story.
            if let Some(code) = value.filled("code") {
                read.insert("code".to_owned(), code.into());
            }
            let text = value.filled("message").filter(|text| read.get("message").is_none_or(|it| it != text));
            if let Some(text) = text {
                read.entry("detail").or_insert(text.into());
            }
            for (name, more) in rest(value, &["error", "type", "code", "status", "id", "object", "Message"]) {
                read.entry(name).or_insert(more);
            }
        }
        return Some(read);
    }
    // AWS sends an error in a stream as a member of this kind.
    let exception = members.iter().find(|(name, error)| {
        name.ends_with("Exception") && (members.len() == 1 || error.get("message").is_some())
    });
    if let Some((name, error)) = exception {
        return Some(form(Some(message(error)), None, Some(name.clone()), rest(error, &["message"])));
    }
    if members.is_empty() || !members.keys().all(|name| OF_AN_ERROR.contains(&name.as_str())) {
        return None;
    }
    let named = value.given("errors").is_some_and(says_something) || !is_success(value) && has_text(value);
    named.then(|| describe(value, value))
}

/// Whether it says something for a person.
fn has_text(value: &Value) -> bool {
    let has = |name: &str| value.text(name).is_some_and(|text| !text.is_empty());
    value.given("detail").is_some_and(says_something)
        || ["message", "Message", "error_msg"].iter().any(|name| has(name))
        // Of RFC 9457; alone it is anybody's.
        || has("title") && ["status", "type", "code"].iter().any(|name| value.given(name).is_some())
}

/// Whether a body says by all that it has for it that nothing went wrong: it is no error, whatever its message.
fn is_success(value: &Value) -> bool {
    const CODES: [&str; 3] = ["code", "error_code", "errorCode"];
    /// Where no status is 0: that is what clients have that got no answer.
    const STATUSES: [&str; 4] = ["status", "status_code", "statusCode", "raw_status_code"];
    /// What providers call one that is done, and one that is not done yet.
    const WELL: [&str; 18] = [
        "ok",
        "success",
        "succeeded",
        "successful",
        "complete",
        "completed",
        "done",
        "finished",
        "accepted",
        "created",
        "queued",
        "pending",
        "starting",
        "started",
        "running",
        "processing",
        "in_progress",
        "in_queue",
    ];
    let is_well = |told: &str| match told.parse::<u64>() {
        Ok(code) => (200..300).contains(&code),
        Err(_) => WELL.contains(&told.to_ascii_lowercase().as_str()),
    };
    let success = value.given("success").map(|success| *success == Value::Bool(true));
    let codes = CODES.iter().filter_map(|name| value.filled(name)).map(|code| code == "0" || is_well(&code));
    let statuses = STATUSES.iter().filter_map(|name| value.filled(name)).map(|status| is_well(&status));
    let told = success.into_iter().chain(codes).chain(statuses);
    let is_named = ["type", "__type", "error_type", "object"]
        .iter()
        .any(|name| value.text(name).is_some_and(names_an_error));
    !is_named && told.reduce(|one, other| one && other).unwrap_or(false)
}

fn names_an_error(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    ["error", "exception", "fail"].iter().any(|word| kind.contains(word))
}

/// Whether an event of a stream says that something went wrong, and nothing else.
pub(super) fn is_all(event: &Value) -> bool {
    /// What streams number and name their events by.
    const OF_AN_EVENT: [&str; 6] = ["event", "event_id", "event_type", "session_id", "Id", "Created"];
    let is_named = names_an_error(event.text("type").unwrap_or("error"));
    let has_error = event.either(&HOLDERS).is_some();
    error_of(event).is_some()
        && (is_named || has_error)
        && event.as_object().is_some_and(|members| {
            let is_of_one = |name: &str| OF_AN_ERROR.contains(&name) || OF_AN_EVENT.contains(&name);
            members.keys().all(|name| is_of_one(name) || (members.len() == 1 && name.ends_with("Exception")))
        })
}

/// Whether an event of a stream says that all is well, and nothing else.
pub(super) fn is_no_error(event: &Value) -> bool {
    let members = event.as_object();
    members.is_some_and(|members| members.keys().all(|name| OF_AN_ERROR.contains(&name.as_str())))
        && error_of(event).is_none()
        && is_success(event)
        && has_text(event)
}

fn says_something(error: &Value) -> bool {
    match error {
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(is_error) => *is_error,
        _ => false,
    }
}

/// An error in the log API's form; `body` says the kind where the error itself does not.
pub(super) fn describe(error: &Value, body: &Value) -> Value {
    let code = ["code", "status_code", "statusCode", "error_code", "Code"]
        .iter()
        .find_map(|name| error.filled(name));
    let kind = ["type", "__type", "error_type", "status", "Type"].iter().find_map(|name| error.filled(name));
    let of_body = || {
        let kind = body.filled("type").filter(|kind| kind != "error");
        kind.or_else(|| body.filled("status")).filter(|_| !std::ptr::eq(error, body))
    };
    let taken = ["message", "Message", "Msg", "error_msg", "code", "Code", "type", "object", "id"];
    let mut more = rest(error, &taken);
    // Of a list, the texts are the message; what else its items say stays too.
    if error.as_array().is_some_and(|errors| errors.iter().any(Value::is_object)) {
        more.insert("errors".to_owned(), error.clone());
    }
    form(Some(message(error)), code, kind.or_else(of_body), more)
}

fn form(
    message: Option<String>,
    code: Option<String>,
    kind: Option<String>,
    more: Map<String, Value>,
) -> Value {
    let mut error = Map::new();
    for (name, text) in [("message", message), ("code", code), ("type", kind)] {
        error.insert(name.to_owned(), text.unwrap_or_default().into());
    }
    super::value::add_new(&mut error, more);
    Value::Object(error)
}

/// What went wrong, for a person: a text, or the texts of a list of errors.
fn message(error: &Value) -> String {
    match error {
        Value::String(text) => text.clone(),
        Value::Array(errors) => {
            let texts: Vec<String> = errors.iter().map(message).filter(|text| !text.is_empty()).collect();
            texts.join("; ")
        }
        Value::Object(_) => {
            let named = [
                "message",
                "Message",
                "msg",
                "Msg",
                "error_msg",
                "detail",
                "error_description",
                "errors",
                "title",
                "error",
            ];
            error.either(&named).map(message).unwrap_or_default()
        }
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
