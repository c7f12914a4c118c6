//! Log lines of the Maxim log API as a tree: repository, session, trace, span, generation and the rest.
//!
//! An entity that other lines only speak of is shown as such, under the session or repository it names.

use std::collections::HashSet;

use serde_json::Value;

use crate::draw::branch::{Branch, MAX_DEPTH};
use crate::draw::text::{self, Style, Text};
use crate::model::entities::{Entities, Entity, message_content};
use crate::model::figures::{self, Tokens, unix_us};
use crate::model::otlp;
use crate::model::plain::shorten;
use crate::store::kept::Kept;

/// A branch for each repository that lines arrived for.
pub fn branches(kept: &Kept) -> Vec<Branch> {
    let mut names = kept.repositories.clone();
    let mut repositories: Vec<_> = names.iter().map(|_| Entities::default()).collect();
    for (at, text) in &kept.lines {
        repositories[*at].apply(text);
    }
    let units: Vec<Value> = kept.spans.iter().filter_map(|unit| serde_json::from_str(unit).ok()).collect();
    for (name, line) in otlp::lines(&units) {
        let at = names.iter().position(|known| *known == name).unwrap_or_else(|| {
            names.push(name);
            repositories.push(Entities::default());
            names.len() - 1
        });
        repositories[at].apply(line.as_bytes());
    }
    let named = names.iter().zip(repositories);
    named.map(|(name, entities)| Repository { entities }.branch(name, kept)).collect()
}

struct Repository {
    entities: Entities,
}

impl Repository {
    fn branch(&mut self, name: &str, kept: &Kept) -> Branch {
        for trace in 0..self.entities.all.len() {
            let entity = &self.entities.all[trace];
            let session = entity.data.get("sessionId").filter(|_| entity.kind == "trace");
            if let Some(session) = session.and_then(Value::as_str).map(str::to_owned) {
                let session = self.entities.entity("session", &session);
                self.entities.adopt(session, trace);
            }
        }
        let mut branch = Branch::new(Text::new(Style::Kind, "repository").with(Style::Name, shorten(name)));
        let mut drawn = HashSet::new();
        let roots = (0..self.entities.all.len()).filter(|&at| self.entities.all[at].parent.is_none());
        branch.children = roots.map(|root| self.draw(root, kept, &mut drawn, 0)).collect();
        // What only a loop of parents holds has no root and has not been reached.
        for at in 0..self.entities.all.len() {
            if !drawn.contains(&at) && self.entities.all[at].parent.is_some() {
                let looped = self.draw(at, kept, &mut drawn, 0);
                branch.children.push(looped);
            }
        }
        for text in &self.entities.malformed {
            let head = Text::new(Style::Bad, "malformed line").with(Style::Plain, shorten(text));
            branch.children.push(Branch::new(head));
        }
        branch
    }

    fn draw(&self, at: usize, kept: &Kept, drawn: &mut HashSet<usize>, depth: usize) -> Branch {
        drawn.insert(at);
        let entity = &self.entities.all[at];
        let mut branch = entity_branch(entity, kept);
        for &child in &entity.children {
            if depth == MAX_DEPTH {
                drawn.insert(child);
                branch.note("…", "deeper than is drawn");
            } else if !drawn.contains(&child) {
                branch.children.push(self.draw(child, kept, drawn, depth + 1));
            }
        }
        branch
    }
}

/// How one entity is drawn.
struct Drawn<'a>(&'a Entity);

fn entity_branch(entity: &Entity, kept: &Kept) -> Branch {
    Drawn(entity).branch(kept)
}

