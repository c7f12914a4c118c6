//! A trace as a tree and a waterfall in the same rows, with the chosen entity beside them; a session as one
//! conversation.
//!
//! Long traces come in pieces: rows near the one that is looked at are in the page, the script fetches the others
//! when they come into sight and lets go of them when they are far away.

use std::collections::HashMap;

use maud::{Markup, html};

use crate::collect::routes::segment;
use crate::model::figures;
use crate::store::archive::Archive;
use crate::store::rows::{self, NodeRow, Sums};
use crate::web::ask::{Ask, Page, Refusal};
use crate::web::text::{cost, duration, kind, kind_class, listed, node_path, path, plural, time, tokens};
use crate::web::{chat, detail, layout};

/// Rows of a piece.
const PIECE_ROWS: usize = 200;
/// Deeper levels are drawn at this one.
const MAX_DEPTH: usize = 24;
/// Deeper ones say so: on a narrow page the indent ends here.
const MAX_UNNUMBERED: usize = 8;

/// A trace put into the order in which it is shown.
pub struct Tree {
    pub rows: Vec<TreeRow>,
    pub start: i64,
    pub end: i64,
}

pub struct TreeRow {
    pub node: NodeRow,
    pub depth: usize,
    /// Of the node and all below it.
    pub sums: Sums,
}

impl Tree {
    pub fn new(nodes: Vec<NodeRow>, root: i64) -> Tree {
        let start = nodes.iter().map(NodeRow::began).min().unwrap_or(0);
        let end =
            nodes.iter().filter_map(|node| node.end.or(node.start)).max().unwrap_or(start).max(start + 1);
        let mut children: HashMap<i64, Vec<NodeRow>> = HashMap::new();
        let mut top = Vec::new();
        for node in nodes {
            match node.parent.filter(|_| node.node != root) {
                Some(parent) => children.entry(parent).or_default().push(node),
                None => top.push(node),
            }
        }
        let mut rows: Vec<TreeRow> = Vec::new();
        // Depth first without recursion: what is logged decides the depth.
        let mut waiting: Vec<(NodeRow, usize)> = top.into_iter().rev().map(|node| (node, 0)).collect();
        while let Some((node, depth)) = waiting.pop() {
            let mut below = children.remove(&node.node).unwrap_or_default();
            below.sort_by_key(|child| (child.began(), child.node));
            let sums = node.own;
            rows.push(TreeRow { node, depth, sums });
            waiting.extend(below.into_iter().rev().map(|child| (child, depth + 1)));
        }
        // From the last row up, each adds to the nearest one above that is less deep.
        let mut above: Vec<usize> = Vec::new();
        let parents: Vec<Option<usize>> = rows
            .iter()
            .enumerate()
            .map(|(at, row)| {
                above.truncate(row.depth);
                let parent = above.last().copied();
                above.push(at);
                parent
            })
            .collect();
        for at in (0..rows.len()).rev() {
            if let Some(parent) = parents[at] {
                let sums = rows[at].sums;
                rows[parent].sums.add(&sums);
            }
        }
        Tree { rows, start, end }
    }

    fn part(&self, from: i64) -> f64 {
        (from - self.start) as f64 / (self.end - self.start) as f64 * 100.0
    }
}

pub fn load(ask: &Ask<'_>, archive: &Archive, repo: &str, id: &str) -> Result<(NodeRow, Tree), Refusal> {
    let kind = ask.parameter("kind").unwrap_or("trace");
    let root = rows::node(&archive.db, repo, kind, id)?
        .ok_or(Refusal::NotFound("This trace is not here (any more)."))?;
    let tree = Tree::new(rows::below(&archive.db, root.node)?, root.node);
    Ok((root, tree))
}

