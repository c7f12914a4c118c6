//! Log lines of the Maxim log API as a tree: repository, session, trace, span, generation and the rest.
//!
//! Lines are applied in order of arrival to a table of entities; parents are found at the end, so the order of
//! the lines does not matter. An entity that other lines only speak of is shown as such, under the session or
//! repository it names.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDateTime};
use serde_json::{Map, Value};

use crate::line::{self, Line};
use crate::store::Kept;
use crate::tree::{self, Branch, MAX_DEPTH, Style, Text};

/// What lines said about one entity.
struct Entity {
    kind: String,
    id: String,
    /// Whether a line made it, or others only speak of it.
    is_created: bool,
    /// The members of all its lines; objects such as tags are joined, messages appended.
    data: Map<String, Value>,
    /// Events, feedback, attachments and the like: the action and its data.
    happened: Vec<(String, Value)>,
    parent: Option<usize>,
    children: Vec<usize>,
}

#[derive(Default)]
struct Repository {
    entities: Vec<Entity>,
    index: HashMap<(String, String), usize>,
    malformed: Vec<String>,
    unnamed: usize,
}

/// A branch for each repository that lines arrived for.
pub fn branches(kept: &Kept) -> Vec<Branch> {
    let mut repositories: Vec<_> = kept.repositories.iter().map(|_| Repository::default()).collect();
    for (at, text) in &kept.lines {
        repositories[*at].apply(text, kept);
    }
    let named = kept.repositories.iter().zip(&mut repositories);
    named.map(|(name, repository)| repository.branch(name, kept)).collect()
}

impl Repository {
    fn entity(&mut self, kind: &str, id: &str) -> usize {
        let key = (kind.to_owned(), id.to_owned());
        *self.index.entry(key).or_insert_with(|| {
            self.entities.push(Entity {
                kind: kind.to_owned(),
                id: id.to_owned(),
                is_created: false,
                data: Map::new(),
                happened: Vec::new(),
                parent: None,
                children: Vec::new(),
            });
            self.entities.len() - 1
        })
    }

    fn apply(&mut self, text: &[u8], kept: &Kept) {
        let parsed = line::parse(text)
            .and_then(|line| serde_json::from_slice::<Map<String, Value>>(line.data).ok().map(|d| (line, d)));
        let Some((Line { entity, id, action, .. }, data)) = parsed else {
            self.malformed.push(String::from_utf8_lossy(text).into_owned());
            return;
        };
        if action == "process-large-log" {
            let key = data.get("key").and_then(Value::as_str).unwrap_or_default();
            // The text may not lead to another upload: that would allow an endless chain.
            let large = kept.uploads.get(key).and_then(|upload| upload.line.as_deref());
            if let Some(large) = large.filter(|large| !large.starts_with(b"storage{")) {
                return self.apply(large, kept);
            }
        }
        let at = self.entity(entity, id);
        match action {
            "create" | "update" | "end" | "result" | "error" | "add-cost" => {
                self.entities[at].is_created |= action == "create";
                self.entities[at].merge(data);
            }
            "add-span" | "add-generation" | "add-retrieval" | "add-tool-call" | "add-error" => {
                let kind = action["add-".len()..].replace('-', "_");
                let child_id = match data.get("id").and_then(Value::as_str) {
                    Some(id) => id.to_owned(),
                    None => {
                        self.unnamed += 1;
                        format!("(without an id, {})", self.unnamed)
                    }
                };
                let child = self.entity(&kind, &child_id);
                self.entities[child].is_created = true;
                self.entities[child].merge(data);
                self.adopt(at, child);
            }
            _ => self.entities[at].happened.push((action.to_owned(), Value::Object(data))),
        }
    }

    /// Makes `child` a child of `parent`, once.
    fn adopt(&mut self, parent: usize, child: usize) {
        if self.entities[child].parent.is_none() && parent != child {
            self.entities[child].parent = Some(parent);
            self.entities[parent].children.push(child);
        }
    }

    fn branch(&mut self, name: &str, kept: &Kept) -> Branch {
        for trace in 0..self.entities.len() {
            let entity = &self.entities[trace];
            if entity.kind == "trace"
                && let Some(session) = entity.data.get("sessionId").and_then(Value::as_str).map(str::to_owned)
            {
                let session = self.entity("session", &session);
                self.adopt(session, trace);
            }
        }
        let mut branch =
            Branch::new(Text::new(Style::Kind, "repository").with(Style::Name, tree::shorten(name)));
        let mut drawn = HashSet::new();
        let roots = (0..self.entities.len()).filter(|&at| self.entities[at].parent.is_none());
        branch.children = roots.map(|root| self.draw(root, kept, &mut drawn, 0)).collect();
        // What only a loop of parents holds has no root and has not been reached.
        for at in 0..self.entities.len() {
            if !drawn.contains(&at) && self.entities[at].parent.is_some() {
                let looped = self.draw(at, kept, &mut drawn, 0);
                branch.children.push(looped);
            }
        }
        for text in &self.malformed {
            let head = Text::new(Style::Bad, "malformed line").with(Style::Plain, tree::shorten(text));
            branch.children.push(Branch::new(head));
        }
        branch
    }

