//! One entity with all that was said of it: conversation, attributes, happenings, attachments, raw lines.

use maud::{Markup, html};
use serde_json::Value;

use crate::collect::http::Response;
use crate::collect::routes::segment;
use crate::model::entities::{Entities, Entity, plain};
use crate::model::figures::{self, bytes};
use crate::model::otlp::Span;
use crate::store::archive::Archive;
use crate::store::rows::{self, NodeRow, Sums};
use crate::web::ask::{Ask, Page, Refusal};
use crate::web::chat::{self, pretty};
use crate::web::otlp;
use crate::web::text::{cost, duration, kind, listed, plainly_listed, shown, time, tokens};

/// Lines that the page shows; the export has all.
const SHOWN_LINES: usize = 200;
/// Pictures that a browser decodes without running anything.
pub const PICTURE_TYPES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];
/// Members that are shown in a place of their own, or tell nothing.
const PLACED: [&str; 17] = [
    "id",
    "name",
    "tags",
    "metadata",
    "metrics",
    "modelParameters",
    "messages",
    "input",
    "args",
    "output",
    "result",
    "docs",
    "error",
    "startTimestamp",
    "endTimestamp",
    "model",
    "provider",
];

/// The entity out of the lines that are about it.
pub fn entity(archive: &Archive, node: &NodeRow) -> rusqlite::Result<Option<Entity>> {
    let mut entities = Entities::default();
    for record in rows::records_of_node(&archive.db, node.node)? {
        match otlp_span(&record.text) {
            Some(span) => span.own_lines().iter().for_each(|line| entities.apply(line.as_bytes())),
            None => entities.apply(record.text.as_bytes()),
        }
    }
    let at = entities.find(&node.kind, &node.id);
    Ok(at.map(|at| entities.all.swap_remove(at)))
}

/// The span that a record is, if it came as one.
pub fn otlp_span(text: &str) -> Option<Span> {
    let unit: Value = text.starts_with('{').then(|| serde_json::from_str(text).ok())??;
    Span::new(&unit).ok()
}

pub fn markup(ask: &Ask<'_>, archive: &Archive, node: &NodeRow, sums: Sums) -> Result<Markup, Refusal> {
    let entity = entity(archive, node)?;
    let lines = rows::records_of_node(&archive.db, node.node)?;
    let span = otlp::of_node(archive, node)?;
    let reference = format!("{}/{}/{}", segment(&node.repo), segment(&node.kind), segment(&node.id));
    Ok(html! {
        div.detail-head {
            (kind(&node.kind))
            h2 dir="auto" { (listed(node.name.as_deref().unwrap_or(&node.id))) }
            p.id { (listed(&node.id)) }
        }
        dl.figures {
            div { dt { "Duration" } dd { (duration(node)) } }
            @if node.model.is_some() || node.provider.is_some() {
                div { dt { "Model" } dd { (listed(node.provider.as_deref().unwrap_or(""))) @if node.provider.is_some() && node.model.is_some() { " / " } (listed(node.model.as_deref().unwrap_or(""))) } }
            }
            div { dt { "Tokens" } dd { (tokens(&sums)) } }
            div { dt { "Cost" } dd { (cost(&sums)) } }
            div { dt { "Began" } dd { (time(node.began(), ask.now)) } }
        }
        @if node.kind == "generation" { p.links { a href={ "/compare?id=" (segment(&reference)) } { "Compare…" } } }
        @if let Some(entity) = &entity { (said(archive, entity)?) }
        details.raw {
            summary { "Raw lines " span.total { (lines.len()) } }
            ol.lines {
                @for line in lines.iter().take(SHOWN_LINES) {
                    li { span.time { (time(line.at, ask.now)) " · " (bytes(line.text.len() as u64)) } pre tabindex="0" { (shown(&line.text)) } }
                }
            }
            @if lines.len() > SHOWN_LINES { p.fine { "The export has all " (lines.len()) " lines." } }
        }
        @if let Some(span) = &span {
            details.raw {
                summary { "As OpenTelemetry" }
                pre tabindex="0" { (shown(&pretty(span))) }
            }
        }
    })
}

