//! Structured log entries as a tree: flows as ordered lists of steps, then loose entries, then raw documents.

use chrono::DateTime;
use serde_json::Value;

use crate::draw::branch::Branch;
use crate::draw::text::{self, Style, Text};
use crate::model::plain::shorten;
use crate::model::{figures, line};
use crate::store::kept::{Kept, RawDocument};

/// Lines of a raw document that are shown.
const SHOWN_RAW_LINES: usize = 3;

struct Flow {
    id: String,
    entries: Vec<Value>,
}

/// One branch for all structured logs, or none if there are none.
pub fn branch(kept: &Kept) -> Option<Branch> {
    let mut flows: Vec<Flow> =
        kept.flows.iter().map(|(id, _)| Flow { id: id.clone(), entries: Vec::new() }).collect();
    let mut loose = Vec::new();
    for text in &kept.entries {
        let entry: Value = serde_json::from_str(text).unwrap_or_default();
        match entry["flowId"].as_str() {
            None => loose.push(entry),
            Some(id) => match flows.iter_mut().find(|flow| flow.id == id) {
                Some(flow) => flow.entries.push(entry),
                None => flows.push(Flow { id: id.to_owned(), entries: vec![entry] }),
            },
        }
    }
    let mut branch = Branch::new(Text::new(Style::Kind, "application logs"));
    branch.children.extend(flows.into_iter().map(Flow::branch));
    if !loose.is_empty() {
        let mut entries =
            Branch::new(Text::new(Style::Kind, "entries").with(Style::Figure, loose.len().to_string()));
        entries.children = loose.iter().map(|entry| entry_branch(entry, time(entry))).collect();
        branch.children.push(entries);
    }
    branch.children.extend(kept.raws.iter().map(raw_branch));
    (!branch.children.is_empty()).then_some(branch)
}

impl Flow {
    fn branch(mut self) -> Branch {
        // Entries without a step keep their place at the end.
        self.entries.sort_by_key(|entry| entry["stepIndex"].as_u64().unwrap_or(u64::MAX));
        let times = || self.entries.iter().filter_map(|entry| entry["timestamp"].as_u64());
        let took = match (times().min(), times().max()) {
            (Some(first), Some(last)) if last > first => {
                figures::duration((last - first).saturating_mul(1000))
            }
            _ => String::new(),
        };
        let steps = format!("{} steps", self.entries.len());
        let head = Text::new(Style::Kind, "flow").with(Style::Name, shorten(&self.id));
        let mut branch = Branch::new(head.with(Style::Figure, steps).with(Style::Figure, took));
        branch.children = self
            .entries
            .iter()
            .map(|entry| entry_branch(entry, entry["stepIndex"].as_u64().map(|step| step.to_string())))
            .collect();
        branch
    }
}

/// An entry behind its step or its time.
fn entry_branch(entry: &Value, first: Option<String>) -> Branch {
    let word = |name: &str| entry[name].as_str().map(shorten).unwrap_or_default();
    let level = word("level");
    let style = Style::of_level(&level);
    let mut head = Text::new(Style::Dim, first.unwrap_or_default());
    head.push(style, format!("{level:<5}"));
    head.push(Style::Name, word("message"));
    let tags = entry["tags"].as_array().into_iter().flatten().filter_map(Value::as_str);
    head.push(Style::Plain, tags.map(|tag| format!("#{}", shorten(tag))).collect::<Vec<_>>().join(" "));
    let mut branch = Branch::new(head);
    branch.note("data", &text::pairs(&entry["data"]));
    let error = [word("errorName"), word("errorStack")];
    let error: Vec<_> = error.into_iter().filter(|word| !word.is_empty()).collect();
    branch.styled_note("error", Style::Bad, &error.join("  "));
    let context = ["source", "environment", "version", "dataset", "userId", "sessionId", "requestId"]
        .iter()
        .chain(&["ipAddress", "country"])
        .filter(|name| entry[**name].is_string())
        .map(|name| format!("{name}={}", word(name)));
    branch.styled_note("from", Style::Dim, &context.collect::<Vec<_>>().join("  "));
    branch
}

/// The time of day (UTC) that an entry gives.
fn time(entry: &Value) -> Option<String> {
    let time = DateTime::from_timestamp_millis(entry["timestamp"].as_i64()?)?;
    Some(time.format("%H:%M:%S%.3f").to_string())
}

fn raw_branch(raw: &RawDocument) -> Branch {
    let value =
        |name: &str| raw.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let mut head =
        Text::new(Style::Kind, "raw").with(Style::Name, shorten(value("format").unwrap_or_default()));
    head.push(Style::Figure, format!("{} lines, {}", raw.tally.lines(), figures::bytes(raw.tally.bytes)));
    let mut branch = Branch::new(head);
    let options = raw.query.iter().filter(|(name, _)| name != "format");
    let options = options.map(|(name, value)| format!("{}={}", shorten(name), shorten(value)));
    branch.note("options", &options.collect::<Vec<_>>().join("  "));
    for text in line::split(&raw.text).take(SHOWN_RAW_LINES) {
        branch.notes.push(Text::new(Style::Plain, shorten(&String::from_utf8_lossy(text))));
    }
    branch
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::tree;

    fn drawn(kept: &Kept) -> String {
        tree::draw(kept, false)
    }

    fn kept(entries: &[&str]) -> Kept {
        Kept { entries: entries.iter().map(|&entry| entry.into()).collect(), ..Kept::default() }
    }

    #[test]
    fn a_flow_is_a_list_of_its_steps_in_order() {
        let text = drawn(&kept(&[
            r#"{"level":"error","message":"failed","flowId":"pay-1","stepIndex":1,"timestamp":1500,"errorName":"E"}"#,
            r#"{"level":"info","message":"loose","timestamp":1000,"data":{"a":1},"tags":["x"]}"#,
            r#"{"level":"info","message":"began","flowId":"pay-1","stepIndex":0,"timestamp":1000,"source":"svc"}"#,
        ]));
        let expected = "\
application logs
├─ flow  pay-1  2 steps  500.0 ms
│  ├─ 0  info   began
│  │     from  source=svc
│  └─ 1  error  failed
│        error  E
└─ entries  1
   └─ 00:00:01.000  info   loose  #x
         data  a=1
";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_raw_document_shows_its_first_lines() {
        let mut kept = kept(&[]);
        let text = b"a,b\n1,2\n3,4\n5,6\n";
        let mut tally = crate::store::kept::Tally::default();
        tally.add(text);
        let query = vec![("format".into(), "csv".into()), ("source".into(), "shop".into())];
        kept.raws.push(RawDocument { query, tally, text: text.to_vec() });
        let expected = "\
application logs
└─ raw  csv  4 lines, 16 B
      options  source=shop
      a,b
      1,2
      3,4
";
        assert_eq!(drawn(&kept), expected);
    }
}
