//! Structured log entries: the list, and flows as numbered steps.

use maud::{Markup, html};
use serde_json::Value;

use crate::store::archive::Archive;
use crate::store::filter::{Filter, Scope};
use crate::store::rows::{self, EntryRow};
use crate::web::ask::{Ask, Page, Refusal};
use crate::web::chat::pretty;
use crate::web::layout;
use crate::web::text::{listed, path, plural, shown, time};
use crate::web::traces::{empty, head, pages, quick};

const PAGE_ROWS: u64 = 200;

pub fn page(ask: &Ask<'_>, archive: &mut Archive) -> Page {
    let (terms, problem) = ask.terms();
    let filter = Filter::new(&terms, Scope::Logs);
    let offset = ask.number("from");
    let entries = rows::entries(&archive.db, &filter, "l.id DESC", offset, PAGE_ROWS)?;
    let total = rows::count_entries(&archive.db, &filter)?;
    let mut links = Vec::new();
    for entry in &entries {
        links.push(trace_of(archive, entry)?);
    }
    let list =
        html! { @for (entry, link) in entries.iter().zip(&links) { (row(ask, entry, link.as_deref())) } };
    let body = html! {
        (head("Log entries", total, problem.as_deref()))
        (quick(ask))
        table.list.logs data-live="rows" {
            thead { tr {
                th scope="col" { "Time" } th scope="col" { "Level" } th scope="col" { "Message" } th.wide scope="col" { "Source" }
            } }
            tbody { (list) }
        }
        @if entries.is_empty() { (empty(ask, total)) }
        (pages(ask, offset, PAGE_ROWS, total))
    };
    Ok(if ask.is_fragment() { layout::fragment(list) } else { layout::page(ask, 200, "Logs", body) })
}

/// The page of the trace that an entry names, if that trace is here.
fn trace_of(archive: &Archive, entry: &EntryRow) -> rusqlite::Result<Option<String>> {
    let Some(link) = &entry.link else { return Ok(None) };
    // What OpenTelemetry calls a trace may have another name as an entity.
    let sql = "SELECT repo, eid FROM nodes WHERE kind = 'trace' AND eid = ?1 UNION ALL SELECT n.repo, n.eid \
               FROM spans s JOIN nodes x ON x.id = s.node JOIN nodes n ON n.id = x.root WHERE s.trace = ?1 LIMIT 1";
    let found: Option<(String, String)> = archive
        .db
        .prepare_cached(sql)?
        .query_map([link], |row| Ok((row.get(0)?, row.get(1)?)))?
        .next()
        .transpose()?;
    Ok(found.map(|(repo, id)| path(&["trace", &repo, &id])))
}

fn level_class(level: &str) -> &'static str {
    match level {
        "error" => "l-error",
        "warn" => "l-warn",
        "debug" => "l-debug",
        _ => "l-info",
    }
}

fn row(ask: &Ask<'_>, entry: &EntryRow, link: Option<&str>) -> Markup {
    html! {
        tr.row.(level_class(&entry.level)) #{"e" (entry.id)} {
            td.time { (time(entry.at, ask.now)) }
            td { span.level { (listed(&entry.level)) } }
            td.what { (message(entry, link, entry.flow.as_deref())) }
            td.wide.quiet { (listed(entry.source.as_deref().unwrap_or(""))) }
        }
    }
}

fn message(entry: &EntryRow, link: Option<&str>, flow: Option<&str>) -> Markup {
    let value: Value = serde_json::from_str(&entry.text).unwrap_or_default();
    html! {
        details {
            summary { span.name dir="auto" { (listed(&entry.message)) }
                @if let Some(name) = &entry.error_name { span.badge.bad { (listed(name)) } }
                @for label in &entry.labels.0 { span.badge { "#" (listed(label)) } }
            }
            @if value["errorStack"].is_string() { pre.stack tabindex="0" { (shown(value["errorStack"].as_str().unwrap_or_default())) } }
            pre tabindex="0" { @if value.is_object() { (shown(&pretty(&value))) } @else { (shown(&entry.text)) } }
        }
        @if let Some(link) = link { a.jump href=(link) { "trace →" } }
        @if let Some(flow) = flow { a.jump href=(path(&["flow", flow])) { "flow →" } }
    }
}

pub fn flows(ask: &Ask<'_>, archive: &mut Archive) -> Page {
    let flows = rows::flows(&archive.db)?;
    let list = html! {
        @for flow in &flows {
            tr.row.failed[flow.errors > 0] {
                td.time { (time(flow.first, ask.now)) }
                td.what {
                    a.name href=(path(&["flow", &flow.id])) { (listed(&flow.id)) }
                    @if let Some(name) = &flow.name { span.preview { (listed(name)) } }
                    @if flow.errors > 0 { span.badge.bad { (flow.errors) " failed" } }
                }
                td.figure data-label="steps" { (flow.steps) }
                td.figure data-label="took" { (crate::model::figures::duration(flow.last.saturating_sub(flow.first).max(0) as u64)) }
            }
        }
    };
    let body = html! {
        (head("Flows", flows.len() as u64, None))
        table.list data-live="rows" {
            thead { tr { th scope="col" { "Time" } th scope="col" { "Flow" } th.figure scope="col" { "Steps" } th.figure scope="col" { "Took" } } }
            tbody { (list) }
        }
        @if flows.is_empty() { (empty(ask, 0)) }
    };
    Ok(if ask.is_fragment() { layout::fragment(list) } else { layout::page(ask, 200, "Flows", body) })
}

pub fn flow(ask: &Ask<'_>, archive: &mut Archive, id: &str) -> Page {
    let order = "l.step IS NULL, l.step, l.id";
    let entries = rows::entries(&archive.db, &rows::only("l.flow", id), order, 0, 10_000)?;
    if entries.is_empty() {
        return Err(Refusal::NotFound("No entry of this flow is here."));
    }
    let mut expected = 0;
    let mut steps = Vec::new();
    for entry in &entries {
        let gap = entry.step.filter(|&step| step > expected).map(|step| (expected, step - 1));
        expected = entry.step.map_or(expected, |step| step.saturating_add(1));
        steps.push((gap, entry, trace_of(archive, entry)?));
    }
    let body = html! {
        p.crumbs { a href="/flows" { "Flows" } }
        div.head { h1 { (listed(id)) } span.total { (plural(entries.len() as u64, "step")) } }
        ol.steps {
            @for (gap, entry, link) in &steps {
                @if let Some((from, to)) = gap {
                    li.gap { @if from == to { "step " (from) " is missing" } @else { "steps " (from) " to " (to) " are missing" } }
                }
                li.step.(level_class(&entry.level)) {
                    span.number { (entry.step.map_or_else(|| "–".to_owned(), |step| step.to_string())) }
                    div.what { (message(entry, link.as_deref(), None)) }
                    span.time { (time(entry.at, ask.now)) }
                }
            }
        }
    };
    Ok(layout::page(ask, 200, id, body))
}