pub fn page(ask: &Ask<'_>, archive: &mut Archive, repo: &str, id: &str) -> Page {
    let (root, tree) = load(ask, archive, repo, id)?;
    let chosen = ask
        .parameter("at")
        .and_then(|at| at.split_once(':'))
        .and_then(|(kind, id)| tree.rows.iter().position(|row| row.node.kind == kind && row.node.id == id))
        .unwrap_or(0);
    if let Some(from) = ask.parameter("rows").and_then(|from| from.parse::<usize>().ok()) {
        return Ok(layout::fragment(piece(&root, &tree, from, chosen)));
    }
    let node = &tree.rows.get(chosen).ok_or(Refusal::NotFound("This trace has no rows."))?.node;
    let side = detail::markup(ask, archive, node, tree.rows[chosen].sums)?;
    if ask.parameter("fragment") == Some("detail") {
        return Ok(layout::fragment(side));
    }
    let reference = format!("{}/{}/{}", segment(&root.repo), segment(&root.kind), segment(&root.id));
    let pieces = tree.rows.len().div_ceil(PIECE_ROWS);
    let shown = chosen / PIECE_ROWS;
    let list = html! {
        @for at in 0..pieces {
            @let from = at * PIECE_ROWS;
            @let count = PIECE_ROWS.min(tree.rows.len() - from);
            @if at == shown { (piece(&root, &tree, from, chosen)) }
            @else {
                div.piece data-from=(from) data-count=(count) {
                    a href={ (ask.with("at", &format!("{}:{}", tree.rows[from].node.kind, tree.rows[from].node.id))) } {
                        "rows " (from + 1) " to " (from + count)
                    }
                }
            }
        }
    };
    if ask.parameter("fragment") == Some("tree") {
        return Ok(layout::fragment(list));
    }
    let body = html! {
        p.crumbs {
            a href="/" data-up { "Traces" }
            @if let Some(session) = &root.session { " / " a href=(path(&["session", &root.repo, session])) { "session " (listed(session)) } }
        }
        div.head {
            h1 { (listed(root.title())) }
            @if root.errors > 0 { span.badge.bad { (root.errors) @if root.errors == 1 { " error" } @else { " errors" } } }
            @if root.is_open() { span.badge.open { "still open" } }
        }
        @if let Some(failed) = tree.rows.iter().map(|row| &row.node).find(|node| node.error.is_some()) {
            p.why { "Failed first: " a href=(node_path(&root, failed)) { (listed(failed.title())) } ": " (listed(failed.error.as_deref().unwrap_or_default())) }
        }
        div.summary {
        dl.figures {
            div { dt { "Duration" } dd { (duration(&root)) } }
            div { dt { "Tokens" } dd { (tokens(&root.sums)) } }
            div { dt { "Cost" } dd { (cost(&root.sums)) } }
            div { dt { "Parts" } dd { (root.below) } }
            div { dt { "Began" } dd { (time(root.began(), ask.now)) } }
            div.wide { dt { "Id" } dd.id { (listed(&root.id)) } }
        }
        div.links {
            a href={ "/compare?id=" (segment(&reference)) } { "Compare…" }
            a href={ (path(&["share", &root.repo, &root.id])) "?kind=" (segment(&root.kind)) } download=(share_name(&root)) { "Share file" }
            a href={ "/export/lines?id=" (segment(&reference)) } { "Raw lines" }
        }
        }
        div.panes {
            section.waterfall aria-label="Parts of the trace" {
                div.ruler aria-hidden="true" {
                    span.ruler-name { "part" } span.ruler-figure { "duration" }
                    span.ruler-bar { span { "0" } span { (figures::duration((tree.end - tree.start) as u64 / 2)) } span { (figures::duration((tree.end - tree.start) as u64)) } }
                }
                div.rows data-live="tree" data-total=(tree.rows.len()) { (list) }
            }
            aside #detail aria-label="The chosen part" tabindex="-1" { (side) }
        }
    };
    Ok(layout::page(ask, 200, root.title(), body))
}

fn share_name(root: &NodeRow) -> String {
    let name: String = root
        .id
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' })
        .take(80)
        .collect();
    format!("trace-{name}.html")
}

fn piece(root: &NodeRow, tree: &Tree, from: usize, chosen: usize) -> Markup {
    let from = from.min(tree.rows.len());
    let rows = &tree.rows[from..(from + PIECE_ROWS).min(tree.rows.len())];
    html! {
        div.piece data-from=(from) data-count=(rows.len()) data-loaded {
            @for (at, row) in rows.iter().enumerate() { (tree_row(root, tree, row, from + at == chosen)) }
        }
    }
}

