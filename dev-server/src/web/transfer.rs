//! Bringing data in and taking it out, as lines of JSON or as OTLP/JSON.
//!
//! The lines are those of `--record`, cut down to what matters: `{"repo": …, "line": …}` for a line of the log API,
//! `{"entry": …}` for a structured entry and `{"unit": …}` for a span of OpenTelemetry, each with `at_us`. Requests in
//! OTLP/JSON are taken as well, one a line, as the Collector writes them, or one in the whole file.

use maud::html;
use serde_json::{Value, json};

use crate::collect::http::Response;
use crate::model::line;
use crate::model::otlp::{self, Signal};
use crate::store::archive::{Archive, Item};
use crate::store::rows::{self, NodeRow};
use crate::web::ask::{Ask, Page, Refusal};
use crate::web::text::{plainly_listed, plural};
use crate::web::{compare, layout};

pub fn page(ask: &Ask<'_>, archive: &mut Archive) -> Page {
    let count = |table: &str| {
        archive.db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0))
    };
    let (records, nodes) = (count("records")? as u64, count("nodes")? as u64);
    let body = html! {
        div.head { h1 { "Transfer" } }
        div.cards {
            section.card { h2 { "Export" }
                p { (plural(records, "line")) " of " (plural(nodes, "entity")) "." }
                p { a.button href="/export/lines" download="maxim.ndjson" { "All as lines of JSON" } " " a.button href="/export/otlp" download="traces.otlp.json" { "Traces as OTLP/JSON" } }
                p.fine { "A single trace: its page has “Share file” and “Raw lines”." }
            }
            section.card { h2 { "Import" }
                p { "Lines of JSON that were exported here, a file of " code { "--record" } " or " code { "--lines" } ", or traces and logs as OTLP/JSON." }
                form #import { input type="file" name="file" aria-label="File to import" required; " " button.primary { "Import" } }
                p #import-result role="status" {}
            }
            section.card { h2 { "On the command line" }
                pre tabindex="0" { "maxim-dev tail 'level:error'\nmaxim-dev export > run.ndjson\nmaxim-dev import run.ndjson\nmaxim-dev replay run.ndjson --to https://…\nmaxim-dev spool" }
            }
        }
    };
    Ok(layout::page(ask, 200, "Transfer", body))
}

pub fn export(ask: &Ask<'_>, archive: &mut Archive, format: &str) -> Page {
    let node = ask.parameter("id").map(|reference| compare::find(archive, reference)).transpose()?;
    let (text, content_type) = match format {
        "lines" => (lines(archive, node.as_ref())?, "application/x-ndjson"),
        "otlp" => (otlp(archive, node.as_ref())?.to_string(), "application/json"),
        _ => return Err(Refusal::NotFound("There is no such format.")),
    };
    let mut response = Response::text(200, text);
    response.content_type = content_type;
    Ok(response)
}