    fn draw(&self, at: usize, kept: &Kept, drawn: &mut HashSet<usize>, depth: usize) -> Branch {
        drawn.insert(at);
        let entity = &self.entities[at];
        let mut branch = entity.branch(kept);
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

impl Entity {
    fn merge(&mut self, data: Map<String, Value>) {
        for (name, value) in data {
            match (self.data.get_mut(&name), value) {
                (Some(Value::Object(known)), Value::Object(more)) if name != "result" => known.extend(more),
                (Some(Value::Array(known)), Value::Array(more)) if name == "messages" => known.extend(more),
                (_, value) => {
                    self.data.insert(name, value);
                }
            }
        }
    }

    fn get(&self, name: &str) -> &Value {
        self.data.get(name).unwrap_or(&Value::Null)
    }

    fn word(&self, name: &str) -> String {
        self.get(name).as_str().map(tree::shorten).unwrap_or_default()
    }

    fn branch(&self, kept: &Kept) -> Branch {
        let mut head = Text::new(Style::Kind, tree::shorten(&self.kind.replace('_', " ")))
            .with(Style::Name, self.word("name"));
        if self.kind == "error" {
            head.push(Style::Bad, self.word("message"));
            head.push(Style::Bad, self.word("errorType"));
            head.push(Style::Bad, self.word("code"));
        }
        head.push(Style::Dim, tree::shorten(&self.id));
        let model = [self.word("provider"), self.word("model")];
        head.push(
            Style::Plain,
            model.iter().filter(|w| !w.is_empty()).cloned().collect::<Vec<_>>().join("/"),
        );
        head.push(Style::Figure, self.duration());
        head.push(Style::Figure, tokens(&self.get("result")["usage"]));
        head.push(Style::Figure, cost(self.get("cost")));
        if !self.is_created {
            head.push(Style::Warn, "(its creation did not arrive)");
        }

        let mut branch = Branch::new(head);
        for name in ["tags", "metadata", "metrics", "modelParameters"] {
            branch.note(name, &tree::pairs(self.get(name)));
        }
        for name in ["description", "args", "input"] {
            branch.note(name, &content(self.get(name)));
        }
        for message in self.get("messages").as_array().into_iter().flatten() {
            let role = message["role"].as_str().or(message["type"].as_str()).unwrap_or("message");
            branch.note(&tree::shorten(role), &content(message_content(message)));
        }
        branch.note("output", &content(self.get("output")));
        if let Some(documents) = self.get("docs").as_array() {
            let first = documents.first().map(tree::value).unwrap_or_default();
            branch.note("output", format!("{} documents  {first}", documents.len()).trim_end());
        }
        self.note_result(&mut branch);
        branch.styled_note("error", Style::Bad, &failure(self.get("error")));
        branch.children = self.happened.iter().map(|(action, data)| happening(action, data, kept)).collect();
        branch
    }

    /// What a generation or a tool call came to.
    fn note_result(&self, branch: &mut Branch) {
        let result = self.get("result");
        if !result.is_object() {
            return branch.note("result", &tree::value(result));
        }
        branch.styled_note("error", Style::Bad, &failure(&result["error"]));
        for choice in result["choices"].as_array().into_iter().flatten() {
            branch.note("output", &content(&choice["message"]["content"]));
            branch.note("output", &content(&choice["text"]));
            for call in choice["message"]["tool_calls"].as_array().into_iter().flatten() {
                let function = &call["function"];
                let name = function["name"].as_str().unwrap_or_default();
                let arguments = function["arguments"].as_str().unwrap_or_default();
                branch.note("calls", &tree::shorten(&format!("{name}({arguments})")));
            }
            if let Some(reason) = choice["finish_reason"].as_str().filter(|&reason| reason != "stop") {
                branch.note("finish", &tree::shorten(reason));
            }
        }
        for item in result["output"].as_array().into_iter().flatten() {
            branch.note("output", &content(message_content(item)));
        }
    }

    fn duration(&self) -> String {
        let time = |name| self.get(name).as_str().and_then(unix_us);
        match (time("startTimestamp"), time("endTimestamp")) {
            (Some(start), Some(end)) if end >= start => tree::duration((end - start) as u64),
            (Some(_), Some(_)) => "ends before it starts".into(),
            _ => String::new(),
        }
    }
}

/// A leaf for something that happened to an entity.
fn happening(action: &str, data: &Value, kept: &Kept) -> Branch {
    let word = |name: &str| data[name].as_str().map(tree::shorten).unwrap_or_default();
    let kind = action.strip_prefix("add-").unwrap_or(action);
    let mut head = Text::new(Style::Kind, tree::shorten(kind));
    match kind {
        "event" => head.push(Style::Name, word("name")),
        "feedback" => {
            head.push(Style::Figure, format!("score {}", tree::shorten(&data["score"].to_string())));
            head.push(Style::Plain, tree::value(&data["comment"]));
        }
        "attachment" => {
            head.push(Style::Name, if data["name"].is_string() { word("name") } else { word("id") });
            head.push(Style::Plain, word("mimeType"));
            head.push(Style::Plain, word("url"));
            let uploaded = data["key"].as_str().and_then(|key| kept.uploads.get(key));
            match uploaded {
                Some(upload) => {
                    head.push(Style::Figure, tree::bytes(upload.bytes));
                    if data["mimeType"] != upload.mime.as_str() {
                        head.push(Style::Bad, format!("uploaded as {}", tree::shorten(&upload.mime)));
                    }
                }
                None if data["url"].is_null() => head.push(Style::Bad, "its upload did not arrive"),
                None => {}
            }
        }
        "evaluate" => {
            head.push(Style::Plain, tree::pairs(&data["variables"]));
            head.push(Style::Plain, tree::value(&data["evaluators"]));
        }
        "process-large-log" => {
            head.push(Style::Plain, word("key"));
            head.push(Style::Bad, "its upload did not arrive");
        }
        _ => head.push(Style::Plain, tree::value(data)),
    }
    let mut branch = Branch::new(head);
    branch.note("tags", &tree::pairs(&data["tags"]));
    branch.note("metadata", &tree::pairs(&data["metadata"]));
    branch
}

/// Where a message or an output item has its text.
fn message_content(message: &Value) -> &Value {
    let places = ["content", "output", "arguments", "summary"];
    places.iter().map(|name| &message[*name]).find(|value| !value.is_null()).unwrap_or(&Value::Null)
}

/// Text in any of the shapes it comes in: plain, a typed value, or a list of parts.
fn content(value: &Value) -> String {
    match value {
        Value::Object(object) if object.contains_key("value") => tree::value(&object["value"]),
        Value::Array(parts) if parts.iter().any(|part| part["text"].is_string()) => {
            let texts: Vec<_> = parts.iter().filter_map(|part| part["text"].as_str()).collect();
            tree::quoted(&texts.join(" "))
        }
        value => tree::value(value),
    }
}

fn failure(error: &Value) -> String {
    match error {
        Value::Object(error) => {
            let words = ["message", "type", "code"].iter().filter_map(|name| error.get(*name)?.as_str());
            words.filter(|word| !word.is_empty()).map(tree::shorten).collect::<Vec<_>>().join("  ")
        }
        other => tree::value(other),
    }
}

/// `10 → 20 tokens`, in both naming styles that results have.
fn tokens(usage: &Value) -> String {
    let number = |names: [&str; 2]| names.iter().find_map(|name| usage[*name].as_u64());
    let input = number(["prompt_tokens", "input_tokens"]);
    let output = number(["completion_tokens", "output_tokens"]);
    let detail = |names: [&str; 2], member: &str| names.iter().find_map(|name| usage[*name][member].as_u64());
    let cached = detail(["prompt_tokens_details", "input_tokens_details"], "cached_tokens");
    let reasoning = detail(["completion_tokens_details", "output_tokens_details"], "reasoning_tokens");
    let mut text = match (input, output) {
        (None, None) => {
            return usage["total_tokens"].as_u64().map(|n| format!("{n} tokens")).unwrap_or_default();
        }
        (input, output) => format!("{} → {} tokens", input.unwrap_or(0), output.unwrap_or(0)),
    };
    for (count, what) in [(cached, "cached"), (reasoning, "reasoning")] {
        if let Some(count) = count.filter(|&count| count > 0) {
            text.push_str(&format!(", {count} {what}"));
        }
    }
    text
}

fn cost(cost: &Value) -> String {
    cost["total"].as_f64().map(|total| format!("${total}")).unwrap_or_default()
}

/// A time as the wire has it, in Unix µs; without an offset it is taken as UTC.
fn unix_us(text: &str) -> Option<i64> {
    let with_offset = DateTime::parse_from_rfc3339(text).map(|time| time.timestamp_micros());
    let without = || NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").map(|t| t.and_utc());
    with_offset.or_else(|_| without().map(|time| time.timestamp_micros())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Mode;
    use crate::store::{Content, Data, Store, Tally};

    fn drawn(lines: &[&str]) -> String {
        let mut store = Store::new(Mode::Tree, None, None);
        let text = lines.join("\n");
        let content = Content { tally: Tally::default(), text: Some(text.as_bytes()) };
        store.accept(Data::Lines { repository: "r-1", content }, 0, 0);
        tree::draw(store.kept.as_ref().expect("tree mode keeps"), false)
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