fn tree_row(root: &NodeRow, tree: &Tree, row: &TreeRow, is_chosen: bool) -> Markup {
    let node = &row.node;
    html! {
        a.span-row.row.(kind_class(&node.kind)).failed[node.error.is_some()].(level_class(row))
            href=(node_path(root, node)) aria-current=[is_chosen.then_some("true")] {
            span.span-name { (twig(row)) span.dot aria-hidden="true" {} span.visually-hidden { (listed(&node.kind.replace('_', " "))) " " }
                span.title dir="auto" { (listed(node.name.as_deref().or(node.error.as_deref()).unwrap_or(&node.id))) }
                @if let Some(model) = &node.model { span.model { (listed(model)) } }
                @if row.sums.cost.is_some() { span.span-cost { (cost(&row.sums)) } }
            }
            span.span-time { (duration(node)) }
            (bar(tree, node))
        }
    }
}

/// How far a row is indented, as a class that the style sheet knows.
pub fn level_class(row: &TreeRow) -> String {
    format!("d{}", row.depth.min(MAX_DEPTH))
}

/// A row's indent.
pub fn twig(row: &TreeRow) -> Markup {
    html! { span.twig aria-hidden="true" { @if row.depth > MAX_UNNUMBERED { (row.depth) } } }
}

/// When it was, beside the others; hatched while it has no end.
pub fn bar(tree: &Tree, node: &NodeRow) -> Markup {
    let Some(start) = node.start else { return html! { span.bar {} } };
    let from = tree.part(start).clamp(0.0, 99.5);
    let to = tree.part(node.end.unwrap_or(tree.end)).clamp(from, 100.0);
    let width = (to - from).max(0.5);
    html! {
        svg.bar width="100%" height="12" aria-hidden="true" {
            rect.base.open[node.end.is_none()] x=(format!("{from:.3}%")) width=(format!("{width:.3}%")) y="1" height="10" rx="3" {}
        }
    }
}

/// Everything that was said in a session, one trace after the other.
pub fn session(ask: &Ask<'_>, archive: &mut Archive, repo: &str, id: &str) -> Page {
    let session = rows::node(&archive.db, repo, "session", id)?;
    let traces = rows::traces_of_session(&archive.db, repo, id)?;
    if session.is_none() && traces.is_empty() {
        return Err(Refusal::NotFound("This session is not here (any more)."));
    }
    let mut sums = Sums::default();
    traces.iter().for_each(|trace| sums.add(&trace.sums));
    let mut turns = Vec::new();
    for trace in &traces {
        let entity = detail::entity(archive, trace)?;
        let (input, output) =
            entity.map_or((Vec::new(), Vec::new()), |entity| (chat::input(&entity), chat::output(&entity)));
        turns.push((trace, chat::markup(&input), chat::markup(&output)));
    }
    let title = session.as_ref().map_or(id, NodeRow::title);
    let list = html! {
        @for (trace, input, output) in &turns {
            li.turn {
                div.turn-head {
                    a.row href=(path(&["trace", repo, &trace.id])) { (listed(trace.title())) }
                    span.time { (time(trace.began(), ask.now)) }
                    span { (duration(trace)) } span { (tokens(&trace.sums)) } span { (cost(&trace.sums)) }
                    @if trace.errors > 0 { span.badge.bad { (trace.errors) @if trace.errors == 1 { " error" } @else { " errors" } } }
                }
                (input) (output)
            }
        }
    };
    if ask.is_fragment() {
        return Ok(layout::fragment(list));
    }
    let entity = session.as_ref().map(|session| detail::markup(ask, archive, session, sums)).transpose()?;
    let body = html! {
        p.crumbs { a href="/sessions" data-up { "Sessions" } }
        div.head { (kind("session")) h1 { (listed(title)) } span.total { (plural(traces.len() as u64, "trace")) }
            @if session.is_none() { span.badge { "its creation did not arrive" } }
        }
        dl.figures {
            div { dt { "Tokens" } dd { (tokens(&sums)) } }
            div { dt { "Cost" } dd { (cost(&sums)) } }
        }
        ol.turns data-live="rows" { (list) }
        @if let Some(entity) = entity { details.about { summary { "About this session" } (entity) } }
    };
    Ok(layout::page(ask, 200, title, body))
}
