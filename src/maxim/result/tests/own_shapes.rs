//! Results of a host's own: reports, tables, comments, whatever a program makes of a model's answers. None is a
//! provider's, whatever it is called and whatever is around it, and each is sent as it was given.

use serde_json::{Value, json};

use super::super::text::{Mode, normalise_text};
use crate::text::buffer::Buffer;
use crate::text::object::Json;

/// What programs call their own, with names that providers use too.
fn shapes() -> Vec<Value> {
    let text = "Somebody wrote this, and it must not get lost.";
    vec![
        json!({"answer": text, "sources": [{"title": "a", "url": "https://a.test/1"}]}),
        json!({"summary": text, "rows": [[1, 2], [3, 4]]}),
        json!({"summary": text, "rows": [1, 2], "result": {"error": "not found"}, "data": {"answer": "kept?"}}),
        json!({"note": text, "result": {"type": "canceled"}}),
        json!({"report": {"sections": [{"title": "a", "content": text}]}, "pages": 3}),
        json!({"text": text, "score": 0.5}),
        json!({"text": text, "rows": [1], "finishReason": "done"}),
        json!({"text": "Report for you", "response": {"error": "none", "status": "ok"}}),
        json!({"content": {"title": "T", "body": text}}),
        json!({"content": {"title": "T", "body": text}, "tokenUsage": 5}),
        json!({"content": ["a", {"b": text}], "tokenUsage": {"a": 1}}),
        json!({"content": {"parts": ["Chapter one", "Chapter two"]}, "author": "Jane Doe", "title": "Book"}),
        json!({"aiMessage": {"headline": "H", "body": text}}),
        json!({"replies": [{"content": "hi", "author": "Bob", "likes": 3}]}),
        json!({"comments": [{"id": 1, "body": text, "user": {"name": "B"}}]}),
        json!({"messages": [{"role": "user", "contents": [{"text": "What?"}]}]}),
        json!({"messages": [{"role": "user", "content": "What?"}, {"role": "tool", "content": text}]}),
        json!({"candidates": [{"name": "Ann", "score": 5}], "winner": "Ann"}),
        json!({"Candidates": [{"Name": "Ann", "Score": 5}], "Winner": "Ann"}),
        json!({"question": "Which?", "choices": [{"label": "A", "text": "one"}, {"label": "B", "text": "two"}]}),
        json!({"question": "Which?", "choices": ["one", "two"]}),
        json!({"candidates": text, "winner": 3}),
        json!({"candidates": [text], "winner": 3}),
        json!({"rows": [{"embedding": text, "id": 1}]}),
        json!({"token": text, "finish_reason": "stop", "prompt": "Q"}),
        json!({"query": "q", "results": [{"id": 1, "text": text, "score": 0.5}]}),
        json!({"query": "q", "results": [{"title": "a", "url": "https://a.test/1"}]}),
        json!({"documents": [{"pageContent": text, "metadata": {"a": 1}}]}),
        json!({"predictions": [0.1, 0.9], "labels": ["cat", "dog"]}),
        json!({"predictions": [{"label": "cat", "score": 0.9}]}),
        json!({"label": "cat", "box": [1.5, 2.0, 3.0, 4.0]}),
        json!({"name": "Alice", "scores": [1, 2, 3]}),
        json!({"who": "a", "turn": {"role": "assistant", "content": text}}),
        json!({"prompt": "Q", "completion": text}),
        json!({"question": "Q", "completion": text, "score": 3}),
        json!({"generation": "third", "family": "Smith", "members": ["a", "b"]}),
        json!({"generations": [{"text": text, "year": 1990}], "family": "Smith"}),
        json!({"completions": [{"name": "task", "done": true}]}),
        json!({"outputs": [{"name": "x", "value": 3}]}),
        json!({"value": "a", "label": "x"}),
        json!({"token": "abc", "expires": 3}),
        json!({"status": "processing", "id": "order-1", "urls": ["a"]}),
        json!({"status": "canceled", "id": "order-1", "input": text}),
        json!({"done": true, "tasks": [1]}),
        json!({"done": false, "message": "Three are left.", "left": 3}),
        json!({"role": "user", "content": text}),
        json!({"type": "report", "content": [{"type": "text", "text": text}]}),
        json!({"type": "result", "result": text}),
        json!({"url": "https://a.test/1", "title": text}),
        json!({"title": text, "reason": "A long one."}),
        json!({"message": text, "author": "Bob"}),
        json!({"code": 200, "message": text, "data": {"a": 1}}),
        json!({"errors": [], "text": text}),
        json!({"event_type": "click", "text": text}),
        json!({"header": {"code": 0}, "page": {"text": text}}),
        json!({"output": {"message": {"text": text}}}),
        json!({"output": {"text": text, "score": 1}}),
        json!({"output": [{"type": "row", "a": 1}]}),
        json!({"steps": [{"role": "tool", "result_text": text}]}),
        json!({"toolCall": {"a": 1}, "trace": {"a": 1}}),
        json!({"amount": 1.10, "number": 12345678901234567890_u64}),
    ]
}

/// What programs put around a value of their own.
fn surroundings(shape: &Value) -> Vec<Value> {
    let s = || shape.clone();
    vec![
        s(),
        json!({"data": s()}),
        json!({"result": s(), "note": "own"}),
        json!({"response": {"body": s()}, "took": 3}),
        json!({"payload": {"data": {"result": s()}}}),
        json!({"items": [s(), s()]}),
        json!({"data": [s(), s(), s()], "title": "three"}),
        json!([s(), s()]),
        json!([["a", s()], ["b", s()]]),
        json!([{"at": "2024-05-01T12:00:00Z", "row": s()}, {"at": "2024-05-01T12:00:01Z", "row": s()}]),
        json!([{"event": "x", "data": s()}, {"event": "y", "data": s()}]),
    ]
}

#[test]
fn a_result_of_a_hosts_own_is_sent_as_it_was_given() {
    let mut wrong = Vec::new();
    let mut tried = 0;
    for given in shapes().iter().flat_map(surroundings) {
        let given = given.to_string();
        let mut out = Buffer::new();
        let text = Json { name: "result_json", bytes: given.as_bytes() };
        let told = normalise_text(text, Mode::Lenient, true, &|| None, &mut out).unwrap();
        let sent = String::from_utf8(out.into_vec()).unwrap();
        tried += 1;
        if sent != given || told.unknown.is_none() {
            wrong.push(format!("{given}\n    became {sent}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(tried > 500);
}

#[test]
fn an_answer_in_a_text_of_a_hosts_own_does_not_take_its_place() {
    let answer = json!({"object": "chat.completion", "choices": [{"index": 0, "message": {"role": "assistant", "content": "x"}, "finish_reason": "stop"}]});
    for given in [
        format!(
            "I compared [1] and two models. The first said this, which I had not expected at all: {answer} and I conclude that it is bad."
        ),
        format!("It said {answer}, then it stopped."),
        format!("First line.\nSecond line: {answer}"),
        "1\nfoo --> bar is how you write arrows".to_owned(),
        "12:00 {\"choices\": []} was in the log, and {\"a\": 1} too".to_owned(),
    ] {
        let mut out = Buffer::new();
        let text = Json { name: "result_json", bytes: given.as_bytes() };
        let told = normalise_text(text, Mode::Lenient, true, &|| None, &mut out).unwrap();
        let sent: Value = serde_json::from_slice(&out.into_vec()).unwrap();
        assert_eq!((sent.as_str(), told.unknown.is_some()), (Some(given.as_str()), true));
    }
}
