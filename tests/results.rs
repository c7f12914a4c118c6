//! Generations' results through the C ABI, by what arrives: whatever its shape, a result is sent and the generation
//! ends; what is not known is told and counted.

mod common;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use common::service::{Arrived, Service};
use common::{Scratch, compile, run};
use serde_json::{Value, json};

/// What arrived: the data of each line by entity, id and action, and the contents that were uploaded.
struct Sent {
    lines: BTreeMap<String, Value>,
    uploads: Vec<Vec<u8>>,
    /// Of the generations, in their order.
    providers: Vec<Value>,
    said: String,
}

fn sent() -> Sent {
    let scratch = Scratch::new("results");
    let program = compile("tests/c/results.c", &scratch);
    let service = Service::start();
    service.answers.store(true, Ordering::SeqCst);
    let url = format!("http://127.0.0.1:{}", service.port);
    let said = run(std::process::Command::new(program)
        .arg(url)
        .env("MAXIM_SPOOL_DIR", scratch.path().join("spool")));
    let mut sent = Sent { lines: BTreeMap::new(), uploads: Vec::new(), providers: Vec::new(), said };
    while let Ok(arrived) = service.arrived.try_recv() {
        match arrived {
            Arrived::Upload(bytes) => sent.uploads.push(bytes),
            Arrived::Lines(lines) => lines.lines().for_each(|line| {
                let (head, data) = line.split_once(",data=").expect("a line");
                let data: Value =
                    serde_json::from_str(data.strip_suffix('}').expect("its end")).expect("JSON");
                let head = head.replace("{id=", " ").replace(",action=", " ");
                if head.ends_with(" add-generation") {
                    sent.providers.push(data["provider"].clone());
                }
                sent.lines.insert(head, data);
            }),
        }
    }
    sent
}

impl Sent {
    fn result(&self, generation: &str) -> &Value {
        assert!(self.lines.contains_key(&format!("generation {generation} end")), "{generation} did not end");
        &self.lines[&format!("generation {generation} result")]["result"]
    }
}

#[test]
fn every_result_is_sent_and_ends_its_generation_and_what_is_not_known_is_told_and_counted() {
    let sent = sent();
    assert_eq!(sent.result("g0"), &json!({"answer": 42}));
    assert_eq!(sent.result("g1"), &json!([{"a": 1}]));
    assert_eq!(
        sent.result("g2")["error"],
        json!({"message": "Overloaded", "code": "", "type": "overloaded_error"})
    );
    let content = |generation: &str| sent.result(generation)["choices"][0]["message"]["content"].clone();
    assert_eq!([content("g3"), content("g4"), content("g5")], ["Hello", "Hel", "Hello"].map(Value::from));
    assert!(!sent.lines.keys().any(|line| line.contains(" g9 ")), "what was refused was sent");
    assert_eq!(sent.result("g10"), "<html>\n\"504\"</html>");
    assert_eq!(sent.result("g11"), &Value::from("[".repeat(200) + &"]".repeat(200)));
    assert_eq!(sent.result("g12"), "\"\u{fffd}\"");
    assert_eq!(sent.result("g13"), "<html>");
    // g0, g1, g10, g11, g12 and g14: what is forced is told to nobody.
    assert!(sent.said.ends_with("unrecognised 6\n"), "{}", sent.said);
    let told: Vec<&str> = sent.said.lines().filter(|line| line.starts_with("told 7 ")).collect();
    assert_eq!(told.len(), 1, "of one kind one report: {}", sent.said);
    // Whichever came last when the delivery thread looked first.
    assert!(told[0].contains("; it was sent as it is"), "{}", told[0]);
}

#[test]
fn null_results_and_outputs_end_what_they_belong_to_and_feedback_has_no_null_member() {
    let sent = sent();
    assert_eq!(sent.result("g14"), &Value::Null);
    assert_eq!(sent.lines["tool_call c14 result"], json!({"result": "null"}));
    for (retrieval, end) in [("r14", "retrieval r14 end"), ("r15", "retrieval r15 end")] {
        assert_eq!(sent.lines[&format!("retrieval {retrieval} update")], json!({"docs": []}));
        assert!(sent.lines.contains_key(end));
    }
    assert!(sent.lines.contains_key("tool_call c14 end"));
    assert_eq!(sent.lines["trace t add-feedback"], json!({"score": 1}));
}

#[test]
fn a_result_that_names_no_model_has_the_generations_and_none_is_empty() {
    let sent = sent();
    assert_eq!(sent.result("g3")["model"], "gpt-4o");
    assert_eq!(sent.result("g7")["model"], "set-later");
    assert_eq!(sent.result("g8").get("model"), None, "nobody knows it");
}

#[test]
fn a_provider_is_sent_as_it_is_given_and_aliases_as_the_log_api_knows_them() {
    let sent = sent();
    assert_eq!(sent.providers, ["bedrock", "google", "azure", "my gateway", "openai", "google", "mistral"]);
}

#[test]
fn a_generated_image_is_attached_to_the_output() {
    let sent = sent();
    let mut uploads = sent.uploads.clone();
    uploads.sort();
    assert_eq!(uploads, [b"hello".to_vec(), b"world".to_vec()]);
    let image = &sent.result("g6")["choices"][0]["message"]["images"][0];
    let attachment = &sent.lines["generation g6 add-attachment"];
    assert_eq!(
        (&attachment["id"], &attachment["tags"]),
        (&image["attachment_id"], &json!({"attach-to": "output"}))
    );
}

#[test]
fn an_image_within_a_whole_body_is_attached_and_stays_where_it_is_with_extraction_switched_off() {
    let sent = sent();
    let image = |generation: &str| sent.result(generation)["choices"][0]["message"]["images"][0].clone();
    let attachment = &sent.lines["generation g15 add-attachment"];
    assert_eq!(image("g15")["attachment_id"], attachment["id"]);
    assert_eq!(image("g16")["image_url"]["url"], "data:image/png;base64,d29ybGQ=");
    assert!(sent.result("g17").to_string().contains("aGVsbG8="), "{}", sent.result("g17"));
    for generation in ["g16", "g17"] {
        assert!(!sent.lines.contains_key(&format!("generation {generation} add-attachment")));
    }
}

#[test]
fn metrics_and_evaluators_are_those_of_the_public_clients() {
    let sent = sent();
    assert_eq!(sent.lines["retrieval r update"], json!({"metrics": {"documents": 2.5}}));
    assert_eq!(sent.lines["tool_call c update"], json!({"metrics": {"seconds": 0.5}}));
    assert_eq!(sent.lines["trace t evaluate"]["evaluators"], json!(["a", "b"]));
}