impl Drawn<'_> {
    fn get(&self, name: &str) -> &Value {
        self.0.get(name)
    }

    fn word(&self, name: &str) -> String {
        self.get(name).as_str().map(shorten).unwrap_or_default()
    }

    fn branch(&self, kept: &Kept) -> Branch {
        let mut head = Text::new(Style::Kind, shorten(&self.0.kind.replace('_', " ")))
            .with(Style::Name, self.word("name"));
        if self.0.kind == "error" {
            head.push(Style::Bad, self.word("message"));
            head.push(Style::Bad, self.word("errorType"));
            head.push(Style::Bad, self.word("code"));
        }
        head.push(Style::Dim, shorten(&self.0.id));
        let model = [self.word("provider"), self.word("model")];
        head.push(
            Style::Plain,
            model.iter().filter(|w| !w.is_empty()).cloned().collect::<Vec<_>>().join("/"),
        );
        head.push(Style::Figure, self.duration());
        head.push(Style::Figure, Tokens::of(&self.get("result")["usage"]).text());
        head.push(Style::Figure, cost(self.get("cost")));
        if !self.0.is_created {
            head.push(Style::Warn, "(its creation did not arrive)");
        }

        let mut branch = Branch::new(head);
        for name in ["tags", "metadata", "metrics", "modelParameters"] {
            branch.note(name, &text::pairs(self.get(name)));
        }
        for name in ["description", "args", "input"] {
            branch.note(name, &content(self.get(name)));
        }
        for message in self.get("messages").as_array().into_iter().flatten() {
            let role = message["role"].as_str().or(message["type"].as_str()).unwrap_or("message");
            branch.note(&shorten(role), &content(message_content(message)));
        }
        branch.note("output", &content(self.get("output")));
        if let Some(documents) = self.get("docs").as_array() {
            let first = documents.first().map(text::value).unwrap_or_default();
            branch.note("output", format!("{} documents  {first}", documents.len()).trim_end());
        }
        self.note_result(&mut branch);
        branch.styled_note("error", Style::Bad, &failure(self.get("error")));
        branch.children =
            self.0.happened.iter().map(|(action, data)| happening(action, data, kept)).collect();
        branch
    }

    /// What a generation or a tool call came to.
    fn note_result(&self, branch: &mut Branch) {
        let result = self.get("result");
        if !result.is_object() {
            return branch.note("result", &text::value(result));
        }
        branch.styled_note("error", Style::Bad, &failure(&result["error"]));
        for choice in result["choices"].as_array().into_iter().flatten() {
            branch.note("output", &content(&choice["message"]["content"]));
            branch.note("output", &content(&choice["text"]));
            for call in choice["message"]["tool_calls"].as_array().into_iter().flatten() {
                let function = &call["function"];
                let name = function["name"].as_str().unwrap_or_default();
                let arguments = function["arguments"].as_str().unwrap_or_default();
                branch.note("calls", &shorten(&format!("{name}({arguments})")));
            }
            if let Some(reason) = choice["finish_reason"].as_str().filter(|&reason| reason != "stop") {
                branch.note("finish", &shorten(reason));
            }
        }
        for item in result["output"].as_array().into_iter().flatten() {
            branch.note("output", &content(message_content(item)));
        }
    }

    fn duration(&self) -> String {
        let time = |name| self.get(name).as_str().and_then(unix_us);
        match (time("startTimestamp"), time("endTimestamp")) {
            (Some(start), Some(end)) if end >= start => figures::duration((end - start) as u64),
            (Some(_), Some(_)) => "ends before it starts".into(),
            _ => String::new(),
        }
    }
}

/// A leaf for something that happened to an entity.
fn happening(action: &str, data: &Value, kept: &Kept) -> Branch {
    let word = |name: &str| data[name].as_str().map(shorten).unwrap_or_default();
    let kind = action.strip_prefix("add-").unwrap_or(action);
    let mut head = Text::new(Style::Kind, shorten(kind));
    match kind {
        "event" => head.push(Style::Name, word("name")),
        "feedback" => {
            head.push(Style::Figure, format!("score {}", shorten(&data["score"].to_string())));
            head.push(Style::Plain, text::value(&data["comment"]));
        }
        "attachment" => {
            head.push(Style::Name, if data["name"].is_string() { word("name") } else { word("id") });
            head.push(Style::Plain, word("mimeType"));
            head.push(Style::Plain, word("url"));
            let uploaded = data["key"].as_str().and_then(|key| kept.uploads.get(key));
            match uploaded {
                Some(upload) => {
                    head.push(Style::Figure, figures::bytes(upload.bytes));
                    if data["mimeType"] != upload.mime.as_str() {
                        head.push(Style::Bad, format!("uploaded as {}", shorten(&upload.mime)));
                    }
                }
                None if data["url"].is_null() => head.push(Style::Bad, "its upload did not arrive"),
                None => {}
            }
        }
        "evaluate" => {
            head.push(Style::Plain, text::pairs(&data["variables"]));
            head.push(Style::Plain, text::value(&data["evaluators"]));
        }
        "process-large-log" => {
            head.push(Style::Plain, word("key"));
            head.push(Style::Bad, "its upload did not arrive");
        }
        _ => head.push(Style::Plain, text::value(data)),
    }
    let mut branch = Branch::new(head);
    branch.note("tags", &text::pairs(&data["tags"]));
    branch.note("metadata", &text::pairs(&data["metadata"]));
    branch
}

