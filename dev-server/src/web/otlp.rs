//! What arrived, as OpenTelemetry has it: spans as they came, and lines folded with the library's own code into the
//! spans that the library would send.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::model::otlp as model;
use crate::otlp::encode::Encoding;
use crate::otlp::fold::{FoldOptions, Folder};
use crate::otlp::ids;
use crate::otlp::model::{OtlpSpan, Out, Resource};
use crate::otlp::whole;
use crate::store::archive::Archive;
use crate::store::rows::{self, NodeRow};

/// Entities of a trace of which one is shown in this form; a longer one has its export.
const MAX_FOLDED: i64 = 500;

/// Everything below these roots as one request.
pub fn request(archive: &Archive, roots: &[NodeRow]) -> rusqlite::Result<Value> {
    let (mut by_repository, mut units) = (BTreeMap::<&str, Vec<OtlpSpan<'static>>>::new(), Vec::new());
    for root in roots {
        let (spans, came) = below(archive, root.root)?;
        units.extend(came);
        by_repository.entry(&root.repo).or_default().extend(spans);
    }
    let resources = by_repository.iter().flat_map(|(repo, spans)| folded(repo, spans));
    let mut request = model::request(&units);
    if let Some(all) = request["resourceSpans"].as_array_mut() {
        all.extend(resources);
    }
    Ok(request)
}

/// One entity as the span that it is or would be.
pub fn of_node(archive: &Archive, node: &NodeRow) -> rusqlite::Result<Option<Value>> {
    let root = rows::node_by_number(&archive.db, node.root)?;
    let Some(root) = root.filter(|root| root.below <= MAX_FOLDED) else { return Ok(None) };
    let (spans, came) = below(archive, root.node)?;
    let is_this = |unit: &&Value| {
        model::Span::new(unit).is_ok_and(|span| span.kind == node.kind && span.id() == node.id)
    };
    if let Some(unit) = came.iter().find(is_this) {
        return Ok(Some(unit["span"].clone()));
    }
    let id = ids::span_id(&root.id, &node.kind, &node.id);
    let span = spans.into_iter().find(|span| span.span_id == id);
    Ok(span.and_then(|span| {
        folded(&node.repo, &[span]).first().map(|resource| resource["scopeSpans"][0]["spans"][0].clone())
    }))
}

/// The spans that lines below a root make, and the units that came.
fn below(archive: &Archive, root: i64) -> rusqlite::Result<(Vec<OtlpSpan<'static>>, Vec<Value>)> {
    // What has no end leaves at once, as incomplete.
    let mut folder = Folder::named("", FoldOptions { incomplete_after: Duration::ZERO });
    let (mut last, mut units) = (0, Vec::new());
    for record in rows::records_below(&archive.db, root)? {
        last = u64::try_from(record.at).unwrap_or(0) * 1000;
        match serde_json::from_str::<Value>(&record.text) {
            Ok(unit) if unit["span"].is_object() => units.push(unit),
            // A line that cannot be folded is no part of a span.
            _ => drop(folder.line(record.text.as_bytes(), last)),
        }
    }
    folder.expire(last.max(1));
    let spans = folder.take().into_iter().filter_map(|out| match out {
        Out::Span(span) => Some(span),
        Out::Log(_) => None,
    });
    Ok((spans.collect(), units))
}

fn folded(repo: &str, spans: &[OtlpSpan<'_>]) -> Vec<Value> {
    if spans.is_empty() {
        return Vec::new();
    }
    let attributes = vec![
        ("service.name".into(), repo.to_owned().into()),
        ("maxim.repository.id".into(), repo.to_owned().into()),
    ];
    let body = whole::traces(&Resource { attributes }, spans, Encoding::Json);
    let request: Value = serde_json::from_slice(&body).unwrap_or_else(|_| json!({}));
    request["resourceSpans"].as_array().cloned().unwrap_or_default()
}