/// What an entity says, without what the server knows of it.
pub fn said(archive: &Archive, entity: &Entity) -> Result<Markup, Refusal> {
    let failure = failure(entity);
    let (input, output) = (chat::input(entity), chat::output(entity));
    let mut happened = Vec::new();
    for (action, data) in &entity.happened {
        happened.push(happening(archive, action, data)?);
    }
    let rest: Vec<_> = entity.data.iter().filter(|(name, _)| !PLACED.contains(&name.as_str())).collect();
    Ok(html! {
        @if let Some(failure) = failure { div.failure { h3 { "Error" } p { (shown(&failure)) } } }
        @if !input.is_empty() { section { h3 { "Input" } (chat::markup(&input)) } }
        @if !output.is_empty() { section { h3 { "Output" } (chat::markup(&output)) } }
        @for (name, label) in [("modelParameters", "Parameters"), ("tags", "Tags"), ("metadata", "Metadata"), ("metrics", "Metrics")] {
            @if let Some(members) = entity.get(name).as_object().filter(|members| !members.is_empty()) {
                section { h3 { (label) } (pairs(members.iter())) }
            }
        }
        @if !happened.is_empty() { section { h3 { "Happened" } ul.happened { @for item in &happened { li { (item) } } } } }
        @if !rest.is_empty() { section { h3 { "Attributes" } (pairs(rest.into_iter())) } }
    })
}

fn pairs<'a>(members: impl Iterator<Item = (&'a String, &'a Value)>) -> Markup {
    html! {
        dl.pairs {
            @for (name, value) in members {
                dt { (listed(name)) }
                dd dir="auto" { @match value {
                    Value::Object(_) | Value::Array(_) => pre tabindex="0" { (shown(&pretty(value))) },
                    value => (shown(&plain(value))),
                } }
            }
        }
    }
}

pub fn failure(entity: &Entity) -> Option<String> {
    let words = |error: &Value| match error {
        Value::Object(error) => {
            let words = ["message", "type", "code"].iter().filter_map(|name| error.get(*name));
            let words: Vec<_> = words.filter(|word| !word.is_null()).map(plain).collect();
            (!words.is_empty()).then(|| words.join(" · "))
        }
        Value::String(text) => Some(text.clone()),
        _ => None,
    };
    if entity.kind == "error" {
        return words(&Value::Object(entity.data.clone()));
    }
    words(entity.get("error")).or_else(|| words(&entity.get("result")["error"]))
}

fn happening(archive: &Archive, action: &str, data: &Value) -> Result<Markup, Refusal> {
    let what = action.strip_prefix("add-").unwrap_or(action).replace('-', " ");
    if action == "add-attachment" {
        return attachment_markup(archive, data);
    }
    let name = data["name"].as_str().unwrap_or_default();
    let members = data.as_object();
    Ok(html! {
        span.kind.k-other { (listed(&what)) } " " strong { (listed(name)) }
        @if let Some(members) = members { (pairs(members.iter().filter(|(name, _)| *name != "name" && *name != "id"))) }
    })
}

fn attachment_markup(archive: &Archive, data: &Value) -> Result<Markup, Refusal> {
    let name = data["name"].as_str().or(data["id"].as_str()).unwrap_or("attachment");
    let key = data["key"].as_str();
    let upload = key.map(|key| rows::upload(&archive.db, key)).transpose()?.flatten();
    Ok(html! {
        span.kind.k-other { "attachment" } " " strong { (listed(name)) } " "
        span.quiet { (listed(data["mimeType"].as_str().unwrap_or_default())) }
        @match (&upload, key) {
            (Some((mime, size, Some(_))), Some(key)) => {
                @let address = format!("/attachment?key={}", segment(key));
                " " a href=(address) { (bytes(*size)) }
                @if PICTURE_TYPES.contains(&mime.as_str()) { img.picture src=(address) alt={ "attachment " (plainly_listed(name)) } loading="lazy"; }
            },
            (Some((_, size, None)), _) => span.quiet { " " (bytes(*size)) ", too large to be kept" },
            _ => @if data["url"].is_string() { span.quiet { " at " (listed(data["url"].as_str().unwrap_or_default())) } }
                 @else { span.bad { " its upload did not arrive" } },
        }
    })
}

/// The content of an upload: pictures as pictures, all else as a file to save.
pub fn attachment(ask: &Ask<'_>, archive: &mut Archive) -> Page {
    let key = ask.parameter("key").unwrap_or_default();
    let Some((mime, _, Some(content))) = rows::upload(&archive.db, key)? else {
        return Err(Refusal::NotFound("This upload is not here."));
    };
    let picture = PICTURE_TYPES.iter().find(|known| **known == mime);
    let mut response = Response::text(200, String::new());
    response.body = content;
    response.content_type = picture.copied().unwrap_or("application/octet-stream");
    response.headers.push(("Content-Security-Policy", "default-src 'none'; sandbox".to_owned()));
    if picture.is_none() {
        response.headers.push(("Content-Disposition", "attachment".to_owned()));
    }
    Ok(response)
}

/// When it began and ended, for a file that stands alone.
pub fn when(node: &NodeRow) -> String {
    figures::rfc3339(node.began())
}