/// Text in any of the shapes it comes in: plain, a typed value, or a list of parts.
fn content(value: &Value) -> String {
    match value {
        Value::Object(object) if object.contains_key("value") => text::value(&object["value"]),
        Value::Array(parts) if parts.iter().any(|part| part["text"].is_string()) => {
            let texts: Vec<_> = parts.iter().filter_map(|part| part["text"].as_str()).collect();
            text::quoted(&texts.join(" "))
        }
        value => text::value(value),
    }
}

fn failure(error: &Value) -> String {
    match error {
        Value::Object(error) => {
            let words = ["message", "type", "code"].iter().filter_map(|name| error.get(*name)?.as_str());
            words.filter(|word| !word.is_empty()).map(shorten).collect::<Vec<_>>().join("  ")
        }
        other => text::value(other),
    }
}

fn cost(cost: &Value) -> String {
    cost["total"].as_f64().map(|total| format!("${total}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::tree;

    fn drawn(lines: &[&str]) -> String {
        let mut kept = Kept::default();
        lines.iter().for_each(|line| kept.keep_line("r-1", line.as_bytes()));
        tree::draw(&kept, false)
    }

    #[test]
    fn entities_stand_under_their_parents_whatever_the_order_of_the_lines() {
        let text = drawn(&[
            r#"generation{id=g,action=result,data={"result":{"choices":[{"message":{"content":"Hello"}}],"usage":{"prompt_tokens":10,"completion_tokens":20,"prompt_tokens_details":{"cached_tokens":4}}}}}"#,
            r#"trace{id=t,action=create,data={"name":"chat","sessionId":"s","startTimestamp":"2026-01-02T03:04:05+00:00"}}"#,
            r#"trace{id=t,action=add-span,data={"id":"p","name":"plan"}}"#,
            r#"span{id=p,action=add-generation,data={"id":"g","name":"answer","provider":"openai","model":"gpt-4o","messages":[{"role":"user","content":"Hi"}]}}"#,
            r#"generation{id=g,action=add-cost,data={"cost":{"total":0.003}}}"#,
            r#"trace{id=t,action=update,data={"tags":{"a":"1"}}}"#,
            r#"trace{id=t,action=update,data={"tags":{"b":"2"}}}"#,
            r#"trace{id=t,action=end,data={"endTimestamp":"2026-01-02T03:04:06.5Z"}}"#,
            r#"session{id=s,action=create,data={"name":"support"}}"#,
        ]);
        let expected = "\
repository  r-1
└─ session  support  s
   └─ trace  chat  t  1.50 s
      │  tags  a=1  b=2
      └─ span  plan  p
         └─ generation  answer  g  openai/gpt-4o  10 → 20 tokens, 4 cached  $0.003
               user  “Hi”
               output  “Hello”
";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_session_never_created_still_groups_its_traces() {
        let text = drawn(&[r#"trace{id=t,action=create,data={"sessionId":"lost"}}"#]);
        assert_eq!(
            text,
            "repository  r-1\n└─ session  lost  (its creation did not arrive)\n   └─ trace  t\n"
        );
    }

    #[test]
    fn what_happened_is_shown_below_its_entity() {
        let text = drawn(&[
            r#"trace{id=t,action=create,data={}}"#,
            r#"trace{id=t,action=add-event,data={"id":"e","name":"clicked","tags":{"k":"v"}}}"#,
            r#"trace{id=t,action=add-feedback,data={"score":5,"comment":"good"}}"#,
            r#"trace{id=t,action=add-error,data={"message":"boom","errorType":"T"}}"#,
            r#"trace{id=t,action=add-attachment,data={"id":"a","name":"x.png","mimeType":"image/png","key":"k"}}"#,
            "broken",
        ]);
        for expected in [
            "event  clicked",
            "feedback  score 5  “good”",
            "error  boom  T",
            "attachment  x.png  image/png  its upload did not arrive",
            "malformed line  broken",
        ] {
            assert!(text.contains(expected), "{expected} in\n{text}");
        }
    }

    #[test]
    fn loops_of_parents_and_deep_nesting_end() {
        let looped = drawn(&[
            r#"span{id=a,action=add-span,data={"id":"b"}}"#,
            r#"span{id=b,action=add-span,data={"id":"a"}}"#,
            r#"span{id=c,action=add-span,data={"id":"c"}}"#,
        ]);
        assert_eq!(looped.matches("span").count(), 3, "{looped}");
        let chain: Vec<_> = (0..5000)
            .map(|at| format!(r#"span{{id={at},action=add-span,data={{"id":"{}"}}}}"#, at + 1))
            .collect();
        let deep = drawn(&chain.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(deep.contains("deeper than is drawn"));
    }
}