fn lines(archive: &Archive, node: Option<&NodeRow>) -> rusqlite::Result<String> {
    let (condition, root) = match node {
        Some(node) => ("r.node IN (SELECT id FROM nodes WHERE root = ?1)", node.root),
        None => ("?1 = 0", 0),
    };
    let sql = format!(
        "SELECT r.at, r.repo, r.text, e.id IS NOT NULL FROM records r LEFT JOIN entries e ON e.id = r.id \
         WHERE {condition} ORDER BY r.id"
    );
    let mut statement = archive.db.prepare_cached(&sql)?;
    let mut rows = statement.query([root])?;
    let mut text = String::new();
    while let Some(row) = rows.next()? {
        let (at, repo, line, is_entry): (i64, String, String, bool) =
            (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        let value = match serde_json::from_str::<Value>(&line) {
            Ok(entry) if is_entry && entry.is_object() => json!({"at_us": at, "entry": entry}),
            _ if is_entry => json!({"at_us": at, "entry": {"level": "info", "message": line}}),
            Ok(unit) if unit["span"].is_object() => json!({"at_us": at, "unit": unit}),
            _ => json!({"at_us": at, "repo": repo, "line": line}),
        };
        text.push_str(&value.to_string());
        text.push('\n');
    }
    Ok(text)
}

/// Everything, or one trace, as OpenTelemetry has it.
fn otlp(archive: &Archive, node: Option<&NodeRow>) -> rusqlite::Result<Value> {
    let roots = match node {
        Some(node) => vec![node.clone()],
        None => rows::nodes(
            &archive.db,
            "trace",
            &crate::store::filter::Filter::new(&[], crate::store::filter::Scope::Traces),
            rows::Sort::Time,
            0,
            100_000,
        )?,
    };
    crate::web::otlp::request(archive, &roots)
}

/// Takes a file in; why it is refused is told in JSON, for a script or a command to show.
pub fn import(ask: &Ask<'_>, archive: &mut Archive) -> Page {
    match take_in(ask, archive) {
        Err(Refusal::Bad(why)) => Ok(Response::error(400, &why)),
        done => done,
    }
}

fn take_in(ask: &Ask<'_>, archive: &mut Archive) -> Page {
    let text = std::str::from_utf8(ask.body).map_err(|_| Refusal::Bad("the file is not UTF-8".into()))?;
    let (mut items, mut foreign) = (Vec::new(), Foreign::default());
    let whole = serde_json::from_str(text).ok().and_then(|request| open_telemetry(&request, ask.now.us));
    let is_whole = whole.is_some();
    items.extend(whole.unwrap_or_default());
    let lines = if is_whole { "" } else { text };
    // The number of the first line, where a file comes in parts.
    let first = ask.parameter("line").and_then(|number| number.parse::<u32>().ok()).map_or(1, u64::from);
    for (number, line) in (first..).zip(lines.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        match parse_line(line, ask.now.us).map_err(|why| Refusal::Bad(format!("line {number}: {why}")))? {
            Some(more) => items.extend(more),
            None => foreign.add(number as usize, line),
        }
    }
    let count = items.iter().map(|(item, _)| item.len() as u64).sum::<u64>();
    if let Some(why) = foreign.refusal(count).filter(|_| first == 1) {
        return Err(Refusal::Bad(why));
    }
    archive.begin()?;
    let written = items.into_iter().try_for_each(|(item, at)| match item {
        Item::Lines { repo, text } => {
            line::split(&text).try_for_each(|line| archive.line(&repo, line, at).map(drop))
        }
        Item::Entries(entries) => entries.iter().try_for_each(|entry| archive.entry(entry, at).map(drop)),
        Item::Spans(units) => units.iter().try_for_each(|unit| archive.span(unit, at).map(drop)),
        _ => Ok(()),
    });
    if let Err(error) = written {
        archive.db.execute_batch("ROLLBACK")?;
        return Err(error.into());
    }
    archive.commit()?;
    if let Some(library) = &ask.server.library {
        library.feed.publish([json!({"kind": "import", "message": format!("{count} lines")}).to_string()]);
    }
    Ok(Response::json(200, &json!({"imported": count, "left_out": foreign.count})))
}

/// A request in OTLP/JSON.
fn open_telemetry(request: &Value, at: i64) -> Option<Vec<(Item, i64)>> {
    if let Some(units) = otlp::units(request, Signal::Spans) {
        let units = units.iter().filter(|unit| otlp::Span::new(unit).is_ok()).map(Value::to_string).collect();
        return Some(vec![(Item::Spans(units), at)]);
    }
    let units = otlp::units(request, Signal::Logs)?;
    let entries = units.iter().map(|unit| otlp::entry(unit).to_string()).collect();
    Some(vec![(Item::Entries(entries), at)])
}

/// Lines of a file that are nothing that was logged, as some of a raw document are that `--lines` wrote.
#[derive(Default)]
pub struct Foreign {
    pub count: u64,
    first: String,
}

impl Foreign {
    pub fn add(&mut self, number: usize, line: &str) {
        if self.count == 0 {
            self.first =
                format!("line {number} is neither a line nor an entry nor a span: {}", plainly_listed(line));
        }
        self.count += 1;
    }

    /// Why a file with so many others is refused: there are none.
    pub fn refusal(&self, others: u64) -> Option<String> {
        (self.count > 0 && others == 0).then(|| self.first.clone())
    }
}

/// A line of an export, of a record, or as the log API has it; `None` if it is not even JSON.
pub fn parse_line(line: &str, now: i64) -> Result<Option<Vec<(Item, i64)>>, String> {
    if line.starts_with('{') {
        return parse_json(line, now).map(Some);
    }
    let of_log = |_| vec![(Item::Lines { repo: "imported".into(), text: line.into() }, now)];
    Ok(line::parse(line.trim_end().as_bytes()).map(of_log))
}

fn parse_json(line: &str, now: i64) -> Result<Vec<(Item, i64)>, String> {
    let value: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let at = value["at_us"].as_i64().unwrap_or(now);
    if let Some(items) = open_telemetry(&value, at) {
        return Ok(items);
    }
    let text = |name: &str| value[name].as_str();
    Ok(match (text("line"), text("target"), text("body")) {
        (Some(line), ..) => {
            vec![(Item::Lines { repo: text("repo").unwrap_or("imported").into(), text: line.into() }, at)]
        }
        // What was refused then was sent again later.
        (_, Some(_), _) if value["status"].as_u64().is_none_or(|status| !(200..300).contains(&status)) => {
            Vec::new()
        }
        (_, Some(target), Some(body)) if target.starts_with("/api/sdk/v3/log?") => {
            let repo = crate::collect::routes::pairs(target.split_once('?').map_or("", |(_, query)| query));
            let repo = repo.into_iter().find(|(name, _)| name == "id").map_or_else(String::new, |(_, id)| id);
            vec![(Item::Lines { repo, text: body.into() }, at)]
        }
        (_, Some("/v1/logs"), Some(body)) => {
            let logs: Value = serde_json::from_str(body).unwrap_or_default();
            let entries = logs["logs"].as_array().into_iter().flatten().map(Value::to_string).collect();
            vec![(Item::Entries(entries), at)]
        }
        (_, Some(_), _) => Vec::new(),
        _ if value["unit"].is_object() || value["span"].is_object() => {
            let unit = if value["unit"].is_object() { &value["unit"] } else { &value };
            otlp::Span::new(unit)?;
            vec![(Item::Spans(vec![unit.to_string()]), at)]
        }
        _ if value["entry"].is_object() => vec![(Item::Entries(vec![value["entry"].to_string()]), at)],
        _ if value["message"].is_string() => vec![(Item::Entries(vec![line.to_owned()]), at)],
        _ => return Err(format!("it is neither a line nor an entry nor a span: {}", plainly_listed(line))),
    })
}
